package ratelimit

import "time"

// Bounds of what a measurement can change.
const (
	minRate = 1.0 / 60 // one request a minute
	maxCut  = 0.25     // of the rate, by one event
	minCut  = 0.02     // of the rate, by one event
	// overflow is how much higher the rate is assumed that was measured with a
	// bucket that was full: a refusal shows soon whether that is too high.
	overflow = 1.6
)

// refused notes a refusal that starts a new event, and learns from the window
// that it closes.
func (b *bucket) refused(now time.Time) {
	if b.throttled && b.current.accepted == 0 {
		b.current.empty = now.Sub(b.current.since)
		b.refusedAgain() // nothing flowed in: still the same event
		return
	}
	past := b.current
	past.took = now.Sub(past.since)
	b.learn(&past)
	b.current = window{since: now, refused: 1}
	if b.known() {
		b.probe.restart(now, &past, b.size(), b.refillRate)
		b.drain(now)
	}
}

// learn draws a conclusion from a window that ended with a refusal.
func (b *bucket) learn(past *window) {
	switch {
	case !b.throttled:
		b.throttled, b.firstBurst = true, float64(past.accepted)
	case b.known():
		b.setRate(b.revised(past))
	case b.ambiguous == nil && past.isAmbiguous():
		b.ambiguous = past
	default:
		if b.ambiguous != nil && refusalsCost(b.ambiguous, past, b.size()) {
			b.costs = 1
		}
		found := past.refillRate(b.size(), b.costs)
		if past.overflowed(b.size()) {
			found *= overflow
		}
		b.setRate(found)
	}
}

// revised weighs a measurement against the current refill rate. A refusal while
// probing only ends the probe: the true rate lies between the one that held and
// the one that did not. A refusal at the rate itself cuts it.
func (b *bucket) revised(past *window) float64 {
	found := past.refillRate(b.size(), b.costs)
	if b.rate() > b.refillRate*b.share {
		return min(max(found, past.provenRate(b.size()), b.refillRate), b.rate()/b.share)
	}
	return b.refillRate * max(1-maxCut, min(found/b.refillRate, 1-minCut))
}

func (b *bucket) setRate(perSecond float64) {
	b.refillRate = max(perSecond, minRate)
	b.peakRate = max(b.peakRate, b.refillRate)
}
