package execute_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
	"bulksync/plan"
	"bulksync/plan/approval"
)

// drive runs a plan to its end, through every early end of its processes.
type drive struct {
	*rig
	story  *story
	plan   *plan.Plan
	before string
	early  bool
	tape   *tape
	result *journal.Result
}

func (d *drive) play(endings []ending) error {
	d.tape = newTape()
	first := len(d.Requests())
	for _, e := range endings {
		if err := d.session(&e); err != nil {
			return fmt.Errorf("%+v: %w", e, err)
		}
	}
	d.ClearFaults()
	d.mend(d.plan)
	time.Sleep(d.lag())
	if !d.early || !d.tape.begun() {
		if err := d.session(nil); err != nil {
			return err
		}
		if err := d.finished(); err != nil {
			return fmt.Errorf("%w\n%s", err, storyText(d.plan, d.result))
		}
		if err := d.settled(); err != nil {
			return fmt.Errorf("%w\n%s", err, storyText(d.plan, d.result))
		}
	}
	d.result = d.replay(d.plan, d.tape)
	if err := d.admitted(d.Requests()[first:]); err != nil {
		return err
	}
	return d.once(d.Requests()[first:])
}

// settled checks that a run with nothing left is known as such, and that it
// would stay the same if it were resumed.
func (d *drive) settled() error {
	l := d.log(d.plan, d.tape)
	settled, err := execute.Settled(d.t.Context(), d.client(), d.plan, l)
	if err != nil || settled != l.Complete() {
		return fmt.Errorf("settled: %v, by the journal %v: %w", settled, l.Complete(), err)
	}
	before, first := d.result, len(d.Requests())
	if !settled {
		return nil
	}
	if err := d.session(nil); err != nil {
		return err
	}
	for _, q := range d.Requests()[first:] {
		if q.IsWrite() {
			return fmt.Errorf("a settled run sent %s %s", q.Method, q.Path)
		}
	}
	if diff := cmp.Diff(before.Outcomes, d.result.Outcomes); diff != "" {
		return fmt.Errorf("a settled run ended otherwise (-settled +resumed):\n%s", diff)
	}
	return nil
}

// wall is the time of day, with the story's jumps from now on.
func (d *drive) wall() func() time.Time {
	began := time.Now()
	return func() time.Time {
		now := time.Now()
		day := now
		for _, j := range d.story.jumps {
			if now.Sub(began) >= j.After {
				day = day.Add(j.By)
			}
		}
		return day
	}
}

// session is one process: it ends as e says, or when the run is done.
func (d *drive) session(e *ending) error {
	ctx, cancel := context.WithCancel(d.t.Context())
	defer cancel()
	s := session{plan: d.plan, tape: d.tape, settings: d.story.settings, wall: d.wall()}
	if d.story.pace > 0 {
		s.layers = append(s.layers, newSlowGate(d.story.pace))
	}
	if d.tape.begun() {
		s.prior = d.log(d.plan, d.tape)
	}
	confirmed := d.confirmed(s.prior)
	first := len(d.Requests())
	var killed atomic.Bool
	if e != nil {
		kill := func() { killed.Store(true); cancel() }
		stop, stopNow := context.WithCancelCause(ctx)
		defer stopNow(nil)
		s.approvals = append(s.approvals, approvedBut("Ada", e.Except...))
		switch s.stop = stop; e.How {
		case "killed at a byte":
			d.tape.limit, d.tape.kill = len(d.tape.data)+e.Bytes, kill
		case "disk full":
			d.tape.limit = len(d.tape.data) + e.Bytes
		case "killed in time":
			d.tape.slow = 3 * time.Millisecond
			defer time.AfterFunc(e.After, func() { kill(); d.tape.die() }).Stop()
		case "stopped":
			defer time.AfterFunc(e.After, func() { stopNow(execute.ErrInterrupted) }).Stop()
		case "stopped at once":
			defer time.AfterFunc(e.After, cancel).Stop()
		case "deadline":
			s.settings.Deadline = time.Now().Add(e.After)
		}
	}
	result, err := d.run(ctx, s)
	switch {
	case killed.Load(): // a killed process reports nothing
		err = nil
	case err == nil:
		err = d.agrees(result)
	case e != nil && result == nil: // the tenant could not be read
		err = nil
	case e != nil && errors.Is(err, errDead):
		err = d.addsUp(result)
	}
	if err != nil {
		return err
	}
	if e != nil {
		synctest.Wait() // the end may be coming just now
		time.Sleep(e.After)
		synctest.Wait()
		d.tape.revive(e.Lost)
	}
	for _, w := range d.Requests()[first:] {
		if w.IsWrite() && confirmed[w.Method+" "+w.Path+bodyOfWrite(w.Method, w.Body)] {
			return fmt.Errorf("%s %s was confirmed, and sent again", w.Method, w.Path)
		}
		if w.IsWrite() && e != nil && isExcepted(w, e.Except) {
			return fmt.Errorf("%s %s was sent, and %v are excepted", w.Method, w.Path, e.Except)
		}
	}
	return nil
}

// isExcepted reports whether a write is to one of the excepted.
func isExcepted(w graphsim.Request, except []string) bool {
	return slices.ContainsFunc(except, func(id string) bool {
		if id == approval.TemplateException {
			return strings.Contains(w.Path, "/templates/")
		}
		return strings.Contains(w.Path+w.Body, id)
	})
}

// confirmed lists the writes that the journal says are done.
func (d *drive) confirmed(prior *journal.Log) map[string]bool {
	done := map[string]bool{}
	if prior == nil {
		return done
	}
	for i, o := range prior.Result().Outcomes {
		if q := d.plan.Changes[i].Request(); q != nil && o.Status.Done() {
			done[q.Method+" /v1.0"+q.Path+bodyOfWrite(q.Method, string(q.Body))] = true
		}
	}
	return done
}
