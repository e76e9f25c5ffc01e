package journal

import (
	"slices"
	"time"

	"bulksync/graph"
	"bulksync/plan"
	"bulksync/plan/approval"
)

// Requests counts attempts on the wire.
type Requests struct {
	Reads     int `json:"reads"`
	Writes    int `json:"writes"`
	Throttled int `json:"throttled"`
	Retried   int `json:"retried"`
	// Incomplete means that a process was killed before it recorded its counts:
	// there were at least this many.
	Incomplete bool `json:"incomplete,omitempty"`
}

// Pace is what the run learned about the tenant's write limit.
type Pace struct {
	// WritesPerSecond is the sustained rate that was found or given; 0 if no
	// limit was met.
	WritesPerSecond float64 `json:"writesPerSecond"`
	// Burst is how many writes a rested tenant takes at once; 0 if not found.
	Burst int `json:"burst"`
	// Refusals counts the writes that were refused for lack of quota.
	Refusals int64 `json:"refusals"`
	// Pauses counts how often Graph asked for a wait; PausedMs is how long
	// these waits took in all.
	Pauses   int   `json:"pauses"`
	PausedMs int64 `json:"pausedMs"`
}

// Result is a whole run: one outcome per change of the plan, in plan order. It
// follows from the journal alone, so that it can be made again offline.
type Result struct {
	PlanFingerprint string           `json:"planFingerprint"`
	HomeTenant      graph.HomeTenant `json:"homeTenant"`
	Tool            plan.Tool        `json:"tool"`
	// Identity is the identity whose token began the run.
	Identity   Identity  `json:"identity"`
	StartedAt  time.Time `json:"startedAt"`
	FinishedAt time.Time `json:"finishedAt"`
	// Idle is the time between its sessions, in which nothing was at work.
	Idle     time.Duration `json:"-"`
	Rows     int           `json:"rows"`
	Changes  int           `json:"changes"`
	Totals   Totals        `json:"totals"`
	Requests Requests      `json:"requests"`
	Pace     Pace          `json:"pace"`
	// ApprovedWith says how the run was approved, in its first session.
	ApprovedWith string `json:"approvedWith,omitempty"`
	// Approvals are the decisions that its sessions relied on, each once.
	Approvals []approval.Approval `json:"approvals,omitempty"`
	// InForce are those that its last session relied on.
	InForce []approval.Approval `json:"-"`
	// Allowed are the limits of the policy that were lifted.
	Allowed []plan.LimitName `json:"allowed,omitempty"`
	// Stopped says what ended the run early; empty if it ran to its end.
	Stopped string `json:"stopped,omitempty"`
	// Interrupted reports whether a person or the system asked it to stop.
	Interrupted bool `json:"interrupted,omitempty"`
	// Outcomes has one entry per change, Outcomes[i] for plan.Changes[i].
	Outcomes []Outcome `json:"-"`
}

// Worked is how long the sessions of the run took together.
func (r *Result) Worked() time.Duration { return r.FinishedAt.Sub(r.StartedAt) - r.Idle }

// IsReplaced reports whether others took the place of a decision when the run was
// resumed.
func (r *Result) IsReplaced(a *approval.Approval) bool {
	return len(r.InForce) > 0 && !slices.ContainsFunc(r.InForce, func(b approval.Approval) bool { return a.SHA256 == b.SHA256 })
}

// Unconfirmed counts the changes that Graph accepted but reading back did not
// confirm: no reading showed them, or there was none.
func (r *Result) Unconfirmed() (n int) {
	for i := range r.Outcomes {
		if o := &r.Outcomes[i]; o.Unseen || o.Unread {
			n++
		}
	}
	return n
}
