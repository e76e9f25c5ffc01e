package plan_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/plan"
)

// BenchmarkPlanVsList plans partners over real connections on loopback and tells
// how many times as long that takes as reading their bare list. The bound is 3.
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
				if err := client.ListPartners(b.Context(), func(graph.Page) error { return nil }); err != nil {
					b.Fatal(err)
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
