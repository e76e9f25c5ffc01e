package graph_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"bulksync/graph"
	"bulksync/graph/graphsim"
)

func TestATenantIsLookedUpByID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Tenants: []graphsim.Tenant{{TenantID: fabrikam, DisplayName: "Fabrikam", DefaultDomainName: "Fabrikam.COM"}}})
		got, err := r.Tenant(t.Context(), fabrikam)
		if want := (graph.Tenant{Name: "Fabrikam", Domain: "fabrikam.com"}); err != nil || got != want {
			t.Errorf("got %+v: %v", got, err)
		}
		if _, err := r.Tenant(t.Context(), strings.Replace(fabrikam, "9", "8", 1)); !errors.Is(err, graph.NotFound) {
			t.Errorf("of nobody: %v", err)
		}
		c := newClient(t, r.Transport(), r.Token(graphsim.TokenOptions{Permissions: []string{graphsim.PermissionWrite}}))
		before := len(r.Sim.Requests())
		if _, err := c.Tenant(t.Context(), fabrikam); !errors.Is(err, graph.Forbidden) || len(r.Sim.Requests()) != before+1 {
			t.Errorf("without %s: %v after %d requests", graph.PermissionTenantInformation, err, len(r.Sim.Requests())-before)
		}
	})
}

// What an answer can say, and what is taken of it.
func TestParseTenant(t *testing.T) {
	id := `"tenantId":"` + strings.ToUpper(fabrikam) + `"`
	long := strings.Repeat("n", graph.MaxTenantName+1)
	for body, want := range map[string]graph.Tenant{
		`{` + id + `,"displayName":"Fabrikam","defaultDomainName":"fabrikam.com","federationBrandName":"FAB"}`: {Name: "Fabrikam", Domain: "fabrikam.com"},
		`{` + id + `,"displayName":null,"federationBrandName":"FAB"}`:                                          {Name: "FAB"},
		`{` + id + `,"displayName":" Fabrikam \n","defaultDomainName":null}`:                                   {Name: "Fabrikam"},
		`{` + id + `}`: {},
		`{` + id + `,"displayName":7,"defaultDomainName":["a"]}`:                      {},
		`{` + id + `,"displayName":"a\u0007b","federationBrandName":"FAB"}`:           {Name: "FAB"},
		`{` + id + `,"displayName":"` + long + `"}`:                                   {},
		`{` + id + `,"defaultDomainName":"a b.example"}`:                              {},
		`{` + id + `,"defaultDomainName":"a..example"}`:                               {},
		`{` + id + `,"defaultDomainName":"` + strings.Repeat("a.", 200) + `a"}`:       {},
		`{` + id + `,"defaultDomainName":"müller.example"}`:                           {Domain: "müller.example"},
		`{` + id + `,"defaultDomainName":"https://fabrikam.com"}`:                     {},
		`{` + id + `,"displayName":"株式会社","defaultDomainName":"Fab.onmicrosoft.com"}`: {Name: "株式会社", Domain: "fab.onmicrosoft.com"},
	} {
		if got, err := graph.ParseTenant(fabrikam, []byte(body)); err != nil || got != want {
			t.Errorf("%s\ngot %+v: %v, want %+v", body, got, err, want)
		}
	}
	for _, body := range []string{
		``, `[]`, `<html>`, `{}`, `{"displayName":"Fabrikam"}`, `{"tenantId":"` + graph.SupportTenantID + `","displayName":"Fabrikam"}`,
		`{` + id + `,"error":{"code":"x"}}`, `{` + id + `,` + id + `}`,
	} {
		if got, err := graph.ParseTenant(fabrikam, []byte(body)); err == nil {
			t.Errorf("%s: got %+v", body, got)
		}
	}
}

// An answer about another tenant is not believed, and asked for again.
func TestATenantAnswersForItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := played(
			answer(http.StatusOK, `{"tenantId":"`+graph.SupportTenantID+`","displayName":"Support"}`),
			answer(http.StatusOK, `{"tenantId":"`+fabrikam+`","displayName":"Fabrikam"}`),
		)
		got, err := newClient(t, base, "").Tenant(t.Context(), fabrikam)
		if err != nil || got.Name != "Fabrikam" || len(base.sent) != 2 {
			t.Errorf("got %+v after %d attempts: %v", got, len(base.sent), err)
		}
	})
}
