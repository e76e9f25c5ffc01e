package ratelimit

import (
	"math"
	"time"
)

// stretch is the time from one refusal to the next, and what happened in it.
type stretch struct {
	since    time.Time
	took     time.Duration // set when it is over
	shut     time.Duration // the gate was shut at its beginning
	accepted int
	refused  int       // by the event that began it
	latest   time.Time // the last acceptance
	marks    []mark
}

// mark remembers how many had been accepted at some time.
type mark struct {
	at       time.Time
	accepted int
}

// Marks are as far apart as this at least, and not more than so many.
const (
	markEvery = time.Second
	mostMarks = 64
)

// credit counts a request accepted now.
func (s *stretch) credit(now time.Time) {
	if s.since.IsZero() {
		s.since = now // the first of all
	}
	s.accepted++
	s.latest = now
	if n := len(s.marks); n > 0 && now.Sub(s.marks[n-1].at) < markEvery {
		return
	}
	if len(s.marks) == mostMarks { // a long stretch is remembered more coarsely
		for i := range mostMarks / 2 {
			s.marks[i] = s.marks[2*i]
		}
		s.marks = s.marks[:mostMarks/2]
	}
	s.marks = append(s.marks, mark{now, s.accepted})
}

// proven is the largest refill that the requests accepted during s prove:
// between any two of them no more was accepted than what a full bucket still
// held after the first, and what flowed in.
func (s *stretch) proven(size float64) float64 {
	best := 0.0
	for _, m := range s.marks {
		over := s.latest.Sub(m.at)
		if over >= 2*markEvery {
			best = max(best, (float64(s.accepted-m.accepted)+1-size)/over.Seconds())
		}
	}
	return best
}

// murky reports whether the refusals weigh so much that it matters whether
// they cost quota.
func (s *stretch) murky() bool { return 4*s.refused > s.accepted }

// worth is how far a measurement of s can be trusted, to 1: it may be one
// token off.
func (s *stretch) worth() float64 { return min(1, float64(s.accepted)/8) }

// refill is how fast a bucket of that size filled during s, per second, when
// a refused request takes cost tokens out of it. Either it never ran over,
// and all that was taken had flowed in since; or it filled up while the gate
// was shut, and what was taken on top of its size flowed in afterwards. Each
// formula is exact in its own case and too low in the other.
func (s *stretch) refill(size, cost float64) float64 {
	all := max(s.took.Seconds(), 1e-3)
	open := all - s.shut.Seconds()
	taken := float64(s.accepted) + cost*float64(s.refused)
	found := taken / all
	if open > all/5 {
		found = max(found, (taken-size)/open)
	}
	return found
}

// costly reports which reading makes two stretches tell the same refill:
// that a refused request takes a token too (Graph documents that refused
// requests keep counting), or that it is free.
func costly(a, b *stretch, size float64) bool {
	apart := func(cost float64) float64 {
		return math.Abs(math.Log(max(a.refill(size, cost), slowest) / max(b.refill(size, cost), slowest)))
	}
	return apart(1) < apart(0)
}
