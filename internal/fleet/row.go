package fleet

import (
	"time"

	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
)

// Status says how the work on one home tenant ended.
type Status string

// The statuses, the worst first. That is also the order of a roll-up.
const (
	// Unknown: no record speaks of the tenant.
	Unknown Status = "unknown"
	// Failed: the tenant could not be worked on: no sign-in, a faulty or missing file,
	// a refusal, its time was over, or a fault of the program.
	Failed Status = "failed"
	// Incomplete: the tenant could not be read completely.
	Incomplete Status = "incomplete"
	// Differs: something is not as wanted, and counts.
	Differs Status = "differs"
	// Passed: something is not as wanted, and --fail-on lets it pass.
	Passed Status = "passed"
	// AsWanted: nothing differs.
	AsWanted Status = "as-wanted"
)

// Statuses are all of them, the worst first.
func Statuses() []Status { return []Status{Unknown, Failed, Incomplete, Differs, Passed, AsWanted} }

// Row is what is known of one home tenant.
type Row struct {
	Name     string `json:"name"`
	TenantID string `json:"tenantId"`
	// DirectoryName is what the tenant calls itself; empty if it was not read.
	DirectoryName string `json:"directoryName,omitempty"`
	Status        Status `json:"status"`
	// Shard is the index of the shard that owns the tenant.
	Shard int `json:"shard"`
	// StartedAt and DurationMs are of the work; zero if there was none.
	StartedAt  time.Time `json:"startedAt,omitzero"`
	DurationMs int64     `json:"durationMs,omitempty"`
	// Partners counts those that were read.
	Partners int `json:"partners,omitempty"`
	// Problem says why nothing is claimed, Next what to do about it, or about what
	// differs: a sentence, or a command to be typed as it stands.
	Problem string `json:"problem,omitempty"`
	Next    string `json:"next,omitempty"`
	// ExitCode is what the same command for this tenant alone would end with.
	ExitCode int `json:"exitCode"`
	// Page is the tenant's own page, relative to the folder of the fleet, or of the
	// roll-up, with slashes; empty if there is none.
	Page string `json:"page,omitempty"`
	// Audit is nil unless the tenant was audited, Plan unless it was planned.
	Audit *AuditRow `json:"audit,omitempty"`
	Plan  *PlanRow  `json:"plan,omitempty"`
}

// AuditRow is what an audit found.
type AuditRow struct {
	Result audit.Result  `json:"result"`
	Totals audit.Totals  `json:"totals"`
	News   evidence.News `json:"news"`
	// Unjudged counts findings of the audit before of which this one cannot speak.
	Unjudged int `json:"unjudged,omitempty"`
	// Bundle is the folder of the audit in the tenant's store, SHA256 that of its
	// manifest.
	Bundle string `json:"bundle"`
	SHA256 string `json:"sha256"`
}

// PlanRow is what a plan would do.
type PlanRow struct {
	Summary     plan.Summary `json:"summary"`
	Fingerprint string       `json:"fingerprint"`
	// File is the plan, relative as Row.Page is.
	File string `json:"file"`
}

// The exit codes that rows and roll-ups know.
const (
	exitDone    = 0
	exitDiffers = 2
	exitUnread  = 5
)

// IsUnread reports that nothing is claimed of the tenant.
func (r *Row) IsUnread() bool {
	return r.Status == Unknown || r.Status == Failed || r.Status == Incomplete
}

// ExitCode is that of a fleet with these rows: 5 if nothing is claimed of a tenant,
// else 2 if one differs, else 0.
func ExitCode(rows []Row) int {
	code := exitDone
	for i := range rows {
		switch {
		case rows[i].IsUnread():
			return exitUnread
		case rows[i].Status == Differs:
			code = exitDiffers
		}
	}
	return code
}
