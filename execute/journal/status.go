package journal

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Status is how one change ended. Its StatusInfo says everything else about it.
type Status string

// The statuses. Every change of a plan ends in exactly one of them.
const (
	// Verified: accepted, and read back as wanted.
	Verified Status = "verified"
	// Succeeded: accepted, but not yet visible when the wait for it ended.
	Succeeded Status = "succeeded"
	// Unchanged: already as wanted, so nothing was sent.
	Unchanged Status = "unchanged"
	// Held: the object was changed since the plan, and left unchanged; or it
	// was changed since this run made or found it as wanted.
	Held Status = "held"
	// Skipped: blocked in the plan, left out by a decision, or another change
	// of the partner did not succeed.
	Skipped Status = "skipped"
	// Failed: refused.
	Failed Status = "failed"
	// Indeterminate: sent, and neither the answer nor a later read settled it.
	Indeterminate Status = "indeterminate"
	// NotAttempted: the run stopped before it got to the change.
	NotAttempted Status = "not-attempted"
)

// Severity is how much attention a status needs.
type Severity int

// The severities, lowest first.
const (
	// Fine needs none.
	Fine Severity = iota
	// Notable needs a decision or another run.
	Notable
	// Bad went wrong.
	Bad
)

// StatusInfo describes a status.
type StatusInfo struct {
	Status Status
	// Total is the name of its member in the JSON of Totals.
	Total    string
	Severity Severity
	// Done means that the object is as wanted, so that the change needs no
	// other run.
	Done bool
	// MayHaveLanded means that this run changed the object, or may have. Done
	// without it means that the object was already as wanted.
	MayHaveLanded bool
	// CutShort means that the run ended before the outcome of the change was
	// known: a resumption continues with it.
	CutShort bool
	// Words says what the status means where an outcome tells no more; empty where
	// the change is done.
	Words string
	// Meaning is what the status means, for a reader who looks it up.
	Meaning string
}

// statuses is the table of all statuses, in report order. It is never modified.
// A new status is a constant and a line here.
var statuses = [...]StatusInfo{
	{Status: Verified, Total: "verified", Severity: Fine, Done: true, MayHaveLanded: true,
		Meaning: "accepted by Graph, and read back as wanted"},
	{Status: Succeeded, Total: "succeeded", Severity: Fine, Done: true, MayHaveLanded: true,
		Meaning: "accepted by Graph, but not yet visible when the wait for it ended"},
	{Status: Unchanged, Total: "unchanged", Severity: Fine, Done: true,
		Meaning: "already as wanted, so nothing was sent"},
	{Status: Held, Total: "held", Severity: Notable, Words: "somebody changed the object, so it was not overwritten",
		Meaning: "somebody changed the object since the plan, so it was not overwritten"},
	{Status: Skipped, Total: "skipped", Severity: Notable, Words: "blocked in the plan",
		Meaning: "blocked in the plan, left out by a decision, or another change of the partner did not succeed"},
	{Status: Failed, Total: "failed", Severity: Bad, Words: "refused",
		Meaning: "refused by Graph; the outcome has its code and message"},
	{Status: Indeterminate, Total: "indeterminate", Severity: Bad, MayHaveLanded: true, CutShort: true, Words: "sent, but what became of it is not known",
		Meaning: "sent, and neither the answer nor a later reading settled what became of it; resume reads it back first"},
	{Status: NotAttempted, Total: "notAttempted", Severity: Notable, CutShort: true, Words: "the run stopped before it got there",
		Meaning: "the run stopped before it got there; resume continues with it"},
}

// Statuses lists all statuses in report order.
func Statuses() []StatusInfo { return slices.Clone(statuses[:]) }

// index is the index of s in the table, or -1.
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

// Info describes s. An unknown status is bad and not done.
func (s Status) Info() StatusInfo {
	if i := s.index(); i >= 0 {
		return statuses[i]
	}
	return StatusInfo{Status: s, Severity: Bad}
}

// Done reports whether the object is as wanted, so that the change needs no
// other run.
func (s Status) Done() bool { return s.Info().Done }

// Totals counts the changes by status. Totals can be compared with ==, and the
// zero value counts nothing.
type Totals [len(statuses)]int

// Add counts n more changes that ended as s.
func (t *Totals) Add(s Status, n int) {
	i := s.index()
	if i < 0 {
		panic("journal: no status " + strconv.Quote(string(s)))
	}
	t[i] += n
}

// Of is the number of changes with one of the given statuses.
func (t Totals) Of(statuses ...Status) (n int) {
	for _, s := range statuses {
		if i := s.index(); i >= 0 {
			n += t[i]
		}
	}
	return n
}

// Where is the number of changes whose status satisfies is.
func (t Totals) Where(is func(StatusInfo) bool) (n int) {
	for i := range statuses {
		if is(statuses[i]) {
			n += t[i]
		}
	}
	return n
}

// Sum is the number of changes counted.
func (t Totals) Sum() int { return t.Where(func(StatusInfo) bool { return true }) }

// Unfinished is the number of changes that need another run or a decision.
func (t Totals) Unfinished() int { return t.Where(func(s StatusInfo) bool { return !s.Done }) }

// CutShort is the number of changes that a resumption continues with.
func (t Totals) CutShort() int { return t.Where(func(s StatusInfo) bool { return s.CutShort }) }

// String names the statuses that occur: "3 verified, 1 held".
func (t Totals) String() string {
	var parts []string
	for i, n := range t {
		if n != 0 {
			parts = append(parts, fmt.Sprint(n, " ", statuses[i].Status))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// MarshalJSON writes an object with a member for each status, in report order.
func (t Totals) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, n := range t {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(strconv.AppendQuote(b, statuses[i].Total), ':')
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return append(b, '}'), nil
}

// UnmarshalJSON reads what MarshalJSON writes. A missing member counts nothing,
// and an unknown one is ignored.
func (t *Totals) UnmarshalJSON(text []byte) error {
	var members map[string]int
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	for i := range statuses {
		t[i] = members[statuses[i].Total]
	}
	return nil
}
