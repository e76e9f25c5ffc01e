package ratelimit

import (
	"math"
	"time"
)

// nearLimit is the used share of the quota above which the service reports it.
const nearLimit = 0.8

// How the width grows.
const (
	// halfWidthFor is how long at most half of the width is used at the start, so
	// that a small quota, which ends about then, refuses half as many.
	halfWidthFor = 350 * time.Millisecond
	// fastGrowth is how many more requests each answer admits at the start.
	fastGrowth = 3
	// slowGrowth is how many answers it takes to admit one more after a refusal.
	slowGrowth = 16
)

// width is how many requests may be in flight: a congestion window.
//
// It opens like TCP's slow start, by a few for every answer. After a refusal it
// restarts at one, so that the workers come back one by one. Once the rate is
// known, no more requests are sent than keep that rate busy: each refusal then
// costs one or two requests instead of all.
type width struct {
	limit       float64       // from Options
	ramp        float64       // reached since the start or the last refusal
	ceiling     ceiling       // what the service can handle at a time
	latency     time.Duration // smoothed
	firstAnswer time.Time
	throttled   bool // there has been a refusal
}

func newWidth(limit int) width {
	return width{limit: float64(limit), ramp: 1, ceiling: newCeiling(float64(limit))}
}

// at is the number of requests that may be in flight, given the sustained rate (0
// = unknown) and the used share of the quota.
func (w *width) at(perSecond, used float64) int {
	n := min(w.limit, w.ramp, w.ceiling.at)
	if perSecond > 0 {
		n = min(n, 1+math.Ceil(perSecond*w.latency.Seconds()))
	} else {
		n = min(n, w.limit*(1-used)/(1-nearLimit))
	}
	return max(1, int(n))
}

// grow opens the width a little after a good answer.
func (w *width) grow(now time.Time, took time.Duration) {
	if w.firstAnswer.IsZero() {
		w.firstAnswer, w.latency = now, took
	}
	w.latency += (took - w.latency) / 8
	switch {
	case w.throttled:
		w.ramp = min(w.limit, w.ramp+1.0/slowGrowth)
	case now.Sub(w.firstAnswer) < halfWidthFor:
		w.ramp = min(math.Ceil(w.limit/2), w.ramp+fastGrowth)
	default:
		w.ramp = min(w.limit, w.ramp+fastGrowth)
	}
}

// A request hangs after at least this time, and after that many usual latencies.
const (
	minHangAfter  = 1500 * time.Millisecond
	hangLatencies = 4
)

// hangAfter is how long a request may take before the others stop waiting for it.
func (w *width) hangAfter() time.Duration { return max(minHangAfter, hangLatencies*w.latency) }

// reset starts over with one request.
func (w *width) reset() { w.throttled, w.ramp = true, 1 }

// crowded notes a refusal, and reports whether its reason is the requests in
// flight. Then the ceiling is lower, and nothing is wrong with the rate: no pause is
// needed, for none leaves until fewer than the ceiling are in flight.
func (w *width) crowded(inFlight int) bool { return w.ceiling.refused(inFlight) }
