package desired

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"bulksync/internal/words"
)

// RowError is one problem of an input file, with the position that an editor can
// jump to.
type RowError struct {
	File   string // the name that the caller gave the file
	Line   int    // physical line, from 1
	Column int    // character at which the cell starts in its line, from 1
	Value  string // the cell without surrounding spaces; "" if the problem is not in a cell
	Err    error  // what is wrong and what is allowed
	// TenantID is that of the row; "" if the problem is in no row, or in one that
	// does not say its ID.
	TenantID string
}

// Error prints the problem as file:line:column: message.
func (e *RowError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %v", e.File, e.Line, e.Column, e.Err)
}

// Unwrap returns the problem without its position.
func (e *RowError) Unwrap() error { return e.Err }

// RowErrors is every problem of one file. ReadRows, Resolve and ReadTemplate
// return it sorted by position and never empty.
type RowErrors []*RowError

// maxTold is how many problems, and notices of one kind, are listed in full. The
// rest is counted: the same mistake in a thousand rows needs to be read only
// once.
const maxTold = 50

// Error prints the first problems, one per line and sorted by position, and
// counts the rest by kind.
func (e RowErrors) Error() string {
	told, rest := e.Told()
	lines := make([]string, 0, len(told)+1)
	for _, one := range told {
		lines = append(lines, one.Error())
	}
	if rest != "" {
		lines = append(lines, rest)
	}
	return strings.Join(lines, "\n")
}

// Told returns the problems that are listed, sorted by position, and what is said
// of the rest; empty if there is none.
func (e RowErrors) Told() (told RowErrors, rest string) {
	told = slices.Clone(e)
	told.sort()
	if len(told) > maxTold {
		rest = fmt.Sprintf("and %s more: %s", words.Thousands(len(told)-maxTold), countByKind(told[maxTold:]))
		told = told[:maxTold]
	}
	return told, rest
}

// Unwrap returns the single problems, for errors.Is and errors.As.
func (e RowErrors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, one := range e {
		errs[i] = one
	}
	return errs
}

// RefusedRows is a CSV with problems, together with its notices.
type RefusedRows struct {
	RowErrors
	Notices []Notice

	faults *Faults
}

// Faults are the rows with problems, to be handed back; nil if the problem is the
// header, or if the rows of the file cannot be told apart.
func (r *RefusedRows) Faults() *Faults { return r.faults }

// Rows counts the rows of the file; 0 if they cannot be told apart.
func (r *RefusedRows) Rows() int {
	if r.faults == nil {
		return 0
	}
	return r.faults.good + len(r.faults.rows)
}

// Unwrap returns the problems.
func (r *RefusedRows) Unwrap() error { return r.RowErrors }

func (e RowErrors) sort() {
	slices.SortStableFunc(e, func(a, b *RowError) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// orNil sorts the problems and returns them as an error, or nil when there are
// none. It keeps an empty RowErrors from becoming an error that is not nil.
func (e RowErrors) orNil() error {
	if len(e) == 0 {
		return nil
	}
	e.sort()
	return e
}

// position is a position in a file as people count: lines and characters from 1.
type position struct{ line, column int }

// kind names problems of one sort, for when they are only counted.
type kind string

const (
	errorValueLeft kind = "spreadsheet error value"
	formulaLeft    kind = "formula in place of its value"
	numberForID    kind = "tenantId that became a number"
	badTenantID    kind = "tenantId that is neither an ID nor a domain name"
	emptyTenantID  kind = "empty tenantId"
	emptyCell      kind = "empty cell of a required column"
	badSwitch      kind = "value that is neither true nor false"
	badEnsure      kind = "unknown value of ensure"
	badName        kind = "displayName that cannot be read in a portal"
	hashRow        kind = "row that begins with #"
	cellCount      kind = "row with too few or too many cells"
	strayQuote     kind = "stray quote"
	strayReturn    kind = "stray carriage return"
	badText        kind = "row that is not UTF-8 or UTF-16"
	namelessCell   kind = "value in a column without a name"
	badColumn      kind = "unknown or repeated column"
	contradiction  kind = "row that contradicts an earlier one"
	unknownDomain  kind = "domain that no tenant has"
	homeTenant     kind = "row of the home tenant itself"
	otherProblem   kind = "other problem"
)

// errorf returns an error of the kind.
func (k kind) errorf(format string, args ...any) error {
	return &kindError{kind: k, error: fmt.Errorf(format, args...)}
}

// kindError is an error that knows its kind.
type kindError struct {
	kind kind
	error
	first int // of a contradiction: the line of the earlier row
}

func (e *kindError) Unwrap() error { return e.error }

// kindOf is the kind of a problem.
func kindOf(err error) kind {
	var known *kindError
	if errors.As(err, &known) {
		return known.kind
	}
	return otherProblem
}

// countByKind says how many problems there are of each kind, the most frequent
// first.
func countByKind(problems RowErrors) string {
	counts := map[kind]int{}
	for _, f := range problems {
		counts[kindOf(f.Err)]++
	}
	kinds := slices.SortedFunc(maps.Keys(counts), func(a, b kind) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	told := make([]string, len(kinds))
	for i, k := range kinds {
		told[i] = fmt.Sprintf("%s × %s", words.Thousands(counts[k]), k)
	}
	return strings.Join(told, ", ")
}
