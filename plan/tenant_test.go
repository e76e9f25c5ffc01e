package plan_test

import (
	"net/http"
	"time"

	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/plan"
)

// head is who plans in these tests, and when.
var head = plan.Head{
	Tool: plan.Tool{Name: "bulksync", Version: "1.2.3"}, CreatedAt: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC),
	HomeTenant: graph.HomeTenant{ID: graphsim.DefaultHomeTenant, Cloud: graph.Global, GraphURL: graph.Global.RootURL()},
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// authorized is the layer that signs requests to a simulator.
func authorized(sim *graphsim.Sim) []func(http.RoundTripper) http.RoundTripper {
	token := "Bearer " + sim.Token(graphsim.TokenOptions{})
	return []func(http.RoundTripper) http.RoundTripper{func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			r = r.Clone(r.Context())
			r.Header.Set("Authorization", token)
			return next.RoundTrip(r)
		})
	}}
}
