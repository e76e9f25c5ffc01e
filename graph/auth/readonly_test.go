package auth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bulksync/graph/auth"
)

func TestReadOnlyIdentities(t *testing.T) {
	const securityAdmin, globalReader = "194ae4cb-b126-40b2-bd5b-6091b380977d", "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
	list := func(names ...string) []string { return names }
	for name, tc := range map[string]struct {
		claims   claims
		readOnly bool
		by       []string
	}{
		"an app that reads":     {claims: claims{"idtyp": "app", "roles": list("Policy.Read.All", "AuditLog.Read.All")}, readOnly: true},
		"a person that reads":   {claims: claims{"scp": "Policy.Read.All User.Read"}, readOnly: true},
		"an app with a reader":  {claims: claims{"idtyp": "app", "roles": list("Policy.Read.All"), "wids": list(globalReader)}, readOnly: true},
		"a person with a role":  {claims: claims{"scp": "Policy.Read.All", "wids": list(securityAdmin)}, readOnly: true},
		"an app that writes":    {claims: claims{"roles": list("Policy.Read.All", "policy.readwrite.crosstenantaccess")}, by: list("Policy.ReadWrite.CrossTenantAccess")},
		"a person that writes":  {claims: claims{"scp": "Policy.ReadWrite.CrossTenantAccess"}, by: list("Policy.ReadWrite.CrossTenantAccess")},
		"a reader's wide scope": {claims: claims{"scp": "Policy.ReadWrite.CrossTenantAccess", "wids": list(globalReader)}, by: list("Policy.ReadWrite.CrossTenantAccess")},
		"an app with a role":    {claims: claims{"idtyp": "app", "roles": list("Policy.Read.All"), "wids": list(strings.ToUpper(securityAdmin))}, by: list("the directory role Security Administrator")},
		"only a role":           {claims: claims{"idtyp": "app", "wids": list(securityAdmin)}, by: list("the directory role Security Administrator")},
		"one that helps itself": {
			claims: claims{"roles": list("Application.ReadWrite.All", "RoleManagement.ReadWrite.Directory", "Policy.Read.All")},
			by:     list("RoleManagement.ReadWrite.Directory (it can grant itself more)", "Application.ReadWrite.All (it can act as another application)"),
		},
		"one that assigns itself a role": {
			claims: claims{"roles": list("Policy.Read.All", "RoleAssignmentSchedule.ReadWrite.Directory")},
			by:     list("RoleAssignmentSchedule.ReadWrite.Directory (it can grant itself more)"),
		},
		"a similar name": {claims: claims{"roles": list("Policy.ReadWrite.CrossTenantAccessX", "Policy.ReadWrite.FeatureRollout")}, readOnly: true},
		"no claims":      {claims: claims{"tid": tenant}},
		"odd claims":     {claims: claims{"roles": "Policy.Read.All", "scp": 7}},
	} {
		t.Run(name, func(t *testing.T) {
			id, err := auth.ParseIdentity(token(tc.claims))
			if err != nil {
				t.Fatal(err)
			}
			err = id.CheckReadOnly()
			writable := (*auth.WritableError)(nil)
			if tc.readOnly {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.As(err, &writable) {
				t.Fatalf("got %v", err)
			}
			if d := cmp.Diff(tc.by, writable.By, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			want := "does not say which permissions it has"
			if len(tc.by) > 0 {
				want = "could write here: it has " + strings.Join(tc.by, ", ")
			}
			if !strings.Contains(err.Error(), want) {
				t.Errorf("got %q, want %q", err, want)
			}
		})
	}
}
