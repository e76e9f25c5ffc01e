package auth_test

import (
	"crypto/x509"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/graph/graphsim"
)

// wayCase is one way to sign in, with all that it needs.
type wayCase struct {
	name string
	way  auth.Way
	// prepare adds the settings.
	prepare func(*testing.T, *signInRig)
	cfg     graphsim.SignInConfig
	by      string // what the sign-in host was shown
	user    bool
}

func wayCases() []wayCase {
	secret := func(_ *testing.T, r *signInRig) { r.env["AZURE_CLIENT_SECRET"] = secretCanary }
	return []wayCase{
		{name: "secret", way: auth.BySecret, cfg: graphsim.SignInConfig{Secret: secretCanary}, prepare: secret, by: "secret"},
		{name: "env", way: auth.ByEnvironment, cfg: graphsim.SignInConfig{Secret: secretCanary}, prepare: secret, by: "secret"},
		{name: "managed identity", way: auth.ByManagedIdentity, by: "machine", prepare: func(_ *testing.T, r *signInRig) { delete(r.env, "AZURE_CLIENT_ID") }},
		{name: "managed identity with a name", way: auth.ByManagedIdentity, by: "machine"},
		{name: "workload identity", way: auth.ByWorkloadIdentity, by: "assertion", prepare: func(t *testing.T, r *signInRig) {
			r.env["AZURE_FEDERATED_TOKEN_FILE"] = file(t, r.Assertion(graphsim.AssertionOptions{Lifetime: 24 * time.Hour})+"\n")
		}},
		{name: "github", way: auth.ByGitHub, cfg: graphsim.SignInConfig{Key: jobCanary}, by: "assertion", prepare: func(_ *testing.T, r *signInRig) {
			r.env["ACTIONS_ID_TOKEN_REQUEST_URL"] = "https://pipelines.actions.example" + graphsim.GitHubPath + "?api-version=2.0"
			r.env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = jobCanary
		}},
		{name: "azure pipelines", way: auth.ByAzurePipelines, cfg: graphsim.SignInConfig{Key: jobCanary}, by: "assertion", prepare: func(t *testing.T, r *signInRig) {
			uri := "https://dev.azure.example" + graphsim.PipelinesPath
			t.Setenv("SYSTEM_OIDCREQUESTURI", uri) // the library reads it there
			r.env["SYSTEM_OIDCREQUESTURI"], r.env["SYSTEM_ACCESSTOKEN"] = uri, jobCanary
			r.env["AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"] = "11111111-2222-4333-8444-555555555555"
			r.env["AZURESUBSCRIPTION_TENANT_ID"], r.env["AZURESUBSCRIPTION_CLIENT_ID"] = r.env["AZURE_TENANT_ID"], r.env["AZURE_CLIENT_ID"]
			delete(r.env, "AZURE_TENANT_ID")
			delete(r.env, "AZURE_CLIENT_ID")
		}},
		{name: "device code", way: auth.ByDeviceCode, by: "device", user: true, prepare: func(_ *testing.T, r *signInRig) { r.prompt = entering(r, 3*time.Minute) }},
	}
}

var userCode = regexp.MustCompile(`open https://microsoft\.com/devicelogin in a browser and enter the code (\w+)$`)

// entering is a person who enters the code after a while.
func entering(r *signInRig, after time.Duration) func(string) {
	return func(message string) {
		if m := userCode.FindStringSubmatch(message); m != nil {
			time.AfterFunc(after, func() { r.Enter(m[1]) })
		}
	}
}

// A run of hours with each way: who it is, one token request for each hour, and
// a fresh proof each time.
func TestEachWayLastsForHours(t *testing.T) {
	for _, tc := range wayCases() {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newSignInRig(t, tc.way, tc.cfg)
				if tc.prepare != nil {
					tc.prepare(t, r)
				}
				s, err := r.signIn(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				id := s.Identity()
				if id.TenantID != r.sim.HomeTenant() || id.AppID != graphsim.DefaultAppID || (id.Kind == auth.KindUser) != tc.user {
					t.Errorf("it is %+v", id)
				}
				work(t, s, r, 4*time.Hour)
				checkProofs(t, r, tc.by)
			})
		})
	}
}

// work sends a request each minute, which must all be allowed.
func work(t *testing.T, s *auth.Session, r *signInRig, long time.Duration) {
	t.Helper()
	client := &http.Client{Transport: s.Transport(r.sim.Transport())}
	for range int(long / time.Minute) {
		resp, err := client.Get(r.cloud.RootURL() + "/v1.0/policies/crossTenantAccessPolicy/partners")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("answered %s", resp.Status)
		}
		time.Sleep(time.Minute)
	}
}

// checkProofs wants one proof for each hour, and no assertion twice but that of
// a file.
func checkProofs(t *testing.T, r *signInRig, by string) {
	t.Helper()
	var got, assertions []string
	for _, q := range r.tokenRequests() {
		if q.Status != http.StatusOK {
			continue // a code that was not entered yet
		}
		got = append(got, q.By)
		assertions = append(assertions, q.Assertion)
	}
	want := []string{by, by, by, by, by}
	if by == "device" {
		want = []string{"device", "refresh", "refresh", "refresh", "refresh"}
	}
	if !slices.Equal(got, want) {
		t.Errorf("asked with %q, want %q", got, want)
	}
	if r.way == auth.ByGitHub || r.way == auth.ByAzurePipelines {
		if distinct := slices.Compact(slices.Sorted(slices.Values(assertions))); len(distinct) != len(assertions) {
			t.Errorf("assertions %q: one was used twice", assertions)
		}
	}
}

// Each way signs in at the host of each cloud, for the Graph of that cloud, and
// AZURE_AUTHORITY_HOST is not followed.
func TestEachWayInEachCloud(t *testing.T) {
	for cloud, want := range map[graph.Cloud]string{
		graph.Global: "login.microsoftonline.com", graph.USGov: "login.microsoftonline.us",
		graph.USGovDoD: "login.microsoftonline.us", graph.China: "login.chinacloudapi.cn",
	} {
		for _, tc := range wayCases() {
			t.Run(string(cloud)+" "+tc.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newCloudRig(t, cloud, tc.way, tc.cfg)
					t.Setenv("AZURE_AUTHORITY_HOST", "https://login.contoso.example")
					r.env["AZURE_AUTHORITY_HOST"] = "https://login.contoso.example"
					want := want
					if tc.way == auth.ByManagedIdentity {
						want = "169.254.169.254"
					}
					if tc.prepare != nil {
						tc.prepare(t, r)
					}
					s, err := r.signIn(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					last := r.Requests()[len(r.Requests())-1]
					if last.Host != want || s.Identity().Audience != cloud.RootURL() {
						t.Errorf("signed in at %s for %s", last.Host, s.Identity().Audience)
					}
				})
			})
		}
	}
}

// However many workers need a new token at once, it is asked for once.
func TestOneTokenRequestForAllWorkers(t *testing.T) {
	for _, tc := range wayCases() {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newSignInRig(t, tc.way, tc.cfg)
				if tc.prepare != nil {
					tc.prepare(t, r)
				}
				s, err := r.signIn(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				before := len(r.tokenRequests())
				time.Sleep(61 * time.Minute)
				r.Inject(graphsim.SignInFault{Delay: 3 * time.Second, Times: 1})
				var workers sync.WaitGroup
				for range 50 {
					workers.Go(func() {
						if _, err := get(t, s.Transport(r.sim.Transport())); err != nil {
							t.Error(err)
						}
					})
				}
				workers.Wait()
				if n := len(r.tokenRequests()) - before; n != 1 {
					t.Errorf("%d requests for 50 workers", n)
				}
			})
		})
	}
}

// Certificates as people have them.
func TestCertificates(t *testing.T) {
	for _, tc := range []struct {
		name, password, chain string
		write                 func(*testing.T, pair, pair) string
		registered            bool
	}{
		{name: "pem", registered: true, write: func(t *testing.T, app, ca pair) string { return app.pem(t) }},
		{name: "pem and a password that it does not need", password: pfxCanary, registered: true, write: func(t *testing.T, app, ca pair) string { return app.pem(t) }},
		{name: "pem with its chain", chain: "true", write: func(t *testing.T, app, ca pair) string { return app.pem(t, ca.cert) }},
		{name: "pfx", registered: true, write: func(t *testing.T, app, ca pair) string { return pfx(t, pkcs12.Passwordless, app, ca, "") }},
		{name: "pfx with an empty password", registered: true, write: func(t *testing.T, app, ca pair) string { return pfx(t, pkcs12.Modern2023, app, ca, "") }},
		{name: "pfx of today", password: pfxCanary, registered: true, write: func(t *testing.T, app, ca pair) string { return pfx(t, pkcs12.Modern2023, app, ca, pfxCanary) }},
		{name: "pfx of old", password: pfxCanary, registered: true, write: func(t *testing.T, app, ca pair) string { return pfx(t, pkcs12.LegacyRC2, app, ca, pfxCanary) }},
		{name: "pfx with its chain", password: pfxCanary, chain: "1", write: func(t *testing.T, app, ca pair) string { return pfx(t, pkcs12.Modern2023, app, ca, pfxCanary) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ca := newPair(t, "Contoso CA", time.Hour, nil)
				app := newPair(t, "sync", time.Hour, &ca)
				cfg := graphsim.SignInConfig{Authority: ca.cert}
				if tc.registered {
					cfg.Certificates = append(cfg.Certificates, app.cert)
				}
				r := newSignInRig(t, auth.ByCertificate, cfg)
				r.env["AZURE_CLIENT_CERTIFICATE_PATH"] = file(t, tc.write(t, app, ca))
				r.env["AZURE_CLIENT_CERTIFICATE_PASSWORD"], r.env["AZURE_CLIENT_SEND_CERTIFICATE_CHAIN"] = tc.password, tc.chain
				if _, err := r.signIn(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := r.tokenRequests(); len(got) != 1 || got[0].By != "certificate" || got[0].Chain != (tc.chain != "") {
					t.Errorf("asked with %+v", got)
				}
			})
		})
	}
}

func pfx(t *testing.T, e *pkcs12.Encoder, app, ca pair, password string) string {
	t.Helper()
	data, err := e.Encode(app.key, app.cert, []*x509.Certificate{ca.cert}, password)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestParseWay(t *testing.T) {
	for _, name := range auth.Ways() {
		if w, err := auth.ParseWay(name); err != nil || string(w) != name {
			t.Errorf("%s: %s, %v", name, w, err)
		}
	}
	for name, want := range map[string]string{
		"gihtub": "github", "Secret": "secret", "managed": "managed-identity", "az": "azure-cli", "msi": "managed-identity",
		"workload_identity": "workload-identity", "certificat": "certificate", "devicecode": "device-code",
	} {
		_, err := auth.ParseWay(name)
		if err == nil || !strings.Contains(err.Error(), "did you mean "+want+"?") || !strings.Contains(err.Error(), "default, token, env, secret,") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := auth.ParseWay("kerberos"); err == nil || strings.Contains(err.Error(), "mean") || !strings.Contains(err.Error(), "azure-pipelines") {
		t.Error(err)
	}
}
