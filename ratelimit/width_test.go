package ratelimit_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/ratelimit"
)

// A reported usage near the limit narrows the gate before the first refusal, and
// is forgotten two seconds after the last report.
func TestAReportedUsageNarrowsTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		used := ""
		tr := paced(t, respond(func(*http.Request) (*http.Response, error) {
			res := answer(204, "")
			res.Header.Set("x-ms-throttle-limit-percentage", used)
			time.Sleep(100 * time.Millisecond)
			return res, nil
		}), ratelimit.Options{})
		width := func(want int) {
			t.Helper()
			if got := tr.Stats().Writes.Concurrency; got != want {
				t.Errorf("used %q: %d in flight at most, want %d", used, got, want)
			}
		}
		work(t.Context(), tr, 100, 16)
		width(16)
		for _, c := range []struct {
			used  string
			width int
		}{{"0.81", 15}, {"0.89", 8}, {"0.94", 4}, {"0.99", 1}, {"1.2", 1}, {"0.79", 16}, {"0.89", 8}} {
			used = c.used
			send(t.Context(), tr, http.MethodPut)
			width(c.width)
		}
		time.Sleep(2 * time.Second)
		width(8)
		time.Sleep(time.Nanosecond)
		width(16)
	})
}

// Once the rate is known, the width is what rate times latency needs, however
// long the first answer took, so that refusals are few.
func TestTheWidthFollowsTheLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ten(integer)
		s.latency = 2 * time.Second
		tr := paced(t, s, ratelimit.Options{})
		work(t.Context(), tr, 1, 1)
		s.mu.Lock()
		s.latency = 20 * time.Millisecond
		s.mu.Unlock()
		work(t.Context(), tr, 400, 16)
		if w := tr.Stats().Writes; w.Rate == 0 || w.Concurrency > 4 {
			t.Errorf("%d in flight at most at %.1f/s, want a few", w.Concurrency, w.Rate)
		}
	})
}

// After a collision the gate opens again, slowly, to its full width.
func TestTheGateRecoversFromCollisions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{latency: 50 * time.Millisecond, crowd: 4}
		tr := paced(t, s, ratelimit.Options{})
		work(t.Context(), tr, 50, 16)
		narrow := tr.Stats().Writes.Concurrency
		s.mu.Lock()
		s.crowd = 0
		s.mu.Unlock()
		work(t.Context(), tr, 500, 16)
		soon := tr.Stats().Writes.Concurrency
		work(t.Context(), tr, 2000, 16)
		if wide := tr.Stats().Writes.Concurrency; narrow > 6 || soon <= narrow || soon > 12 || wide != 16 {
			t.Errorf("%d in flight after collisions, %d after 500 answers, %d after 2500; want a few, more, and 16", narrow, soon, wide)
		}
	})
}
