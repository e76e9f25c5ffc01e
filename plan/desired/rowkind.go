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

// kind is what problems of one sort are called where they are only counted.
type kind string

const (
	errorValueLeft kind = "spreadsheet error value"
	formulaLeft    kind = "formula in place of its value"
	numberForID    kind = "tenantId that became a number"
	badTenantID    kind = "tenantId that is no ID and no domain name"
	emptyTenantID  kind = "empty tenantId"
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
	otherProblem   kind = "other fault"
)

// errorf returns an error of the kind.
func (k kind) errorf(format string, args ...any) error {
	return &kindError{kind: k, error: fmt.Errorf(format, args...)}
}

// kindError is an error that knows its kind.
type kindError struct {
	kind kind
	error
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
