package journal

import (
	"encoding/json"
	"time"

	"bulksync/graph"
	"bulksync/internal/seal"
)

// Settings are the choices of a run. The journal holds them, so that a
// resumption continues with them. The zero value of each member means its
// default. In JSON, durations are whole milliseconds in members that end in Ms.
type Settings struct {
	// Concurrency is the number of writes in flight at once, each for a
	// different partner; default 16.
	Concurrency int `json:"concurrency"`
	// MaxRate is the limit on writes per second given to pacing; 0: none.
	MaxRate float64 `json:"maxRate,omitempty"`
	// MaxBurst is how many writes at once pacing was allowed, if MaxRate was
	// given as a quota; 0: not given.
	MaxBurst int `json:"maxBurst,omitempty"`
	// Capacity is the share of the quota that pacing may use; 0: all.
	Capacity float64 `json:"capacity,omitempty"`
	// Priority is the priority that requests carry (graph.Options.Priority).
	Priority graph.Priority `json:"priority,omitempty"`
	// Outage is how long the client waits out an outage (graph.Options.Outage);
	// 0: its default.
	Outage time.Duration `json:"-"`
	// MaxAge is the maximum age of the reading that a write relies on; default
	// 60 s.
	MaxAge time.Duration `json:"-"`
	// VerifyWait is how long to wait until accepted changes can be read back;
	// default 60 s.
	VerifyWait time.Duration `json:"-"`
	// NoReadBack means that the run does not wait to see what it wrote.
	NoReadBack bool `json:"noReadBack,omitempty"`
	// Grace is how long requests in flight may take to finish once the run is
	// asked to stop; default 30 s.
	Grace time.Duration `json:"-"`
	// OnDrift says what happens to the other changes when the object of one
	// changed since the plan; default HoldDrift.
	OnDrift DriftPolicy `json:"onDrift"`
	// StopAfterFailures ends the run once this many changes of the session
	// failed or stayed indeterminate; 0: never.
	StopAfterFailures int `json:"stopAfterFailures,omitempty"`
	// Waves are numbers of partners: each wave is written and must be as wanted
	// before the next begins; the remaining partners come last, in a wave of
	// their own. The template counts as a partner. None: one wave.
	Waves []int `json:"waves,omitempty"`
	// Deadline is when writes stop being begun; zero: never. A run that begins
	// after it writes nothing.
	Deadline time.Time `json:"deadline,omitzero"`
}

// settingsJSON is Settings in JSON.
type settingsJSON struct {
	settingsMembers
	OutageMs     int64 `json:"outageMs,omitempty"`
	MaxAgeMs     int64 `json:"maxAgeMs"`
	VerifyWaitMs int64 `json:"verifyWaitMs"`
	GraceMs      int64 `json:"graceMs"`
}

// settingsMembers is Settings without its methods.
type settingsMembers Settings

// MarshalJSON writes the durations as milliseconds, and the deadline in UTC.
func (s Settings) MarshalJSON() ([]byte, error) {
	s.Deadline = s.Deadline.UTC()
	return seal.Marshal(settingsJSON{
		settingsMembers: settingsMembers(s), OutageMs: wholeMillis(s.Outage), MaxAgeMs: wholeMillis(s.MaxAge),
		VerifyWaitMs: wholeMillis(s.VerifyWait), GraceMs: wholeMillis(s.Grace),
	})
}

// wholeMillis is d in milliseconds, and at least one where d is not zero: zero
// means the default.
func wholeMillis(d time.Duration) int64 {
	if d > 0 && d < time.Millisecond {
		return 1
	}
	return d.Milliseconds()
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Settings) UnmarshalJSON(text []byte) error {
	var j settingsJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	*s = Settings(j.settingsMembers)
	s.Outage, s.MaxAge = millis(j.OutageMs), millis(j.MaxAgeMs)
	s.VerifyWait, s.Grace = millis(j.VerifyWaitMs), millis(j.GraceMs)
	return nil
}

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// DriftPolicy says what to do when the object of a change changed since the
// plan. The object is left unchanged either way.
type DriftPolicy string

// The drift policies.
const (
	// HoldDrift holds the change and continues with the other partners.
	HoldDrift DriftPolicy = "hold"
	// StopOnDrift begins no more writes; if the drift is found before the first
	// write, nothing is written at all.
	StopOnDrift DriftPolicy = "stop"
)

// The defaults of Settings.
const (
	DefaultConcurrency = 16
	DefaultMaxAge      = 60 * time.Second
	DefaultVerifyWait  = 60 * time.Second
	DefaultGrace       = 30 * time.Second
)

// WithDefaults returns s with each zero value replaced by its default, if it
// has one. With NoReadBack there is no wait.
func (s Settings) WithDefaults() Settings {
	if s.Concurrency == 0 {
		s.Concurrency = DefaultConcurrency
	}
	if s.MaxAge == 0 {
		s.MaxAge = DefaultMaxAge
	}
	switch {
	case s.NoReadBack:
		s.VerifyWait = 0
	case s.VerifyWait == 0:
		s.VerifyWait = DefaultVerifyWait
	}
	if s.Grace == 0 {
		s.Grace = DefaultGrace
	}
	if s.OnDrift == "" {
		s.OnDrift = HoldDrift
	}
	return s
}
