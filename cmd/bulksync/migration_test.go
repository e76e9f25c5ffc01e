package main

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"bulksync/graph/graphsim"
)

// place is a tenant of the migration, with its own Graph.
type place struct {
	sim *graphsim.Sim
	url string
}

func newPlace(t *testing.T, sim *graphsim.Sim) *place {
	t.Helper()
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return &place{sim, server.URL}
}

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
	page := readRepo(t, "docs/migration.md")
	t.Chdir(t.TempDir())
	ran := 0
	for section := range strings.SplitSeq(page, "\n## ") {
		at := next
		if strings.HasPrefix(section, "In the old tenant") {
			at = old
		}
		if csv := regexp.MustCompile("(?s)```csv\n(.*?)```").FindStringSubmatch(section); csv != nil {
			write(t, "close.csv", csv[1])
		}
		for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(section, -1) {
			for line := range strings.Lines(block[1]) {
				ran++
				runReadme(t, at.sim, at.url, strings.Fields(strings.TrimSpace(line))[1:])
			}
		}
	}
	if ran < 15 {
		t.Errorf("only %d commands were found on the page", ran)
	}
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
