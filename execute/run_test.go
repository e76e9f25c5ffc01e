package execute_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/execute"
	"bulksync/graph/graphsim"
)

const wanted = "Fabrikam,yes,yes,no,present"

func TestARunMakesEverythingAsWantedAndItsJournalTellsTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: 20 * time.Millisecond, PageSize: 7})
		r.with(10, nil)
		p := r.plan(rows(20, wanted), `{"templateApplicationLevel":"newPartners","userSyncInbound":{"isSyncAllowed":true}}`)
		f := newTape()
		res := r.mustRun(session{plan: p, tape: f})
		if want := (execute.Totals{Verified: 51}); res.Totals != want || res.Stopped != "" {
			t.Errorf("totals %+v, stopped %q", res.Totals, res.Stopped)
		}
		if diff := cmp.Diff(res, r.replay(p, f)); diff != "" {
			t.Errorf("the journal tells another run (-run +journal):\n%s", diff)
		}
		if again := r.plan(rows(20, wanted), ""); again.Summary.Differs() {
			t.Errorf("a plan after the run is not empty: %+v", again.Summary)
		}
		if n := len(r.Writes()); n != 51 {
			t.Errorf("%d writes for 51 changes", n)
		}
	})
}
