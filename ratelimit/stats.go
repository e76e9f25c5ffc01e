package ratelimit

import (
	"fmt"
	"time"

	"golang.org/x/time/rate"
)

// State of a gate, as a word for a progress line.
type State string

// The states of a gate.
const (
	Open   State = "open"   // no limit is known
	Paced  State = "paced"  // requests go at the rate that was found or stated
	Paused State = "paused" // shut until the service's Retry-After is over
	Closed State = "closed" // the service asked for a pause longer than MaxPause
)

// Stats is a snapshot of both gates.
type Stats struct {
	Writes GateStats `json:"writes"`
	Reads  GateStats `json:"reads"`
}

// GateStats is what one gate knows and has seen.
type GateStats struct {
	State State `json:"state"`
	// Rate is the sustained rate that was found or stated, per second; 0 while
	// unknown. Of a measured rate, only the share Options.Capacity is used.
	Rate float64 `json:"ratePerSecond"`
	// Burst is how many requests a rested service takes at once; 0 while unknown.
	Burst int `json:"burst"`
	// Concurrency is how many requests may be in flight at the moment.
	Concurrency int `json:"concurrency"`
	InFlight    int `json:"inFlight"`
	Waiting     int `json:"waiting"`
	// Accepted counts the answers that were not refusals, conflicts included;
	// Refused and Conflicts count the Signals of that name.
	Accepted  int64 `json:"accepted"`
	Refused   int64 `json:"refused"`
	Conflicts int64 `json:"conflicts"`
	// Pauses counts how often the gate was shut, PausedSeconds how long so far;
	// PauseLeftSeconds is the rest of the current pause.
	Pauses           int     `json:"pauses"`
	PausedSeconds    float64 `json:"pausedSeconds"`
	PauseLeftSeconds float64 `json:"pauseLeftSeconds"`
}

// String is the state for a progress line: "paused 12 s", "9.9/s", "open".
func (s GateStats) String() string {
	switch s.State {
	case Paused:
		return fmt.Sprintf("paused %.0f s", s.PauseLeftSeconds)
	case Paced:
		return fmt.Sprintf("%.3g/s", s.Rate)
	}
	return string(s.State)
}

// Stats returns what the gates know now. It is cheap enough for a progress line.
func (t *Transport) Stats() Stats {
	return Stats{Writes: t.writes.stats(), Reads: t.reads.stats()}
}

func (g *gate) stats() GateStats {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	s := GateStats{
		Concurrency: g.limit(now), InFlight: g.inFlight.Len(), Waiting: g.waiting.Len(),
		Accepted: g.accepted, Refused: g.refused, Conflicts: g.conflictAnswers,
		Pauses: g.pause.count, PausedSeconds: g.pause.spent(now).Seconds(), PauseLeftSeconds: g.pause.left(now).Seconds(),
	}
	s.State, s.Rate, s.Burst = g.pace()
	switch {
	case g.pause.err(now) != nil:
		s.State = Closed
		s.PauseLeftSeconds = g.pause.tooLong.Until.Sub(now).Seconds()
	case s.PauseLeftSeconds > 0:
		s.State = Paused
	}
	return s
}

// pace is the quota that was found or stated, or neither.
func (g *gate) pace() (State, float64, int) {
	switch {
	case g.bucket.known():
		return Paced, g.bucket.refillRate, int(g.bucket.size())
	case g.maxRate.Limit() != rate.Inf:
		return Paced, float64(g.maxRate.Limit()), g.maxRate.Burst()
	}
	return Open, 0, 0
}

// reportedRate is what users report for objects similar to the partner settings,
// in writes per second: the pessimistic assumption.
const reportedRate = 1.0

// usualShare is the part of the measured rate that a run normally uses at least.
const usualShare = 0.8

// Estimate returns how long that many more writes will take, as a range. Before
// anything is learned, low assumes the limit Graph documents (3,000 writes per
// 150 s, its burst unused) and high assumes one write a second. A stated rate
// bounds both, and the first refusals narrow them to the measured rate. Neither
// is below what the concurrency allows if a write takes latency; once a latency
// was measured, that one counts instead.
func (t *Transport) Estimate(writes int, latency time.Duration) (low, high time.Duration) {
	return t.writes.estimate(float64(max(0, writes)), latency)
}

func (g *gate) estimate(n float64, latency time.Duration) (low, high time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if g.width.latency > 0 {
		latency = g.width.latency
	}
	best := documentedWrites.share(g.opts.Capacity)
	best.burst = max(0, best.burst-float64(g.accepted))
	worst := min(best.perSecond, reportedRate)
	if g.bucket.known() {
		best = quota{g.bucket.refillRate * g.opts.Capacity, max(0, g.bucket.limiter.TokensAt(now))}
		worst = best.perSecond * usualShare
	}
	if stated := float64(g.maxRate.Limit()); g.maxRate.Limit() != rate.Inf {
		best = quota{min(best.perSecond, stated), min(best.burst, max(0, g.maxRate.TokensAt(now)))}
		worst = min(worst, stated)
	}
	floor := seconds(n / float64(g.opts.Concurrency) * latency.Seconds())
	low = seconds(max(0, n-best.burst) / best.perSecond)
	high = seconds(n / worst)
	shut := g.pause.left(now)
	return shut + max(low, floor), shut + max(high, floor)
}
