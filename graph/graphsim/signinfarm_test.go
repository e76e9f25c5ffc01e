package graphsim_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"bulksync/graph/graphsim"
)

// signInFarm serves a farm of two tenants with its sign-in host. The secret of each is
// the ID of its tenant.
func signInFarm(t *testing.T) (*graphsim.Farm, *graphsim.SignInFarm, *httptest.Server) {
	t.Helper()
	farm := graphsim.NewFarm(graphsim.FarmOf(graphsim.Config{Seed: 2}, 2))
	host := graphsim.NewSignInFarm(farm, func(s *graphsim.Sim) graphsim.SignInConfig { return graphsim.SignInConfig{Secret: s.HomeTenant()} })
	server := httptest.NewTLSServer(host)
	t.Cleanup(server.Close)
	return farm, host, server
}

const tokenPath = "/oauth2/v2.0/token"

// proved is the form of an app that asks for a token with a proof.
func proved(name, proof string) url.Values {
	return url.Values{
		"grant_type": {"client_credentials"}, "client_id": {graphsim.DefaultAppID}, "scope": {"https://graph.microsoft.com/.default"},
		name: {proof}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}
}

// get asks an address and decodes its answer.
func get(t *testing.T, server *httptest.Server, path string, header http.Header) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}

// openedBy is the tenant whose partners a token lists.
func openedBy(t *testing.T, farm *graphsim.Farm, server *httptest.Server, token any) string {
	t.Helper()
	for _, sim := range farm.Sims() {
		sim.ResetRequests()
	}
	text, _ := token.(string)
	status, body := get(t, server, partners, http.Header{"Authorization": {"Bearer " + text}})
	if status != http.StatusOK {
		t.Errorf("%d %v", status, body)
	}
	var asked []string
	for _, sim := range farm.Sims() {
		if len(sim.Requests()) > 0 {
			asked = append(asked, sim.HomeTenant())
		}
	}
	return strings.Join(asked, " and ")
}

// The authority says which tenant a token is for, and the secret of another tenant is
// refused there.
func TestTheAuthorityPicksTheTenant(t *testing.T) {
	farm, _, server := signInFarm(t)
	a, b := farm.Sims()[0], farm.Sims()[1]
	for _, tc := range []struct {
		authority, secret, want string
	}{
		{a.HomeTenant(), a.HomeTenant(), a.HomeTenant()}, {strings.ToUpper(b.HomeTenant()), b.HomeTenant(), b.HomeTenant()},
		{"common", a.HomeTenant(), "AADSTS50059"},
		{a.HomeTenant(), b.HomeTenant(), "AADSTS7000215"}, {b.HomeTenant(), a.HomeTenant(), "AADSTS7000215"}, {"organizations", b.HomeTenant(), "AADSTS50059"},
		{contoso, a.HomeTenant(), "AADSTS90002: Tenant '" + contoso + "' not found."}, {graphsim.DefaultHomeTenant, "", "AADSTS90002"},
	} {
		status, body := post(t, server, "/"+tc.authority+tokenPath, proved("client_secret", tc.secret))
		got, _ := body["error_description"].(string)
		if status == http.StatusOK {
			got = openedBy(t, farm, server, body["access_token"])
		}
		if !strings.HasPrefix(got, tc.want) {
			t.Errorf("secret of %s at %s: %d %s", tc.secret, tc.authority, status, got)
		}
	}
}

// A refusal names the directory that refuses.
func TestARefusalNamesItsDirectory(t *testing.T) {
	farm, host, server := signInFarm(t)
	b := farm.Sims()[1]
	form := proved("client_secret", b.HomeTenant())
	form.Set("client_id", contoso)
	if _, body := post(t, server, "/"+b.HomeTenant()+tokenPath, form); !strings.Contains(body["error_description"].(string), "not found in the directory 'Adatum Corporation 3'") {
		t.Error(body)
	}
	if of := host.Hosts(); len(of[0].Requests()) != 0 || len(of[1].Requests()) != 1 {
		t.Errorf("asked of the first %+v, of the second %+v", of[0].Requests(), of[1].Requests())
	}
}

// One issuer speaks for the workloads of all tenants; a subject is trusted where the
// tenant says so.
func TestAssertionsInAFarm(t *testing.T) {
	farm := graphsim.NewFarm(graphsim.FarmOf(graphsim.Config{Seed: 2}, 2))
	b := farm.Sims()[1]
	host := graphsim.NewSignInFarm(farm, func(s *graphsim.Sim) graphsim.SignInConfig {
		if s == b {
			return graphsim.SignInConfig{Subject: "job-of-b"}
		}
		return graphsim.SignInConfig{}
	})
	server := httptest.NewTLSServer(host)
	t.Cleanup(server.Close)
	_, given := get(t, server, graphsim.GitHubPath+"?audience=api://AzureADTokenExchange", http.Header{"Authorization": {"Bearer job"}})
	for _, tc := range []struct {
		sim             *graphsim.Sim
		assertion, want string
	}{
		{farm.Sims()[0], given["value"].(string), ""}, {b, given["value"].(string), "AADSTS700213"},
		{b, host.Hosts()[0].Assertion(graphsim.AssertionOptions{Subject: "job-of-b"}), ""},
		{b, graphsim.NewSignIn(b, graphsim.SignInConfig{}).Assertion(graphsim.AssertionOptions{Subject: "job-of-b"}), "AADSTS700211"},
	} {
		status, body := post(t, server, "/"+tc.sim.HomeTenant()+tokenPath, proved("client_assertion", tc.assertion))
		text, _ := body["error_description"].(string)
		if (status == http.StatusOK) != (tc.want == "") || !strings.HasPrefix(text, tc.want) {
			t.Errorf("%s: %d %s, want %q", tc.sim.HomeTenant(), status, text, tc.want)
		}
	}
}

// What names no tenant is of the first one, and discovery is about the authority that
// it names.
func TestWhatNamesNoTenantIsOfTheFirst(t *testing.T) {
	farm, _, server := signInFarm(t)
	a, b := farm.Sims()[0], farm.Sims()[1]
	_, body := get(t, server, "/metadata/identity/oauth2/token?resource=https://graph.microsoft.com", http.Header{"Metadata": {"true"}})
	if got := openedBy(t, farm, server, body["access_token"]); got != a.HomeTenant() {
		t.Errorf("the machine is of %q", got)
	}
	const discovery = "/common/discovery/instance?api-version=1.1&authorization_endpoint="
	for endpoint, want := range map[string]string{
		"": a.HomeTenant(), "https://login.example/" + b.HomeTenant() + "/oauth2/v2.0/authorize": b.HomeTenant(), "%": a.HomeTenant(),
	} {
		_, body := get(t, server, discovery+url.QueryEscape(endpoint), nil)
		found, _ := body["tenant_discovery_endpoint"].(string)
		at, err := url.Parse(found)
		if err != nil || !strings.HasPrefix(at.Path, "/"+want+"/") {
			t.Errorf("%q is about %s: %v", endpoint, found, err)
			continue
		}
		if _, body := get(t, server, at.Path, nil); !strings.HasSuffix(body["token_endpoint"].(string), "/"+want+tokenPath) {
			t.Errorf("%s has %v", found, body)
		}
	}
}

// A person's code is of the tenant that gave it, and of no other.
func TestADeviceCodeIsOfItsTenant(t *testing.T) {
	farm, _, server := signInFarm(t)
	a, b := farm.Sims()[0], farm.Sims()[1]
	_, given := post(t, server, "/"+b.HomeTenant()+"/oauth2/v2.0/devicecode", url.Values{"client_id": {graphsim.DefaultAppID}})
	if status, body := get(t, server, graphsim.DevicePath+"?code=word", nil); status != http.StatusBadRequest {
		t.Errorf("a code that is none: %d %v", status, body)
	}
	form := proved("device_code", given["device_code"].(string))
	form.Set("grant_type", "urn:ietf:params:oauth:grant-type:device_code")
	if _, body := post(t, server, "/"+b.HomeTenant()+tokenPath, form); body["error"] != "authorization_pending" {
		t.Errorf("before it was entered: %v", body)
	}
	if status, body := get(t, server, graphsim.DevicePath+"?code="+given["user_code"].(string), nil); status != http.StatusOK {
		t.Errorf("%d %v", status, body)
	}
	if status, body := post(t, server, "/"+a.HomeTenant()+tokenPath, form); status != http.StatusBadRequest {
		t.Errorf("at another tenant: %d %v", status, body)
	}
	status, body := post(t, server, "/"+b.HomeTenant()+tokenPath, form)
	if status != http.StatusOK || openedBy(t, farm, server, body["access_token"]) != b.HomeTenant() {
		t.Errorf("%d %v", status, body)
	}
	refresh := url.Values{"grant_type": {"refresh_token"}, "client_id": form["client_id"], "scope": form["scope"], "refresh_token": {body["refresh_token"].(string)}}
	if status, body := post(t, server, "/"+a.HomeTenant()+tokenPath, refresh); status != http.StatusBadRequest {
		t.Errorf("renewed at another tenant: %d %v", status, body)
	}
}
