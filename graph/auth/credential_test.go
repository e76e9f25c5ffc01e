package auth_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bulksync/graph"
	"bulksync/graph/auth"
)

const (
	appID  = "1b3c5d7e-9f10-4a2b-8c4d-6e8f0a1b2c3d"
	secret = "s3cr3t-c4n4ry"
)

// granted is what Entra answers when it gives a token.
var granted = `{"token_type":"Bearer","expires_in":3599,"access_token":"` + token(claims{"tid": tenant, "appid": appID}) + `"}`

// cleanEnvironment leaves the default chain nothing to find but the variables of env.
func cleanEnvironment(t *testing.T, env map[string]string) {
	t.Helper()
	for _, kv := range os.Environ() {
		name, value, _ := strings.Cut(kv, "=")
		for _, prefix := range []string{"AZURE_", "IDENTITY_", "IMDS_", "MSI_", "AZUREPS_"} {
			if strings.HasPrefix(name, prefix) {
				t.Setenv(name, value) // so that it is restored
				os.Unsetenv(name)
			}
		}
	}
	t.Setenv("PATH", t.TempDir()) // no az, azd or pwsh of the person who runs the tests
	for name, value := range env {
		t.Setenv(name, value)
	}
}

// login stands in for Entra: it answers as Entra does and records who was asked.
type login struct {
	hosts  []string
	claims []string // of each request for a token
	status int
	token  string // the body of the token endpoint's answer
}

func (l *login) Do(req *http.Request) (*http.Response, error) {
	if req.URL.Host == "169.254.169.254" {
		return nil, errors.New("no such host") // not on an Azure machine
	}
	l.hosts = append(l.hosts, req.URL.Host)
	status, body := http.StatusOK, l.token
	root := "https://" + req.URL.Host + "/" + tenant
	switch {
	case strings.Contains(req.URL.Path, "/discovery/instance"):
		body = `{"tenant_discovery_endpoint":"` + root + `/v2.0/.well-known/openid-configuration",` +
			`"metadata":[{"preferred_network":"` + req.URL.Host + `","preferred_cache":"` + req.URL.Host + `","aliases":["` + req.URL.Host + `"]}]}`
	case strings.Contains(req.URL.Path, ".well-known"):
		body = `{"issuer":"` + root + `/v2.0","authorization_endpoint":"` + root + `/oauth2/v2.0/authorize","token_endpoint":"` + root + `/oauth2/v2.0/token"}`
	default:
		form, _ := io.ReadAll(req.Body)
		values, _ := url.ParseQuery(string(form))
		l.claims = append(l.claims, values.Get("claims"))
		status = l.status
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Request: req, ContentLength: int64(len(body)),
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

func TestEachCloudSignsInAtItsOwnHost(t *testing.T) {
	for cloud, want := range map[graph.Cloud]string{
		graph.Global:   "login.microsoftonline.com",
		graph.USGov:    "login.microsoftonline.us",
		graph.USGovDoD: "login.microsoftonline.us",
		graph.China:    "login.chinacloudapi.cn",
	} {
		t.Run(string(cloud), func(t *testing.T) {
			cleanEnvironment(t, map[string]string{
				"AZURE_TENANT_ID": tenant, "AZURE_CLIENT_ID": appID, "AZURE_CLIENT_SECRET": secret,
				"AZURE_AUTHORITY_HOST": "https://login.contoso.com/",
			})
			l := &login{status: http.StatusOK, token: granted}
			cred, err := auth.NewDefault(auth.Options{Cloud: cloud}, l)
			if err != nil {
				t.Fatal(err)
			}
			s, err := auth.Acquire(t.Context(), cred, cloud.Scope())
			if err != nil {
				t.Fatal(err)
			}
			if got := l.hosts[len(l.hosts)-1]; got != want {
				t.Errorf("the token came from %s, want %s", got, want)
			}
			if diff := cmp.Diff(auth.Identity{Kind: auth.KindApp, TenantID: tenant, AppID: appID}, s.Identity(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("identity (-want +got)\n%s", diff)
			}
		})
	}
}

// The identity library keeps tokens itself. A plain 401 gets the same one again;
// only the claims of a challenge bypass its cache.
func TestOnlyAChallengeGoesPastTheLibrarysCache(t *testing.T) {
	cleanEnvironment(t, map[string]string{"AZURE_TENANT_ID": tenant, "AZURE_CLIENT_ID": appID, "AZURE_CLIENT_SECRET": secret})
	l := &login{status: http.StatusOK, token: granted}
	cred, err := auth.NewDefault(auth.Options{Cloud: graph.Global}, l)
	if err != nil {
		t.Fatal(err)
	}
	s, err := auth.Acquire(t.Context(), cred, scope)
	if err != nil {
		t.Fatal(err)
	}
	refusal := http.Header{}
	rt := s.Transport(roundTrip(func(req *http.Request) (*http.Response, error) {
		return answer(req, http.StatusUnauthorized, refusal), nil
	}))
	for range 2 {
		_, _ = get(t, rt)
	}
	if len(l.claims) != 1 {
		t.Errorf("two plain 401s: %d tokens were asked for, want the first alone", len(l.claims))
	}
	refusal = challenge(`{"access_token":{"nbf":{"essential":true}}}`)
	_, _ = get(t, rt)
	if len(l.claims) != 2 || !strings.Contains(l.claims[1], `"nbf"`) {
		t.Errorf("a challenge: claims asked for %q", l.claims)
	}
}

// Each credential that was tried has one sentence.
func TestAChainWithoutATokenSaysWhyForEachCredential(t *testing.T) {
	cleanEnvironment(t, nil)
	cred, err := auth.NewDefault(auth.Options{Cloud: graph.Global}, &login{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = auth.Acquire(t.Context(), cred, scope)
	if err == nil {
		t.Fatal("got a token out of nothing")
	}
	if strings.ContainsAny(err.Error(), "\n\t") || strings.Contains(err.Error(), "aka.ms") {
		t.Errorf("not one line: %q", err)
	}
	causes := strings.Split(strings.TrimPrefix(err.Error(), "no access token: "), "; ")
	want := []string{"Environment", "WorkloadIdentity", "ManagedIdentity", "AzureCLI", "AzureDeveloperCLI", "AzurePowerShell"}
	for i, name := range want {
		if i >= len(causes) || !strings.HasPrefix(causes[i], name+"Credential: ") {
			t.Fatalf("cause %d is not %s's: %q", i, name, causes)
		}
	}
	if len(causes) != len(want) || causes[0] != "EnvironmentCredential: missing environment variable AZURE_TENANT_ID" {
		t.Errorf("causes: %q", causes)
	}
}

func TestWhatEntraRefusesIsSaidInItsOwnWords(t *testing.T) {
	const words = `AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.`
	for name, tc := range map[string]struct{ body, want string }{
		"with its trace": {
			`{"error":"invalid_client","error_description":"` + words + ` Trace ID: 0f7a Correlation ID: 8c21 Timestamp: 2026-11-21 19:00:00Z","error_codes":[7000215]}`,
			words + " (correlation ID 8c21)",
		},
		"over two lines": {
			`{"error":"invalid_client","error_description":"` + words + `\r\nTrace ID: 0f7a\r\nCorrelation ID: 8c21\r\nTimestamp: 2026-11-21 19:00:00Z"}`,
			words + " (correlation ID 8c21)",
		},
		"without a word": {`{}`, "answered Unauthorized"},
		"echoing an assertion": {
			`{"error":"invalid_client","error_description":"AADSTS700027: bad assertion ` + token(claims{"tid": tenant}) + `"}`,
			"AADSTS700027: bad assertion [token removed]",
		},
		"echoing the secret": {`{"error_description":"bad ` + secret + `"}`, "bad [removed]"},
		"echoing the secret, escaped": {
			`{"error_description":"bad ` + strings.ReplaceAll(secret, "-", `\u002d`) + `"}`, "bad [removed]",
		},
		"echoing the form": {
			`{"error_description":"sent client_id=x&client_assertion=` + canary + `&scope=y"}`, "sent client_id=x&client_assertion=[removed]&scope=y",
		},
	} {
		t.Run(name, func(t *testing.T) {
			cleanEnvironment(t, map[string]string{"AZURE_TENANT_ID": tenant, "AZURE_CLIENT_ID": appID, "AZURE_CLIENT_SECRET": secret})
			cred, err := auth.NewDefault(auth.Options{Cloud: graph.Global}, &login{status: http.StatusUnauthorized, token: tc.body})
			if err != nil {
				t.Fatal(err)
			}
			_, err = auth.Acquire(t.Context(), cred, scope)
			if want := "no access token: ClientSecretCredential: " + tc.want; err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), canary)) {
				t.Errorf("the error holds a secret: %v", err)
			}
		})
	}
}

func TestAReadyMadeTokenIsTakenAsPeoplePasteIt(t *testing.T) {
	want := token(claims{"tid": tenant})
	for name, pasted := range map[string]string{
		"as it is":               want,
		"with a newline":         " " + want + "\r\n",
		"with the word Bearer":   "Bearer " + want,
		"with the word, lower":   "bearer   " + want + "\n",
		"with space in front":    "\n Bearer " + want,
		"with a tab in front":    "\t" + want,
		"with a trailing return": want + "\r",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := auth.Static(pasted).GetToken(t.Context(), policy.TokenRequestOptions{})
			if err != nil || got.Token != want {
				t.Errorf("token differs, error %v", err)
			}
		})
	}
}

func TestAReadyMadeTokenEndsWhenItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exp := time.Now().Add(time.Hour).UTC()
		cred := auth.Static(token(claims{"exp": exp.Unix()}))
		got, err := cred.GetToken(t.Context(), policy.TokenRequestOptions{})
		if err != nil || !got.ExpiresOn.Equal(exp) {
			t.Fatalf("got expiry %v, error %v; want %v", got.ExpiresOn, err, exp)
		}
		time.Sleep(time.Hour)
		_, err = cred.GetToken(t.Context(), policy.TokenRequestOptions{})
		if err == nil || !strings.Contains(err.Error(), "expired at "+exp.Format(time.RFC3339)) {
			t.Errorf("got %v, want an error with the time", err)
		}
	})
}

func TestAnUnusableReadyMadeTokenIsNotQuoted(t *testing.T) {
	for name, tc := range map[string]struct {
		token string
		opts  policy.TokenRequestOptions
		want  string
	}{
		"empty":                  {" \n", policy.TokenRequestOptions{}, "is empty"},
		"the word alone":         {"Bearer ", policy.TokenRequestOptions{}, "is empty"},
		"two lines":              {canary + "\n" + canary, policy.TokenRequestOptions{}, "on one line"},
		"quoted":                 {`"` + canary + `"`, policy.TokenRequestOptions{}, "no token can have"},
		"expired":                {token(claims{"exp": 1}), policy.TokenRequestOptions{}, "expired at 1970-01-01T00:00:01Z"},
		"Graph wants a new one":  {token(claims{}), policy.TokenRequestOptions{Claims: "{}"}, "get a fresh one"},
		"an opaque one, as well": {canary, policy.TokenRequestOptions{Claims: "{}"}, "get a fresh one"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := auth.Static(tc.token).GetToken(t.Context(), tc.opts)
			if tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want an error that says %q", err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), canary) {
				t.Errorf("the error quotes the token: %v", err)
			}
		})
	}
}

func TestNoVerbPrintsTheTokenOfACredential(t *testing.T) {
	cred := auth.Static(canary)
	session, err := auth.Acquire(t.Context(), auth.Static(token(claims{"tid": tenant})), scope)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "cred", cred, "session", session)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "cred", cred, "session", session)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		fmt.Fprintf(&log, verb+verb, cred, session)
	}
	if strings.Contains(log.String(), canary) || strings.Contains(log.String(), fmt.Sprintf("%x", canary)) {
		t.Errorf("the token was printed:\n%s", log.String())
	}
}
