package auth_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bulksync/graph/auth"
)

func TestClaimsTellWhoATokenIsFor(t *testing.T) {
	exp := time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		claims claims
		want   auth.Identity
	}{
		"an application on its own": {
			claims{
				"tid": strings.ToUpper(tenant), "appid": "a1", "app_displayname": "bulksync", "idtyp": "app", "exp": exp.Unix(),
				"aud": "https://graph.microsoft.com", "roles": []string{"Policy.Read.All", "Policy.ReadWrite.CrossTenantAccess"},
			},
			auth.Identity{
				TenantID: tenant, AppID: "a1", AppName: "bulksync", Kind: "app", ExpiresAt: exp,
				Audience: "https://graph.microsoft.com", Roles: []string{"Policy.Read.All", "Policy.ReadWrite.CrossTenantAccess"},
			},
		},
		"a person with two directory roles": {
			claims{"tid": tenant, "upn": "ada@contoso.com", "scp": "Policy.Read.All  User.Read", "wids": []string{"w1", "w2"}},
			auth.Identity{
				TenantID: tenant, User: "ada@contoso.com", Kind: "user",
				Scopes: []string{"Policy.Read.All", "User.Read"}, RoleTemplateIDs: []string{"w1", "w2"},
			},
		},
		"a v2 token names the application by azp": {
			claims{"azp": "a2", "preferred_username": "ada@contoso.com"},
			auth.Identity{AppID: "a2", User: "ada@contoso.com", Kind: "user"},
		},
		"an empty claim is none": {claims{"appid": "", "azp": "a2"}, auth.Identity{AppID: "a2", Kind: "app"}},
		"roles alone are an application's": {
			claims{"roles": []string{"Policy.Read.All"}}, auth.Identity{Kind: "app", Roles: []string{"Policy.Read.All"}},
		},
		"idtyp wins over what the permissions look like": {
			claims{"idtyp": "user", "roles": []string{"r"}}, auth.Identity{Kind: "user", Roles: []string{"r"}},
		},
		"an application that names a user stays one": {
			claims{"idtyp": "app", "upn": "ada@contoso.com"}, auth.Identity{User: "ada@contoso.com", Kind: auth.KindApp},
		},
		"scopes alone are a person's": {claims{"scp": "Policy.Read.All"}, auth.Identity{Kind: auth.KindUser, Scopes: []string{"Policy.Read.All"}}},
		"another idtyp counts as none": {
			claims{"idtyp": "device", "upn": "ada@contoso.com"}, auth.Identity{User: "ada@contoso.com", Kind: auth.KindUser},
		},
		"no claim is needed": {claims{}, auth.Identity{Kind: "app"}},
		"claims of an odd type are left out": {
			claims{"tid": 7, "roles": "r", "wids": map[string]int{}, "exp": "soon", "scp": []string{"s"}}, auth.Identity{Kind: "app"},
		},
		"an impossible expiry is left out": {claims{"exp": 1e300}, auth.Identity{Kind: "app"}},
		"a fraction of a second is cut":    {claims{"exp": 1.5}, auth.Identity{Kind: "app", ExpiresAt: time.Unix(1, 0).UTC()}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := auth.ParseIdentity(token(tc.claims))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestATokenThatCannotBeReadIsNeverQuoted(t *testing.T) {
	good := strings.Split(token(claims{"tid": tenant}), ".")
	for name, tc := range map[string]struct{ token, want string }{
		"nothing":                {"", "expected three parts"},
		"opaque":                 {canary, "expected three parts"},
		"five parts, encrypted":  {canary + ".a.b.c.d", "expected three parts"},
		"not base64":             {good[0] + "." + canary + "!." + canary, "to be base64url"},
		"not JSON":               {good[0] + ".YzRuNHJ5." + canary, "to hold a JSON object"},
		"JSON, but no object":    {good[0] + ".W10." + canary, "to hold a JSON object"},
		"JSON null is no object": {good[0] + ".bnVsbA." + canary, "to hold a JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := auth.ParseIdentity(tc.token)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error that says %q", err, tc.want)
			}
			if err != nil && (strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), good[0])) {
				t.Errorf("the error quotes the token: %v", err)
			}
		})
	}
}

func FuzzParseIdentity(f *testing.F) {
	f.Add(token(claims{"tid": tenant, "exp": 1, "roles": []string{"r"}}))
	f.Add("a.b.c")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := auth.ParseIdentity(s)
		if err != nil && len(s) > 8 && strings.Contains(err.Error(), s) {
			t.Errorf("the error quotes the token: %v", err)
		}
		if _, jerr := id.ExpiresAt.MarshalJSON(); jerr != nil {
			t.Errorf("an expiry that no report can hold: %v", jerr)
		}
	})
}
