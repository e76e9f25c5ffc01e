package journal

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Totals counts the changes by how they ended. Two of them can be compared with
// ==, and the zero value counts nothing.
type Totals [len(statuses)]int

// Add counts n more changes that ended as s.
func (t *Totals) Add(s Status, n int) {
	i := s.index()
	if i < 0 {
		panic("journal: no status " + strconv.Quote(string(s)))
	}
	t[i] += n
}

// Of is the number of changes that ended in one of the given ways.
func (t Totals) Of(statuses ...Status) (n int) {
	for _, s := range statuses {
		if i := s.index(); i >= 0 {
			n += t[i]
		}
	}
	return n
}

// Where is the number of changes whose status is as is wants it.
func (t Totals) Where(is func(StatusInfo) bool) (n int) {
	for i := range statuses {
		if is(statuses[i]) {
			n += t[i]
		}
	}
	return n
}

// Sum is the number of changes that the totals account for.
func (t Totals) Sum() int { return t.Where(func(StatusInfo) bool { return true }) }

// Unfinished is the number of changes that need another run or a decision.
func (t Totals) Unfinished() int { return t.Where(func(s StatusInfo) bool { return !s.Done }) }

// CutShort is the number of changes that a resumption goes on with.
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

// MarshalJSON writes an object with a member for each status, in the order of
// reports.
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

// UnmarshalJSON reads what MarshalJSON writes. A member that is missing counts
// nothing, and one that is unknown is left out.
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
