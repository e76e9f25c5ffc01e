package execute_test

import (
	"flag"
	"fmt"
	"maps"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bulksync/execute"
	"bulksync/graph/graphsim"
	"bulksync/plan"
)

// runs is the number of random runs: -runs 100000 for a night.
var runs = flag.Int("runs", 2000, "random runs of TestWhateverHappens")

// TestWhateverHappens draws a tenant, a plan for it, faults of every kind and a
// series of processes that are killed or stopped at some point. It runs and
// resumes until done, and then undoes everything.
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

// play runs the story and returns what is wrong with the result.
func (s story) play(t *testing.T) error {
	r := newRig(t, s.cfg)
	for _, p := range s.partners {
		r.SetPartner(p)
	}
	p := r.plan(s.csv, s.template)
	r.someoneElse(s.drift, p)
	r.becomeOwned(s.owned, p)
	r.Inject(s.faults...)
	start := r.State()
	before := picture(start)
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
		return nil // what to restore is not known
	}
	before = r.kept(start, p)
	told := back.result.Totals.Unfinished()+back.result.Unconfirmed() > 0
	if diff := cmp.Diff(before, r.kept(r.State(), p)); diff != "" && !(back.loses() && told) {
		return fmt.Errorf("undo did not bring the old state back (-old +now):\n%s\n%s", diff, storyText(undo, back.result))
	}
	return nil
}

// kept is the picture of a state without what Graph lets no client write, of the
// partners that the plan removes.
func (r *rig) kept(st graphsim.State, p *plan.Plan) string {
	removed := map[string]bool{}
	for i := range p.Changes {
		c := &p.Changes[i]
		removed[c.Partner.TenantID] = removed[c.Partner.TenantID] || c.Object == plan.PartnerConfiguration && c.Action == plan.Delete
	}
	for i := range st.Partners {
		if one := &st.Partners[i]; removed[one.TenantID] {
			one.Other = maps.Clone(one.Other)
			delete(one.Other, "protectedContentSharing")
			if len(one.Other) == 0 {
				one.Other = nil
			}
		}
	}
	return picture(st)
}
