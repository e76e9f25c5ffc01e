package ratelimit_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/ratelimit"
)

func TestTheEstimateNarrowsAsTheGateLearns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ten(integer)
		tr := paced(t, s, ratelimit.Options{})
		if low, high := tr.Estimate(600, 20*time.Millisecond); low != 750*time.Millisecond || high != 600*time.Second {
			t.Errorf("before the run %v to %v, want what concurrency allows to one a second", low, high)
		}
		work(t.Context(), tr, 300, 16) // half of them, 20 s
		low, high := tr.Estimate(300, 20*time.Millisecond)
		if took := work(t.Context(), tr, 300, 16).took; took < low || took > high {
			t.Errorf("estimated %v to %v, took %v", low, high, took)
		}
		if high > 45*time.Second {
			t.Errorf("the estimate is still %v to %v in the middle of the run", low, high)
		}
	})
}

func TestTheEstimateBeforeARunUsesStatedLimits(t *testing.T) {
	for _, tc := range []struct {
		name      string
		options   ratelimit.Options
		writes    int
		low, high time.Duration
	}{
		{"nothing to do", ratelimit.Options{}, 0, 0, 0},
		{"beyond the documented burst", ratelimit.Options{}, 5000, 100 * time.Second, 5000 * time.Second},
		{"a stated rate", ratelimit.Options{MaxRate: 0.5}, 100, 198 * time.Second, 200 * time.Second},
		{"a stated quota", ratelimit.Options{MaxRate: 0.5, MaxBurst: 5}, 100, 192 * time.Second, 200 * time.Second},
		{"half of the documented limit", ratelimit.Options{Capacity: 0.5}, 2500, 100 * time.Second, 2500 * time.Second},
		{"one worker", ratelimit.Options{Concurrency: 1}, 100, 10 * time.Second, 100 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			low, high := paced(t, nil, tc.options).Estimate(tc.writes, 100*time.Millisecond)
			if low.Round(time.Second) != tc.low || high.Round(time.Second) != tc.high {
				t.Errorf("got %v to %v, want %v to %v", low, high, tc.low, tc.high)
			}
		})
	}
}

// The latency that was measured counts, not the one assumed, and what was accepted is gone from the burst.
func TestTheEstimateUsesWhatWasMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := paced(t, &service{latency: 2 * time.Second}, ratelimit.Options{})
		work(t.Context(), tr, 3000, 16)
		if low, _ := tr.Estimate(16, time.Millisecond); low != 2*time.Second {
			t.Errorf("16 writes at once of 2 s each: at least %v", low)
		}
		if low, _ := tr.Estimate(400, time.Millisecond); low != 50*time.Second {
			t.Errorf("400 writes of 2 s each, 16 at a time: at least %v", low)
		}
		tr = paced(t, &service{}, ratelimit.Options{})
		work(t.Context(), tr, 3000, 16)
		if low, _ := tr.Estimate(200, 0); low != 10*time.Second {
			t.Errorf("200 writes after the documented burst: at least %v", low)
		}
	})
}

func TestWhatWasLearnedCanBeReadFromTheStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ten(integer)
		tr := paced(t, s, ratelimit.Options{})
		work(t.Context(), tr, 400, 16)
		w := tr.Stats().Writes
		if w.Rate < 9 || w.Rate > 11 || w.Burst < 90 || w.Burst > 110 {
			t.Errorf("found %.2f a second and a burst of %d, want about 10 and 100", w.Rate, w.Burst)
		}
		if w.Accepted != 400 || int(w.Refused) != s.refused || w.InFlight != 0 || w.Waiting != 0 {
			t.Errorf("%+v does not add up with %d refusals", w, s.refused)
		}
		if _, err := json.Marshal(tr.Stats()); err != nil {
			t.Error(err)
		}
	})
}
