package execute_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
)

// A sync costs as much as two writes, so many writes share one. Neither the run
// nor an outcome may wait long for the disk.
func TestManyWritesShareASync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const partners, latency = 800, 20 * time.Millisecond
		r := newRig(t, graphsim.Config{Latency: latency})
		r.with(partners, nil)
		p := r.plan(rows(partners, "Fabrikam,yes,,,"), "")
		f := newTape()
		f.slow = time.Millisecond
		res := r.mustRun(session{plan: p, tape: f, settings: journal.Settings{NoReadBack: true}, observe: func(o journal.Outcome) {
			if late := time.Since(o.StartedAt.Add(o.Elapsed())); late > 50*time.Millisecond {
				t.Errorf("change %d was reported %s after it ended", o.Seq, late)
			}
		}})
		if res.Totals.Of(journal.Succeeded) != partners {
			t.Fatalf("%+v", res.Totals)
		}
		if f.syncs > partners/8 {
			t.Errorf("%d syncs for %d writes", f.syncs, partners)
		}
		writes := r.Writes()
		took, least := writes[partners-1].At.Sub(writes[0].At), (partners/16-1)*latency
		if took > least+least/10 {
			t.Errorf("%s from the first write to the last, and %s without a disk", took, least)
		}
	})
}

// Whatever has an intent and no outcome when the process dies has to be read
// back.
func TestAtASlowPaceFewWritesAreBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const partners = 200
		r := newRig(t, graphsim.Config{})
		r.with(partners, nil)
		p := r.plan(rows(partners, "Fabrikam,yes,,,"), "")
		f := newTape()
		most := 0
		res := r.mustRun(session{plan: p, tape: f, settings: journal.Settings{NoReadBack: true},
			layers: []func(http.RoundTripper) http.RoundTripper{newSlowGate(time.Second)},
			observe: func(journal.Outcome) {
				f.mu.Lock()
				defer f.mu.Unlock()
				most = max(most, r.replay(p, f).Totals.Of(journal.Indeterminate))
			}})
		if res.Totals.Of(journal.Succeeded) != partners {
			t.Fatalf("%+v", res.Totals)
		}
		// Two per slot, and a few more that began while the slots filled.
		if most > 32+4 {
			t.Errorf("%d writes were begun at a time, with 16 in flight", most)
		}
	})
}
