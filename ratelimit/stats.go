package ratelimit

import (
	"fmt"
	"time"

	"golang.org/x/time/rate"
)

// State of a gate, in the word a progress line shows.
type State string

// The states of a gate.
const (
	Open   State = "open"   // nothing is known that would hold requests back
	Paced  State = "paced"  // requests go at the rate that was found or told
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
	// Rate is the sustained rate found, or told, per second; 0 while unknown.
	// Of a rate found, Options.Capacity is the part in use.
	Rate float64 `json:"ratePerSecond"`
	// Burst is how many requests a rested service takes at once; 0 while unknown.
	Burst int `json:"burst"`
	// Concurrency is how many requests may be in flight at present.
	Concurrency int `json:"concurrency"`
	InFlight    int `json:"inFlight"`
	Waiting     int `json:"waiting"`
	// Accepted counts the answers that were no refusals, Crowded ones
	// included; Refused and Crowded count the others by their Signal.
	Accepted int64 `json:"accepted"`
	Refused  int64 `json:"refused"`
	Crowded  int64 `json:"crowded"`
	// Pauses counts how often the gate was shut, PausedSeconds how long up to
	// now; PauseLeftSeconds is what is left of the present pause.
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
		Concurrency: g.limit(now), InFlight: g.flying.Len(), Waiting: g.line.Len(),
		Accepted: g.accepted, Refused: g.refused, Crowded: g.crowded,
		Pauses: g.pause.count, PausedSeconds: g.pause.spent(now).Seconds(), PauseLeftSeconds: g.pause.left(now).Seconds(),
	}
	s.State, s.Rate, s.Burst = g.pace()
	switch {
	case g.pause.err(now) != nil:
		s.State = Closed
		s.PauseLeftSeconds = g.pause.fault.Until.Sub(now).Seconds()
	case s.PauseLeftSeconds > 0:
		s.State = Paused
	}
	return s
}

// pace is the quota found, or told, or neither.
func (g *gate) pace() (State, float64, int) {
	switch {
	case g.bucket.known():
		return Paced, g.bucket.base, int(g.bucket.size())
	case g.bound.Limit() != rate.Inf:
		return Paced, float64(g.bound.Limit()), g.bound.Burst()
	}
	return Open, 0, 0
}
