package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"bulksync/ratelimit"
)

// anyService draws a quota, a latency and a form of refusals.
func anyService(t *rapid.T) *service {
	return &service{
		perSecond: rapid.Float64Range(0.5, 60).Draw(t, "per second"),
		burst:     rapid.Float64Range(3, 300).Draw(t, "burst"),
		latency:   time.Duration(rapid.IntRange(0, 400).Draw(t, "latency")) * time.Millisecond,
		jitter:    time.Duration(rapid.IntRange(0, 100).Draw(t, "jitter")) * time.Millisecond,
		form:      rapid.SampledFrom([]form{integer, decimal, dated, absent}).Draw(t, "form"),
		skew:      time.Duration(rapid.IntRange(-60, 60).Draw(t, "clock ahead")) * time.Second,
		ask:       time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 10}).Draw(t, "ask")) * time.Second,
		costs:     rapid.Bool().Draw(t, "refusals cost"),
		reports:   rapid.Bool().Draw(t, "load reported"),
	}
}

// bubble runs f in virtual time. A goroutine that f leaves behind fails the test;
// the result of f is reported once the clock is real again.
func bubble(t *testing.T, rt *rapid.T, f func(context.Context) error) {
	var err error
	synctest.Test(t, func(t *testing.T) { err = f(t.Context()) })
	if err != nil {
		rt.Fatal(err)
	}
}

func TestNoWriteLeavesDuringAPauseAndNoneStarves(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := anyService(rt)
		n := rapid.IntRange(1, 300).Draw(rt, "writes")
		workers := rapid.IntRange(1, 32).Draw(rt, "workers")
		other := rapid.Float64Range(0, 0.5).Draw(rt, "share of a competitor")
		bubble(t, rt, func(ctx context.Context) error {
			ctx, stop := context.WithCancel(ctx)
			var others sync.WaitGroup
			others.Go(func() { compete(ctx, s, other) })
			tr := paced(t, s, ratelimit.Options{Concurrency: workers})
			got := work(ctx, tr, n, workers)
			stop()
			others.Wait()
			// A bucket of one token refuses at any pace if a competitor is
			// quicker; the cost of those pauses is the service's doing.
			open := got.took.Seconds() - tr.Stats().Writes.PausedSeconds
			switch {
			case s.early > 0:
				return errors.New("a write left while the gate was shut")
			case got.done != n || got.refused > 2*n+50:
				return fmt.Errorf("%d of %d writes done after %d refusals", got.done, n, got.refused)
			case open > 1800+20*float64(n)/s.perSecond:
				return fmt.Errorf("starved: took %v, %.0f s of it with the gate open", got.took, open)
			}
			return nil
		})
	})
}

// compete uses that share of the quota, one request at a time, without counting as a request of the
// client.
func compete(ctx context.Context, s *service, share float64) {
	if share < 0.01 {
		return
	}
	every := time.NewTicker(time.Duration(float64(time.Second) / (share * s.perSecond)))
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			s.mu.Lock()
			s.refill(time.Now())
			s.tokens = max(s.tokens-1, min(s.tokens, 0))
			s.mu.Unlock()
		}
	}
}

func TestTheStatedRateIsNeverExceeded(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := anyService(rt)
		if rapid.Bool().Draw(rt, "no quota") {
			s.burst = 0
		}
		told := rapid.Float64Range(0.05, 50).Draw(rt, "max rate")
		burst := rapid.SampledFrom([]int{0, 0, 1, 20, 500}).Draw(rt, "max burst")
		capacity := rapid.SampledFrom([]float64{0, 0.3, 1}).Draw(rt, "capacity")
		bubble(t, rt, func(ctx context.Context) error {
			ctx, stop := context.WithTimeout(ctx, time.Minute)
			defer stop()
			work(ctx, paced(t, s, ratelimit.Options{MaxRate: told, MaxBurst: burst, Capacity: capacity}), 1000, 16)
			most := float64(burst)
			if burst == 0 {
				most = told
			}
			return within(s.sent, told, max(1, most))
		})
	})
}

// A rate so small that its times overflow is obeyed: one write leaves, and the
// next one not within a year.
func TestATinyRateIsStillARate(t *testing.T) {
	for _, o := range []ratelimit.Options{
		{MaxRate: 1e-9}, {MaxRate: 1e-300, MaxBurst: 1}, {MaxRate: math.SmallestNonzeroFloat64}, {MaxRate: 1e-10, Capacity: 0.1},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &service{latency: time.Millisecond}
			ctx, stop := context.WithTimeout(t.Context(), 365*24*time.Hour)
			defer stop()
			tr := paced(t, s, o)
			work(ctx, tr, 10, 4)
			if len(s.sent) != 1 {
				t.Errorf("%v: %d writes left in a year", o.MaxRate, len(s.sent))
			}
			if low, high := tr.Estimate(10, time.Second); low < 0 || high < low {
				t.Errorf("%v: estimated %v to %v", o.MaxRate, low, high)
			}
		})
	}
}

// within fails if any w seconds hold more than perSecond*w + burst of the times: a full bucket of
// that size would have run dry.
func within(times []time.Time, perSecond, burst float64) error {
	left := burst
	for i, at := range times {
		if i > 0 {
			left = min(burst, left+at.Sub(times[i-1]).Seconds()*perSecond)
		}
		if left--; left < -1e-6 {
			return errors.New("more writes than the stated rate allows")
		}
	}
	return nil
}

func TestCancelAlwaysReturnsAtOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := anyService(rt)
		after := time.Duration(rapid.IntRange(0, 60_000).Draw(rt, "cancel after ms")) * time.Millisecond
		bubble(t, rt, func(ctx context.Context) error {
			ctx, stop := context.WithTimeout(ctx, after)
			defer stop()
			got := work(ctx, paced(t, s, ratelimit.Options{}), 1_000_000, 16)
			if got.took != after || !errors.Is(got.err, context.DeadlineExceeded) {
				return errors.New("returned after " + got.took.String())
			}
			return nil
		})
	})
}

// A laptop that sleeps makes one answer arrive an hour late, and the clock
// jumps with it.
func TestAClockThatJumpsForwardNeitherFloodsNorStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ten(integer)
		asleep := false
		tr := paced(t, respond(func(r *http.Request) (*http.Response, error) {
			if len(s.sent) == 250 && !asleep {
				asleep = true
				time.Sleep(time.Hour)
			}
			return s.RoundTrip(r)
		}), ratelimit.Options{Concurrency: 1})
		got := work(t.Context(), tr, 600, 1)
		check(t, got, 600, time.Hour+40*time.Second, 1.01, 20)
	})
}
