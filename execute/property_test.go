package execute_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
	"bulksync/plan"
)

// runs is the number of random runs: -runs 100000 for a night.
var runs = flag.Int("runs", 2000, "random runs of TestWhateverHappens")

// TestWhateverHappens draws a tenant, a plan for it, faults of every kind and a
// series of processes that are killed or stopped at some point, runs and
// resumes until done, and then takes everything back.
func TestWhateverHappens(t *testing.T) {
	const shards = 2
	for name, value := range map[string]string{"rapid.checks": strconv.Itoa(*runs / shards), "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	for range shards {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				s := drawStory(rt)
				var err error
				synctest.Test(t, func(t *testing.T) { err = s.play(t) })
				if err != nil {
					rt.Fatalf("%v", err)
				}
			})
		})
	}
}

// story is one random run, from the plan to the undo.
type story struct {
	cfg      graphsim.Config
	partners []graphsim.Partner
	csv      string
	template string
	faults   []graphsim.Fault
	settings journal.Settings
	pace     time.Duration // between writes; with 0 there is no limit
	drift    []int         // partners that somebody changes after the plan
	owned    []int         // partners that become a service provider's after the plan
	broken   []int         // partners of whom Graph shows nonsense for a while
	jumps    []jump        // of the time of day
	meddling []meddling    // what somebody does while the run is going
	run      []ending
	undo     []ending
	// early: the undo begins where the last ending left the run.
	early bool
}

// meddling is what somebody does to one of the plan's partners so long after the
// run began.
type meddling struct {
	After time.Duration
	Which int
	How   string
}

var meddlings = []string{"the same", "another policy", "no policy", "no partner", "a partner"}

// jump sets the clock of the machine, or is a sleep of it.
type jump struct{ After, By time.Duration }

// ending is how a process ends before its time: at so many bytes of the
// journal, or after so long.
type ending struct {
	How   string
	Bytes int
	After time.Duration
	// Lost is the share of the unsynced bytes that is gone.
	Lost float64
}

var (
	endings    = []string{"killed at a byte", "killed in time", "disk full", "stopped", "stopped at once", "deadline"}
	faultKinds = []graphsim.FaultKind{"concurrency", "504-after", "reset-before", "reset-after", "truncated", "slow", "silent",
		"silent-after", "stale", "400", "401", "403", "429", "500", "502", "503", "504", "408", "423",
		"500-after", "502-after", "503-after", "408-after", "html", "html-after", "portal", "portal-after", "error-200", "error-200-after",
		"empty", "cut", "shape", "other-tenant", "bare-404", "refused", "lost", "unexpanded", "moved"}
	outages  = []graphsim.FaultKind{"503", "500", "refused", "silent", "html", "503-after"}
	nonsense = []string{`{"tenantId":%q,"tenantId":%q}`, `{"tenantId":%q,"isServiceProvider":null,"automaticUserConsentSettings":7,"identitySynchronization":null,"x":%q}`,
		"{\"tenantId\":%q,\"isServiceProvider\":null,\"automaticUserConsentSettings\":null,\"identitySynchronization\":{\"displayName\":\"\xff\",\"tenantId\":%q}}"}
)

func drawStory(rt *rapid.T) story {
	ms := func(name string, values ...int) time.Duration {
		return time.Duration(rapid.SampledFrom(values).Draw(rt, name)) * time.Millisecond
	}
	s := story{
		cfg: graphsim.Config{
			Seed: int64(rapid.IntRange(0, 1000).Draw(rt, "seed")), PageSize: rapid.IntRange(1, 6).Draw(rt, "page size"),
			Latency: ms("latency", 0, 1, 20, 300), ReadLag: ms("lag", 0, 0, 0, 500, 1500, 20000), DeleteWindow: ms("window", 0, 0, 3000, 15000),
			CreateLag: ms("create lag", 0, 0, 0, 1000, 15000), CreateLagStatus: rapid.SampledFrom([]int{400, 403, 404}).Draw(rt, "create lag status"),
		},
		settings: journal.Settings{
			Concurrency: rapid.IntRange(1, 4).Draw(rt, "concurrency"), MaxAge: ms("max age", 1000, 60000),
			Waves: rapid.SliceOfN(rapid.IntRange(1, 3), 0, 2).Draw(rt, "waves"),
		},
	}
	s.csv = "tenantId,displayName,isSyncAllowed,inboundConsent,outboundConsent,ensure\n"
	cell := rapid.SampledFrom([]string{"", "yes", "no"})
	for i := range rapid.IntRange(1, 6).Draw(rt, "rows") {
		s.csv += fmt.Sprintf("%s,%s,%s,%s,%s,%s\n", tenant(i), rapid.SampledFrom([]string{"", "Ä <1>", "Two"}).Draw(rt, "name"),
			cell.Draw(rt, "sync"), cell.Draw(rt, "in"), cell.Draw(rt, "out"), rapid.SampledFrom([]string{"", "", "", "absent"}).Draw(rt, "ensure"))
		if rapid.Bool().Draw(rt, "exists") {
			s.partners = append(s.partners, drawPartner(rt, i))
		}
	}
	s.template = rapid.SampledFrom([]string{"", "", `{"templateApplicationLevel":"newPartners"}`,
		`{"templateApplicationLevel":"newPartners,existingPartners","userSyncInbound":{"isSyncAllowed":true}}`}).Draw(rt, "template")
	for range rapid.IntRange(0, 3).Draw(rt, "faults") {
		s.faults = append(s.faults, graphsim.Fault{
			Kind: rapid.SampledFrom(faultKinds).Draw(rt, "kind"), Method: rapid.SampledFrom([]string{"WRITE", "WRITE", "GET", ""}).Draw(rt, "method"),
			P: rapid.SampledFrom([]float64{0.05, 0.3, 0.6}).Draw(rt, "p"), Delay: ms("delay", 100, 1000),
		})
	}
	for range rapid.SampledFrom([]int{0, 0, 1}).Draw(rt, "outages") {
		s.faults = append(s.faults, graphsim.Fault{
			Kind: rapid.SampledFrom(outages).Draw(rt, "kind"), Method: rapid.SampledFrom([]string{"WRITE", "GET", ""}).Draw(rt, "method"),
			From: ms("from", 0, 500, 3000), For: ms("for", 1000, 15000, 60000),
		})
	}
	few := rapid.SliceOfN(rapid.IntRange(0, 30), 0, 1)
	s.owned, s.broken = few.Draw(rt, "owned"), few.Draw(rt, "broken")
	s.jumps = rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) jump {
		return jump{ms("jump after", 0, 300, 5000), time.Duration(rapid.SampledFrom([]int{-3600, -5, 5, 90, 3600}).Draw(rt, "by")) * time.Second}
	}), 0, 2).Draw(rt, "jumps")
	s.meddling = rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) meddling {
		return meddling{ms("meddling after", 0, 5, 50, 400, 2000, 20000), rapid.IntRange(0, 30).Draw(rt, "which"), rapid.SampledFrom(meddlings).Draw(rt, "how")}
	}), 0, rapid.SampledFrom([]int{0, 0, 2}).Draw(rt, "meddlings")).Draw(rt, "meddling")
	s.pace = ms("pace", 0, 0, 0, 400, 1500)
	s.drift = rapid.SliceOfN(rapid.IntRange(0, 30), 0, 2).Draw(rt, "drift")
	s.run, s.undo = drawEndings(rt, "run"), drawEndings(rt, "undo")
	s.early = rapid.Bool().Draw(rt, "early")
	return s
}

func drawPartner(rt *rapid.T, i int) graphsim.Partner {
	flag := rapid.SampledFrom([]*bool{nil, ptr(true), ptr(false)})
	p := graphsim.Partner{TenantID: tenant(i)}
	p.AutomaticUserConsentSettings = graphsim.Consent{InboundAllowed: flag.Draw(rt, "live in"), OutboundAllowed: flag.Draw(rt, "live out")}
	if rapid.Bool().Draw(rt, "has sync") {
		p.IdentitySynchronization = &graphsim.IdentitySynchronization{DisplayName: rapid.SampledFrom([]*string{nil, ptr("One"), ptr("Two")}).Draw(rt, "live name")}
		if f := flag.Draw(rt, "live sync"); f != nil {
			p.IdentitySynchronization.UserSyncInbound = &graphsim.UserSyncInbound{IsSyncAllowed: f}
		}
	}
	if rapid.Bool().Draw(rt, "has more") {
		p.Other = graphsim.Members{"protectedContentSharing": json.RawMessage(`{"inboundAllowed":true,"outboundAllowed":null}`)}
	}
	return p
}

func drawEndings(rt *rapid.T, label string) []ending {
	return rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) ending {
		return ending{
			How: rapid.SampledFrom(endings).Draw(rt, "how"), Bytes: rapid.IntRange(0, 9000).Draw(rt, "bytes"),
			After: time.Duration(rapid.IntRange(0, 2000).Draw(rt, "after")) * time.Millisecond,
			Lost:  rapid.SampledFrom([]float64{0, 0.5, 1}).Draw(rt, "lost"),
		}
	}), 0, 2).Draw(rt, label)
}

// play tells the story and returns what is wrong with it.
func (s story) play(t *testing.T) error {
	r := newRig(t, s.cfg)
	for _, p := range s.partners {
		r.SetPartner(p)
	}
	p := r.plan(s.csv, s.template)
	r.someoneElse(s.drift, p)
	r.becomeOwned(s.owned, p)
	r.Inject(s.faults...)
	before := picture(r.State())
	r.breakUp(s.broken, p)

	d := drive{rig: r, story: &s, plan: p, before: before, early: s.early}
	r.meddle(s.meddling, p)
	if err := d.play(s.run); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	r.mend(p)
	undo, err := execute.Undo(p, d.result, "run", "")
	if err != nil {
		return err
	}
	r.Inject(s.faults...)
	back := drive{rig: r, story: &s, plan: undo, before: picture(r.State())}
	if err := back.play(s.undo); err != nil {
		return fmt.Errorf("undo: %w", err)
	}
	if len(s.meddling) > 0 {
		return nil // nobody can tell what there was to go back to
	}
	told := back.result.Totals.Unfinished()+back.result.Unconfirmed() > 0
	if diff := cmp.Diff(before, picture(r.State())); diff != "" && !(back.loses() && told) {
		return fmt.Errorf("undo did not bring the old state back (-old +now):\n%s\n%s", diff, story2text(undo, back.result))
	}
	return nil
}

// someoneElse changes a managed member of some of the plan's objects.
func (r *rig) someoneElse(which []int, p *plan.Plan) {
	for _, n := range which {
		c := p.Changes[n%len(p.Changes)]
		if c.Object == plan.IdentitySynchronization && c.Action != plan.Blocked {
			r.Edit(c.Partner.TenantID, func(p *graphsim.Partner) {
				p.IdentitySynchronization = graphsim.SyncAllowed("somebody else", n%2 == 0)
			})
		}
	}
	time.Sleep(r.lag())
}

// meddle has somebody work on the plan's partners while the run is going.
func (r *rig) meddle(what []meddling, p *plan.Plan) {
	for _, m := range what {
		c := &p.Changes[m.Which%len(p.Changes)]
		id := c.Partner.TenantID
		if id == "" {
			continue
		}
		time.AfterFunc(m.After, func() { r.meddleWith(id, c, m.How) })
	}
}

func (r *rig) meddleWith(id string, c *plan.Change, how string) {
	_, there := r.Partner(id)
	switch {
	case how == "a partner" && !there:
		r.SetPartner(graphsim.Partner{TenantID: id})
	case !there || how == "a partner":
	case how == "no partner":
		r.RemovePartner(id)
	case how == "no policy":
		r.Edit(id, func(p *graphsim.Partner) { p.IdentitySynchronization = nil })
	case how == "another policy":
		r.Edit(id, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Theirs", true) })
	case c.Object == plan.IdentitySynchronization && c.Request != nil && c.Request.Body != nil:
		r.Edit(id, func(p *graphsim.Partner) {
			policy := p.IdentitySynchronization
			if policy == nil {
				policy = &graphsim.IdentitySynchronization{}
			}
			if err := json.Unmarshal(c.Request.Body, policy); err != nil {
				r.t.Error(err)
			}
			p.IdentitySynchronization = policy
		})
	}
}

// becomeOwned makes some of the plan's partners a service provider's.
func (r *rig) becomeOwned(which []int, p *plan.Plan) {
	for _, n := range which {
		if id := p.Changes[n%len(p.Changes)].Partner.TenantID; id != "" {
			if _, there := r.Partner(id); there {
				r.Edit(id, func(p *graphsim.Partner) { p.IsServiceProvider = ptr(true) })
			}
		}
	}
	time.Sleep(r.lag())
}

// breakUp has Graph show nonsense in place of some of the plan's partners.
func (r *rig) breakUp(which []int, p *plan.Plan) {
	for _, n := range which {
		if id := p.Changes[n%len(p.Changes)].Partner.TenantID; id != "" {
			r.Break(id, fmt.Sprintf(nonsense[n%len(nonsense)], id, id))
		}
	}
}

// mend takes the nonsense away again.
func (r *rig) mend(p *plan.Plan) {
	for _, c := range p.Changes {
		if c.Partner.TenantID != "" {
			r.Break(c.Partner.TenantID, "")
		}
	}
}

func (r *rig) lag() time.Duration { return 40 * time.Second }

// picture is a state to compare: null and an object of nulls are the same.
func picture(st graphsim.State) string {
	for i := range st.Partners {
		y := st.Partners[i].IdentitySynchronization
		if y != nil && y.UserSyncInbound != nil && y.UserSyncInbound.IsSyncAllowed == nil {
			y.UserSyncInbound = nil
		}
	}
	if u := st.Template.UserSyncInbound; u != nil && u.IsSyncAllowed == nil {
		st.Template.UserSyncInbound = nil
	}
	text, err := json.MarshalIndent(st, "", " ")
	if err != nil {
		panic(err)
	}
	return string(text)
}

// drive runs a plan to its end, through all the endings of its processes.
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
			return fmt.Errorf("%w\n%s", err, story2text(d.plan, d.result))
		}
	}
	d.result = d.replay(d.plan, d.tape)
	if err := d.admitted(d.Requests()[first:]); err != nil {
		return err
	}
	return d.once(d.Requests()[first:])
}

// admitted checks that whatever took effect is known to the run: that undo takes
// it back, and that it is not said to have been there or not to have been done.
func (d *drive) admitted(requests []graphsim.Request) error {
	for _, q := range requests {
		if !q.IsWrite() || !q.Committed {
			continue
		}
		for i := range d.plan.Changes {
			c, o := &d.plan.Changes[i], &d.result.Outcomes[i]
			if c.Request == nil || "/v1.0"+c.Request.Path != q.Path || c.Object != plan.IdentitySynchronization && c.Request.Method != q.Method {
				continue
			}
			if q.Method == http.MethodPost && !strings.Contains(q.Body, c.Partner.TenantID) {
				continue
			}
			if !o.MayHaveLanded() || o.Status == journal.Unchanged || o.Status == journal.NotAttempted || o.Status == journal.Skipped {
				return fmt.Errorf("%s %s took effect, and change %d is called %s (%s)\n%s", q.Method, q.Path, c.Seq, o.Status, o.Message, requestsText(requests))
			}
		}
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

// session is one process: it ends as e says, or when it is done.
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
	case killed.Load(): // nobody is there to tell
		err = nil
	case err == nil:
		err = d.told(result)
	case e != nil && result == nil: // the tenant could not be read
		err = nil
	case e != nil && errors.Is(err, errDead):
		err = d.adds(result)
	}
	if err != nil {
		return err
	}
	if e != nil {
		synctest.Wait() // the end may come just now
		time.Sleep(e.After)
		synctest.Wait()
		d.tape.revive(e.Lost)
	}
	for _, w := range d.Requests()[first:] {
		if w.IsWrite() && confirmed[w.Method+" "+w.Path+bodyOfPost(w.Method, w.Body)] {
			return fmt.Errorf("%s %s was confirmed, and sent again", w.Method, w.Path)
		}
	}
	return nil
}

// confirmed lists the writes that the journal says are done.
func (d *drive) confirmed(prior *journal.Log) map[string]bool {
	done := map[string]bool{}
	if prior == nil {
		return done
	}
	for i, o := range prior.Result().Outcomes {
		if q := d.plan.Changes[i].Request; q != nil && o.Status.Done() {
			done[q.Method+" /v1.0"+q.Path+bodyOfPost(q.Method, string(q.Body))] = true
		}
	}
	return done
}

// told checks a result against the journal and the tenant.
func (d *drive) told(r *journal.Result) error {
	d.result = r
	if told := d.replay(d.plan, d.tape); !reflect.DeepEqual(r, told) {
		return fmt.Errorf("the journal tells another run (-run +journal):\n%s", cmp.Diff(r, told))
	}
	return d.adds(r)
}

// adds checks that every change has one outcome, and that nothing is half done
// without a word.
func (d *drive) adds(r *journal.Result) error {
	if len(r.Outcomes) != len(d.plan.Changes) || r.Totals.Sum() != len(d.plan.Changes) {
		return fmt.Errorf("%d outcomes, totals %+v for %d changes", len(r.Outcomes), r.Totals, len(d.plan.Changes))
	}
	for i, o := range r.Outcomes {
		if o.Seq != i+1 {
			return fmt.Errorf("outcome %d is of change %d", i+1, o.Seq)
		}
		if o.Status == journal.NotAttempted && r.Stopped == "" {
			return fmt.Errorf("change %d was not attempted, and nobody says why", o.Seq)
		}
	}
	return nil
}

// finished checks the end of a run that nothing disturbs any more.
func (d *drive) finished() error {
	r := d.result
	if r.Stopped != "" && !strings.HasPrefix(r.Stopped, "wave ") {
		return fmt.Errorf("the run did not go to its end: %+v", r)
	}
	again, err := plan.ReadCurrent(d.t.Context(), d.client(), plan.Needs{Template: true})
	if err != nil {
		return err
	}
	for i, o := range r.Outcomes {
		c := &d.plan.Changes[i]
		live := plan.Live{Template: again.Template}
		if p, ok := again.Partners[c.Partner.TenantID]; ok {
			live.Partner = &p
		}
		verdict, why := c.Judge(live)
		switch {
		case c.Action == plan.NoOp && (o.Status == journal.Unchanged) != (verdict == plan.AsWanted):
			return fmt.Errorf("change %d, a no-op, is called %s, but %s: %s", o.Seq, o.Status, verdict, why)
		case !c.Writes():
		case d.loses() && (o.Unseen || !o.Status.Done()): // Graph lied, and that is told
		case o.Status.Done() && verdict != plan.AsWanted:
			return fmt.Errorf("change %d is called %s, but %s: %s", o.Seq, o.Status, verdict, why)
		case len(d.story.meddling) > 0: // left as somebody left it, and told
		case !o.Status.Done() && len(d.story.drift)+len(d.story.owned) == 0:
			return fmt.Errorf("change %d ended as %s: %s", o.Seq, o.Status, o.Message)
		case o.Status == journal.Failed || o.Status == journal.Indeterminate:
			return fmt.Errorf("change %d ended as %s: %s", o.Seq, o.Status, o.Message)
		}
	}
	return nil
}

// loses reports whether Graph says that it did what it did not.
func (d *drive) loses() bool {
	return slices.ContainsFunc(d.story.faults, func(f graphsim.Fault) bool { return f.Kind == "lost" })
}

// once checks that nothing took effect twice. Where single writes are shown
// later than writes after them (the stale fault), or long after anybody would
// think of a lag, no reading can tell that a lost PATCH landed: there it may be
// sent again, with the same values. What creates or deletes may not even then,
// unless somebody else undoes it meanwhile.
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

// story2text shows a run for the reader of a failure.
func story2text(p *plan.Plan, r *journal.Result) string {
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

// bodyOfPost tells the creations of two partners apart: their path is the same.
func bodyOfPost(method, body string) string {
	if method != "POST" {
		return ""
	}
	return " " + body
}
