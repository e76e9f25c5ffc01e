package execute_test

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
	"bulksync/plan"
)

// admitted checks that the run knows everything that took effect: undo reverts
// it, and no outcome says that it was already there or not done.
func (d *drive) admitted(requests []graphsim.Request) error {
	for _, q := range requests {
		if !q.IsWrite() || !q.Committed {
			continue
		}
		for i := range d.plan.Changes {
			c, o := &d.plan.Changes[i], &d.result.Outcomes[i]
			if !c.Writes() || "/v1.0"+c.Request().Path != q.Path || c.Object != plan.IdentitySynchronization && c.Request().Method != q.Method {
				continue
			}
			if q.Method == http.MethodPost && !strings.Contains(q.Body, c.Partner.TenantID) {
				continue
			}
			if c.Object.Member() != "" && string(c.Request().Body) != q.Body { // another member of the partner
				continue
			}
			if !o.MayHaveLanded() || o.Status == journal.Unchanged || o.Status == journal.NotAttempted || o.Status == journal.Skipped {
				return fmt.Errorf("%s %s took effect, and change %d is called %s (%s)\n%s", q.Method, q.Path, c.Seq, o.Status, o.Message, requestsText(requests))
			}
		}
	}
	return nil
}

// agrees checks that the journal gives the same result as the run.
func (d *drive) agrees(r *journal.Result) error {
	d.result = r
	if told := d.replay(d.plan, d.tape); !reflect.DeepEqual(r, told) {
		return fmt.Errorf("the journal gives another result (-run +journal):\n%s", cmp.Diff(r, told))
	}
	return d.addsUp(r)
}

// addsUp checks that every change has one outcome, and that whatever is not done
// has a reason.
func (d *drive) addsUp(r *journal.Result) error {
	if len(r.Outcomes) != len(d.plan.Changes) || r.Totals.Sum() != len(d.plan.Changes) {
		return fmt.Errorf("%d outcomes, totals %+v for %d changes", len(r.Outcomes), r.Totals, len(d.plan.Changes))
	}
	for i, o := range r.Outcomes {
		if o.Seq != i+1 {
			return fmt.Errorf("outcome %d is of change %d", i+1, o.Seq)
		}
		if o.Status == journal.NotAttempted && r.Stopped == "" {
			return fmt.Errorf("change %d was not attempted, and nothing says why", o.Seq)
		}
	}
	return nil
}

// finished checks a run that ended without further disturbance.
func (d *drive) finished() error {
	r := d.result
	if r.Stopped != "" && !strings.HasPrefix(r.Stopped, "wave ") {
		return fmt.Errorf("the run did not finish: %+v", r)
	}
	again, err := plan.ReadCurrent(d.t.Context(), d.client(), plan.Needs{Template: true, Whole: true})
	if err != nil {
		return err
	}
	for i, o := range r.Outcomes {
		c := &d.plan.Changes[i]
		live := plan.Live{Template: again.Template}
		if p, ok := again.Partners[c.Partner.TenantID]; ok {
			live.Partner = &p
		}
		verdict, why := c.CheckDrift(live)
		switch {
		case c.Action == plan.NoOp && (o.Status == journal.Unchanged) != (verdict == plan.AsWanted):
			return fmt.Errorf("change %d, a no-op, is called %s, but %s: %s", o.Seq, o.Status, verdict, why)
		case !c.Writes():
		case d.loses() && (o.Unseen || !o.Status.Done()): // Graph lied, and the outcome says so
		case o.Status.Done() && verdict != plan.AsWanted:
			return fmt.Errorf("change %d is called %s, but %s: %s", o.Seq, o.Status, verdict, why)
		case len(d.story.meddling) > 0: // left as somebody changed it, and reported
		case !o.Status.Done() && len(d.story.drift)+len(d.story.owned) == 0:
			return fmt.Errorf("change %d ended as %s: %s", o.Seq, o.Status, o.Message)
		case o.Status == journal.Failed || o.Status == journal.Indeterminate:
			return fmt.Errorf("change %d ended as %s: %s", o.Seq, o.Status, o.Message)
		}
	}
	return nil
}

// loses reports whether Graph claims writes that it did not make.
func (d *drive) loses() bool {
	return slices.ContainsFunc(d.story.faults, func(f graphsim.Fault) bool { return f.Kind == "lost" })
}

// once checks that nothing took effect twice. If a reading shows single writes
// later than writes after them (the stale fault), or after longer than any
// plausible lag, it cannot show that a lost PATCH landed: then the PATCH may be
// sent again, with the same values. A write that creates or deletes may not be,
// even then, unless somebody else undoes it meanwhile.
func (d *drive) once(requests []graphsim.Request) error {
	if len(d.story.meddling) > 0 {
		return nil
	}
	undecidable := d.story.cfg.ReadLag > 2*time.Second || slices.ContainsFunc(d.story.faults, func(f graphsim.Fault) bool { return f.Kind == graphsim.FaultStale })
	landed := map[string]int{}
	for _, q := range requests {
		if undecidable && q.Method == http.MethodPatch {
			continue
		}
		if key := q.Method + " " + q.Path + " " + q.Body; q.Committed && q.IsWrite() {
			if landed[key]++; landed[key] > 1 {
				return fmt.Errorf("%s took effect twice\n%s", key, requestsText(requests))
			}
		}
	}
	return nil
}

func requestsText(requests []graphsim.Request) string {
	var b strings.Builder
	for _, q := range requests {
		fmt.Fprintf(&b, "%s %s %s %d %s committed=%v\n", q.At.Format("05.000"), q.Method, q.Path, q.Status, q.Code, q.Committed)
	}
	return b.String()
}

// storyText describes a run for a failure message.
func storyText(p *plan.Plan, r *journal.Result) string {
	var lines []string
	for i, c := range p.Changes {
		status, message := journal.Status(""), ""
		if r != nil {
			status, message = r.Outcomes[i].Status, r.Outcomes[i].Message
		}
		lines = append(lines, fmt.Sprintf("%d %s %s: %s %s", c.Seq, c.Action, c.Name(), status, message))
	}
	return strings.Join(slices.Clip(lines), "\n")
}

// bodyOfWrite distinguishes writes that share a path: the creations of two
// partners, and the trust and the consent of one.
func bodyOfWrite(method, body string) string {
	if method != "POST" && method != "PATCH" {
		return ""
	}
	return " " + body
}
