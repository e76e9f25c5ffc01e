package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/graph/graphsim"
	"bulksync/internal/session"
)

// refusing is a Graph that is short of quota.
type refusing struct{ wait string }

func (r refusing) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {r.wait}}, Body: http.NoBody}, nil
}

// The progress line says what holds the run back.
func TestProgressNamesTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sessionOn(t, graphsim.New(graphsim.Config{}), refusing{"20"})
		p := &progress{total: 10, began: time.Now(), tenant: s, done: 2}
		time.Sleep(2 * time.Second)
		if got := p.state(); !strings.HasPrefix(got, "1.0/s, ") || strings.Contains(got, "wait") {
			t.Error(got)
		}
		defer writeAway(t, s, 1)()
		synctest.Wait()
		if got := p.state(); got != "throttled: Graph asks to wait 20 s" {
			t.Error(got)
		}
	})
}

// writeAway sends n writes from separate goroutines until end is called.
func writeAway(t *testing.T, s *session.Session, n int) (end func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range n {
		all.Go(func() { s.Client().Do(ctx, graph.Request{Method: http.MethodPut, Path: "/policies"}) })
	}
	return func() { cancel(); all.Wait() }
}

// When nothing is left to send, the line says what it waits for, instead of a
// sinking rate.
func TestProgressNamesTheReadingBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sessionOn(t, graphsim.New(graphsim.Config{}), refusing{})
		p := &progress{total: 1, began: time.Now(), last: time.Now(), tenant: s, done: 1}
		time.Sleep(5 * time.Second)
		if got := p.state(); got != "0.2/s" {
			t.Error(got)
		}
		time.Sleep(15 * time.Second)
		if got := p.state(); got != "reading back for 20 s" {
			t.Error(got)
		}
	})
}

// A hanging answer is reported before it counts as an outage, and an outage
// when it is one.
func TestProgressNamesSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{})
		sim.Inject(graphsim.Fault{Kind: "silent"})
		s := sessionOn(t, sim, sim.Transport())
		p := &progress{total: 10, began: time.Now(), last: time.Now(), tenant: s}
		defer writeAway(t, s, 5)()
		for _, step := range []struct {
			at   time.Duration
			want string
		}{{5 * time.Second, "left"}, {12 * time.Second, "no answer for 12 s"}, {50 * time.Second, "Graph has not answered for 50 s"}} {
			time.Sleep(step.at - time.Since(p.began))
			if got := p.state(); !strings.HasSuffix(got, step.want) {
				t.Errorf("after %s: %q", step.at, got)
			}
		}
	})
}

// When only the sign-in fails, Graph is not blamed.
func TestProgressNamesTheSignInHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{})
		host := graphsim.NewSignIn(sim, graphsim.SignInConfig{Secret: "s3cret", TokenLifetime: 10 * time.Minute})
		settings := map[string]string{"AZURE_TENANT_ID": sim.HomeTenant(), "AZURE_CLIENT_ID": graphsim.DefaultAppID, "AZURE_CLIENT_SECRET": "s3cret"}
		s, err := session.Open(t.Context(), session.Options{
			Auth: auth.BySecret, Getenv: func(name string) string { return settings[name] }, Base: sim.Transport(), Outage: 5 * time.Minute,
			SignInBase: roundTrip(func(r *http.Request) (*http.Response, error) {
				arrived := httptest.NewRequest(r.Method, r.URL.String(), r.Body)
				arrived.Header = r.Header
				w := httptest.NewRecorder()
				host.ServeHTTP(w, arrived)
				resp := w.Result()
				resp.Request = r
				return resp, nil
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Minute)
		host.Inject(graphsim.SignInFault{Status: 503})
		p := &progress{total: 10, began: time.Now(), last: time.Now(), tenant: s}
		defer writeAway(t, s, 1)()
		time.Sleep(30 * time.Second)
		if got := p.state(); !strings.HasPrefix(got, "no token for ") || !strings.HasSuffix(got, " s: the sign-in host answered 503 Service Unavailable") {
			t.Error(got)
		}
	})
}
