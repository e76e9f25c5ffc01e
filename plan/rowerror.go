package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// RowError is one fault of an input file, with the place that an editor can
// jump to.
type RowError struct {
	File   string // the name that the caller gave the file
	Line   int    // physical line, from 1
	Column int    // character at which the cell starts in its line, from 1
	Value  string // the cell without surrounding spaces; "" where no cell is at fault
	Err    error  // what is wrong and what is allowed
}

// Error prints the fault as file:line:column: message.
func (e *RowError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %v", e.File, e.Line, e.Column, e.Err)
}

// Unwrap returns the fault without its place.
func (e *RowError) Unwrap() error { return e.Err }

// RowErrors is every fault of one file. ReadRows, Resolve and ReadTemplate
// return it sorted by place and never empty.
type RowErrors []*RowError

// Error prints each fault on a line of its own, sorted by place.
func (e RowErrors) Error() string {
	sorted := slices.Clone(e)
	sorted.sort()
	var b strings.Builder
	for i, fault := range sorted {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(fault.Error())
	}
	return b.String()
}

// Unwrap returns the single faults, for errors.Is and errors.As.
func (e RowErrors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, fault := range e {
		errs[i] = fault
	}
	return errs
}

func (e RowErrors) sort() {
	slices.SortStableFunc(e, func(a, b *RowError) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// orNil sorts the faults and returns them as an error, or nil when there are
// none. It keeps an empty RowErrors from becoming an error that is not nil.
func (e RowErrors) orNil() error {
	if len(e) == 0 {
		return nil
	}
	e.sort()
	return e
}

// Notice is something that the author of a file should know and that stops
// nothing.
type Notice struct {
	File    string
	Line    int // physical line, from 1
	Column  int // character at which the cell starts, from 1
	Message string
}

// String prints the notice as file:line:column: message.
func (n Notice) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", n.File, n.Line, n.Column, n.Message)
}

func sortNotices(notices []Notice) {
	slices.SortStableFunc(notices, func(a, b Notice) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// place is a position in a file as people count: lines and characters from 1.
type place struct{ line, column int }
