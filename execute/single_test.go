package execute_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/graph/graphsim"
)

// Ten changes among 5,000 partners: the whole list, before and after, would be a
// hundred pages and ten seconds.
func TestFewChangesReadFewPartners(t *testing.T) {
	for name, c := range map[string]struct {
		there  func(*graphsim.Partner) // nil: the list is longer than the plan's partners, none of which is in it
		cells  string
		others *graphsim.IdentitySynchronization
	}{
		"updates":          {others: graphsim.SyncAllowed("Other", true), cells: "Fabrikam,yes,,,", there: func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Old", false) }},
		"no policy so far": {there: func(*graphsim.Partner) {}, cells: "Fabrikam,yes,yes,yes,"},
		"consent":          {there: func(*graphsim.Partner) {}, cells: ",,yes,yes,"},
		"new partners":     {cells: "Fabrikam,yes,,,", others: graphsim.SyncAllowed("Other", true)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, graphsim.Config{Latency: 100 * time.Millisecond})
				for i := range 5000 {
					r.SetPartner(graphsim.Partner{TenantID: tenant(100 + i), IdentitySynchronization: c.others})
				}
				if c.there != nil {
					r.with(10, c.there)
				}
				p := r.plan(rows(10, c.cells), "")
				r.ResetRequests()
				began := time.Now()
				res := r.mustRun(session{plan: p})
				if res.Totals.Of(journal.Verified) != len(p.Changes) {
					t.Fatalf("totals %+v", res.Totals)
				}
				pages, single := r.gets()
				if pages > 2 || pages+single > 45 { // the pages show that this identity sees policies
					t.Errorf("%d pages and %d single objects were read", pages, single)
				}
				if took := time.Since(began); took > 2*time.Second {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// Whether the partners are read one by one or in the list, the same happens:
// wanted changes, drift, a no-op that was lost, what is gone, what is owned now,
// and what somebody replaces before it is read back.
func TestSingleReadsAndListsAgree(t *testing.T) {
	csv := "tenantId,displayName,isSyncAllowed,inboundConsent,outboundConsent,ensure\n" +
		tenant(1) + ",One,yes,yes,,\n" + tenant(2) + ",Two,yes,,,\n" + tenant(3) + ",Three,yes,,,\n" + tenant(4) + ",,,yes,yes,\n" +
		tenant(5) + ",,,,,absent\n" + tenant(6) + ",Same,yes,,,\n" + tenant(7) + ",Same,yes,,,\n" + tenant(8) + ",,,yes,,\n" + tenant(9) + ",Nine,yes,,,\n" +
		tenant(20) + ",New,yes,,,\n"
	play := func(t *testing.T, pages int, list bool, lag time.Duration, s journal.Settings) (outcomes []journal.Outcome, stopped string) {
		r := newRig(t, graphsim.Config{Latency: 20 * time.Millisecond, PageSize: 1, ReadLag: lag})
		r.with(40, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Same", true) })
		r.RemovePartner(tenant(20))
		p := r.plan(csv, "")
		p.Read.Pages = pages
		r.Edit(tenant(2), func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Drifted", false) })
		r.RemovePartner(tenant(3))
		r.Edit(tenant(4), func(p *graphsim.Partner) { p.IsServiceProvider = ptr(true) })
		r.Edit(tenant(6), func(p *graphsim.Partner) { p.IdentitySynchronization = nil })
		time.Sleep(lag + time.Second)
		r.ResetRequests()
		written := func(o journal.Outcome) {
			if o.Seq != len(p.Changes) || o.Status != journal.Succeeded {
				return
			}
			r.Edit(tenant(1), func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Theirs", false) })
			r.RemovePartner(tenant(7))
			r.RemovePartner(tenant(9))
		}
		res := r.mustRun(session{plan: p, settings: s, observe: written, layers: []func(http.RoundTripper) http.RoundTripper{newSlowGate(400 * time.Millisecond)}})
		if got, _ := r.gets(); got > 0 != list {
			t.Errorf("%d pages were read", got)
		}
		return res.Outcomes, res.Stopped
	}
	for name, c := range map[string]struct {
		lag      time.Duration
		settings journal.Settings
	}{
		"as it is":                  {},
		"readings that lag":         {lag: 3 * time.Second},
		"readings that age":         {settings: journal.Settings{MaxAge: time.Second}},
		"stopping at drift":         {settings: journal.Settings{OnDrift: journal.StopOnDrift}},
		"in waves":                  {settings: journal.Settings{Waves: []int{2, 3}}},
		"without reading back":      {settings: journal.Settings{NoReadBack: true}},
		"in waves, with a lag, old": {lag: 1500 * time.Millisecond, settings: journal.Settings{Waves: []int{3}, MaxAge: time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.settings.Concurrency = 1
				single, why := play(t, 40, false, c.lag, c.settings)
				list, whyOfList := play(t, 1, true, c.lag, c.settings)
				timing := cmpopts.IgnoreFields(journal.Outcome{}, "StartedAt", "ElapsedMs", "ClientRequestID", "RequestID", "Live")
				if diff := cmp.Diff(list, single, timing); diff != "" || why != whyOfList {
					t.Errorf("(-list %s, +one by one %s)\n%s", whyOfList, why, diff)
				}
			})
		})
	}
}

// An identity that may not see policies is told from a tenant that has none,
// whether Graph leaves them out of a list or shows an empty value.
func TestSingleReadsNoticeHiddenPolicies(t *testing.T) {
	for _, status := range []int{http.StatusNotFound, http.StatusForbidden} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, graphsim.Config{PageSize: 1, HiddenSync: graphsim.HiddenMissing, HiddenSyncStatus: status})
			r.with(40, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Same", true) })
			p := r.plan(rows(2, ",,,,absent"), "")
			blind := r.Token(graphsim.TokenOptions{User: "teams@example.com", Roles: []string{graphsim.RoleTeamsAdministrator}})
			c, err := graph.New(graph.Options{RootURL: graphURL, UserAgent: "bulksync/test", Base: r.Transport(), Layers: []func(http.RoundTripper) http.RoundTripper{
				func(rt http.RoundTripper) http.RoundTripper { return bearer{rt, blind} },
			}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := execute.Prepare(t.Context(), c, p); !errors.Is(err, graph.NotVisible) {
				t.Errorf("with status %d: %v", status, err)
			}
		})
	}
}

// What keeps a plan on the list: more partners than half the pages, no-ops
// counted, and a template.
func TestWhatReadsTheList(t *testing.T) {
	for name, c := range map[string]struct {
		csv, template string
		single        bool
	}{
		"few partners":        {csv: rows(2, "Fabrikam,no,,,"), single: true},
		"few no-ops":          {csv: rows(2, "Same,yes,,,"), single: true},
		"as many as the list": {csv: rows(5, "Fabrikam,no,,,"), single: true},
		"more":                {csv: rows(6, "Fabrikam,no,,,")},
		"more with no-ops":    {csv: rows(5, "Fabrikam,no,,,") + tenant(7) + ",Same,yes,,,\n"},
		"a template":          {csv: rows(1, "Fabrikam,no,,,"), template: `{"templateApplicationLevel":"newPartners"}`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, graphsim.Config{PageSize: 1})
				r.with(10, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Same", true) })
				p := r.plan(c.csv, c.template)
				r.ResetRequests()
				if _, err := execute.Prepare(t.Context(), r.client(), p); err != nil {
					t.Fatal(err)
				}
				if pages, _ := r.gets(); pages == 0 != c.single {
					t.Errorf("%d pages were read", pages)
				}
			})
		})
	}
}
