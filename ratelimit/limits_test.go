package ratelimit_test

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/graph/graphsim"
	"bulksync/ratelimit"
)

// builtIn is the built-in Graph as a service: it takes each request for a write that is good.
func builtIn(cfg graphsim.Config) http.RoundTripper {
	cfg.NoHistory = true
	sim := graphsim.New(cfg)
	header := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + sim.Token(graphsim.TokenOptions{})}}
	wire := sim.Transport()
	return respond(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.URL.Path, r.Header = "/v1.0/policies/crossTenantAccessPolicy/default", header
		r.Body = io.NopCloser(strings.NewReader("{}"))
		return wire.RoundTrip(r)
	})
}

// The mean of a few runs, for backoff is random.
func TestAQuotaOfRequestsInFlightIsFound(t *testing.T) {
	for most, ratio := range map[int]float64{1: 1.02, 4: 1.07, 8: 1.17} {
		const runs = 8
		var all outcome
		for range runs {
			synctest.Test(t, func(t *testing.T) {
				s := builtIn(graphsim.Config{Latency: 100 * time.Millisecond, InflightQuota: most})
				got := work(t.Context(), paced(t, s, ratelimit.Options{}), 1000, 16)
				all.took += got.took
				all.done += got.done
				all.refused += got.refused
			})
		}
		check(t, all, runs*1000, runs*100*time.Second/time.Duration(most), ratio, runs*(16+3*most))
	}
}

// In a queue more requests in flight only wait longer. The minimum is what the best fixed number of
// workers needs.
func TestTheBestWidthOfAQueueIsFound(t *testing.T) {
	for _, cfg := range []graphsim.Config{
		{Queue: graphsim.Queue{Base: 5 * time.Millisecond, Slow: 0.1}},
		{Queue: graphsim.Queue{Base: 5 * time.Millisecond, Slow: 0.1}, Latency: 50 * time.Millisecond},
		{Queue: graphsim.Queue{Base: 50 * time.Millisecond, Slow: 0.1}, Latency: 50 * time.Millisecond},
		{Queue: graphsim.Queue{Base: 20 * time.Millisecond}, Latency: 50 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			best := time.Hour
			for workers := range 16 {
				best = min(best, work(t.Context(), builtIn(cfg), 1000, workers+1).took)
			}
			check(t, work(t.Context(), paced(t, builtIn(cfg), ratelimit.Options{}), 1000, 16), 1000, best, 1.4, 0)
		})
	}
}

// What answers within a few milliseconds waits for this machine's processor, not for a service: a narrower
// width would only cost more of it.
func TestAFastServiceIsNoQueue(t *testing.T) {
	for base, narrow := range map[time.Duration]bool{500 * time.Microsecond: false, time.Millisecond: true} {
		synctest.Test(t, func(t *testing.T) {
			tr := paced(t, builtIn(graphsim.Config{Queue: graphsim.Queue{Base: base}}), ratelimit.Options{})
			work(t.Context(), tr, 1000, 16)
			if w := tr.Stats().Writes; (w.Concurrency < 14) != narrow {
				t.Errorf("%v for each request in flight: %d in flight at most", base, w.Concurrency)
			}
		})
	}
}

// first sends the first n requests to one service and all later ones to another.
func first(n int, one, other http.RoundTripper) http.RoundTripper {
	var sent atomic.Int64
	return respond(func(r *http.Request) (*http.Response, error) {
		if sent.Add(1) <= int64(n) {
			return one.RoundTrip(r)
		}
		return other.RoundTrip(r)
	})
}

// A queue is found whenever it comes, and even if the very first answer took long.
func TestAQueueThatComesLaterIsFound(t *testing.T) {
	queue := graphsim.Config{Queue: graphsim.Queue{Base: 10 * time.Millisecond, Slow: 0.1}}
	service := func() http.RoundTripper {
		plain := first(1, &service{latency: time.Second}, &service{latency: 20 * time.Millisecond})
		return first(508, plain, builtIn(queue))
	}
	synctest.Test(t, func(t *testing.T) {
		tr := paced(t, service(), ratelimit.Options{})
		work(t.Context(), tr, 508, 16)
		best := time.Hour
		for workers := range 16 {
			best = min(best, work(t.Context(), builtIn(queue), 1000, workers+1).took)
		}
		check(t, work(t.Context(), tr, 1000, 16), 1000, best, 1.4, 0)
	})
}

// A quota of requests in flight that shrinks is found again, and no rate is taken from it.
func TestAQuotaOfRequestsInFlightThatShrinksIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := func(most int) http.RoundTripper {
			return builtIn(graphsim.Config{Latency: 100 * time.Millisecond, InflightQuota: most})
		}
		tr := paced(t, first(600, s(8), s(2)), ratelimit.Options{})
		work(t.Context(), tr, 600, 16)
		check(t, work(t.Context(), tr, 600, 16), 600, 30*time.Second, 1.1, 40)
		if w := tr.Stats().Writes; w.Rate > 0 {
			t.Errorf("a rate of %v was found", w.Rate)
		}
	})
}

// Windows have their end somewhere in the pause. The run starts anywhere in one.
func TestWindowsAreMetWithoutMuchWaste(t *testing.T) {
	window := graphsim.Quota{Units: 40, Per: 4 * time.Second}
	for _, into := range []time.Duration{0, 500 * time.Millisecond, 2 * time.Second, 3500 * time.Millisecond} {
		for ratio, cfg := range map[float64]graphsim.Config{
			1.16: {Latency: 50 * time.Millisecond, Window: window},
			1.45: {Latency: 50 * time.Millisecond, SlidingWindow: window},
		} {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(into)
				check(t, work(t.Context(), paced(t, builtIn(cfg), ratelimit.Options{}), 600, 16), 600, 14*window.Per, ratio, 56)
			})
		}
	}
}

// A service that becomes slow at any width, or is now fast and now slow, is no queue: the full width
// stays in use.
func TestALatencyThatGrowsIsNoQueue(t *testing.T) {
	for _, jitter := range []time.Duration{0, 50 * time.Millisecond, 200 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			s := &service{latency: 50 * time.Millisecond, jitter: jitter}
			tr := paced(t, s, ratelimit.Options{})
			work(t.Context(), tr, 500, 16)
			s.mu.Lock()
			s.latency, s.jitter = 4*s.latency, 4*s.jitter
			s.mu.Unlock()
			bare := work(t.Context(), s, 2000, 16).took
			check(t, work(t.Context(), tr, 2000, 16), 2000, bare, 1.15, 0)
		})
	}
}
