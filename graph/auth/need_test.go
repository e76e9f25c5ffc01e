package auth_test

import (
	"strings"
	"testing"

	"bulksync/graph/auth"
)

const (
	roleSecurityAdmin  = "194ae4cb-b126-40b2-bd5b-6091b380977d"
	roleGlobalReader   = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
	roleReportsReader  = "4a5d8f65-41da-4de4-8968-e035b65339cf"
	roleTeamsAdmin     = "69091246-20e8-4a56-aa4d-066075b2a7a8"
	roleSecureAccess   = "ac434307-12b9-4fa1-a708-88bf58caabc1"
	permissionToWrite  = "Policy.ReadWrite.CrossTenantAccess"
	permissionToLookUp = "CrossTenantInformation.ReadBasic.All"
)

func identity(t *testing.T, c claims) auth.Identity {
	t.Helper()
	id, err := auth.ParseIdentity(token(c))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// What each identity may do: plan and audit, apply, look names up, read the audit
// log; y is yes, n no, and ? not known.
func TestWhatAnIdentityMayDo(t *testing.T) {
	list := func(names ...string) []string { return names }
	for name, tc := range map[string]struct {
		claims claims
		want   string
	}{
		"an app that reads":            {claims{"idtyp": "app", "roles": list("policy.read.all")}, "ynnn"},
		"an app that writes":           {claims{"idtyp": "app", "roles": list(permissionToWrite, permissionToLookUp)}, "yyyn"},
		"an app that reads the log":    {claims{"idtyp": "app", "roles": list("AuditLog.Read.All")}, "nnny"},
		"an app of something else":     {claims{"idtyp": "app", "roles": list("User.Read.All")}, "nnnn"},
		"a security administrator":     {claims{"scp": permissionToWrite + " AuditLog.Read.All", "wids": list(strings.ToUpper(roleSecurityAdmin))}, "yyny"},
		"a global reader":              {claims{"scp": permissionToWrite + " " + permissionToLookUp, "wids": list(roleGlobalReader)}, "y?yn"},
		"a reports reader":             {claims{"scp": "Policy.Read.All AuditLog.Read.All", "wids": list(roleReportsReader)}, "?nny"},
		"a Teams administrator":        {claims{"scp": permissionToWrite, "wids": list(roleTeamsAdmin)}, "??nn"},
		"a person without roles":       {claims{"scp": "Policy.Read.All " + permissionToLookUp}, "?nyn"},
		"all that the person may do":   {claims{"scp": "Directory.AccessAsUser.All", "wids": list(roleSecurityAdmin)}, "????"},
		"an app with a role":           {claims{"idtyp": "app", "roles": list("User.Read.All"), "wids": list(roleGlobalReader)}, "?nn?"},
		"a token without permissions":  {claims{"tid": tenant}, "????"},
		"an app with such a scope too": {claims{"idtyp": "app", "roles": list("Directory.AccessAsUser.All")}, "nnnn"},
	} {
		id, got := identity(t, tc.claims), ""
		for _, task := range auth.Tasks() {
			got += map[auth.Answer]string{auth.Yes: "y", auth.No: "n", auth.Unknown: "?"}[id.May(task)]
		}
		if got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

// The least that each task needs, in words.
func TestWhatATaskNeeds(t *testing.T) {
	for task, want := range map[auth.Task]string{
		auth.Reading:   "the permission Policy.Read.All, with admin consent; a person also needs the role Security Reader or Global Reader",
		auth.Writing:   "the permission Policy.ReadWrite.CrossTenantAccess, with admin consent; a person also needs the role Security Administrator",
		auth.LookingUp: "the permission CrossTenantInformation.ReadBasic.All, with admin consent",
		auth.Tracing:   "the permission AuditLog.Read.All, with admin consent; a person also needs the role Reports Reader or Security Reader",
	} {
		if got := task.Needs(); got != want || !strings.Contains(got, task.Permission()) {
			t.Errorf("%s: %s", task, got)
		}
	}
}

func TestRolesThatHidePolicies(t *testing.T) {
	for name, tc := range map[string]struct {
		claims claims
		want   string
	}{
		"Teams":                 {claims{"scp": "Policy.Read.All", "wids": []string{roleTeamsAdmin}}, "Teams Administrator"},
		"secure access":         {claims{"scp": "Policy.Read.All", "wids": []string{"x", strings.ToUpper(roleSecureAccess)}}, "Global Secure Access Administrator"},
		"with one that sees":    {claims{"scp": "Policy.Read.All", "wids": []string{roleTeamsAdmin, roleGlobalReader}}, ""},
		"no roles in the token": {claims{"scp": "Policy.Read.All"}, ""},
		"an app":                {claims{"idtyp": "app", "roles": []string{"Policy.Read.All"}, "wids": []string{roleTeamsAdmin}}, ""},
	} {
		if got := identity(t, tc.claims).PartialRole(); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestWhichAPIATokenIsFor(t *testing.T) {
	const root = "https://graph.microsoft.com"
	for aud, want := range map[string]bool{
		"": true, root: true, root + "/": true, "HTTPS://Graph.Microsoft.com": true, "00000003-0000-0000-c000-000000000000": true,
		"https://graph.microsoft.us": false, "https://management.azure.com/": false,
	} {
		if got := identity(t, claims{"aud": aud}).IsForAPI(root); got != want {
			t.Errorf("%q: %v", aud, got)
		}
	}
}
