package report

import (
	"iter"
	"strings"

	"bulksync/plan"
)

// tone is how good the news is; HTML and colour follow it.
type tone string

const (
	plain tone = "plain"
	good  tone = "good"
	warn  tone = "warn"
	bad   tone = "bad"
)

// page is a report for people before it is formatted, in the order in which a
// reader needs it. All its text is clean; each format escapes it for itself.
// Its members are exported for the templates.
type page struct {
	Kind string // "plan", "run" or "audit"
	Noun string // what a row that matters is: "change" or "finding"
	// All describes all rows: "2 changes", or "5 objects: 2 to change, ..." if
	// unchanged ones are included.
	All     string
	Objects bool // the rows are objects, including unchanged ones
	// Lined means that rows have line numbers of the input.
	Lined bool
	// Approves means that the plan has something to approve.
	Approves bool
	Tone     tone
	Verdict  string
	// Lead explains the verdict in sentences.
	Lead   []string
	Facts  []fact
	Counts []tile
	Alerts []*alert
	// Rows are all rows, NRows of them; they are made while they are read, so
	// that a large report is never in memory as a whole.
	Rows  iter.Seq[row]
	NRows int
	// Listed picks the rows that the bounded formats list; Unlisted describes
	// the others, such as "5 unchanged".
	Listed   func(*row) bool
	NListed  int
	Unlisted string
	// Detail is the heading of the last column of the bounded tables.
	Detail string
	// Fingerprint is the plan's; an audit has none.
	Fingerprint string
	// Closing are the last lines, for a grep for the totals.
	Closing []string
}

// listed are the rows that the bounded formats list. It makes no more rows than it
// has to: after a good run there are none to list.
func (p *page) listed() iter.Seq[row] {
	return func(yield func(row) bool) {
		left := p.NListed
		if left == 0 {
			return
		}
		for r := range p.Rows {
			if !p.Listed(&r) {
				continue
			}
			if left--; !yield(r) || left == 0 {
				return
			}
		}
	}
}

// fact is one labelled line about the report; Code marks values to be copied.
type fact struct {
	Label, Value string
	Code         bool
}

// tile is one number of the verdict.
type tile struct {
	Label string
	N     int
	Tone  tone
}

// partner names a tenant; both are empty for the home tenant's own template.
type partner struct{ Name, TenantID string }

func partnerOf(p plan.Partner) partner {
	return partner{Name: OneLine(p.DisplayName), TenantID: OneLine(p.TenantID)}
}

// String names the partner in a line: name and tenant ID, or whichever there
// is.
func (p partner) String() string {
	if p == (partner{}) {
		return "home tenant"
	}
	return strings.TrimSpace(p.Name + "  " + p.TenantID)
}
