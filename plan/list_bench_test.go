package plan_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/plan"
)

// BenchmarkPlanVsList plans partners over real connections on loopback and
// reports how many times as long that takes as reading their bare list. The bound
// is 3. The bare list is what a script would do: net/http, encoding/json, page
// after page.
func BenchmarkPlanVsList(b *testing.B) {
	for name, cfg := range map[string]graphsim.Config{
		"2500/no-latency": {Partners: 2500}, "20000/no-latency": {Partners: 20_000, PageSize: 999},
		"2500/5ms": {Partners: 2500, Latency: 5 * time.Millisecond},
	} {
		b.Run(name, func(b *testing.B) {
			cfg.NoHistory = true
			sim := graphsim.New(cfg)
			server := httptest.NewServer(sim)
			defer server.Close()
			client, err := graph.New(graph.Options{RootURL: server.URL, Layers: authorized(sim)})
			if err != nil {
				b.Fatal(err)
			}
			var listing, planning time.Duration
			for b.Loop() {
				began := time.Now()
				if n := bareList(b, server.URL, authorized(sim)[0](http.DefaultTransport)); n != cfg.Partners {
					b.Fatalf("the bare list has %d partners", n)
				}
				listed := time.Now()
				cur, err := plan.ReadCurrent(b.Context(), client, plan.Needs{})
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer() // the rows come from another list
				paused := time.Now()
				csv := benchCSVOf(sim)
				resumed := time.Now()
				b.StartTimer()
				if _, err := plan.Build(head, readBench(b, csv), cur); err != nil {
					b.Fatal(err)
				}
				listing += listed.Sub(began)
				planning += time.Since(listed) - resumed.Sub(paused)
			}
			b.ReportMetric(float64(planning)/float64(listing), "plan/list")
			b.ReportMetric(float64(listing.Milliseconds())/float64(b.N), "list-ms")
		})
	}
}

// bareList reads the partners into what a script would keep of them, and returns
// how many there are.
func bareList(b *testing.B, root string, rt http.RoundTripper) int {
	b.Helper()
	type partner struct {
		TenantID                     string
		IsServiceProvider            *bool
		AutomaticUserConsentSettings struct{ InboundAllowed, OutboundAllowed *bool }
		IdentitySynchronization      *struct {
			DisplayName     *string
			UserSyncInbound *struct{ IsSyncAllowed *bool }
		}
	}
	var all []partner
	next := root + "/v1.0/policies/crossTenantAccessPolicy/partners?$expand=identitySynchronization"
	for next != "" {
		resp, err := (&http.Client{Transport: rt}).Get(next)
		if err != nil {
			b.Fatal(err)
		}
		var page struct {
			Value    []partner
			NextLink string `json:"@odata.nextLink"`
		}
		err = json.NewDecoder(resp.Body).Decode(&page)
		resp.Body.Close()
		if err != nil {
			b.Fatal(err)
		}
		all, next = append(all, page.Value...), page.NextLink
	}
	return len(all)
}
