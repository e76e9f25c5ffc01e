package execute_test

import (
	"testing"
	"testing/synctest"
	"time"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
)

// A finished run has nothing left while the tenant shows everything as the run
// left it, also what the plan found as wanted. Otherwise it can be resumed. What
// the journal decides is not asked of the tenant.
func TestSettled(t *testing.T) {
	const template = `{"templateApplicationLevel":"newPartners"}`
	resync := func(id string) func(*rig) {
		return func(r *rig) {
			r.Edit(id, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Theirs", true) })
		}
	}
	for name, c := range map[string]struct {
		template    string
		settings    journal.Settings
		lost        float64 // share of the journal's tail
		then        func(*rig)
		want, reads bool
	}{
		"as it was left":         {want: true, reads: true},
		"with a template":        {template: template, want: true, reads: true},
		"a policy changed":       {then: resync(tenant(1)), reads: true},
		"a no-op changed":        {then: resync(tenant(3)), reads: true},
		"a new partner vanished": {then: func(r *rig) { r.RemovePartner(tenant(20)) }, reads: true},
		"another partner":        {then: resync(tenant(9)), want: true, reads: true},
		"not read back":          {settings: journal.Settings{NoReadBack: true}},
		"killed":                 {lost: 0.1},
	} {
		for _, others := range []int{0, 40} { // the list, or single reads
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, graphsim.Config{PageSize: 2})
					r.with(10, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Same", true) })
					for i := range others {
						r.SetPartner(graphsim.Partner{TenantID: tenant(100 + i)})
					}
					p := r.plan(rows(2, "Fabrikam,yes,yes,,")+tenant(3)+",Same,yes,,,\n"+tenant(20)+",New,yes,yes,,\n", c.template)
					f := newTape()
					r.mustRun(session{plan: p, tape: f, settings: c.settings})
					f.synced = 0
					f.revive(c.lost)
					f.cut(int(r.log(p, f).Size))
					time.Sleep(time.Minute)
					if c.then != nil {
						c.then(r)
					}
					r.ResetRequests()
					got, err := execute.Settled(t.Context(), r.client(), p, r.log(p, f))
					if err != nil || got != c.want {
						t.Errorf("settled: %v, %v", got, err)
					}
					if pages, single := r.gets(); pages+single > 0 != c.reads {
						t.Errorf("%d pages and %d single objects were read", pages, single)
					}
				})
			})
		}
	}
}
