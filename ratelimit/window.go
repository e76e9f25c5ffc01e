package ratelimit

import (
	"math"
	"time"
)

// window is the time from one refusal to the next, and what happened in it.
type window struct {
	since    time.Time
	took     time.Duration // set when it is over
	shut     time.Duration // how long the gate was shut at its start
	empty    time.Duration // until the last refusal at its start, if there were several pauses
	accepted int
	refused  int       // in the event that started it
	latest   time.Time // the last acceptance
	samples  []sample
	next     time.Time // when to take the next one
}

// sample is how many requests had been accepted at some time.
type sample struct {
	at       time.Time
	accepted int
}

// sampleEvery is how far apart samples are at first. The distance grows with the
// length of the window, so that there are few.
const sampleEvery = time.Second

// accept counts a request accepted now.
func (w *window) accept(now time.Time) {
	w.accepted++
	w.latest = now
	if !now.Before(w.next) {
		w.samples = append(w.samples, sample{now, w.accepted})
		w.next = now.Add(sampleEvery + now.Sub(w.samples[0].at)/4)
	}
}

// provenRate is the largest refill rate that the accepted requests prove: between
// any two of them, no more can be accepted than a full bucket holds plus what
// flows in.
func (w *window) provenRate(size float64) float64 {
	best := 0.0
	for _, s := range w.samples {
		span := max(w.latest.Sub(s.at), 2*sampleEvery)
		best = max(best, (float64(w.accepted-s.accepted)+1-size)/span.Seconds())
	}
	return best
}

// isAmbiguous reports whether there were so many refusals that it matters whether
// they cost quota.
func (w *window) isAmbiguous() bool { return 4*w.refused > w.accepted }

// confidence is how far the measurement can be trusted, up to 1: it may be off by
// one token.
func (w *window) confidence() float64 { return min(1, float64(w.accepted)/8) }

// aBurst is how many requests, accepted at once, are no chance.
const aBurst = 5

// overflowed reports whether a bucket of that size was full when the refusals
// ended, as it always is in a service that counts in windows.
func (w *window) overflowed(size float64) bool { return float64(w.accepted) >= max(aBurst, 0.9*size) }

// refillRate is how fast a bucket of that size filled during the window, per
// second, if a refused request takes cost tokens: everything that was taken had
// flowed in. A bucket that overflowed was full at some time between the last
// refusal and the end of the pause: the middle is assumed.
func (w *window) refillRate(size, cost float64) float64 {
	all := max(w.took.Seconds(), 1e-3)
	if w.empty > 0 && w.overflowed(size) {
		all -= (w.shut - w.empty).Seconds() / 2
	}
	return (float64(w.accepted) + cost*float64(w.refused)) / all
}

// refusalsCost reports whether a refused request takes a token too (Graph
// documents that refused requests still count). Of the two assumptions, the one
// under which both windows show about the same refill rate is right.
func refusalsCost(a, b *window, size float64) bool {
	distance := func(cost float64) float64 {
		return math.Abs(math.Log(max(a.refillRate(size, cost), minRate) / max(b.refillRate(size, cost), minRate)))
	}
	return distance(1) < distance(0)
}
