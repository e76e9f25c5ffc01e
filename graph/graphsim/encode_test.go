package graphsim_test

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bulksync/graph/graphsim"
)

// The encoder writes what encoding/json would write for the same partner.
func TestPartnersAreEncodedAsTheLibraryWould(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := anyPartner(rt)
		encoded, err := json.Marshal(p)
		if err != nil {
			rt.Fatalf("%v in %s", err, encoded)
		}
		plain, err := json.Marshal(plainPartner(p))
		if err != nil {
			rt.Fatal(err)
		}
		if d := cmp.Diff(decoded(rt, plain), decoded(rt, encoded)); d != "" {
			rt.Errorf("(-library +encoder):\n%s", d)
		}
		var back graphsim.Partner
		if err := json.Unmarshal(encoded, &back); err != nil {
			rt.Fatal(err)
		}
		if d := cmp.Diff(p, back); d != "" {
			rt.Errorf("read back (-want +got):\n%s", d)
		}
	})
}

func decoded(t *rapid.T, b []byte) (v map[string]any) {
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return v
}

// plainPartner is what Graph shows of a partner, member by member.
func plainPartner(p graphsim.Partner) map[string]any {
	none := map[string]any{"inboundAllowed": nil, "outboundAllowed": nil}
	m := map[string]any{
		"crossCloudMeetingConfiguration": none, "protectedContentSharing": none,
		"b2bCollaborationOutbound": nil, "b2bCollaborationInbound": nil,
		"b2bDirectConnectOutbound": nil, "b2bDirectConnectInbound": nil, "tenantRestrictions": nil,
	}
	for name, raw := range p.Other {
		m[name] = raw
	}
	maps.Copy(m, map[string]any{
		"tenantId": p.TenantID, "isServiceProvider": p.IsServiceProvider, "isInMultiTenantOrganization": p.IsInMultiTenantOrganization,
		"inboundTrust": p.InboundTrust, "automaticUserConsentSettings": p.AutomaticUserConsentSettings, "identitySynchronization": nil,
	})
	if y := p.IdentitySynchronization; y != nil {
		m["identitySynchronization"] = map[string]any{"tenantId": p.TenantID, "displayName": y.DisplayName, "userSyncInbound": y.UserSyncInbound}
	}
	return m
}

// anyPartner draws a partner whose names and other members can hold anything.
func anyPartner(t *rapid.T) graphsim.Partner {
	flag := rapid.SampledFrom([]*bool{nil, new(true), new(false)})
	p := graphsim.Partner{
		TenantID: contoso, IsServiceProvider: flag.Draw(t, "provider"), IsInMultiTenantOrganization: flag.Draw(t, "MTO"),
		AutomaticUserConsentSettings: graphsim.Consent{InboundAllowed: flag.Draw(t, "inbound"), OutboundAllowed: flag.Draw(t, "outbound")},
	}
	if rapid.Bool().Draw(t, "trusted") {
		p.InboundTrust = &graphsim.InboundTrust{
			IsMfaAccepted: flag.Draw(t, "MFA"), IsCompliantDeviceAccepted: flag.Draw(t, "device"),
			IsHybridAzureADJoinedDeviceAccepted: flag.Draw(t, "hybrid"),
		}
	}
	if rapid.Bool().Draw(t, "synchronized") {
		p.IdentitySynchronization = &graphsim.IdentitySynchronization{}
		if rapid.Bool().Draw(t, "named") {
			p.IdentitySynchronization.DisplayName = new(rapid.String().Draw(t, "name"))
		}
		if rapid.Bool().Draw(t, "switched") {
			p.IdentitySynchronization.UserSyncInbound = &graphsim.UserSyncInbound{IsSyncAllowed: flag.Draw(t, "sync")}
		}
	}
	names := []string{"b2bCollaborationInbound", "tenantRestrictions", "m365CollaborationInbound", "newIn2027", "odd \"name\" <é>", "protectedContentSharing"}
	for _, name := range names {
		if rapid.Bool().Draw(t, name) {
			if p.Other == nil {
				p.Other = graphsim.Members{}
			}
			p.Other[name] = json.RawMessage(rapid.SampledFrom([]string{`{"x":1.5}`, `[1,"a"]`, `true`, `"text"`}).Draw(t, "value"))
		}
	}
	return p
}
