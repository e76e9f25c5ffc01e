package ratelimit

import "time"

// Bounds of what the gate believes.
const (
	slowest    = 1.0 / 60 // never in less than one request a minute
	deepestCut = 0.25     // one event takes so much of the rate at most
	gentleCut  = 0.02     // and so much at least
)

// empty notes a refusal that opens a new event, and learns from the stretch
// that it closes.
func (b *bucket) empty(now time.Time) {
	if b.emptied && b.present.accepted == 0 {
		b.debit(now) // nothing flowed in: still the same event
		return
	}
	past := b.present
	past.took = now.Sub(past.since)
	b.learn(&past)
	b.present = stretch{since: now, refused: 1}
	if b.known() {
		b.probe.restart(now, &past, b.size(), b.base)
		b.drain(now)
	}
}

// learn draws the lesson of the stretch that ended with a refusal.
func (b *bucket) learn(past *stretch) {
	switch {
	case !b.emptied:
		b.open(past)
	case b.known():
		b.believe(b.revise(past))
	case b.first == nil && past.murky():
		b.first = past
	default:
		if b.first != nil && costly(b.first, past, b.size()) {
			b.cost = 1
		}
		b.believe(past.refill(b.size(), b.cost))
	}
}

// open draws it from the first refusal of all. A told rate is believed unless
// the service gave much less than a bucket of that rate holds.
func (b *bucket) open(past *stretch) {
	b.emptied, b.gulp = true, float64(past.accepted)
	if b.gulp > 0 {
		b.opening = past.took
	}
	if 2*b.gulp >= b.told.burst {
		b.believe(b.told.perSecond)
	}
}

// revise weighs a measurement against the refill believed so far. A refusal
// while probing only ends the probe: the truth lies between the base, which
// held, and the rate that did not. A refusal at the base itself is a cut, no
// deeper than the measurement is certain and worth.
func (b *bucket) revise(past *stretch) float64 {
	found := past.refill(b.size(), b.cost)
	if top := b.rate() / b.share; b.probe.on() && top > b.base {
		return min(max(found, past.proven(b.size()), b.base), top)
	}
	found += 1 / past.took.Seconds()
	deepest := 1 - deepestCut*past.worth()
	return b.base * max(deepest, min(found/b.base, 1-gentleCut))
}

func (b *bucket) believe(perSecond float64) {
	if perSecond <= 0 {
		return
	}
	b.base = max(perSecond, slowest)
	b.peak = max(b.peak, b.base)
}
