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
	var errs RowErrors
	home = strings.ToLower(home)
	known := make([]Row, 0, len(r.Rows))
	for _, row := range r.Rows {
		if row.TenantID == "" {
			id, err := parseGUID(tenantIDs[row.Domain])
			if err != nil {
				errs = append(errs, row.refuse(r.Input.Name, fmt.Errorf("unknown domain %s: no tenant has it; correct it or give the tenant ID", quoteValue(row.Domain))))
				continue
			}
			row.TenantID = id
		}
		if row.TenantID == home {
			errs = append(errs, row.refuse(r.Input.Name, fmt.Errorf("%s is the home tenant itself: it cannot be its own partner", row.named())))
			continue
		}
		known = append(known, row)
	}
	rows, notices, contradictions := mergeRows(r.Input.Name, known)
	errs = append(errs, contradictions...)
	if err := errs.orNil(); err != nil {
		return err
	}
	r.Rows = rows
	r.Notices = append(r.Notices, notices...)
	sortNotices(r.Notices)
	return nil
}

// mergeRows keeps the first row of each tenant. A later row that says the same
// becomes a notice, one that does not an error.
func mergeRows(file string, chunks ...[]Row) (unique []Row, notices []Notice, errs RowErrors) {
	most := 0
	for _, chunk := range chunks {
		most += len(chunk)
	}
	firsts := make(map[string]int32, most)
	unique = make([]Row, 0, most)
	for _, chunk := range chunks {
		for i := range chunk {
			row := &chunk[i]
			at, found := firsts[row.key()]
			if !found {
				firsts[row.key()] = int32(len(unique))
				unique = append(unique, *row)
				continue
			}
			if notice, err := row.merge(file, &unique[at]); err != nil {
				errs = append(errs, err)
			} else {
				notices = append(notices, notice)
			}
		}
	}
	return unique, notices, errs
}

// merge compares the row with an earlier one of the same tenant.
func (r *Row) merge(file string, first *Row) (Notice, *RowError) {
	if differences := differ(r, first); len(differences) > 0 {
		return Notice{}, r.refuse(file, fmt.Errorf("%s is on line %d already and contradicts it: %s",
			r.named(), first.Line, strings.Join(differences, "; ")))
	}
	return Notice{file, r.at.line, r.at.column,
		fmt.Sprintf("%s is on line %d already and says the same: the two rows are one", r.named(), first.Line)}, nil
}

// refuse is an error at the row's tenantId cell.
func (r *Row) refuse(file string, err error) *RowError {
	return &RowError{File: file, Line: r.at.line, Column: r.at.column, Value: r.key(), Err: err}
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

// differ says in which columns two rows want different things, and what.
func differ(row, first *Row) (differences []string) {
	for c := colDisplayName; c < columnCount; c++ {
		here, there := row.wish(c), first.wish(c)
		if here != there {
			differences = append(differences, fmt.Sprintf("%s is %s here and %s there", c, here, there))
		}
	}
	return differences
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
