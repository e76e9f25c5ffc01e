package ratelimit

import (
	"math"
	"time"
)

// nearLimit is the load from which the service starts to report it.
const nearLimit = 0.8

// How the width opens.
const (
	// halfOpen is how long half the width has to do at the start, so that a
	// small quota, which ends about then, turns half as many away.
	halfOpen = 350 * time.Millisecond
	// quick is how many more each answer admits at the start.
	quick = 3
	// slow is how many answers it takes to admit one more after a refusal.
	slow = 16
	// careful is the same after a collision, for each request in flight.
	careful = 16
)

// width is how many requests may be in flight.
//
// It opens like TCP's slow start, a few more for every answer. After a refusal
// it restarts at one, which is what lets the workers come back one by one.
// Once the rate is known no more are let out than that rate keeps busy: each
// refusal then costs one or two requests instead of all.
type width struct {
	most    float64       // as told
	ramp    float64       // as far as opened since the start or the last refusal
	crowd   float64       // as far as the service bears at a time
	latency time.Duration // smoothed
	began   time.Time     // the first answer
	burnt   bool          // a refusal has been seen
}

func newWidth(most int) width {
	return width{most: float64(most), ramp: 1, crowd: float64(most)}
}

// at is the number of requests that may be in flight, given the sustained
// rate (0 = unknown), the tokens at hand and the reported load.
func (w *width) at(perSecond, tokens, load float64) int {
	n := min(w.most, w.ramp, w.crowd)
	if perSecond > 0 {
		n = min(n, 1+math.Ceil(perSecond*w.latency.Seconds())+max(0, tokens)/4)
	} else if load >= nearLimit {
		n = min(n, w.most*(1-load)/(1-nearLimit))
	}
	return max(1, int(n))
}

// answered opens the width a little.
func (w *width) answered(now time.Time, took time.Duration) {
	if w.began.IsZero() {
		w.began, w.latency = now, took
	}
	w.latency += (took - w.latency) / 8
	w.crowd = min(w.most, w.crowd+1/(careful*w.crowd))
	switch {
	case w.burnt:
		w.ramp = min(w.most, w.ramp+1.0/slow)
	case now.Sub(w.began) < halfOpen:
		w.ramp = min(math.Ceil(w.most/2), w.ramp+quick)
	default:
		w.ramp = min(w.most, w.ramp+quick)
	}
}

// How long a request may take before the others stop waiting for it: the first
// at least, and so many times what an answer takes here.
const (
	leastPatience = 1500 * time.Millisecond
	hangs         = 4
)

// patience is how long a request is waited for.
func (w *width) patience() time.Duration { return max(leastPatience, hangs*w.latency) }

// refused starts over with one request.
func (w *width) refused() { w.burnt, w.ramp = true, 1 }

// crowded halves what may be in flight at a time.
func (w *width) crowded(inFlight int) { w.crowd = max(1, min(w.crowd, float64(inFlight))/2) }
