package execute_test

import (
	"flag"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bulksync/execute"
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
		return nil // what to restore is not known
	}
	told := back.result.Totals.Unfinished()+back.result.Unconfirmed() > 0
	if diff := cmp.Diff(before, picture(r.State())); diff != "" && !(back.loses() && told) {
		return fmt.Errorf("undo did not bring the old state back (-old +now):\n%s\n%s", diff, storyText(undo, back.result))
	}
	return nil
}
