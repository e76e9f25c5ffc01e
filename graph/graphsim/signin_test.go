package graphsim_test

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"bulksync/graph/graphsim"
)

// signInHost serves a sign-in host with an authority's certificate.
func signInHost(t *testing.T, cfg graphsim.SignInConfig) (*graphsim.Sim, *graphsim.SignIn, *httptest.Server) {
	t.Helper()
	sim := graphsim.New(graphsim.Config{Partners: 1})
	host := graphsim.NewSignIn(sim, cfg)
	authority, err := graphsim.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(host)
	server.Listener = tls.NewListener(server.Listener, authority.ServerConfig())
	server.Start()
	t.Cleanup(server.Close)
	server.URL = strings.Replace(server.URL, "http:", "https:", 1)
	server.Client().Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: authority.Pool()}
	return sim, host, server
}

// post asks the token endpoint and decodes its answer.
func post(t *testing.T, server *httptest.Server, path string, form url.Values) (int, map[string]any) {
	t.Helper()
	resp, err := server.Client().PostForm(server.URL+path, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}

// A token of the sign-in host opens the Graph beside it.
func TestTheSignInHostsTokenOpensGraph(t *testing.T) {
	sim, _, server := signInHost(t, graphsim.SignInConfig{Secret: "x"})
	status, body := post(t, server, "/"+sim.HomeTenant()+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {graphsim.DefaultAppID}, "client_secret": {"x"}, "scope": {"https://graph.microsoft.com/.default"},
	})
	token, _ := body["access_token"].(string)
	if status != http.StatusOK || token == "" {
		t.Fatalf("%d %v", status, body)
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://graph.microsoft.com/v1.0/policies/crossTenantAccessPolicy/partners", nil)
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := sim.Transport().RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("%v %v", resp, err)
	}
}

// The host refuses what Entra would refuse, in Entra's words.
func TestTheSignInHostRefuses(t *testing.T) {
	sim, host, server := signInHost(t, graphsim.SignInConfig{Secret: "x"})
	good := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {graphsim.DefaultAppID}, "client_secret": {"x"}, "scope": {"https://graph.microsoft.com/.default"},
	}
	for _, tc := range []struct{ name, value, tenant, want string }{
		{"client_secret", "y", "", "AADSTS7000215"}, {"client_id", "z", "", "AADSTS700016: Application with identifier 'z' was not found in the directory 'Adatum Corporation'."},
		{"scope", "https://graph.microsoft.us/.default", "", "AADSTS500011: The resource principal named https://graph.microsoft.us was not found in the tenant named Adatum Corporation."},
		{"scope", "User.Read", "", "AADSTS1002012"}, {"grant_type", "password", "", "AADSTS70003"}, {"grant_type", "refresh_token", "", "AADSTS50173"},
		{"", "", "contoso", "AADSTS90002"},
		{"", "", "common", "AADSTS50059"}, {"", "", "organizations", "AADSTS50059"}, {"client_assertion", "a.b.c", "", "AADSTS50027"},
		{"client_assertion", host.Assertion(graphsim.AssertionOptions{Lifetime: -time.Minute}), "", "AADSTS700024"},
	} {
		form := url.Values{}
		for name, values := range good {
			form[name] = values
		}
		if form.Set(tc.name, tc.value); tc.name == "client_assertion" {
			form.Del("client_secret")
		}
		tenant := tc.tenant
		if tenant == "" {
			tenant = sim.HomeTenant()
		}
		status, body := post(t, server, "/"+tenant+"/oauth2/v2.0/token", form)
		text, _ := body["error_description"].(string)
		if status < 400 || !strings.HasPrefix(text, tc.want) || !strings.Contains(text, " Trace ID: ") || strings.Contains(text, "secret=") || strings.Contains(text, "Contoso") {
			t.Errorf("%s=%s: %d %s", tc.name, tc.value, status, text)
		}
	}
}

// A token is asked for by POST.
func TestATokenIsNotGivenToAGet(t *testing.T) {
	sim, _, server := signInHost(t, graphsim.SignInConfig{Secret: "x"})
	resp, err := server.Client().Get(server.URL + "/" + sim.HomeTenant() + "/oauth2/v2.0/token?grant_type=client_credentials&client_secret=x&client_id=" + graphsim.DefaultAppID)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(text), "AADSTS900561: The endpoint only accepts POST, OPTIONS requests. Received a GET request.") {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}

// A metadata service wants its header, and knows one identity.
func TestTheMetadataService(t *testing.T) {
	_, _, server := signInHost(t, graphsim.SignInConfig{})
	for query, want := range map[string]int{
		"resource=https://graph.microsoft.com": 200, "resource=https://vault.azure.net": 400,
		"resource=https://graph.microsoft.com&client_id=" + graphsim.DefaultAppID: 200, "resource=https://graph.microsoft.com&client_id=x": 400,
	} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/metadata/identity/oauth2/token?"+query, nil)
		for _, header := range []string{"", "true"} {
			req.Header.Set("Metadata", header)
			resp, err := server.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if header == "" && resp.StatusCode != 400 || header != "" && resp.StatusCode != want {
				t.Errorf("%s, header %q: %d", query, header, resp.StatusCode)
			}
		}
	}
}
