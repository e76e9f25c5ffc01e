package execute

import "time"

// Settings are the choices of a run. They stand in the journal, so that a
// resumption goes on with them. The zero value of each member means its
// default.
type Settings struct {
	// Concurrency is the number of partners worked on at once; default 16.
	Concurrency int `json:"concurrency"`
	// MaxRate is the bound on writes per second that pacing was told; 0: none.
	MaxRate float64 `json:"maxRate,omitempty"`
	// Capacity is the share of the quota that pacing was told to use; 0: all.
	Capacity float64 `json:"capacity,omitempty"`
	// MaxAge is how old the reading may be that a write leans on; default 60 s.
	MaxAge time.Duration `json:"maxAge"`
	// VerifyWait is how long to wait until what was accepted can be read;
	// default 60 s, negative: do not read back.
	VerifyWait time.Duration `json:"verifyWait"`
	// Grace is how long requests in flight may take to finish once the run is
	// asked to stop; default 30 s.
	Grace time.Duration `json:"grace"`
}

// The defaults of Settings.
const (
	DefaultConcurrency = 16
	DefaultMaxAge      = 60 * time.Second
	DefaultVerifyWait  = 60 * time.Second
	DefaultGrace       = 30 * time.Second
)

func (s Settings) withDefaults() Settings {
	if s.Concurrency == 0 {
		s.Concurrency = DefaultConcurrency
	}
	if s.MaxAge == 0 {
		s.MaxAge = DefaultMaxAge
	}
	if s.VerifyWait == 0 {
		s.VerifyWait = DefaultVerifyWait
	}
	if s.Grace == 0 {
		s.Grace = DefaultGrace
	}
	return s
}
