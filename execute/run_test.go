package execute_test

import (
	"bytes"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
)

const wanted = "Fabrikam,yes,yes,no,present"

// A run makes everything as wanted, and its journal gives the same result.
func TestARunMakesEverythingAsWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: 20 * time.Millisecond, PageSize: 7})
		r.with(10, nil)
		p := r.plan(rows(20, wanted), `{"templateApplicationLevel":"newPartners","userSyncInbound":{"isSyncAllowed":true}}`)
		f := newTape()
		res := r.mustRun(session{plan: p, tape: f})
		if want := totals(journal.Verified, 51); res.Totals != want || res.Stopped != "" {
			t.Errorf("totals %+v, stopped %q", res.Totals, res.Stopped)
		}
		if diff := cmp.Diff(res, r.replay(p, f)); diff != "" {
			t.Errorf("the journal gives another result (-run +journal):\n%s", diff)
		}
		if again := r.plan(rows(20, wanted), ""); again.Summary.Differs() {
			t.Errorf("a plan after the run is not empty: %+v", again.Summary)
		}
		if n := len(r.Writes()); n != 51 {
			t.Errorf("%d writes for 51 changes", n)
		}
	})
}

// Evidence is exact: how long a write took, and to which session it belongs.
func TestOutcomesAndSessionsAreDated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: 300 * time.Millisecond})
		r.with(2, nil)
		p, f := r.plan(rows(2, "Fabrikam,yes,,,"), ""), newTape()
		res := r.mustRun(session{plan: p, tape: f, settings: journal.Settings{Concurrency: 1}})
		for _, o := range res.Outcomes {
			if o.Elapsed() != 300*time.Millisecond || o.StartedAt.IsZero() {
				t.Errorf("%+v", o)
			}
		}
		if bytes.Contains(f.data, []byte(`"resumed":true`)) {
			t.Error("the first session is called resumed")
		}
		r.mustRun(session{plan: p, tape: f})
		if bytes.Count(f.data, []byte(`"resumed":true`)) != 1 {
			t.Error("the second session is not called resumed")
		}
	})
}

// A list that began again before the run is reported.
func TestAListThatBeganAgainIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{PageSize: 2})
		r.with(4, nil)
		p := r.plan(rows(4, "Fabrikam,yes,,,"), "")
		r.Inject(graphsim.Fault{Kind: "moved", Nth: 1})
		reading, err := execute.Prepare(t.Context(), r.client(), p)
		if err != nil || len(reading.Restarts) != 1 {
			t.Errorf("%v, %v", reading.Restarts, err)
		}
	})
}

// What an earlier session left open is read last: by then it is known how far
// readings lag.
func TestWhatIsOpenComesLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(6, nil)
		p, f := r.plan(rows(6, "Fabrikam,yes,,,"), ""), newTape()
		r.Inject(graphsim.Fault{Kind: "silent", Method: "PUT", Nth: 1})
		r.killed(session{plan: p, tape: f, settings: journal.Settings{Concurrency: 1}})
		var order []int
		res := r.mustRun(session{plan: p, tape: f, settings: journal.Settings{Concurrency: 1}, observe: func(o journal.Outcome) {
			if o.Status == journal.Succeeded {
				order = append(order, o.Seq)
			}
		}})
		if want := []int{2, 3, 4, 5, 6, 1}; !slices.Equal(order, want) || res.Totals.Of(journal.Verified) != 6 {
			t.Errorf("%v, %+v", order, res.Totals)
		}
	})
}

// A journal gives the same result as its run, whatever Graph says.
func TestTheJournalGivesTheSameResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(1, func(p *graphsim.Partner) {
			p.IdentitySynchronization = graphsim.SyncAllowed("a <b> & \u2028 \"c\"", false)
		})
		p := r.plan(rows(1, "New,yes,,,"), "")
		r.Edit(tenant(1), func(p *graphsim.Partner) { p.IdentitySynchronization.DisplayName = ptr("<i>\u2029 \\ \x7f ☃") })
		f := newTape()
		res := r.mustRun(session{plan: p, tape: f})
		if res.Outcomes[0].Status != journal.Held {
			t.Fatalf("%+v", res.Outcomes[0])
		}
		if diff := cmp.Diff(res, r.replay(p, f)); diff != "" {
			t.Errorf("(-run +text):\n%s", diff)
		}
	})
}
