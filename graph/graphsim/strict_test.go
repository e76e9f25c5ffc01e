package graphsim_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph"
	"bulksync/graph/graphsim"
)

func TestBodiesThatGraphRefuses(t *testing.T) {
	invalid := func(name string) string { return "Invalid property '" + name + "'." }
	value := "Invalid value specified"
	for _, c := range []struct{ name, method, path, body, message string }{
		{"a member with the wrong case", "PATCH", partners + "/" + contoso, `{"b2BCollaborationInbound":null}`, invalid("b2BCollaborationInbound")},
		{"an unknown member", "PUT", sync, `{"userSync":null}`, invalid("userSync")},
		{"an unknown nested member", "PUT", sync, `{"userSyncInbound":{"isSyncallowed":true}}`, invalid("isSyncallowed")},
		{"a beta member", "PUT", sync, `{"groupSyncInbound":{"isSyncAllowed":true}}`, invalid("groupSyncInbound")},
		{"a string for a boolean", "PUT", sync, `{"userSyncInbound":{"isSyncAllowed":"true"}}`, value},
		{"a number for a boolean", "PATCH", partners + "/" + contoso, `{"automaticUserConsentSettings":{"inboundAllowed":1}}`, value},
		{"a boolean for an object", "PUT", sync, `{"userSyncInbound":true}`, value},
		{"a list for an object", "PATCH", partners + "/" + contoso, `{"inboundTrust":[]}`, value},
		{"a text for a trust", "PATCH", partners + "/" + contoso, `{"inboundTrust":{"isMfaAccepted":"true"}}`, value},
		{"a number for a trust", "PATCH", partners + "/" + contoso, `{"inboundTrust":{"isCompliantDeviceAccepted":1}}`, value},
		{"a boolean for the trusts", "PATCH", partners + "/" + contoso, `{"inboundTrust":true}`, value},
		{"an unknown trust", "PATCH", partners + "/" + contoso, `{"inboundTrust":{"isEverythingAccepted":true}}`, invalid("isEverythingAccepted")},
		{"a trust with the wrong case", "PATCH", partners + "/" + contoso, `{"inboundTrust":{"isMFAAccepted":true}}`, invalid("isMFAAccepted")},
		{"trusts with the wrong case", "PATCH", partners + "/" + contoso, `{"InboundTrust":{"isMfaAccepted":true}}`, invalid("InboundTrust")},
		{"one bad trust among good ones", "PATCH", partners + "/" + contoso, `{"inboundTrust":{"isMfaAccepted":true,"isHybridAzureADJoinedDeviceAccepted":[]}}`, value},
		{"isInMultiTenantOrganization", "PATCH", partners + "/" + contoso, `{"inboundTrust":{"isMfaAccepted":true},"isInMultiTenantOrganization":true}`, "read-only"},
		{"a number for a text", "PUT", sync, `{"displayName":7}`, value},
		{"an unknown enumeration value", "PATCH", partners + "/" + contoso, `{"b2bCollaborationInbound":{"applications":{"accessType":"maybe"}}}`, value},
		{"a text for a list", "PATCH", partners + "/" + contoso, `{"b2bCollaborationInbound":{"applications":{"targets":"x"}}}`, value},
		{"null in a list of objects", "PATCH", partners + "/" + contoso, `{"b2bCollaborationInbound":{"applications":{"targets":[null]}}}`, value},
		{"the key of a sync policy", "PUT", sync, `{"tenantId":"` + contoso + `"}`, "read-only"},
		{"the key of a partner", "PATCH", partners + "/" + contoso, `{"tenantId":"` + contoso + `"}`, "read-only"},
		{"isServiceProvider", "PATCH", partners + "/" + contoso, `{"isServiceProvider":false}`, "read-only"},
		{"a whole partner echoed back", "PATCH", partners + "/" + contoso, `{"identitySynchronization":null}`, "read-only"},
		{"the consent of the default", "PATCH", policy + "/default", `{"automaticUserConsentSettings":{"inboundAllowed":true}}`, "read-only"},
		{"a partner without an ID", "POST", partners, `{}`, "required"},
		{"a partner whose ID is null", "POST", partners, `{"tenantId":null}`, value},
		{"a partner whose ID is no GUID", "POST", partners, `{"tenantId":"contoso.example"}`, value},
		{"a GUID in braces", "POST", partners, `{"tenantId":"{` + fabrikam + `}"}`, value},
		{"the home tenant", "POST", partners, `{"tenantId":"` + graphsim.DefaultHomeTenant + `"}`, value},
		{"a path that is no GUID", "PUT", partners + "/contoso.example/identitySynchronization", `{}`, "identifier"},
		{"an unknown template level", "PATCH", template, `{"templateApplicationLevel":"allPartners"}`, value},
		{"a template level with the wrong case", "PATCH", template, `{"templateApplicationLevel":"NewPartners"}`, value},
		{"a template level of null", "PATCH", template, `{"templateApplicationLevel":null}`, value},
		{"all users blocked but not all applications", "PATCH", policy + "/default",
			`{"b2bCollaborationInbound":{"usersAndGroups":{"accessType":"blocked","targets":[{"target":"AllUsers","targetType":"user"}]}}}`, "contradict"},
		{"users allowed but no application", "PATCH", policy + "/default",
			`{"b2bDirectConnectInbound":{"usersAndGroups":{"accessType":"allowed"}}}`, "contradict"},
		{"null for a list", "PATCH", partners + "/" + contoso, `{"b2bCollaborationInbound":{"applications":{"targets":null}}}`, value},
		{"no body", "PUT", sync, ``, "Empty Payload"},
		{"a broken body", "PUT", sync, `{"displayName":`, "Unable to read JSON"},
		{"two bodies", "PUT", sync, `{} {}`, "Unable to read JSON"},
		{"a list as the body", "PUT", sync, `[]`, "Unable to read JSON"},
		{"null as the body", "PUT", sync, `null`, "Unable to read JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, graphsim.Config{}).with(contoso)
			before := r.State()
			got := r.want(400, "Request_BadRequest", c.method, c.path, c.body)
			if !strings.Contains(got.body, c.message) {
				t.Errorf("got %s, want a message with %q", got.body, c.message)
			}
			if d := cmp.Diff(before, r.State()); d != "" {
				t.Errorf("a refused body changed the state (-before +after):\n%s", d)
			}
		})
	}
}

func TestEveryBodyNeedsItsContentType(t *testing.T) {
	r := newRig(t, graphsim.Config{}).with(contoso)
	r.header = http.Header{}
	r.want(400, "Request_BadRequest", "PUT", sync, `{}`)
	r.header.Set("Content-Type", "text/plain")
	r.want(400, "Request_BadRequest", "PUT", sync, `{}`)
	r.header.Set("Content-Type", "application/json; charset=utf-8")
	r.must("PUT", sync, `{}`)
}

func TestAnnotationsInABodyMeanNothing(t *testing.T) {
	r := newRig(t, graphsim.Config{}).with(contoso)
	before := r.State()
	r.must("PATCH", partners+"/"+contoso, `{"@odata.type":"#microsoft.graph.crossTenantAccessPolicyConfigurationPartner"}`)
	if d := cmp.Diff(before, r.State()); d != "" {
		t.Errorf("(-before +after):\n%s", d)
	}
}

func TestMethodsAndPathsThatAreNotOffered(t *testing.T) {
	r := newRig(t, graphsim.Config{}).with(contoso)
	for _, c := range []struct {
		status             int
		code, method, path string
	}{
		{405, "Request_BadRequest", "POST", sync},
		{405, "Request_BadRequest", "PUT", partners + "/" + contoso},
		{405, "Request_BadRequest", "DELETE", template},
		{405, "Request_BadRequest", "GET", template + "/resetToDefaultSettings"},
		{405, "Request_BadRequest", "PATCH", partners},
		{400, "BadRequest", "GET", policy + "/partner"},
		{400, "BadRequest", "GET", partners + "/" + contoso + "/identitysynchronization"},
		{400, "BadRequest", "GET", policy + "Old"},
		{400, "BadRequest", "GET", "/beta/policies/crossTenantAccessPolicy"},
		{400, "Request_BadRequest", "GET", partners + "/$count"},
	} {
		r.want(c.status, c.code, c.method, c.path, "{}")
	}
}

func TestQueryOptionsThatAreRefused(t *testing.T) {
	r := newRig(t, graphsim.Config{}).with(contoso)
	for _, path := range []string{
		partners + "?$filter=x", partners + "?$top=5", partners + "?select=tenantId", partners + "?$select=TenantId",
		partners + "?$select=", partners + "?$expand=serviceProviderConstraints", partners + "?$select=tenantId&$select=tenantId",
		partners + "/" + contoso + "?$skiptoken=x", template + "?$select=id", policy + "?$expand=partners",
		sync + "?$select=isSyncAllowed",
	} {
		r.want(400, "Request_BadRequest", "GET", path, "")
	}
}

func TestNationalCloudsHaveNoTemplates(t *testing.T) {
	r := newRig(t, graphsim.Config{Cloud: graph.China}).with(contoso)
	r.want(400, "BadRequest", "GET", template, "")
	for _, name := range []string{"tenantRestrictions", "m365CollaborationInbound", "m365CollaborationOutbound", "appServiceConnectInbound"} {
		r.want(400, "Request_BadRequest", "PATCH", partners+"/"+contoso, `{"`+name+`":null}`)
	}
	r.must("PATCH", partners+"/"+contoso, `{"inboundTrust":{"isMfaAccepted":true}}`)
	r.must("GET", partners+"?$select=tenantId,inboundTrust", "")
	got := r.must("GET", partners+"/"+contoso, "").body
	if strings.Contains(got, "isInMultiTenantOrganization") || strings.Contains(got, "tenantRestrictions") {
		t.Errorf("a member that national clouds lack: %s", got)
	}
}
