package evidence_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bulksync/graph/graphsim"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
)

// Whatever audits are made of whatever tenant, their store is proved, and so is
// each of them.
func TestEveryStoreIsProved(t *testing.T) {
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		a := newAuditor(t, rapid.IntRange(0, 13).Draw(rt, "partners"))
		a.path = filepath.Join(dir, fmt.Sprint(n))
		if len(a.sim.Partners()) < 2 {
			a.csv = ""
		}
		for range rapid.IntRange(1, 4).Draw(rt, "audits") {
			a.happen(rt)
			a.audit()
		}
		s := provenStore(rt.Context(), rt, a.path, options())
		if verdictOf(s) != evidence.Proved {
			rt.Fatalf("%s", told(s))
		}
		for _, one := range s.Audits {
			p, err := evidence.ProveAudit(rt.Context(), filepath.Join(a.path, one.Folder), options())
			if err != nil || p.Checks.Verdict() != evidence.Proved {
				rt.Fatalf("%v %+v", err, p)
			}
		}
	})
}

// happen alters the tenant and the way of the next audit.
func (a *auditor) happen(rt *rapid.T) {
	flag := rapid.Bool()
	all := a.sim.Partners()
	for i := range all {
		id := all[i].TenantID
		switch rapid.IntRange(0, 9).Draw(rt, "happens") {
		case 0:
			a.sim.RemovePartner(id)
		case 1:
			a.sim.Edit(id, func(p *graphsim.Partner) {
				p.IdentitySynchronization = graphsim.SyncAllowed(rapid.SampledFrom([]string{"Partner 0", "other", "ünïcode\u2028 <&>"}).Draw(rt, "name"), flag.Draw(rt, "syncs"))
			})
		case 2:
			a.sim.Edit(id, func(p *graphsim.Partner) {
				on := flag.Draw(rt, "consents")
				p.AutomaticUserConsentSettings = graphsim.Consent{InboundAllowed: &on}
			})
		case 3:
			a.sim.Break(id, rapid.SampledFrom([]string{"", `{"tenantId":"` + id + `","inboundTrust":[]}`}).Draw(rt, "broken"))
		}
	}
	a.template = rapid.SampledFrom([]string{"", `{"templateApplicationLevel":"none","userSyncInbound":{"isSyncAllowed":true}}`}).Draw(rt, "template")
	if a.csv == "" {
		a.template = `{"templateApplicationLevel":"none"}`
	}
	a.waivers = ""
	if flag.Draw(rt, "waivers") {
		a.waivers = "tenantId,finding,property,reason,approver,expires\n" + a.someWaivers(rt)
	}
	a.scope = rapid.SampledFrom([]audit.Scope{audit.ScopeAll, audit.ScopeFile}).Draw(rt, "scope")
	a.who, a.logs, a.twice = flag.Draw(rt, "who"), flag.Draw(rt, "logs"), flag.Draw(rt, "twice")
	a.incomplete = rapid.IntRange(0, 4).Draw(rt, "incomplete") == 0
}

// someWaivers are rows for some partners, held or expired.
func (a *auditor) someWaivers(rt *rapid.T) string {
	var rows strings.Builder
	for _, p := range a.sim.Partners() {
		if rapid.IntRange(0, 2).Draw(rt, "waived") == 0 {
			fmt.Fprintf(&rows, "%s,%s,,because,ada,%s\n", p.TenantID,
				rapid.SampledFrom([]string{"any", "missing", "changed", "extra", "sync-without-consent"}).Draw(rt, "finding"),
				rapid.SampledFrom([]string{"2099-01-01", "2020-01-01"}).Draw(rt, "expires"))
		}
	}
	return rows.String()
}
