package auth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/graph/graphsim"
)

// Each missing setting is named, and what to do about it is said.
func TestMissingSettingsAreNamed(t *testing.T) {
	for _, tc := range []struct {
		way        auth.Way
		env        map[string]string
		want, next string
	}{
		{auth.BySecret, nil, "to sign in by secret: AZURE_TENANT_ID is not set, AZURE_CLIENT_ID is not set, AZURE_CLIENT_SECRET is not set", "app registration"},
		{auth.BySecret, map[string]string{"AZURE_TENANT_ID": tenant, "AZURE_CLIENT_SECRET": " \n"}, "to sign in by secret: AZURE_CLIENT_ID is not set, AZURE_CLIENT_SECRET is not set", "app registration"},
		{auth.ByCertificate, map[string]string{"AZURE_TENANT_ID": tenant, "AZURE_CLIENT_ID": appID}, "to sign in by certificate: AZURE_CLIENT_CERTIFICATE_PATH is not set", "PEM or PFX"},
		{auth.ByEnvironment, map[string]string{"AZURE_TENANT_ID": tenant, "AZURE_CLIENT_ID": appID}, "to sign in by env: AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH is not set", "AZURE_CLIENT_SECRET"},
		{auth.ByEnvironment, map[string]string{"AZURE_TENANT_ID": tenant, "AZURE_CLIENT_ID": appID, "AZURE_CLIENT_SECRET": secretCanary, "AZURE_CLIENT_CERTIFICATE_PATH": "x.pem"},
			"to sign in by env: AZURE_CLIENT_SECRET and AZURE_CLIENT_CERTIFICATE_PATH are both set: choose secret or certificate", ""},
		{auth.ByWorkloadIdentity, nil, "to sign in by workload-identity: AZURE_TENANT_ID is not set, AZURE_CLIENT_ID is not set, AZURE_FEDERATED_TOKEN_FILE is not set", "azure.workload.identity/use"},
		{auth.ByGitHub, map[string]string{"AZURE_TENANT_ID": tenant, "AZURE_CLIENT_ID": appID}, "to sign in by github: ACTIONS_ID_TOKEN_REQUEST_URL is not set, ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set", "id-token: write"},
		{auth.ByGitHub, map[string]string{"AZURE_TENANT_ID": tenant, "AZURE_CLIENT_ID": appID, "ACTIONS_ID_TOKEN_REQUEST_URL": "http://x.example", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": jobCanary},
			"to sign in by github: ACTIONS_ID_TOKEN_REQUEST_URL is not an https URL", ""},
		{auth.ByAzurePipelines, nil, "to sign in by azure-pipelines: AZURE_TENANT_ID or AZURESUBSCRIPTION_TENANT_ID is not set, AZURE_CLIENT_ID or AZURESUBSCRIPTION_CLIENT_ID is not set, AZURESUBSCRIPTION_SERVICE_CONNECTION_ID is not set, SYSTEM_ACCESSTOKEN is not set, SYSTEM_OIDCREQUESTURI is not set", "SYSTEM_ACCESSTOKEN: $(System.AccessToken)"},
		{auth.ByDeviceCode, nil, "to sign in by device-code: AZURE_TENANT_ID is not set, AZURE_CLIENT_ID is not set", "public client flows"},
		{auth.ByBrowser, map[string]string{"AZURE_TENANT_ID": tenant}, "to sign in by browser: AZURE_CLIENT_ID is not set", "http://localhost"},
		{auth.ByToken, nil, "to sign in by token: BULKSYNC_ACCESS_TOKEN is not set", "az account get-access-token"},
		{auth.BySecret, map[string]string{"AZURE_TENANT_ID": "not a tenant/..", "AZURE_CLIENT_ID": appID, "AZURE_CLIENT_SECRET": secretCanary}, "to sign in by secret: invalid tenantID", ""},
	} {
		_, err := auth.New(auth.Options{Way: tc.way, Getenv: func(name string) string { return tc.env[name] }})
		var e *auth.Error
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), tc.want) || !strings.Contains(e.Next(), tc.next) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v; next %q", tc.way, err, nextOf(err))
		}
	}
}

// The tenant of the options stands in for AZURE_TENANT_ID.
func TestTheTenantMayComeFromTheOptions(t *testing.T) {
	env := map[string]string{"AZURE_CLIENT_ID": appID, "AZURE_CLIENT_SECRET": secretCanary}
	if _, err := auth.New(auth.Options{Way: auth.BySecret, TenantID: tenant, Getenv: func(name string) string { return env[name] }}); err != nil {
		t.Error(err)
	}
}

func nextOf(err error) string {
	var e *auth.Error
	if errors.As(err, &e) {
		return e.Next()
	}
	return ""
}

// What Entra refuses, and what to do about it.
func TestRefusalsComeWithAdvice(t *testing.T) {
	for _, tc := range []struct {
		name       string
		way        auth.Way
		prepare    func(*testing.T, *signInRig)
		want, next string
	}{
		{"another secret", auth.BySecret, func(_ *testing.T, r *signInRig) { r.env["AZURE_CLIENT_SECRET"] = "wrong-" + secretCanary }, "AADSTS7000215", "the value of the secret"},
		{"another app", auth.BySecret, func(_ *testing.T, r *signInRig) { r.env["AZURE_CLIENT_ID"] = appID }, "AADSTS700016", "AZURE_CLIENT_ID"},
		{"another tenant", auth.BySecret, func(_ *testing.T, r *signInRig) { r.env["AZURE_TENANT_ID"] = tenant }, "AADSTS90002", "AZURE_TENANT_ID"},
		{"an unknown certificate", auth.ByCertificate, func(t *testing.T, r *signInRig) {
			r.env["AZURE_CLIENT_CERTIFICATE_PATH"] = file(t, newPair(t, "sync", time.Hour, nil).pem(t))
		}, "AADSTS700027", "upload this certificate"},
		{"another subject", auth.ByWorkloadIdentity, func(t *testing.T, r *signInRig) {
			r.env["AZURE_FEDERATED_TOKEN_FILE"] = file(t, r.Assertion(graphsim.AssertionOptions{Subject: "system:serviceaccount:x:y"}))
		}, "AADSTS700213", "exactly this subject"},
		{"another audience", auth.ByWorkloadIdentity, func(t *testing.T, r *signInRig) {
			r.env["AZURE_FEDERATED_TOKEN_FILE"] = file(t, r.Assertion(graphsim.AssertionOptions{Audience: "sts"}))
		}, "AADSTS700212", "audience"},
		{"a forged assertion", auth.ByWorkloadIdentity, func(t *testing.T, r *signInRig) {
			r.env["AZURE_FEDERATED_TOKEN_FILE"] = file(t, r.Assertion(graphsim.AssertionOptions{})+"AAAAA")
		}, "AADSTS700211", "issuer"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newSignInRig(t, tc.way, graphsim.SignInConfig{Secret: secretCanary})
				r.env["AZURE_CLIENT_SECRET"] = secretCanary
				tc.prepare(t, r)
				_, err := r.signIn(t.Context())
				if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "correlation ID") || !strings.Contains(nextOf(err), tc.next) {
					t.Errorf("%v; next %q", err, nextOf(err))
				}
				if err != nil && (strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "c4n4ry") || strings.Contains(err.Error(), "eyJ")) {
					t.Errorf("the error holds a secret: %v", err)
				}
			})
		})
	}
}

// Certificates that cannot work are refused before Entra is asked.
func TestBadCertificates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, ca := newPair(t, "sync", time.Hour, nil), newPair(t, "Contoso CA", time.Hour, nil)
		expired := newPair(t, "sync", -time.Hour, nil)
		other := pair{ca.cert, app.key}
		cert, _, _ := strings.Cut(ca.pem(t), "-----BEGIN CERTIFICATE")
		bare := strings.TrimPrefix(ca.pem(t), cert)
		for _, tc := range []struct{ name, text, password, want string }{
			{"no key", bare, "", "holds no private key"},
			{"no certificate", cert, "", "holds no certificate"},
			{"expired", expired.pem(t), "", "expired at 1999-12-31T23:00:00Z"},
			{"another's key", other.pem(t), "", "belongs to none of the certificates"},
			{"an elliptic key", elliptical(t), "", "only RSA keys"},
			{"an encrypted key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", pfxCanary, "its key is encrypted"},
			{"no password", pfx(t, pkcs12.Modern2023, app, ca, pfxCanary), "", "set AZURE_CLIENT_CERTIFICATE_PASSWORD"},
			{"another password", pfx(t, pkcs12.Modern2023, app, ca, pfxCanary), "no-" + pfxCanary, "AZURE_CLIENT_CERTIFICATE_PASSWORD is not its password"},
			{"another password, of old", pfx(t, pkcs12.LegacyDES, app, ca, pfxCanary), "no-" + pfxCanary, "AZURE_CLIENT_CERTIFICATE_PASSWORD is not its password"},
			{"something else", "hello", "", "neither PEM nor PFX"},
			{"nothing", "", "", "the file is empty"},
		} {
			r := newSignInRig(t, auth.ByCertificate, graphsim.SignInConfig{})
			r.env["AZURE_CLIENT_CERTIFICATE_PATH"], r.env["AZURE_CLIENT_CERTIFICATE_PASSWORD"] = file(t, tc.text), tc.password
			_, err := r.signIn(t.Context())
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "app.file") || strings.Contains(err.Error(), pfxCanary) || len(r.Requests()) > 0 {
				t.Errorf("%s: %v", tc.name, err)
			}
		}
		r := newSignInRig(t, auth.ByCertificate, graphsim.SignInConfig{})
		r.env["AZURE_CLIENT_CERTIFICATE_PATH"] = filepath.Join(t.TempDir(), "gone.pem")
		if _, err := r.signIn(t.Context()); err == nil || !strings.Contains(err.Error(), "AZURE_CLIENT_CERTIFICATE_PATH: open ") {
			t.Error(err)
		}
	})
}

// elliptical is a certificate with a key that Entra does not take.
func elliptical(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})) +
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// A federated token file that cannot work.
func TestBadTokenFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSignInRig(t, auth.ByWorkloadIdentity, graphsim.SignInConfig{})
		for want, text := range map[string]string{
			"is empty":                        " \n",
			"holds no JSON web token":         "hello " + jobCanary,
			"expired at 1999-12-31T23:59:00Z": r.Assertion(graphsim.AssertionOptions{Lifetime: -time.Minute}),
		} {
			r.env["AZURE_FEDERATED_TOKEN_FILE"] = file(t, text)
			_, err := r.signIn(t.Context())
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "eyJ") || strings.Contains(err.Error(), jobCanary) || !strings.HasPrefix(nextOf(err), "have that file renewed") {
				t.Errorf("%s: %v, next: %s", want, err, nextOf(err))
			}
		}
		r.env["AZURE_FEDERATED_TOKEN_FILE"] = filepath.Join(t.TempDir(), "gone")
		if _, err := r.signIn(t.Context()); err == nil || !strings.Contains(err.Error(), "AZURE_FEDERATED_TOKEN_FILE: open ") {
			t.Error(err)
		}
		if n := len(r.Requests()); n > 0 {
			t.Errorf("%d requests", n)
		}
	})
}

// A metadata service that hangs, or is not there, is told within ten seconds.
func TestAMetadataServiceThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSignInRig(t, auth.ByManagedIdentity, graphsim.SignInConfig{})
		r.Inject(graphsim.SignInFault{})
		began := time.Now()
		_, err := r.signIn(t.Context())
		if took := time.Since(began); err == nil || took > 10*time.Second || !strings.Contains(err.Error(), "169.254.169.254 did not answer in 8s: is this an Azure resource with a managed identity?") {
			t.Errorf("after %s: %v", took, err)
		}
		r = newSignInRig(t, auth.ByManagedIdentity, graphsim.SignInConfig{})
		r.base = roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("no route to host") })
		if _, err := r.signIn(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be reached: is this") {
			t.Error(err)
		}
	})
}

// One that is busy is asked again.
func TestAMetadataServiceThatIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSignInRig(t, auth.ByManagedIdentity, graphsim.SignInConfig{})
		r.Inject(graphsim.SignInFault{Status: 429, Times: 1}, graphsim.SignInFault{Status: 410, Times: 1}, graphsim.SignInFault{Delay: 5 * time.Second, Times: 1})
		if _, err := r.signIn(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// In the default chain it has its own time, and is not bounded by the patience for a sign-in host.
func TestAMetadataServiceOfTheChainIsNotHurried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSignInRig(t, auth.ByManagedIdentity, graphsim.SignInConfig{})
		r.way, r.patience = auth.ByDefault, 3*time.Second
		t.Setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
		r.Inject(graphsim.SignInFault{Status: 429, Times: 3})
		if _, err := r.signIn(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// GitHub refuses the job, or gives nothing of use.
func TestGitHubWithoutAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSignInRig(t, auth.ByGitHub, graphsim.SignInConfig{Key: "another"})
		r.env["ACTIONS_ID_TOKEN_REQUEST_URL"], r.env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = "https://x.example"+graphsim.GitHubPath, jobCanary
		_, err := r.signIn(t.Context())
		if want := "no access token: GitHub gave no ID token: it answered 401 Unauthorized"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		r.env["ACTIONS_ID_TOKEN_REQUEST_URL"] = "https://x.example/common/discovery/instance"
		if _, err = r.signIn(t.Context()); err == nil || !strings.Contains(err.Error(), "its answer holds none") {
			t.Error(err)
		}
		host := r.base
		r.base = roundTrip(func(req *http.Request) (*http.Response, error) {
			if req.URL.Host == "x.example" {
				return nil, errors.New("no route to host")
			}
			return host.RoundTrip(req)
		})
		if _, err = r.signIn(t.Context()); err == nil || strings.Contains(err.Error(), jobCanary) || !strings.Contains(err.Error(), "asking GitHub for an ID token: no route to host") {
			t.Error(err)
		}
	})
}

// A web page in place of Entra's answer is not quoted.
func TestAWebPageIsNotQuoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSignInRig(t, auth.BySecret, graphsim.SignInConfig{})
		r.env["AZURE_CLIENT_SECRET"] = secretCanary
		host := r.base
		r.base = roundTrip(func(req *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(req.URL.Path, "/token") {
				return host.RoundTrip(req)
			}
			resp := answer(req, http.StatusOK, nil)
			resp.Body = io.NopCloser(strings.NewReader("<html>Welcome to the proxy</html>"))
			return resp, nil
		})
		if _, err := r.signIn(t.Context()); err == nil || strings.Contains(err.Error(), "Welcome") || strings.Contains(err.Error(), "raw message") || auth.MayPass(err) {
			t.Error(err)
		}
	})
}

// A person is told of the browser once, also if it has to be opened again.
func TestTheBrowserIsToldOnce(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is a browser on every Windows, and it would open")
	}
	var told []string
	r := newSignInRig(t, auth.ByBrowser, graphsim.SignInConfig{}) // there is none on the path
	r.prompt = func(message string) { told = append(told, message) }
	cred, err := auth.New(r.options())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := auth.Acquire(t.Context(), cred, graph.Global.Scope()); err == nil {
			t.Error("nobody signed in")
		}
	}
	if len(told) != 1 || !strings.Contains(told[0], "browser") {
		t.Errorf("told %q", told)
	}
}

// A code that nobody enters ends with its life, and an interrupt ends the wait
// at once.
func TestADeviceCodeThatIsNotEntered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := 0
		r := newSignInRig(t, auth.ByDeviceCode, graphsim.SignInConfig{})
		r.prompt = func(string) { told++ }
		began := time.Now()
		_, err := r.signIn(t.Context())
		if took := time.Since(began); err == nil || took < 15*time.Minute || took > 15*time.Minute+10*time.Second || told != 1 || !strings.Contains(err.Error(), "code was not entered in time") || !strings.HasPrefix(nextOf(err), "run the command again, and enter the code") {
			t.Errorf("after %s, told %d times: %v", took, told, err)
		}
		r = newSignInRig(t, auth.ByDeviceCode, graphsim.SignInConfig{})
		ctx, stop := context.WithCancel(t.Context())
		r.prompt = func(string) { time.AfterFunc(90*time.Second, stop) }
		began = time.Now()
		if _, err := r.signIn(ctx); !errors.Is(err, context.Canceled) || time.Since(began) > 91*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

// An answer without a code is refused, and nobody is told to enter nothing.
func TestADeviceCodeThatIsMissing(t *testing.T) {
	for _, body := range []string{
		"", "{}", "<html>Sign in to the proxy</html>", `{"user_code":"ABC","device_code":"d","verification_uri":"https://x.example"}`,
		`{"user_code":"","device_code":"d","verification_uri":"https://x.example","expires_in":900}`,
		`{"user_code":"ABC","device_code":"","verification_uri":"https://x.example","expires_in":900}`,
		`{"user_code":"ABC","device_code":"d","verification_uri":"","expires_in":900}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newSignInRig(t, auth.ByDeviceCode, graphsim.SignInConfig{})
			r.prompt = func(message string) { t.Errorf("%s: told %s", body, message) }
			host := r.base
			r.base = roundTrip(func(req *http.Request) (*http.Response, error) {
				if !strings.HasSuffix(req.URL.Path, "/devicecode") {
					return host.RoundTrip(req)
				}
				resp := answer(req, http.StatusOK, http.Header{"Content-Type": {"application/json"}})
				resp.Body = io.NopCloser(strings.NewReader(body))
				return resp, nil
			})
			_, err := r.signIn(t.Context())
			if want := "no access token: login.microsoftonline.com gave no device code to enter, or none that lives"; err == nil || err.Error() != want || auth.MayPass(err) || nextOf(err) == "" {
				t.Errorf("%s: %v; next %q", body, err, nextOf(err))
			}
		})
	}
}

// A token endpoint that is throttled or down during a run is an outage like
// Graph's, and the run goes on when it is back.
func TestATokenEndpointThatFailsDuringARun(t *testing.T) {
	for name, fault := range map[string]graphsim.SignInFault{
		"throttled": {Status: 429, RetryAfter: 3 * time.Second},
		"down":      {Status: 503},
		"transient": {Status: 500, Error: "AADSTS90033: A transient error has occurred. Please try again."},
		"silent":    {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newSignInRig(t, auth.BySecret, graphsim.SignInConfig{Secret: secretCanary})
				r.env["AZURE_CLIENT_SECRET"] = secretCanary
				s, err := r.signIn(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(59 * time.Minute)
				fault.Times = 3
				r.Inject(fault)
				client, err := graph.New(graph.Options{RootURL: graph.Global.RootURL(), Base: r.sim.Transport(), Outage: 10 * time.Minute,
					Layers: []func(http.RoundTripper) http.RoundTripper{s.Transport}})
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Minute)
				if err := client.ListPartners(t.Context(), func(graph.Page) error { return nil }); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A refusal during a run ends it, with the advice.
func TestASecretThatExpiresDuringARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSignInRig(t, auth.BySecret, graphsim.SignInConfig{Secret: secretCanary})
		r.env["AZURE_CLIENT_SECRET"] = secretCanary
		s, err := r.signIn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(61 * time.Minute)
		r.Inject(graphsim.SignInFault{Status: 401, Error: "AADSTS7000222: The provided client secret keys for app are expired."})
		_, err = get(t, s.Transport(r.sim.Transport()))
		if err == nil || !strings.Contains(err.Error(), "AADSTS7000222") || !strings.Contains(nextOf(err), "create another") {
			t.Errorf("%v; next %q", err, nextOf(err))
		}
	})
}

// A token that Graph refuses with a challenge is replaced by one that answers
// it, with a new assertion.
func TestAChallengeByGitHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSignInRig(t, auth.ByGitHub, graphsim.SignInConfig{})
		r.env["ACTIONS_ID_TOKEN_REQUEST_URL"], r.env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = "https://x.example"+graphsim.GitHubPath, jobCanary
		s, err := r.signIn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		refused := false
		resp, err := get(t, s.Transport(roundTrip(func(req *http.Request) (*http.Response, error) {
			if !refused {
				refused = true
				return answer(req, http.StatusUnauthorized, challenge(`{"access_token":{"nbf":{"essential":true,"value":"1"}}}`)), nil
			}
			return answer(req, http.StatusOK, nil), nil
		})))
		asked := r.tokenRequests()
		if err != nil || resp != http.StatusOK || len(asked) != 2 || asked[0].Claims != "" || !strings.Contains(asked[1].Claims, `"nbf"`) || asked[0].Assertion == asked[1].Assertion {
			t.Errorf("%v, %v, asked with %+v", resp, err, asked)
		}
	})
}

// Whatever is printed of a credential holds no secret.
func TestCredentialsPrintNoSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tc := range wayCases() {
			r := newSignInRig(t, tc.way, tc.cfg)
			if tc.prepare != nil {
				tc.prepare(t, r)
			}
			cred, err := auth.New(r.options())
			if err != nil {
				t.Fatal(err)
			}
			s, err := auth.Acquire(t.Context(), cred, r.cloud.Scope())
			if err != nil {
				t.Fatal(err)
			}
			text := fmt.Sprintf("%v %+v %v", cred, cred, s.Identity())
			for _, secret := range append(r.Secrets(), secretCanary, jobCanary) {
				if strings.Contains(text, secret) {
					t.Errorf("%s prints a secret: %s", tc.name, text)
				}
			}
		}
	})
}
