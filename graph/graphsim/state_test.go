package graphsim_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph"
	"bulksync/graph/graphsim"
)

func TestAStateSurvivesItsFile(t *testing.T) {
	r := newRig(t, graphsim.Config{Partners: 40, Seed: 7})
	r.SetPartner(graphsim.Partner{TenantID: contoso, Other: graphsim.Members{"newIn2027": json.RawMessage(`{"a":[1,null]}`)}})
	r.must("PATCH", partners+"/"+contoso, `{"b2bDirectConnectInbound":{"applications":{"accessType":"blocked"}},"inboundTrust":{}}`)
	r.must("PUT", sync, `{"displayName":"Ünïcode \"quoted\" <tag>"}`)
	r.must("PATCH", template, `{"templateApplicationLevel":"newPartners","userSyncInbound":{"isSyncAllowed":true}}`)
	r.must("PATCH", policy+"/default", `{"inboundTrust":{"isMfaAccepted":true}}`)

	file, err := json.Marshal(r.State())
	if err != nil {
		t.Fatal(err)
	}
	var saved graphsim.State
	if err := json.Unmarshal(file, &saved); err != nil {
		t.Fatal(err)
	}
	again := newRig(t, graphsim.Config{State: &saved})
	// Extra members that every partner shows are written out, so that files can be compared.
	second, err := json.Marshal(again.State())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(file), string(second)); d != "" {
		t.Errorf("(-first +second):\n%s", d)
	}
	for _, path := range []string{sync, partners + "/" + contoso, template, policy + "/default", policy} {
		if d := cmp.Diff(r.must("GET", path, "").body, again.must("GET", path, "").body); d != "" {
			t.Errorf("%s (-first +second):\n%s", path, d)
		}
	}
}

func TestAStateIsACopy(t *testing.T) {
	r := newRig(t, graphsim.Config{Partners: 3})
	before := r.Partners()
	taken := r.Partners()
	for i := range taken {
		taken[i].AutomaticUserConsentSettings.InboundAllowed = new(false)
		if y := taken[i].IdentitySynchronization; y != nil {
			*y.DisplayName, y.UserSyncInbound.IsSyncAllowed = "changed", nil
		}
	}
	if d := cmp.Diff(before, r.Partners()); d != "" {
		t.Errorf("(-before +after):\n%s", d)
	}
}

func TestTheSeedDecidesEverything(t *testing.T) {
	first, same, other := newRig(t, graphsim.Config{Partners: 30, Seed: 3}), newRig(t, graphsim.Config{Partners: 30, Seed: 3}), newRig(t, graphsim.Config{Partners: 30, Seed: 4})
	same.must("GET", policy, "")
	if d := cmp.Diff(first.State(), same.State()); d != "" {
		t.Errorf("same seed (-first +same):\n%s", d)
	}
	if cmp.Equal(first.Partners(), other.Partners()) {
		t.Error("another seed gave the same partners")
	}
	if a, b := first.must("GET", partners, ""), other.must("GET", partners, ""); a.body == b.body {
		t.Error("another seed gave the same list")
	}
}

func TestASeedHoldsEveryKindOfPartner(t *testing.T) {
	kinds := map[string]int{}
	names := map[string]bool{}
	sim := graphsim.New(graphsim.Config{Partners: 2000})
	for _, p := range sim.Partners() {
		y, c := p.IdentitySynchronization, p.AutomaticUserConsentSettings
		switch {
		case p.IsServiceProvider != nil && *p.IsServiceProvider && y == nil:
			kinds["service"]++
		case y == nil:
			kinds["no policy"]++
		case *y.UserSyncInbound.IsSyncAllowed:
			kinds["on"]++
		default:
			kinds["off"]++
		}
		if c.InboundAllowed == nil {
			kinds["no consent"]++
		} else if c.OutboundAllowed == nil {
			kinds["half consent"]++
		}
	}
	for _, tenant := range sim.State().Tenants {
		names[tenant.DisplayName] = true
	}
	for _, kind := range []string{"no policy", "on", "off", "no consent", "half consent"} {
		if kinds[kind] < 300 {
			t.Errorf("only %d partners with %s", kinds[kind], kind)
		}
	}
	if kinds["service"] != 1 || len(names) != 2001 {
		t.Errorf("%d service-owned partners and %d names, want 1 and 2000, and the home tenant", kinds["service"], len(names))
	}
}

// Changing a copy of a partner in a test does not change the tenant.
func TestAPartnerIsACopy(t *testing.T) {
	r := newRig(t, graphsim.Config{})
	yes := func() *bool { return new(true) }
	whole := func() graphsim.Partner {
		return graphsim.Partner{
			TenantID: contoso, IsServiceProvider: yes(), IsInMultiTenantOrganization: yes(),
			InboundTrust:                 &graphsim.InboundTrust{IsMfaAccepted: yes(), IsCompliantDeviceAccepted: yes(), IsHybridAzureADJoinedDeviceAccepted: yes()},
			AutomaticUserConsentSettings: graphsim.Consent{InboundAllowed: yes(), OutboundAllowed: yes()},
			IdentitySynchronization:      graphsim.SyncAllowed("Contoso", true),
			Other:                        graphsim.Members{"newIn2027": json.RawMessage(`1`)},
		}
	}
	r.SetPartner(whole())
	p, _ := r.Partner(contoso)
	*p.IsServiceProvider, *p.IsInMultiTenantOrganization = false, false
	*p.InboundTrust.IsMfaAccepted, *p.InboundTrust.IsCompliantDeviceAccepted = false, false
	*p.InboundTrust.IsHybridAzureADJoinedDeviceAccepted = false
	*p.AutomaticUserConsentSettings.InboundAllowed, *p.AutomaticUserConsentSettings.OutboundAllowed = false, false
	*p.IdentitySynchronization.DisplayName, *p.IdentitySynchronization.UserSyncInbound.IsSyncAllowed = "x", false
	delete(p.Other, "newIn2027")
	if now, _ := r.Partner(contoso); !cmp.Equal(now, whole()) {
		t.Errorf("(-want +got):\n%s", cmp.Diff(whole(), now))
	}
}

func TestPartnersAreSetRemovedAndEdited(t *testing.T) {
	r := newRig(t, graphsim.Config{}).with(fabrikam, contoso)
	if got := ids([][]graphsim.Partner{r.Partners()}); !slices.Equal(got, []string{contoso, fabrikam}) {
		t.Errorf("got %v, want them sorted", got)
	}
	r.RemovePartner(fabrikam)
	if _, ok := r.Partner(fabrikam); ok || r.Edit(fabrikam, func(*graphsim.Partner) {}) {
		t.Error("a removed partner is still there")
	}
	r.Edit(contoso, func(p *graphsim.Partner) {
		p.IdentitySynchronization = graphsim.SyncAllowed("x", true)
		p.TenantID = fabrikam
	})
	r.must("GET", sync, "")
}

// Another seed is another home tenant, with a name of its own, and the state keeps both.
func TestHomeOf(t *testing.T) {
	seen := map[string]bool{}
	for _, seed := range []int64{1, 2, 0, -5, 1 << 60} {
		home := graphsim.HomeOf(seed)
		if again := graphsim.HomeOf(seed); again != home || seen[home.TenantID] || seen[home.DisplayName] || seen[home.DefaultDomainName] || !graph.IsDomain(home.DefaultDomainName) {
			t.Errorf("seed %d: %+v", seed, home)
		}
		seen[home.TenantID], seen[home.DisplayName], seen[home.DefaultDomainName] = true, true, true
		sim := graphsim.New(graphsim.Config{Seed: seed, HomeTenant: home.TenantID, Tenants: []graphsim.Tenant{home}})
		state := sim.State()
		if back := graphsim.New(graphsim.Config{State: &state}); sim.Home() != home || back.Home() != home || back.HomeTenant() != home.TenantID {
			t.Errorf("seed %d: %+v, and after a rest %+v", seed, sim.Home(), back.Home())
		}
	}
	if home := graphsim.HomeOf(1); home.TenantID != graphsim.DefaultHomeTenant || graphsim.New(graphsim.Config{}).Home() != home {
		t.Errorf("the first is %+v", home)
	}
}
