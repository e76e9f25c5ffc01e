package graph_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"bulksync/graph"
	"bulksync/graph/graphsim"
)

const (
	root     = "https://graph.microsoft.com"
	fabrikam = "90e29127-71ad-49c7-9ce8-db3f41ea06f1"
	agent    = "bulksync/1.2.3"
	sameKey  = "Request_MultipleObjectsWithSameKeyValue"
)

// rig is a simulated tenant and a client of it.
type rig struct {
	*graphsim.Sim
	*graph.Client
	t *testing.T
}

func newRig(t *testing.T, cfg graphsim.Config) *rig {
	sim := graphsim.New(cfg)
	return &rig{Sim: sim, Client: newClient(t, sim.Transport(), sim.Token(graphsim.TokenOptions{})), t: t}
}

// Requests is the simulator's journal, not the client's counters.
func (r *rig) Requests() []graphsim.Request { return r.Sim.Requests() }

// newClient is a client over base that sends the token with each attempt.
func newClient(t *testing.T, base http.RoundTripper, token string) *graph.Client {
	t.Helper()
	c, err := graph.New(graph.Options{
		RootURL: root, UserAgent: agent, Base: base,
		Layers: []func(http.RoundTripper) http.RoundTripper{bearer(token)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func bearer(token string) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			r = r.Clone(r.Context())
			r.Header.Set("Authorization", "Bearer "+token)
			return next.RoundTrip(r)
		})
	}
}

// script is a base that gives prepared answers in turn, repeats the last one, and
// notes what was sent and when.
type script struct {
	answers []func(*http.Request) (*http.Response, error)
	at      []time.Time
	sent    []*http.Request
	bodies  []string
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	n := min(len(s.sent), len(s.answers)-1)
	s.at, s.sent, s.bodies = append(s.at, time.Now()), append(s.sent, r), append(s.bodies, "")
	if r.Body != nil {
		body, _ := io.ReadAll(r.Body)
		r.Body.Close()
		s.bodies[len(s.bodies)-1] = string(body)
	}
	return s.answers[n](r)
}

// waits are the times between the attempts.
func (s *script) waits() (waits []time.Duration) {
	for i := 1; i < len(s.at); i++ {
		waits = append(waits, s.at[i].Sub(s.at[i-1]))
	}
	return waits
}

// answer is a prepared answer; headers are "Name: value".
func answer(status int, body string, headers ...string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		h := http.Header{"Content-Type": {"application/json"}}
		for _, line := range headers {
			name, value, _ := strings.Cut(line, ": ")
			h.Set(name, value)
		}
		return &http.Response{
			StatusCode: status, Header: h, Request: r,
			Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}, nil
	}
}

// refusal is a Graph error with a code.
func refusal(status int, code string, headers ...string) func(*http.Request) (*http.Response, error) {
	return answer(status, `{"error":{"code":"`+code+`","message":"said so"}}`, headers...)
}

func failure(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

func played(answers ...func(*http.Request) (*http.Response, error)) *script {
	return &script{answers: answers}
}

var (
	read  = graph.Request{Method: "GET", Path: graph.TemplatePath}
	write = graph.Request{Method: "PUT", Path: graph.SyncPath(fabrikam), Body: []byte(`{"displayName":"Fabrikam"}`)}
)

// list reads all partners.
func list(ctx context.Context, c *graph.Client) (partners []graph.Partner, pages []int, err error) {
	partners, pages, _, err = listing(ctx, c)
	return partners, pages, err
}
