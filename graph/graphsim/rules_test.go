package graphsim_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph/graphsim"
)

func TestASyncPolicyIsCreatedUpdatedAndDeleted(t *testing.T) {
	r := newRig(t, graphsim.Config{}).with(contoso)
	r.want(404, "Request_ResourceNotFound", "GET", sync, "")
	r.want(404, "Directory_ObjectNotFound", "PATCH", sync, `{"displayName":"x"}`)
	r.want(404, "Request_ResourceNotFound", "DELETE", sync, "")

	created := r.must("PUT", sync, `{"displayName":"Contoso","userSyncInbound":{"isSyncAllowed":true}}`)
	if created.status != 204 || created.body != "" {
		t.Errorf("got %d %q, want 204 and no body", created.status, created.body)
	}
	conflict := r.want(409, "Request_MultipleObjectsWithSameKeyValue", "PUT", sync, `{"userSyncInbound":{"isSyncAllowed":false}}`)
	var e struct {
		Error struct{ Details []struct{ Code string } }
	}
	if err := json.Unmarshal([]byte(conflict.body), &e); err != nil || len(e.Error.Details) != 1 || e.Error.Details[0].Code != "ConflictingObjects" {
		t.Errorf("got %s, want details with ConflictingObjects", conflict.body)
	}

	r.must("PATCH", sync, `{"userSyncInbound":{"isSyncAllowed":false}}`)
	p, _ := r.Partner(contoso)
	if d := cmp.Diff(graphsim.SyncAllowed("Contoso", false), p.IdentitySynchronization); d != "" {
		t.Errorf("after PATCH of one member (-want +got):\n%s", d)
	}
	r.must("DELETE", sync, "")
	if p, _ := r.Partner(contoso); p.IdentitySynchronization != nil {
		t.Errorf("still there: %+v", p)
	}
}

func TestAPartnerIsCreatedUpdatedAndDeleted(t *testing.T) {
	r := newRig(t, graphsim.Config{})
	r.want(404, "Request_ResourceNotFound", "GET", partners+"/"+contoso, "")
	r.want(404, "Request_ResourceNotFound", "PATCH", partners+"/"+contoso, `{}`)
	r.want(404, "Request_ResourceNotFound", "DELETE", partners+"/"+contoso, "")
	r.want(404, "Request_ResourceNotFound", "PUT", sync, `{}`)

	r.want(201, "", "POST", partners, `{"tenantId":"`+contoso+`"}`)
	r.want(409, "Request_MultipleObjectsWithSameKeyValue", "POST", partners, `{"tenantId":"11111111-AAAA-4bbb-8ccc-000000000001"}`)
	r.must("PUT", sync, `{}`)
	r.want(400, "Request_BadRequest", "DELETE", partners+"/"+contoso, "")
	r.must("DELETE", sync, "")
	r.must("DELETE", partners+"/"+contoso, "")
	if _, ok := r.Partner(contoso); ok {
		t.Error("still there")
	}
	r.want(201, "", "POST", partners, `{"tenantId":"`+contoso+`"}`)
}

func TestAKeyIsTheSameInAnyCase(t *testing.T) {
	r := newRig(t, graphsim.Config{}).with("AAAAAAAA-1111-4222-8333-444444444444")
	got := r.must("GET", partners+"/aaaaaaaa-1111-4222-8333-444444444444?$select=tenantId", "")
	want := `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#policies/crossTenantAccessPolicy/partners/$entity","tenantId":"AAAAAAAA-1111-4222-8333-444444444444"}`
	if got.body != want {
		t.Errorf("got %s, want %s", got.body, want)
	}
}

func TestPatchMergesAndNullInherits(t *testing.T) {
	users := `"usersAndGroups":{"accessType":"allowed","targets":[{"target":"AllUsers","targetType":"user"}]}`
	for _, c := range []struct{ name, before, patch, member, want string }{
		{"one consent flag keeps the other", `{"automaticUserConsentSettings":{"inboundAllowed":true}}`,
			`{"automaticUserConsentSettings":{"outboundAllowed":false}}`, "automaticUserConsentSettings", `{"inboundAllowed":true,"outboundAllowed":false}`},
		{"a null flag inherits", `{"automaticUserConsentSettings":{"inboundAllowed":true,"outboundAllowed":true}}`,
			`{"automaticUserConsentSettings":{"inboundAllowed":null}}`, "automaticUserConsentSettings", `{"inboundAllowed":null,"outboundAllowed":true}`},
		{"null consent is an object of nulls", `{"automaticUserConsentSettings":{"inboundAllowed":true}}`,
			`{"automaticUserConsentSettings":null}`, "automaticUserConsentSettings", `{"inboundAllowed":null,"outboundAllowed":null}`},
		{"trust merges", `{"inboundTrust":{"isMfaAccepted":true}}`, `{"inboundTrust":{"isCompliantDeviceAccepted":true}}`,
			"inboundTrust", `{"isMfaAccepted":true,"isCompliantDeviceAccepted":true,"isHybridAzureADJoinedDeviceAccepted":null}`},
		{"a null trust inherits alone", `{"inboundTrust":{"isMfaAccepted":true,"isHybridAzureADJoinedDeviceAccepted":true}}`,
			`{"inboundTrust":{"isMfaAccepted":null}}`,
			"inboundTrust", `{"isMfaAccepted":null,"isCompliantDeviceAccepted":null,"isHybridAzureADJoinedDeviceAccepted":true}`},
		{"false is not null", `{"inboundTrust":{"isMfaAccepted":true}}`, `{"inboundTrust":{"isMfaAccepted":false}}`,
			"inboundTrust", `{"isMfaAccepted":false,"isCompliantDeviceAccepted":null,"isHybridAzureADJoinedDeviceAccepted":null}`},
		{"null trust inherits", `{"inboundTrust":{"isMfaAccepted":true}}`, `{"inboundTrust":null}`, "inboundTrust", `null`},
		{"a B2B setting merges", `{"b2bCollaborationInbound":{` + users + `}}`,
			`{"b2bCollaborationInbound":{"applications":{"accessType":"blocked"}}}`, "b2bCollaborationInbound",
			`{"applications":{"accessType":"blocked"},` + users + `}`},
		{"a list is replaced", `{"b2bCollaborationInbound":{` + users + `}}`,
			`{"b2bCollaborationInbound":{"usersAndGroups":{"targets":[]}}}`, "b2bCollaborationInbound",
			`{"usersAndGroups":{"accessType":"allowed","targets":[]}}`},
		{"a null B2B setting inherits", `{"b2bCollaborationInbound":{` + users + `}}`, `{"b2bCollaborationInbound":null}`, "b2bCollaborationInbound", `null`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, graphsim.Config{}).with(contoso)
			r.must("PATCH", partners+"/"+contoso, c.before)
			r.must("PATCH", partners+"/"+contoso, c.patch)
			var got map[string]json.RawMessage
			if err := json.Unmarshal([]byte(r.must("GET", partners+"/"+contoso, "").body), &got); err != nil {
				t.Fatal(err)
			}
			if string(got[c.member]) != c.want {
				t.Errorf("got %s, want %s", got[c.member], c.want)
			}
		})
	}
}

func TestMembersOutsideTheSchemaComeBackVerbatim(t *testing.T) {
	r := newRig(t, graphsim.Config{})
	r.SetPartner(graphsim.Partner{TenantID: contoso, Other: graphsim.Members{
		"protectedContentSharing": json.RawMessage(`{"x":1.50}`), "newIn2027": json.RawMessage(`[ 1 ]`)}})
	var got map[string]json.RawMessage
	if err := json.Unmarshal([]byte(r.must("GET", partners+"/"+contoso, "").body), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"protectedContentSharing": `{"x":1.50}`, "newIn2027": `[ 1 ]`,
		"crossCloudMeetingConfiguration": `{"inboundAllowed":null,"outboundAllowed":null}`}
	for name, value := range want {
		if string(got[name]) != value {
			t.Errorf("%s: got %s, want %s", name, got[name], value)
		}
	}
}

func TestTheUndocumentedSwitchesOfPut(t *testing.T) {
	r := newRig(t, graphsim.Config{PutExisting: http.StatusNoContent, PutWithoutPartner: http.StatusNoContent})
	r.must("PUT", sync, `{"displayName":"first"}`)
	r.must("PUT", sync, `{"userSyncInbound":{"isSyncAllowed":true}}`)
	p, _ := r.Partner(contoso)
	want := &graphsim.IdentitySynchronization{UserSyncInbound: &graphsim.UserSyncInbound{IsSyncAllowed: new(true)}}
	if d := cmp.Diff(want, p.IdentitySynchronization); d != "" {
		t.Errorf("PUT replaces (-want +got):\n%s", d)
	}
}

func TestWhatWasDeletedStandsInTheWayForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{DeleteWindow: time.Minute}).with(contoso)
		r.must("PUT", sync, `{}`)
		r.must("DELETE", sync, "")
		r.want(409, "Request_MultipleObjectsWithSameKeyValue", "PUT", sync, `{}`)
		r.must("DELETE", partners+"/"+contoso, "")
		r.want(409, "Request_MultipleObjectsWithSameKeyValue", "POST", partners, `{"tenantId":"`+contoso+`"}`)
		time.Sleep(time.Minute)
		r.want(201, "", "POST", partners, `{"tenantId":"`+contoso+`"}`)
		r.must("PUT", sync, `{}`)
	})
}

func TestReadsLagBehindWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{ReadLag: 10 * time.Second}).with(contoso)
		r.must("PUT", sync, `{"displayName":"one"}`)
		time.Sleep(4 * time.Second)
		r.must("PATCH", sync, `{"displayName":"two"}`)
		r.must("PATCH", template, `{"templateApplicationLevel":"none"}`)
		r.want(404, "Request_ResourceNotFound", "GET", sync, "")
		for _, want := range []string{"one", "two"} {
			time.Sleep(6 * time.Second)
			got := r.list(partners + "?$expand=identitySynchronization")
			if name := *got[0][0].IdentitySynchronization.DisplayName; name != want {
				t.Errorf("got %s, want %s", name, want)
			}
		}
		if p, _ := r.Partner(contoso); *p.IdentitySynchronization.DisplayName != "two" {
			t.Errorf("Partner must not lag: %+v", p)
		}
	})
}

func TestTemplateLevelsAreASet(t *testing.T) {
	for sent, want := range map[string]string{
		"none": "none", "": "none", "newPartners": "newPartners",
		"existingPartners,newPartners": "newPartners,existingPartners", "newPartners, existingPartners": "newPartners,existingPartners",
	} {
		r := newRig(t, graphsim.Config{})
		r.must("PATCH", template, `{"templateApplicationLevel":"`+sent+`","userSyncInbound":{"isSyncAllowed":true}}`)
		if d := cmp.Diff(graphsim.Template{TemplateApplicationLevel: want, UserSyncInbound: &graphsim.UserSyncInbound{IsSyncAllowed: new(true)}}, r.Template()); d != "" {
			t.Errorf("%q (-want +got):\n%s", sent, d)
		}
	}
}

func TestATemplateChangesAPartnerOnlyOnAJoin(t *testing.T) {
	partnerTemplate := policy + "/templates/multiTenantOrganizationPartnerConfiguration"
	r := newRig(t, graphsim.Config{}).with(contoso)
	before, _ := r.Partner(contoso)
	r.must("PATCH", template, `{"templateApplicationLevel":"existingPartners","userSyncInbound":{"isSyncAllowed":true}}`)
	r.must("PATCH", partnerTemplate, `{"templateApplicationLevel":"newPartners","automaticUserConsentSettings":{"inboundAllowed":true}}`)
	if after, _ := r.Partner(contoso); !cmp.Equal(before, after) {
		t.Errorf("a PATCH of a template changed a partner: %s", cmp.Diff(before, after))
	}
	r.Join(contoso)
	r.Join(fabrikam)
	existing, _ := r.Partner(contoso)
	want := graphsim.Partner{TenantID: contoso, IsInMultiTenantOrganization: new(true),
		IdentitySynchronization: &graphsim.IdentitySynchronization{UserSyncInbound: &graphsim.UserSyncInbound{IsSyncAllowed: new(true)}}}
	if d := cmp.Diff(want, existing); d != "" {
		t.Errorf("existing partner (-want +got):\n%s", d)
	}
	added, _ := r.Partner(fabrikam)
	want = graphsim.Partner{TenantID: fabrikam, IsInMultiTenantOrganization: new(true),
		AutomaticUserConsentSettings: graphsim.Consent{InboundAllowed: new(true)}}
	if d := cmp.Diff(want, added); d != "" {
		t.Errorf("new partner (-want +got):\n%s", d)
	}
	r.must("POST", template+"/resetToDefaultSettings", "")
	if got := r.Template().UserSyncInbound.IsSyncAllowed; got != nil {
		t.Errorf("after the reset: %v, want null", *got)
	}
}

func TestTheDefaultGoesBackToThatOfTheService(t *testing.T) {
	r := newRig(t, graphsim.Config{})
	before := r.must("GET", policy+"/default", "").body
	r.must("PATCH", policy+"/default", `{"inboundTrust":{"isMfaAccepted":true}}`)
	if r.must("GET", policy+"/default", "").body == before {
		t.Error("the PATCH changed nothing")
	}
	r.must("POST", policy+"/default/resetToSystemDefault", "")
	if d := cmp.Diff(before, r.must("GET", policy+"/default", "").body); d != "" {
		t.Errorf("(-before +after):\n%s", d)
	}
	r.must("PATCH", policy, `{"allowedCloudEndpoints":["microsoftonline.us"]}`)
	r.want(400, "Request_BadRequest", "PATCH", policy, `{"allowedCloudEndpoints":["contoso.example"]}`)
}

func TestTenantsAreFoundByIDAndByDomain(t *testing.T) {
	find := "/v1.0/tenantRelationships/findTenantInformationBy"
	r := newRig(t, graphsim.Config{Partners: 3, Tenants: []graphsim.Tenant{{TenantID: contoso, DisplayName: "Contoso", DefaultDomainName: "contoso.example"}}})
	byID := r.must("GET", find+"TenantId(tenantId='"+contoso+"')", "").body
	byDomain := r.must("GET", find+"DomainName(domainName='CONTOSO.example')", "").body
	if byID != byDomain {
		t.Errorf("got %s and %s", byID, byDomain)
	}
	r.must("GET", find+"TenantId(tenantId='"+r.Partners()[0].TenantID+"')", "")
	r.want(404, "Directory_ObjectNotFound", "GET", find+"TenantId(tenantId='"+fabrikam+"')", "")
	r.want(404, "Directory_ObjectNotFound", "GET", find+"DomainName(domainName='nobody.example')", "")
	r.want(400, "Request_BadRequest", "GET", find+"TenantId(tenantId='contoso')", "")
}
