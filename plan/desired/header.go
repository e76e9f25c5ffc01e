package desired

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// column is a column that a CSV may have. Those below colEnsure are properties of
// a partner, by their index in the table.
type column int

const (
	colEnsure column = column(len(partnerProperties)) + iota
	colNote
	colReason // of failed.csv: taken in so that the file can be planned again, and of no meaning
	columnCount

	colUnknown column = -1 // named, but by no name we know
	colUnnamed column = -2 // an empty header cell, as spreadsheets append
)

// The columns that other code means by name.
var (
	colTenantID    = columnOf(PathTenantID)
	colDisplayName = columnOf(PathDisplayName)
	colSyncAllowed = columnOf(PathSyncAllowed)
)

// otherColumns lists the spellings of the columns that are no properties, the
// canonical one first.
var otherColumns = [columnCount - colEnsure][]string{{"ensure"}, {"note", "ticket", "comment"}, {"reason"}}

// columnOf is the column of a partner's property.
func columnOf(path string) column {
	for i := range partnerProperties {
		if partnerProperties[i].Path == path {
			return column(i)
		}
	}
	return colUnknown
}

// property is the property that the column holds; nil where it holds none.
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

// isManaged reports whether what stands in the column can reach the tenant.
func (c column) isManaged() bool { return c >= 0 && c < colNote }

// record is a row as gocsv decodes it: strings only, because gocsv's own
// conversions guess. gocsv is asked for by the project. Of it no more is used
// than the decoding of rows into this array: it takes headers by their exact
// names, reads numbers and booleans its own way and tells neither line nor
// column, so the header, the cells' values and their positions are read here.
// The number in the tag is a bound, below which the array sets its own length.
type record struct {
	Cells [columnCount]string `csv:"cell" csv[]:"99"`
}

const _ = uint(99 - columnCount)

// recordName is what gocsv calls a column of the record.
func (c column) recordName() string { return fmt.Sprintf("cell[%d]", int(c)) }

// header says which column stands where.
type header struct {
	cells    []string         // as they were
	names    []string         // what gocsv is told: its own name of the column, or one that is unknown to it
	columns  []column         // by position in the file
	position [columnCount]int // the inverse; -1 where the file has no such column
	named    int              // the columns up to the last that has a name
	unnamed  bool             // some columns have no name
}

// headerFault is what is wrong with the header cell at a position.
type headerFault struct {
	position int
	err      error
}

var errNoTenantID = errors.New("no tenantId column: add one that holds the tenant ID or a domain name of each partner")

// parseHeader recognises every cell it can, whatever is wrong with the others.
func parseHeader(cells []string) (header, []headerFault) {
	h := header{cells: cells, names: make([]string, len(cells)), columns: make([]column, len(cells))}
	for c := range h.position {
		h.position[c] = -1
	}
	var faults []headerFault
	for i, cell := range cells {
		c := lookUpColumn(cell)
		h.columns[i], h.names[i] = c, fmt.Sprintf("column %d", i+1)
		switch {
		case c == colUnnamed:
			h.unnamed = true
			continue
		case c == colUnknown:
			faults = append(faults, headerFault{i, unknownColumn(trimCell(cell))})
		case h.position[c] >= 0:
			h.columns[i] = colUnknown
			first := trimCell(cells[h.position[c]])
			faults = append(faults, headerFault{i, badColumn.errorf("column %s is here twice: %s and %s mean the same",
				c, Quote(first), Quote(trimCell(cell)))})
		default:
			h.position[c], h.names[i] = i, c.recordName()
		}
		h.named = i + 1
	}
	return h, faults
}

// namesTenantID reports whether one of the header cells is tenantId.
func namesTenantID(cells []string) bool {
	return slices.ContainsFunc(cells, func(cell string) bool { return lookUpColumn(cell) == colTenantID })
}

// holdsTenantID reports whether a header cell is data, which means that the
// file has no header at all.
func holdsTenantID(cells []string) bool {
	for _, cell := range cells {
		if _, err := parseGUID(trimCell(cell)); err == nil {
			return true
		}
	}
	return false
}

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
