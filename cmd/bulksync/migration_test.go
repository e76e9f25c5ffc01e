package main

import (
	"strings"
	"testing"

	"bulksync/graph/graphsim"
)

// TestTheMigrationRuns types the commands of docs/migration.md in order, each in
// the tenant that its heading names, and holds both tenants against what the page
// promises.
func TestTheMigrationRuns(t *testing.T) {
	yes := true
	old := newPlace(t, graphsim.New(graphsim.Config{}))
	partners := append(killTenants(0, 5), "90e29127-71ad-49c7-9ce8-db3f41ea06f1")
	for _, id := range partners {
		old.sim.SetPartner(graphsim.Partner{
			TenantID: id, IdentitySynchronization: graphsim.SyncAllowed("Partner "+id[:4], true), AutomaticUserConsentSettings: graphsim.Consent{InboundAllowed: &yes},
		})
	}
	next := newPlace(t, graphsim.New(graphsim.Config{HomeTenant: killTenant(99)}))
	page := newTypist(t, "docs/migration.md")
	page.at = func(heading string) *place {
		if strings.HasPrefix(heading, "In the old tenant") {
			return old
		}
		return next
	}
	page.readAloud(15)
	for _, id := range partners {
		p, there := next.sim.Partner(id)
		if s := p.IdentitySynchronization; !there || s == nil || !*s.UserSyncInbound.IsSyncAllowed || !*p.AutomaticUserConsentSettings.InboundAllowed {
			t.Errorf("partner %s did not arrive: %+v", id, p)
		}
	}
	if p, _ := old.sim.Partner(partners[len(partners)-1]); p.IdentitySynchronization != nil {
		t.Error("the old policy is still there")
	}
}
