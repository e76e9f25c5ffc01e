package execute_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
)

// Somebody's edit of another property is no conflict; the outcome mentions it.
func TestAnEditBesideOursIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(2, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Old", false) })
		p := r.plan(rows(2, "Fabrikam,,,,"), "")
		r.Edit(tenant(1), func(p *graphsim.Partner) { p.IdentitySynchronization.UserSyncInbound.IsSyncAllowed = ptr(true) })
		res := r.mustRun(session{plan: p})
		const want = "also changed by somebody since the plan, and left as it is: userSyncInbound.isSyncAllowed is now true, was false"
		if o := res.Outcomes; o[0].Status != journal.Verified || o[0].Message != want || o[1].Message != "" {
			t.Errorf("%+v", o)
		}
	})
}

// A partner that became a service provider's since the plan is held.
func TestAPartnerThatBecameServiceOwnedIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(2, nil)
		p := r.plan(rows(2, "Fabrikam,yes,,,"), "")
		r.Edit(tenant(1), func(p *graphsim.Partner) { p.IsServiceProvider = ptr(true) })
		res := r.mustRun(session{plan: p})
		if o := res.Outcomes[0]; o.Status != journal.Held || !strings.Contains(o.Message, "service provider") || len(r.Writes()) != 1 {
			t.Errorf("%+v, %d writes", o, len(r.Writes()))
		}
	})
}

// Nothing is written to a partner that cannot be read; the others continue.
func TestAPartnerThatCannotBeReadIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(3, nil)
		p, f := r.plan(rows(3, "Fabrikam,yes,,,"), ""), newTape()
		r.Break(tenant(2), `{"tenantId":"`+tenant(2)+`","isServiceProvider":null,"automaticUserConsentSettings":"x","identitySynchronization":null}`)
		res := r.mustRun(session{plan: p, tape: f})
		if o := res.Outcomes[1]; res.Totals.Of(journal.Verified) != 2 || o.Status != journal.Held || !strings.HasPrefix(o.Message, "the object could not be read: ") ||
			o.Reason != journal.ReasonUnreadable {
			t.Errorf("%+v: %+v", res.Totals, o)
		}
		r.Break(tenant(2), "")
		if again := r.mustRun(session{plan: p, tape: f}); again.Totals.Of(journal.Verified) != 3 {
			t.Errorf("resumed: %+v", again.Totals)
		}
	})
}

// A page that hangs does not stop the run: objects are read by themselves
// meanwhile.
func TestAHungPageDelaysNoWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: 20 * time.Millisecond})
		r.with(60, nil)
		p := r.plan(rows(60, "Fabrikam,yes,,,"), "")
		r.Inject(graphsim.Fault{Kind: "silent", Method: "GET", Path: "partners", Nth: 2})
		res := r.mustRun(session{plan: p, settings: journal.Settings{MaxAge: 10 * time.Second, NoReadBack: true, Concurrency: 4},
			layers: []func(http.RoundTripper) http.RoundTripper{newSlowGate(500 * time.Millisecond)}})
		writes := r.Writes()
		gap := time.Duration(0)
		for i := range writes[:58] { // the last one is that of the change that was reading
			gap = max(gap, writes[i+1].At.Sub(writes[i].At))
		}
		if res.Totals.Of(journal.Succeeded) != 60 || gap > 2100*time.Millisecond {
			t.Errorf("%+v, stopped %q, nothing was sent for %s", res.Totals, res.Stopped, gap)
		}
	})
}

// A list page in the middle of a run that is a web page, or is cut off, is
// requested again.
func TestAnUnreadablePageIsAskedForAgain(t *testing.T) {
	for _, kind := range []graphsim.FaultKind{"html", "cut", "empty", "error-200", "unexpanded", "shape"} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, graphsim.Config{PageSize: 20})
			r.with(80, nil)
			p := r.plan(rows(80, "Fabrikam,yes,,,"), "")
			r.Inject(graphsim.Fault{Kind: kind, Method: "GET", Path: "partners", Nth: 6}, graphsim.Fault{Kind: kind, Method: "GET", Path: "partners", Nth: 12})
			res := r.mustRun(session{plan: p, settings: journal.Settings{MaxAge: 10 * time.Second},
				layers: []func(http.RoundTripper) http.RoundTripper{newSlowGate(300 * time.Millisecond)}})
			if res.Totals.Of(journal.Verified) != 80 || res.Stopped != "" || len(r.UnusedFaults()) != 0 {
				t.Errorf("%s: %+v, stopped %q, unused %v", kind, res.Totals, res.Stopped, r.UnusedFaults())
			}
		})
	}
}

// If an object has to be read by itself and Graph refuses that, the tenant can
// no longer be read, and the run ends.
func TestARefusedReadEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(3, nil)
		p := r.plan(rows(3, "Fabrikam,yes,,,"), "")
		r.RemovePartner(tenant(1))
		r.Inject(graphsim.Fault{Kind: "403", Method: "GET", Path: tenant(1)})
		res := r.mustRun(session{plan: p, settings: journal.Settings{Concurrency: 1}})
		if !strings.HasPrefix(res.Stopped, "the tenant could not be read again: ") || res.Outcomes[0].Status != journal.NotAttempted {
			t.Errorf("stopped %q, %+v", res.Stopped, res.Outcomes[0])
		}
	})
}
