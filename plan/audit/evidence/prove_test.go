package evidence_test

import (
	"strings"
	"testing"
	"time"

	"bulksync/graph/graphsim"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
)

// history makes a store in which everything that an audit can say is said: news,
// waivers, the template, domains, who changed what, an incomplete audit between.
func history(t testing.TB) *auditor {
	t.Helper()
	a := newAuditor(t, 23)
	a.sim.AddTenant(graphsim.Tenant{TenantID: "90e29127-71ad-49c7-9ce8-db3f41ea06f1", DefaultDomainName: "fabrikam.example"})
	a.csv += "fabrikam.example,Fabrikam,true,,\n"
	a.template = `{"templateApplicationLevel":"newPartners","userSyncInbound":{"isSyncAllowed":true}}`
	a.audit()
	all := a.sim.Partners()
	a.sim.Edit(all[0].TenantID, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("other", false) })
	a.waivers = "tenantId,finding,property,reason,approver,ticket,expires\n" +
		all[3].TenantID + ",any,,known,ada,CHG1,2099-01-01\n" + all[1].TenantID + ",missing,,not there,bob,,2020-01-01\n"
	a.who, a.twice = true, true
	a.audit()
	a.incomplete = true
	a.audit()
	a.incomplete = false
	a.sim.Break(all[5].TenantID, `{"tenantId":"`+all[5].TenantID+`","inboundTrust":7}`)
	a.sim.SetPartner(graphsim.Partner{TenantID: all[6].TenantID, IdentitySynchronization: graphsim.SyncAllowed("Partner 6", true)})
	a.logs = true
	a.audit()
	return a
}

// A store that nobody touched is proved, and so is each audit in it.
func TestAnUntouchedStoreIsProved(t *testing.T) {
	a := history(t)
	s := provenStore(t.Context(), t, a.path, options())
	if verdictOf(s) != evidence.Proved || len(s.Audits) != 4 {
		t.Fatalf("%s", told(s))
	}
	says := told(s)
	for _, want := range []string{
		"the chain holds: each of 4 audits", "it is the same when drawn again", "the audit is incomplete and claims nothing",
		"4 reports are the same when made again", "it is not signed", "keep the SHA-256 of the newest manifest elsewhere",
	} {
		if !strings.Contains(says, want) {
			t.Errorf("it does not say %q:\n%s", want, says)
		}
	}
	if last := read(t, a.path, s.Audits[3].Folder, evidence.AuditName); !strings.Contains(last, `"changedBy"`) || !strings.Contains(last, `"unreadable"`) || !strings.Contains(last, `"fixed"`) {
		t.Errorf("the history lacks what it should prove:\n%s", last)
	}
	for _, one := range s.Audits {
		p, err := evidence.ProveAudit(t.Context(), a.path+"/"+one.Folder, options())
		if err != nil || p.Checks.Verdict() != evidence.Proved || p.SHA256 != one.SHA256 {
			t.Errorf("%v %+v", err, p)
		}
	}
}

// What another version computed or rendered in another way was not altered.
func TestAnAuditOfAnotherVersion(t *testing.T) {
	a := newAuditor(t, 5)
	a.tool.Version = "1.0.0"
	a.audit()
	o := options()
	if s := provenStore(t.Context(), t, a.path, o); verdictOf(s) != evidence.Proved {
		t.Errorf("%s", told(s))
	}
	o.Reports = func(f *audit.Audit, m *evidence.Manifest, r []evidence.Request) []evidence.Report {
		return reportsOf(f, m, r)[:2]
	}
	if s := provenStore(t.Context(), t, a.path, o); verdictOf(s) != evidence.NotProved {
		t.Errorf("%s", told(s))
	}
}

// The clock may go backwards: the order is that of the chain.
func TestAClockThatGoesBackwardsIsProved(t *testing.T) {
	a := newAuditor(t, 5)
	a.audit()
	a.at = a.at.Add(-24 * time.Hour)
	a.audit()
	if s := provenStore(t.Context(), t, a.path, options()); verdictOf(s) != evidence.Proved {
		t.Errorf("%s", told(s))
	}
}
