package desired

import (
	"fmt"
	"slices"
	"strings"
)

// Partners is what a CSV wants of each partner: every row has its tenant ID, and
// each tenant has one row, in file order.
type Partners struct {
	Input Input
	Rows  []Row
	// Notices are those that came from the tenant IDs; Rows has the others.
	Notices []Notice
}

// Domains lists the domain names that stand for a tenant ID, each once, in file
// order.
func (r *Rows) Domains() []string {
	var domains []string
	seen := map[string]bool{}
	for _, row := range r.rows {
		if row.TenantID == "" && !seen[row.domain] {
			seen[row.domain] = true
			domains = append(domains, row.domain)
		}
	}
	return domains
}

// Objects lists the objects that some row manages.
func (r *Rows) Objects() (all []Object) {
	for _, o := range PartnerObjects {
		if slices.ContainsFunc(r.rows, func(row Row) bool { return row.Manages(o) }) {
			all = append(all, o)
		}
	}
	return all
}

// RemovesPartners reports whether some row removes a whole partner configuration.
func (r *Rows) RemovesPartners() bool {
	return slices.ContainsFunc(r.rows, func(row Row) bool { return row.PartnerAbsent })
}

// Resolve gives each row that names a domain the tenant ID that tenantIDs has for
// it, merges the duplicates that this reveals, and refuses contradicting ones,
// unknown domains and the home tenant itself. An empty home skips the last check.
// The error is a RowErrors with every problem. Resolve does not change the rows.
func (r *Rows) Resolve(home string, tenantIDs map[string]string) (*Partners, error) {
	home = strings.ToLower(home)
	if !slices.ContainsFunc(r.rows, func(row Row) bool { return row.domain != "" || row.TenantID == home }) {
		return &Partners{Input: r.Input, Rows: r.rows}, nil // each tenant has one row already
	}
	m := newMerger(r.Input.Name, len(r.rows))
	for _, row := range r.rows {
		if row.TenantID == "" {
			id, err := ParseTenantID(tenantIDs[row.domain])
			if err != nil {
				m.refuse(&row, unknownDomain.errorf("unknown domain %s: no tenant has it; correct it or give the tenant ID", Quote(row.domain)))
				continue
			}
			row.TenantID = id
		}
		if row.TenantID == home {
			m.refuse(&row, homeTenant.errorf("%s is the home tenant itself: it cannot be its own partner", row.named()))
			continue
		}
		m.add(&row)
	}
	if err := m.errs.orNil(); err != nil {
		return nil, err
	}
	notices := m.notices.all()
	sortNotices(notices)
	return &Partners{Input: r.Input, Rows: m.rows, Notices: notices}, nil
}

// Unassigned is a row of which Assign does not know the tenant.
type Unassigned struct {
	Line int
	// Rows counts the rows of the file that it stands for, itself included.
	Rows int
	// Repeats means that a row with a tenant says the same, and may be about the
	// same one: then Resolve made one of the two.
	Repeats bool
}

// Assign gives each row that names a domain the tenant that lines has for its
// line. It drops the rows without one, and returns them, each domain once.
func (r *Rows) Assign(lines map[int]string) (dropped []Unassigned) {
	said := map[string]bool{}
	for i := range r.rows {
		if lines[r.rows[i].Line] != "" {
			said[r.rows[i].wishes()] = true
		}
	}
	kept := r.rows[:0]
	for _, row := range r.rows {
		if row.TenantID == "" {
			row.TenantID = lines[row.Line]
		}
		if row.TenantID == "" {
			dropped = append(dropped, Unassigned{Line: row.Line, Rows: 1 + row.Also, Repeats: said[row.wishes()]})
			continue
		}
		kept = append(kept, row)
	}
	r.rows = kept
	return dropped
}

// merger keeps the first row of each tenant. A later row that says the same
// becomes a notice; any other becomes an error.
type merger struct {
	file    string
	index   rowIndex
	rows    []Row
	notices notices
	errs    RowErrors
}

// newMerger returns a merger with room for n rows.
func newMerger(file string, n int) *merger {
	return &merger{file: file, index: newRowIndex(n), rows: make([]Row, 0, n), notices: notices{file: file}}
}

func (m *merger) add(row *Row) {
	first := m.index.find(row.key(), m.rows)
	if first == nil {
		m.rows = append(m.rows, *row)
		return
	}
	if differences := differ(row, first); len(differences) > 0 {
		what := fmt.Errorf("%s is on line %d already and contradicts it: %s", row.named(), first.Line, strings.Join(differences, "; "))
		m.refuse(row, &kindError{kind: contradiction, error: what, first: first.Line})
		return
	}
	first.Also += 1 + row.Also
	m.notices.add(mergedRows, row.at, fmt.Sprintf("%s is on line %d already and says the same: the two rows are one", row.named(), first.Line))
}

// refuse notes a problem of the row's tenantId cell.
func (m *merger) refuse(row *Row, err error) {
	m.errs = append(m.errs, &RowError{File: m.file, Line: row.at.line, Column: row.at.column, Value: row.key(), Err: err, TenantID: row.TenantID})
}

// key identifies the row's tenant: rows of one tenant have the same key.
func (r *Row) key() string {
	if r.TenantID != "" {
		return r.TenantID
	}
	return r.domain
}

// named is how messages call the row's tenant.
func (r *Row) named() string {
	switch {
	case r.domain == "":
		return "tenant " + r.TenantID
	case r.TenantID == "":
		return "domain " + r.domain
	default:
		return fmt.Sprintf("domain %s (tenant %s)", r.domain, r.TenantID)
	}
}

// differ says in which columns two rows want different things, and what.
func differ(row, first *Row) (differences []string) {
	for c := range colReason { // a reason wants nothing
		here, there := row.wish(c), first.wish(c)
		if here != there {
			differences = append(differences, fmt.Sprintf("%s is %s here and %s there", c, here, there))
		}
	}
	return differences
}

// wish is what the row says in a column, in words.
func (r *Row) wish(c column) string {
	switch {
	case c.property() != nil:
		return wordsOf(r.Values.at(c))
	case c == colNote && r.Note == "":
		return wordsOf(nil)
	case c == colNote:
		return wordsOf(r.Note)
	case r.PartnerAbsent:
		return "partner-absent"
	case r.Absent:
		return "absent"
	default:
		return "present"
	}
}
