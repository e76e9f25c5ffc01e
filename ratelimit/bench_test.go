package ratelimit_test

import (
	"net/http"
	"testing"

	"bulksync/ratelimit"
)

// BenchmarkGate is the cost of the gate itself per request, including reading the answer: the
// service answers at once and has no quota.
func BenchmarkGate(b *testing.B) {
	res := answer(204, "")
	base := respond(func(*http.Request) (*http.Response, error) { return res, nil })
	tr := paced(b, base, ratelimit.Options{})
	req, err := http.NewRequest(http.MethodPatch, "https://graph.test/", nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tr.RoundTrip(req); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGateQueue is the same with more callers than may pass at a time.
func BenchmarkGateQueue(b *testing.B) {
	res := answer(204, "")
	tr := paced(b, respond(func(*http.Request) (*http.Response, error) { return res, nil }), ratelimit.Options{Concurrency: 4})
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		req, err := http.NewRequest(http.MethodPatch, "https://graph.test/", nil)
		if err != nil {
			b.Error(err)
			return
		}
		for pb.Next() {
			if _, err := tr.RoundTrip(req); err != nil {
				b.Error(err)
			}
		}
	})
}
