package doctor_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/graph/auth"
	"bulksync/graph/graphsim"
	"bulksync/internal/doctor"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A person who signs in takes longer than a host, and no other check does.
func TestAPersonHasTimeToSignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Partners: 3})
		sim.Inject(graphsim.Fault{Kind: graphsim.FaultSilent, Path: "v1.0", Times: 1})
		host := graphsim.NewSignIn(sim, graphsim.SignInConfig{})
		env := map[string]string{"AZURE_TENANT_ID": sim.HomeTenant(), "AZURE_CLIENT_ID": graphsim.DefaultAppID}
		began := time.Now()
		checks := examine(t, sim, everything, func(o *doctor.Options) {
			o.Asks, o.SignIn, o.Session.Auth, o.Session.Token = true, "--auth device-code", auth.ByDeviceCode, ""
			o.Session.Getenv = func(name string) string { return env[name] }
			o.Session.Prompt = func(message string) {
				code := regexp.MustCompile(`\w+$`).FindString(message)
				time.AfterFunc(5*time.Minute, func() { host.Enter(code) })
			}
			o.Session.SignInBase = roundTrip(func(r *http.Request) (*http.Response, error) {
				arrived := httptest.NewRequest(r.Method, r.URL.String(), r.Body)
				arrived.Header = r.Header
				w := httptest.NewRecorder()
				host.ServeHTTP(w, arrived)
				resp := w.Result()
				resp.Request = r
				return resp, nil
			})
		})
		if c := of(t, checks, "sign-in"); c.Status != doctor.OK || !strings.Contains(c.Detail, "with --auth device-code") {
			t.Errorf("%+v", c)
		}
		if took := time.Since(began); of(t, checks, "tls").Status != doctor.Fail || took < 5*time.Minute || took > 6*time.Minute {
			t.Errorf("after %s: %+v", took, checks)
		}
	})
}

// A sign-in that fails for a known reason has the next step of that reason.
func TestTheNextStepOfASignIn(t *testing.T) {
	scene{
		token: everything, want: "fail sign-in, skipped tenant, " + rest, says: map[string]string{"sign-in": "BULKSYNC_ACCESS_TOKEN is not set -> put a token in"},
		with: func(o *doctor.Options) { o.Session.Auth, o.Session.Token = auth.ByToken, "" },
	}.play(t)
}
