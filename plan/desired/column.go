package desired

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// column is a column that a CSV may have. Those below colEnsure are properties of
// a partner, by their index in the table.
type column int

const (
	colEnsure column = column(len(partnerProperties)) + iota
	colNote
	colReason        // of failed.csv: accepted so that the file can be planned again, but ignored
	colDirectoryName // of an export: shows a reader whom an ID means, and is ignored
	columnCount

	colUnknown column = -1 // named, but not by a name we know
	colUnnamed column = -2 // an empty header cell, as spreadsheets append
)

// The columns that other code means by name.
var (
	colTenantID    = columnOf(PathTenantID)
	colDisplayName = columnOf(PathDisplayName)
)

// otherColumns lists the spellings of the columns that are not properties, the
// canonical one first.
var otherColumns = [columnCount - colEnsure][]string{{"ensure"}, {"note", "ticket", "comment"}, {"reason"}, {"directoryName"}}

// ColumnInfo is what there is to know of a column of the CSV.
type ColumnInfo struct {
	// Name is its name, and Aliases are further ones.
	Name    string
	Aliases []string
	// Values says what its cells hold, and Empty what an empty cell means; empty if
	// it means nothing.
	Values, Empty string
}

// Columns lists the columns of the CSV.
func Columns() []ColumnInfo {
	all := make([]ColumnInfo, columnCount)
	for c := range columnCount {
		i := ColumnInfo{Name: c.String(), Aliases: c.names()[1:]}
		switch p := c.property(); {
		case c == colTenantID:
			i.Values, i.Empty = "GUID in any usual form, or a domain name", "error"
		case p != nil && p.Kind == Switch:
			i.Values, i.Empty = "true/false, yes/no, 1/0, on/off, or what Excel writes for TRUE and FALSE in its own language (WAHR, FAUX, FALSO, ...)", "not changed"
		case p != nil:
			i.Values, i.Empty = "text", "not changed"
		default:
			i.Values = otherValues[c-colEnsure]
		}
		if c == colEnsure {
			i.Empty = "present"
		}
		all[c] = i
	}
	return all
}

// otherValues says what the columns hold that are not properties.
var otherValues = [columnCount - colEnsure]string{
	"present; absent to remove the policy; partner-absent to remove the whole partner configuration",
	"carried to every report",
	"ignored, so that `failed.csv` and a corrected `--faults` file can be planned",
	"ignored: `export` shows there what the partner is called in its own directory",
}

// columnOf is the column of a partner's property.
func columnOf(path string) column {
	for i := range partnerProperties {
		if partnerProperties[i].Path == path {
			return column(i)
		}
	}
	return colUnknown
}

// property is the property that the column holds; nil if it holds none.
func (c column) property() *Property {
	if c < 0 || c >= colEnsure {
		return nil
	}
	return &partnerProperties[c]
}

// names lists the spellings of the column, the canonical one first. They are
// compared by headerKey.
func (c column) names() []string {
	if p := c.property(); p != nil {
		return append([]string{p.Path}, p.Aliases...)
	}
	return otherColumns[c-colEnsure]
}

// String returns the canonical name.
func (c column) String() string { return c.names()[0] }

// isManaged reports whether the content of the column can reach the tenant.
func (c column) isManaged() bool { return c >= 0 && c < colNote }

// record is a row as gocsv decodes it: strings only, because gocsv's own
// conversions guess. The project requires gocsv, but uses it only to decode rows
// into this array: gocsv matches headers by their exact names, reads numbers and
// booleans its own way and reports neither line nor column, so the header, the
// values of cells and their positions are read here. The number in the tag is an
// upper bound; the array sets its own length.
type record struct {
	Cells [columnCount]string `csv:"cell" csv[]:"99"`
}

const _ = uint(99 - columnCount)

// recordName is what gocsv calls a column of the record.
func (c column) recordName() string { return fmt.Sprintf("cell[%d]", int(c)) }

// headerKey folds the spellings that people use for one name: letter case,
// spaces and underscores do not count.
func headerKey(s string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if r == '_' || isStray(r) {
			return -1
		}
		return r
	}, s))
}

func lookUpColumn(cell string) column {
	key := headerKey(cell)
	if key == "" {
		return colUnnamed
	}
	for c := range columnCount {
		for _, name := range c.names() {
			if strings.ToLower(name) == key {
				return c
			}
		}
	}
	return colUnknown
}

// unknownColumn names the column that a misspelling most likely means.
func unknownColumn(cell string) error {
	key, nearest, best := headerKey(cell), "", 0
	key = key[:min(len(key), 100)] // a longer one is no misspelling, and the distance costs its length
	consider := func(name, spelling string) {
		if d := editDistance(key, strings.ToLower(spelling)); nearest == "" || d < best {
			nearest, best = name, d
		}
	}
	for c := range columnCount {
		for _, name := range c.names() {
			consider(name, name)
		}
	}
	for c := range columnCount { // a part of a path means that property, however long the rest is
		for part := range strings.SplitSeq(c.String(), ".") {
			consider(c.String(), part)
		}
	}
	return badColumn.errorf("unknown column %s: the nearest known one is %s; rename the column or remove it", Quote(cell), nearest)
}

// isNearTenantID reports whether a header cell is a misspelling of tenantId.
func isNearTenantID(cell string) bool {
	key := headerKey(cell)
	for _, name := range colTenantID.names() {
		if len(key) <= 2*len(name) && editDistance(key, strings.ToLower(name)) <= len(name)/4 {
			return true
		}
	}
	return false
}

// Nearest is the name that a misspelling most likely means, in any letter case.
func Nearest(word string, names []string) string {
	word = strings.ToLower(word[:min(len(word), 100)])
	return slices.MinFunc(names, func(a, b string) int {
		return editDistance(word, strings.ToLower(a)) - editDistance(word, strings.ToLower(b))
	})
}

// Similar is the name that a misspelling may mean: one that begins with it, or
// from which little differs; empty if there is none.
func Similar(word string, names []string) string {
	for _, name := range names {
		if len(word) >= 3 && len(name) > len(word) && strings.EqualFold(name[:len(word)], word) {
			return name
		}
	}
	if len(names) == 0 {
		return ""
	}
	near := Nearest(word, names)
	if editDistance(strings.ToLower(word[:min(len(word), 100)]), strings.ToLower(near)) > utf8.RuneCountInString(word)/3 {
		return ""
	}
	return near
}

// editDistance counts the insertions, deletions and substitutions that turn a
// into b (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, utf8.RuneCountInString(b)+1)
	for j := range row {
		row[j] = j
	}
	i := 0
	for _, ra := range a {
		i++
		diagonal, j := row[0], 0
		row[0] = i
		for _, rb := range b {
			j++
			substitute := diagonal
			if ra != rb {
				substitute++
			}
			diagonal = row[j]
			row[j] = min(substitute, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(row)-1]
}
