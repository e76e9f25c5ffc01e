package ratelimit_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/ratelimit"
)

// ten is a quota of 100 writes per 10 s: a run of 600 needs 50 s.
func ten(f form) *service {
	return &service{perSecond: 10, burst: 100, latency: 20 * time.Millisecond, form: f}
}

const minimumOfTen = 50 * time.Second

func TestARunIsNearTheMinimumWithFewRefusals(t *testing.T) {
	type limits struct {
		ratio   float64
		refused int
	}
	for _, tc := range []struct {
		name    string
		service func() *service
		options ratelimit.Options
		writes  int
		minimum time.Duration
		want    limits
	}{
		{"the rate is stated", func() *service { return ten(integer) }, ratelimit.Options{MaxRate: 10, MaxBurst: 100}, 600, minimumOfTen, limits{1.01, 0}},
		{"far too large a quota is stated", func() *service { return ten(integer) }, ratelimit.Options{MaxRate: 100, MaxBurst: 1000}, 600, minimumOfTen, limits{1.01, 14}},
		{"far too high a rate is stated", func() *service { return ten(integer) }, ratelimit.Options{MaxRate: 100}, 600, minimumOfTen, limits{1.01, 14}},
		{"the usage is reported", func() *service { s := ten(integer); s.reports = true; return s },
			ratelimit.Options{}, 600, minimumOfTen, limits{1.02, 13}},
		{"a pause of ten seconds is asked for", func() *service { s := ten(integer); s.ask = 10 * time.Second; return s },
			ratelimit.Options{}, 600, minimumOfTen, limits{1.02, 20}},
		{"the documented limit", func() *service {
			return &service{perSecond: 20, burst: 3000, latency: 100 * time.Millisecond, form: integer, reports: true}
		}, ratelimit.Options{}, 2000, 12500 * time.Millisecond, limits{1.10, 0}},
		{"one write a second", func() *service {
			return &service{perSecond: 1, burst: 1, latency: 50 * time.Millisecond, form: integer}
		}, ratelimit.Options{}, 60, 59 * time.Second, limits{1.10, 10}},
		{"no quota", func() *service { return &service{latency: 50 * time.Millisecond} },
			ratelimit.Options{}, 1000, 3125 * time.Millisecond, limits{1.10, 0}},
		{"a quota halved, then doubled", func() *service {
			s := ten(integer)
			s.changes = []change{{15 * time.Second, 5, 50}, {30 * time.Second, 10, 100}}
			return s
		}, ratelimit.Options{}, 600, 57500 * time.Millisecond, limits{1.04, 17}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := tc.service()
				got := work(t.Context(), paced(t, s, tc.options), tc.writes, 16)
				check(t, got, tc.writes, tc.minimum, tc.want.ratio, tc.want.refused)
			})
		})
	}
}

func TestEveryFormOfRetryAfterServesAsWell(t *testing.T) {
	for _, f := range []form{integer, decimal, dated, absent} {
		for _, costs := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, refusals cost quota %v", f, costs), func(t *testing.T) {
				ratio, refused := 1.03, 20
				if costs {
					ratio, refused = 1.08, 24
				}
				synctest.Test(t, func(t *testing.T) {
					s := ten(f)
					s.costs, s.jitter = costs, 2*time.Millisecond
					got := work(t.Context(), paced(t, s, ratelimit.Options{}), 600, 16)
					check(t, got, 600, minimumOfTen, ratio, refused)
				})
			})
		}
	}
}

// A small bucket is the hardest: any early request is refused. Bounds are means over all forms of
// Retry-After.
func TestOneWriteASecondIsMetInTheMean(t *testing.T) {
	for _, tc := range []struct {
		burst          float64
		costs          bool
		ratio, refused float64
	}{{1, false, 1.13, 9}, {1, true, 1.27, 11}, {5, false, 1.03, 15}, {5, true, 1.4, 20}} {
		ratio, refused, runs := 0.0, 0, 0
		for _, f := range []form{integer, decimal, dated, absent} {
			for _, latency := range []time.Duration{20 * time.Millisecond, 50 * time.Millisecond, 200 * time.Millisecond} {
				for range 2 {
					synctest.Test(t, func(t *testing.T) {
						s := &service{perSecond: 1, burst: tc.burst, latency: latency, form: f, costs: tc.costs}
						got := work(t.Context(), paced(t, s, ratelimit.Options{}), 60, 16)
						ratio += got.took.Seconds() / (60 - tc.burst)
						refused += got.refused
						runs++
					})
				}
			}
		}
		ratio /= float64(runs)
		if refused := float64(refused) / float64(runs); ratio > tc.ratio || refused > tc.refused {
			t.Errorf("a burst of %v, refusals cost %v: %.3f of the minimum and %.1f refusals, want %v and %v",
				tc.burst, tc.costs, ratio, refused, tc.ratio, tc.refused)
		}
	}
}

func TestARunThatFindsTheBucketEmptyFinishesInTimeToo(t *testing.T) {
	for _, latency := range []time.Duration{20 * time.Millisecond, 200 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			s := ten(integer)
			s.latency = latency
			work(t.Context(), paced(t, s, ratelimit.Options{}), 200, 16)
			s.mu.Lock()
			s.tokens = 0
			s.mu.Unlock()
			got := work(t.Context(), paced(t, s, ratelimit.Options{}), 300, 16)
			check(t, got, 300, 30*time.Second, 1.10, 20)
		})
	}
}

func TestTwoClientsShareTheQuotaWithoutWaste(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ten(integer)
		var wg sync.WaitGroup
		for range 2 {
			tr := paced(t, s, ratelimit.Options{})
			wg.Go(func() {
				// Of 1,200 writes the bucket holds 100; 1,100 flow in at 10 a second.
				check(t, work(t.Context(), tr, 600, 16), 600, 110*time.Second, 1.15, 40)
			})
		}
		wg.Wait()
	})
}

// Where refusals cost and another process takes half of a small quota, a probe soon after a long pause
// ends in the next one.
func TestACostlyQuotaIsNotProbedTooOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{perSecond: 0.6, burst: 20, latency: 90 * time.Millisecond, form: absent, costs: true}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go compete(ctx, s, 0.5)
		check(t, work(ctx, paced(t, s, ratelimit.Options{}), 200, 5), 200, 600*time.Second, 2.6, 330)
	})
}

func TestAShareOfTheQuotaLeavesTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ten(integer)
		got := work(t.Context(), paced(t, s, ratelimit.Options{Capacity: 0.5}), 600, 16)
		check(t, got, 600, 100*time.Second, 1.05, 20)
		if got.took < 90*time.Second {
			t.Errorf("600 writes took %v: more than half of the quota was used", got.took)
		}
	})
}

// Before a refusal, a share means a share of the limits that Graph documents: half of 3,000 writes, and
// then ten a second.
func TestAShareIsOneOfTheDocumentedLimitsAtFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := work(t.Context(), paced(t, &service{}, ratelimit.Options{Capacity: 0.5}), 1600, 16)
		check(t, got, 1600, 10*time.Second, 1.01, 0)
		if got.took < 10*time.Second-time.Millisecond {
			t.Errorf("100 writes above the share of the burst took %v", got.took)
		}
	})
}

// A stated rate alone allows one second's worth at once, and says nothing about reads.
func TestAStatedRateAllowsASecondsWorthAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := paced(t, &service{}, ratelimit.Options{MaxRate: 10})
		start := time.Now()
		for range 50 {
			send(t.Context(), tr, http.MethodGet)
		}
		if took := time.Since(start); took > 0 {
			t.Errorf("50 reads took %v", took)
		}
		check(t, work(t.Context(), tr, 10, 10), 10, time.Nanosecond, 1, 0)
		if got := work(t.Context(), tr, 10, 10); got.took < 999*time.Millisecond {
			t.Errorf("ten more took %v", got.took)
		}
	})
}

func check(t *testing.T, got outcome, writes int, minimum time.Duration, ratio float64, refused int) {
	t.Helper()
	if got.done != writes || got.err != nil {
		t.Errorf("%d of %d writes done, error %v", got.done, writes, got.err)
	}
	t.Logf("%v, %.3f of the minimum, %d refused", got.took, got.took.Seconds()/minimum.Seconds(), got.refused)
	if got.took.Seconds() > ratio*minimum.Seconds() {
		t.Errorf("took %v, want at most %.2f times %v", got.took, ratio, minimum)
	}
	if got.refused > refused {
		t.Errorf("%d refusals, want at most %d", got.refused, refused)
	}
}
