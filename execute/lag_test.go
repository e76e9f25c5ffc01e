package execute_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
)

// During the lag after a create, Graph refuses what belongs to the new partner
// in several ways. The write is retried before a refusal counts.
func TestTheLagAfterACreate(t *testing.T) {
	for _, status := range []int{400, 403, 404} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, graphsim.Config{CreateLag: 12 * time.Second, CreateLagStatus: status, ReadLag: 12 * time.Second})
			p := r.plan(rows(20, wanted), "")
			res := r.mustRun(session{plan: p})
			if res.Totals.Of(journal.Verified) != 60 || res.Stopped != "" {
				t.Errorf("%d: %+v, stopped %q", status, res.Totals, res.Stopped)
			}
		})
	}
}

// A partner that an earlier session added may lag as well.
func TestTheLagAfterAnEarlierSessionsCreate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{CreateLag: 12 * time.Second, CreateLagStatus: 403, Latency: time.Second})
		p, f := r.plan(rows(1, "Fabrikam,yes,,,"), ""), newTape()
		first := r.mustRun(session{plan: p, tape: f, stop: after(t.Context(), 1500*time.Millisecond)})
		if first.Totals.Of(journal.Succeeded) != 1 || first.Totals.Of(journal.NotAttempted) != 1 {
			t.Fatalf("%+v", first.Totals)
		}
		if again := r.mustRun(session{plan: p, tape: f}); again.Totals.Of(journal.Verified) != 2 {
			t.Errorf("%+v", again.Outcomes)
		}
	})
}

// A partner that was added in spite of a 503 lags like one whose creation was
// confirmed, also late in a run.
func TestTheLagAfterACreateThatWasReadBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{CreateLag: 12 * time.Second, CreateLagStatus: 403})
		p := r.plan(rows(8, "Fabrikam,yes,,,"), "")
		r.Inject(graphsim.Fault{Kind: "503-after", Method: "POST"})
		res := r.mustRun(session{plan: p, settings: journal.Settings{Concurrency: 1},
			layers: []func(http.RoundTripper) http.RoundTripper{newSlowGate(9 * time.Second)}})
		if res.Totals.Of(journal.Verified) != 16 || res.FinishedAt.Sub(res.StartedAt) < 2*time.Minute {
			t.Errorf("%+v after %s", res.Totals, res.FinishedAt.Sub(res.StartedAt))
		}
	})
}

// If it is not known how far readings lag, an open write is not sent again.
func TestAnOpenWriteWaitsWhereTheLagIsNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{ReadLag: 20 * time.Second})
		r.with(2, nil)
		p := r.plan(rows(2, "Fabrikam,yes,,,"), "")
		r.Inject(graphsim.Fault{Kind: "503-after", Method: "PUT", Path: tenant(2)},
			graphsim.Fault{Kind: "403", Method: "GET", Path: tenant(1) + "/identitySynchronization"})
		res := r.mustRun(session{plan: p, settings: journal.Settings{Concurrency: 1}})
		if res.Totals.Of(journal.Verified) != 2 || len(r.Writes()) != 2 {
			t.Errorf("%+v, %d writes", res.Outcomes, len(r.Writes()))
		}
	})
}
