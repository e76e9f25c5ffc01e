package session_test

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/graph/auth"
	"bulksync/graph/graphsim"
	"bulksync/internal/session"
)

const appSecret = "s3cret-c4n4ry"

// bySecret are the options of an app at a sign-in host.
func bySecret(sim *graphsim.Sim, host *graphsim.SignIn) session.Options {
	env := map[string]string{"AZURE_TENANT_ID": sim.HomeTenant(), "AZURE_CLIENT_ID": graphsim.DefaultAppID, "AZURE_CLIENT_SECRET": appSecret}
	return session.Options{
		Auth: auth.BySecret, Getenv: func(name string) string { return env[name] }, Base: sim.Transport(),
		SignInBase: roundTrip(func(r *http.Request) (*http.Response, error) {
			arrived := httptest.NewRequest(r.Method, r.URL.String(), r.Body)
			arrived.Header = r.Header
			w := httptest.NewRecorder()
			host.ServeHTTP(w, arrived)
			resp := w.Result()
			resp.Request = r
			return resp, nil
		}),
	}
}

// The way is that of the options, also where a ready-made token is at hand.
func TestTheWayIsTheOnlyOne(t *testing.T) {
	sim := graphsim.New(graphsim.Config{Partners: 1})
	o := bySecret(sim, graphsim.NewSignIn(sim, graphsim.SignInConfig{Secret: "another"}))
	o.Token = sim.Token(graphsim.TokenOptions{})
	if _, err := session.Open(t.Context(), o); !errors.As(err, new(*session.SignInError)) || !strings.Contains(err.Error(), "AADSTS7000215") {
		t.Errorf("got %v", err)
	}
	o.Auth = auth.ByToken
	if _, err := session.Open(t.Context(), o); err != nil {
		t.Error(err)
	}
}

// A sign-in host that is down is waited for as long as Graph would be.
func TestASignInHostThatIsDown(t *testing.T) {
	for _, tc := range []struct {
		name   string
		outage time.Duration
		down   time.Duration
		ok     bool
	}{
		{"for a while", 2 * time.Minute, time.Minute, true},
		{"for longer", time.Minute, time.Hour, false},
		{"by default", 0, time.Hour, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := graphsim.New(graphsim.Config{Partners: 1})
				o := bySecret(sim, graphsim.NewSignIn(sim, graphsim.SignInConfig{Secret: appSecret}))
				o.Outage = tc.outage
				var log strings.Builder
				o.Log = slog.New(slog.NewTextHandler(&log, nil))
				up, began := o.SignInBase, time.Now()
				o.SignInBase = roundTrip(func(r *http.Request) (*http.Response, error) {
					if time.Since(began) < tc.down {
						return nil, errors.New("connection refused")
					}
					return up.RoundTrip(r)
				})
				_, err := session.Open(t.Context(), o)
				var final *auth.Error
				if errors.As(err, &final) && !strings.HasPrefix(final.Next(), "check the network") {
					t.Errorf("the next step is %q", final.Next())
				}
				took, longest := time.Since(began), 2*time.Minute
				if !tc.ok {
					longest = time.Minute + 10*time.Second
				}
				if (err == nil) != tc.ok || took < tc.down && tc.ok || took > longest || took < 30*time.Second {
					t.Errorf("after %s: %v", took, err)
				}
				if strings.Count(log.String(), "the sign-in host does not answer; trying again") != 1 || strings.Contains(log.String(), "c4n4ry") {
					t.Error(log.String())
				}
			})
		})
	}
}

// A sign-in host that takes the request and says nothing is given up when the outage
// has lasted long enough.
func TestASignInHostThatIsSilent(t *testing.T) {
	for _, outage := range []time.Duration{0, 3 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			sim := graphsim.New(graphsim.Config{})
			o := bySecret(sim, graphsim.NewSignIn(sim, graphsim.SignInConfig{Secret: appSecret}))
			o.Outage = outage
			o.SignInBase = roundTrip(func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			})
			began, longest := time.Now(), cmp.Or(outage, session.DefaultOutage)
			_, err := session.Open(t.Context(), o)
			if took := time.Since(began); err == nil || took > longest || !strings.Contains(err.Error(), "no answer to the sign-in in") {
				t.Errorf("after %s: %v", took, err)
			}
		})
	}
}

// An interrupt ends the wait at once, and a refusal is not waited for.
func TestASignInThatIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{})
		o := bySecret(sim, graphsim.NewSignIn(sim, graphsim.SignInConfig{Secret: "another"}))
		began := time.Now()
		if _, err := session.Open(t.Context(), o); err == nil || time.Since(began) > 0 {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		o.SignInBase = roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") })
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Second, stop)
		if _, err := session.Open(ctx, o); !errors.Is(err, context.Canceled) || time.Since(began) > 20*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

// At the start the wait that the sign-in host asks for is kept, if the outage may last as long.
func TestTheWaitOfTheSignInHost(t *testing.T) {
	for _, tc := range []struct {
		outage, longest time.Duration
		knocks          int
		next            string
	}{
		{5 * time.Minute, 91 * time.Second, 2, ""},
		{time.Minute, 0, 1, "try again in 1m30s"},
	} {
		synctest.Test(t, func(t *testing.T) {
			sim := graphsim.New(graphsim.Config{Partners: 1})
			host := graphsim.NewSignIn(sim, graphsim.SignInConfig{Secret: appSecret})
			o := bySecret(sim, host)
			var log strings.Builder
			o.Outage, o.Log = tc.outage, slog.New(slog.NewTextHandler(&log, nil))
			host.Inject(graphsim.SignInFault{Status: 429, RetryAfter: 90 * time.Second, Times: 1})
			began := time.Now()
			_, err := session.Open(t.Context(), o)
			var final *auth.Error
			if took := time.Since(began); took > tc.longest || (err == nil) != (tc.next == "") || errors.As(err, &final) && !strings.HasPrefix(final.Next(), tc.next) {
				t.Errorf("after %s: %v", took, err)
			}
			if n := len(host.Requests()); n != tc.knocks || err == nil && !strings.Contains(log.String(), "the sign-in host answered 429 Too Many Requests; trying again") {
				t.Errorf("asked %d times: %s", n, log.String())
			}
		})
	}
}

// While there is no token, it is not Graph that does not answer.
func TestARunWithoutAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Partners: 1})
		host := graphsim.NewSignIn(sim, graphsim.SignInConfig{Secret: appSecret, TokenLifetime: 10 * time.Minute})
		o := bySecret(sim, host)
		o.Outage = 5 * time.Minute
		s := open(t, sim, o)
		time.Sleep(11 * time.Minute)
		host.Inject(graphsim.SignInFault{Status: 503, Times: 20})
		said := ""
		end := s.WatchOutage(10*time.Second, func(time.Duration) { said = s.NoToken() })
		err := list(t.Context(), s)
		end()
		if err != nil || said != "the sign-in host answered 503 Service Unavailable" || s.NoToken() != "" {
			t.Errorf("said %q, then %q: %v", said, s.NoToken(), err)
		}
	})
}
