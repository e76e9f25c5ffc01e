package plan

import (
	"fmt"
	"strings"
)

// Domains lists the domain names that still stand for a tenant ID, each once,
// in file order.
func (r *Rows) Domains() []string {
	var domains []string
	seen := map[string]bool{}
	for _, row := range r.Rows {
		if row.TenantID == "" && !seen[row.Domain] {
			seen[row.Domain] = true
			domains = append(domains, row.Domain)
		}
	}
	return domains
}

// Resolve gives each row that names a domain the tenant ID that tenantIDs has
// for it, merges the duplicates that this reveals, and refuses contradicting
// ones, unknown domains and the home tenant itself. An empty home skips the
// last check. The error is a RowErrors with every fault; the rows are then as
// they were.
func (r *Rows) Resolve(home string, tenantIDs map[string]string) error {
	m := newMerger(r.Input.Name)
	home = strings.ToLower(home)
	for _, row := range r.Rows {
		if row.TenantID == "" {
			id, _, err := parseGUID(tenantIDs[row.Domain])
			if err != nil {
				m.refuse(&row, colTenantID, row.Domain, fmt.Errorf("unknown domain %s: no tenant has it; correct it or give the tenant ID", quoteValue(row.Domain)))
				continue
			}
			row.TenantID = id
		}
		if row.TenantID == home {
			m.refuse(&row, colTenantID, row.named(), fmt.Errorf("%s is the home tenant itself: it cannot be its own partner", row.named()))
			continue
		}
		m.add(row)
	}
	if err := m.errs.orNil(); err != nil {
		return err
	}
	r.Rows = m.rows
	r.Notices = append(r.Notices, m.notices...)
	sortNotices(r.Notices)
	return nil
}

// merger gathers rows, one per tenant.
type merger struct {
	file    string
	rows    []Row
	byKey   map[string]int // index in rows
	notices []Notice
	errs    RowErrors
}

func newMerger(file string) *merger { return &merger{file: file, byKey: map[string]int{}} }

// add keeps the row, or merges it with an equal one, or refuses it.
func (m *merger) add(row Row) {
	i, found := m.byKey[row.key()]
	if !found {
		m.byKey[row.key()] = len(m.rows)
		m.rows = append(m.rows, row)
		return
	}
	first := &m.rows[i]
	columns, differences := differ(&row, first)
	if len(columns) == 0 {
		at := row.at[colTenantID]
		m.notices = append(m.notices, Notice{m.file, at.line, at.column,
			fmt.Sprintf("%s is on line %d already and says the same: the two rows are one", row.named(), first.Line)})
		return
	}
	m.refuse(&row, columns[0], row.named(), fmt.Errorf("%s is on line %d already and contradicts it: %s",
		row.named(), first.Line, strings.Join(differences, "; ")))
}

func (m *merger) refuse(row *Row, c column, value string, err error) {
	at := row.at[c]
	m.errs = append(m.errs, &RowError{File: m.file, Line: at.line, Column: at.column, Value: value, Err: err})
}

// key is what makes a row the same tenant's as another.
func (r *Row) key() string {
	if r.TenantID != "" {
		return r.TenantID
	}
	return r.Domain
}

// named is how messages call the row's tenant.
func (r *Row) named() string {
	switch {
	case r.Domain == "":
		return "tenant " + r.TenantID
	case r.TenantID == "":
		return "domain " + r.Domain
	default:
		return fmt.Sprintf("domain %s (tenant %s)", r.Domain, r.TenantID)
	}
}

// differ lists the columns in which two rows want different things, and what.
func differ(row, first *Row) (columns []column, differences []string) {
	for c := colDisplayName; c < columnCount; c++ {
		here, there := row.wish(c), first.wish(c)
		if here != there {
			columns = append(columns, c)
			differences = append(differences, fmt.Sprintf("%s is %s here and %s there", c, here, there))
		}
	}
	return columns, differences
}

// wish is what the row says in a column, in words.
func (r *Row) wish(c column) string {
	switch c {
	case colDisplayName:
		return textOrEmpty(r.DisplayName)
	case colIsSyncAllowed:
		return switchOrEmpty(r.IsSyncAllowed)
	case colInboundAllowed:
		return switchOrEmpty(r.InboundAllowed)
	case colOutboundAllowed:
		return switchOrEmpty(r.OutboundAllowed)
	case colEnsure:
		if r.Absent {
			return "absent"
		}
		return "present"
	default:
		return textOrEmpty(r.Note)
	}
}

func textOrEmpty(s string) string {
	if s == "" {
		return "empty"
	}
	return quoteValue(s)
}

func switchOrEmpty(b *bool) string {
	if b == nil {
		return "empty"
	}
	return fmt.Sprint(*b)
}
