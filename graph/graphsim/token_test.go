package graphsim_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/graph"
	"bulksync/graph/graphsim"
)

func TestWhoMayDoWhat(t *testing.T) {
	type o = graphsim.TokenOptions
	const unauthorized, denied = "InvalidAuthenticationToken", "Authorization_RequestDenied"
	find := "/v1.0/tenantRelationships/findTenantInformationByTenantId(tenantId='" + contoso + "')"
	audits := "/v1.0/auditLogs/directoryAudits"
	read, auditor := []string{graphsim.PermissionRead}, []string{graphsim.PermissionAudit}
	for _, c := range []struct {
		name   string
		token  o
		status int
		code   string
		method string
		path   string
	}{
		{"an app that may write writes", o{}, 204, "", "PATCH", sync},
		{"an app that may write reads", o{}, 200, "", "GET", partners},
		{"an app that may read reads", o{Permissions: read}, 200, "", "GET", sync},
		{"an app that may read does not write", o{Permissions: read}, 403, denied, "PATCH", sync},
		{"an app that may read does not delete", o{Permissions: read}, 403, denied, "DELETE", sync},
		{"an app that may read does not look tenants up", o{Permissions: read}, 403, denied, "GET", find},
		{"an app without permissions", o{Permissions: []string{}}, 403, denied, "GET", partners},
		{"the audit log wants its own permission", o{}, 403, "Authentication_MSGraphPermissionMissing", "GET", audits},
		{"an auditor reads the audit log", o{Permissions: auditor}, 200, "", "GET", audits},
		{"a reports reader reads the audit log", o{User: "ada@home.example", Permissions: auditor, Roles: []string{graphsim.RoleReportsReader}}, 200, "", "GET", audits},
		{"a Teams administrator reads no audit log", o{User: "ada@home.example", Permissions: auditor, Roles: []string{graphsim.RoleTeamsAdministrator}}, 403, "Authentication_RequestFromUnsupportedUserRole", "GET", audits},
		{"a security administrator writes", o{User: "ada@home.example"}, 204, "", "PATCH", sync},
		{"a security reader reads", o{User: "ada@home.example", Roles: []string{graphsim.RoleSecurityReader}}, 200, "", "GET", sync},
		{"a security reader does not write", o{User: "ada@home.example", Roles: []string{graphsim.RoleSecurityReader}}, 403, denied, "PATCH", sync},
		{"a Teams administrator writes partners", o{User: "ada@home.example", Roles: []string{graphsim.RoleTeamsAdministrator}}, 204, "", "PATCH", partners + "/" + contoso},
		{"a Teams administrator writes no sync policy", o{User: "ada@home.example", Roles: []string{graphsim.RoleTeamsAdministrator}}, 404, "Directory_ObjectNotFound", "PATCH", sync},
		{"a Teams administrator sees no sync policy", o{User: "ada@home.example", Roles: []string{graphsim.RoleTeamsAdministrator}}, 404, "Request_ResourceNotFound", "GET", sync},
		{"a role does not stand in for a scope", o{User: "ada@home.example", Permissions: read, Roles: []string{graphsim.RoleGlobalAdministrator}}, 403, denied, "PATCH", sync},
		{"a user's token without roles counts by its scope", o{User: "ada@home.example", Roles: []string{}}, 204, "", "PATCH", sync},
		{"an expired token", o{Lifetime: -time.Second}, 401, unauthorized, "GET", partners},
		{"a token of another tenant", o{TenantID: contoso}, 401, unauthorized, "GET", partners},
		{"a token of another cloud", o{Audience: graph.China.RootURL()}, 401, unauthorized, "GET", partners},
		{"a token for Graph's app id", o{Audience: "00000003-0000-0000-c000-000000000000"}, 200, "", "GET", partners},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, graphsim.Config{Tenants: []graphsim.Tenant{{TenantID: contoso}}})
			r.SetPartner(graphsim.Partner{TenantID: contoso, IdentitySynchronization: graphsim.SyncAllowed("Contoso", true)})
			r.token = r.Token(c.token)
			r.want(c.status, c.code, c.method, c.path, "{}")
		})
	}
}

func TestATeamsAdministratorsListHidesSyncPolicies(t *testing.T) {
	r := newRig(t, graphsim.Config{})
	r.SetPartner(graphsim.Partner{TenantID: contoso, IdentitySynchronization: graphsim.SyncAllowed("Contoso", true)})
	r.token = r.Token(graphsim.TokenOptions{User: "ada@home.example", Roles: []string{graphsim.RoleTeamsAdministrator}})
	if got := r.must("GET", partners+"?$expand=identitySynchronization", "").body; !strings.Contains(got, `"identitySynchronization":null`) {
		t.Errorf("got %s", got)
	}
}

func TestAMissingOrMalformedTokenIsRefused(t *testing.T) {
	for token, message := range map[string]string{"": "empty", "abc": "80049217", "a.b.c": "80049217"} {
		r := newRig(t, graphsim.Config{})
		r.token = token
		if got := r.want(401, "InvalidAuthenticationToken", "GET", partners, ""); !strings.Contains(got.body, message) {
			t.Errorf("%q: got %s, want %q", token, got.body, message)
		}
	}
}

func TestATokenEndsInTheMiddleOfARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.token = r.Token(graphsim.TokenOptions{Lifetime: time.Minute})
		r.must("GET", partners, "")
		time.Sleep(time.Minute)
		r.want(401, "InvalidAuthenticationToken", "GET", partners, "")
		r.token = r.Token(graphsim.TokenOptions{})
		r.must("GET", partners, "")
		r.Revoke()
		r.want(401, "InvalidAuthenticationToken", "GET", partners, "")
		r.token = r.Token(graphsim.TokenOptions{})
		r.must("GET", partners, "")
	})
}
