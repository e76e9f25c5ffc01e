package desired

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// column is a column that a CSV may have.
type column int

const (
	colTenantID column = iota
	colDisplayName
	colIsSyncAllowed
	colInboundAllowed
	colOutboundAllowed
	colEnsure
	colNote
	colReason // of failed.csv: taken in so that the file can be planned again, and of no meaning
	columnCount

	colUnknown column = -1 // named, but by no name we know
	colUnnamed column = -2 // an empty header cell, as spreadsheets append
)

// columnNames lists the spellings of each column, the canonical one first.
// They are compared by headerKey.
var columnNames = [columnCount][]string{
	colTenantID:        {"tenantId", "partnerTenantId"},
	colDisplayName:     {"displayName", "name", "partner"},
	colIsSyncAllowed:   {"userSyncInbound.isSyncAllowed", "isSyncAllowed", "inboundSync"},
	colInboundAllowed:  {"automaticUserConsentSettings.inboundAllowed", "inboundConsent"},
	colOutboundAllowed: {"automaticUserConsentSettings.outboundAllowed", "outboundConsent"},
	colEnsure:          {"ensure"},
	colNote:            {"note", "ticket", "comment"},
	colReason:          {"reason"},
}

// String returns the canonical name.
func (c column) String() string { return columnNames[c][0] }

// isManaged reports whether what stands in the column can reach the tenant.
func (c column) isManaged() bool { return c >= 0 && c < colNote }

// record is a row as gocsv decodes it: strings only, because gocsv's own
// conversions guess. The tags are the canonical names.
type record struct {
	TenantID        string `csv:"tenantId"`
	DisplayName     string `csv:"displayName"`
	IsSyncAllowed   string `csv:"userSyncInbound.isSyncAllowed"`
	InboundAllowed  string `csv:"automaticUserConsentSettings.inboundAllowed"`
	OutboundAllowed string `csv:"automaticUserConsentSettings.outboundAllowed"`
	Ensure          string `csv:"ensure"`
	Note            string `csv:"note"`
	Reason          string `csv:"reason"`
}

func (r *record) cells() [columnCount]string {
	return [columnCount]string{
		colTenantID:        r.TenantID,
		colDisplayName:     r.DisplayName,
		colIsSyncAllowed:   r.IsSyncAllowed,
		colInboundAllowed:  r.InboundAllowed,
		colOutboundAllowed: r.OutboundAllowed,
		colEnsure:          r.Ensure,
		colNote:            r.Note,
		colReason:          r.Reason,
	}
}

// header says which column stands where.
type header struct {
	cells    []string         // as they were
	names    []string         // what gocsv is told: canonical, or unique and unknown to it
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
			h.position[c], h.names[i] = i, c.String()
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
	for c, names := range columnNames {
		for _, name := range names {
			if strings.ToLower(name) == key {
				return column(c)
			}
		}
	}
	return colUnknown
}
