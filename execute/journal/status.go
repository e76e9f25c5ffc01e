package journal

import "slices"

// Status is how one change ended. Everything else that is to know of it stands
// in its StatusInfo.
type Status string

// The statuses. Every change of a plan ends in exactly one of them.
const (
	// Verified: accepted, and read back as wanted.
	Verified Status = "verified"
	// Succeeded: accepted, and not yet visible when the wait for it ended.
	Succeeded Status = "succeeded"
	// Unchanged: already as wanted, so nothing was sent.
	Unchanged Status = "unchanged"
	// Held: somebody changed the object, since the plan and it was left alone, or
	// since this run made or found it as wanted.
	Held Status = "held"
	// Skipped: blocked in the plan, or a step before it did not succeed.
	Skipped Status = "skipped"
	// Failed: refused.
	Failed Status = "failed"
	// Indeterminate: sent, and neither the answer nor a later read settled it.
	Indeterminate Status = "indeterminate"
	// NotAttempted: the run stopped before it got there.
	NotAttempted Status = "not-attempted"
)

// Severity is how much a status asks for somebody's attention.
type Severity int

// The severities, the least first.
const (
	// Fine asks for nothing.
	Fine Severity = iota
	// Notable is left for a decision or another run.
	Notable
	// Bad went wrong.
	Bad
)

// StatusInfo is what there is to know of a status.
type StatusInfo struct {
	Status Status
	// Total is the name of its member in the JSON of Totals.
	Total    string
	Severity Severity
	// Done means that the change is as wanted, so that no other run needs it.
	Done bool
	// MayHaveLanded means that this run changed the object, or may have. Done
	// without it means that the object was as wanted already.
	MayHaveLanded bool
	// CutShort means that the run ended before it was known how the change ends:
	// a resumption goes on from there.
	CutShort bool
}

// statuses is the table of all statuses, in the order of reports. It is never
// written to. A new status is a constant and a line here.
var statuses = [...]StatusInfo{
	{Status: Verified, Total: "verified", Severity: Fine, Done: true, MayHaveLanded: true},
	{Status: Succeeded, Total: "succeeded", Severity: Fine, Done: true, MayHaveLanded: true},
	{Status: Unchanged, Total: "unchanged", Severity: Fine, Done: true},
	{Status: Held, Total: "held", Severity: Notable},
	{Status: Skipped, Total: "skipped", Severity: Notable},
	{Status: Failed, Total: "failed", Severity: Bad},
	{Status: Indeterminate, Total: "indeterminate", Severity: Bad, MayHaveLanded: true, CutShort: true},
	{Status: NotAttempted, Total: "notAttempted", Severity: Notable, CutShort: true},
}

// Statuses lists all statuses in the order of reports.
func Statuses() []StatusInfo { return slices.Clone(statuses[:]) }

// index is the place of s in the table, or -1.
func (s Status) index() int {
	for i := range statuses {
		if statuses[i].Status == s {
			return i
		}
	}
	return -1
}

// Known reports whether s is one of the statuses.
func (s Status) Known() bool { return s.index() >= 0 }

// Info is what there is to know of s. Of an unknown status it says that it is
// bad and not done.
func (s Status) Info() StatusInfo {
	if i := s.index(); i >= 0 {
		return statuses[i]
	}
	return StatusInfo{Status: s, Severity: Bad}
}

// Done reports whether the change is as wanted, so that no other run needs it.
func (s Status) Done() bool { return s.Info().Done }
