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

// page is a report for people before it has a format, in the order in which a
// reader needs it. All text in it is clean; each format escapes it once more
// for itself. Its members are exported for the templates.
type page struct {
	Kind string // "plan", "run" or "audit"
	Noun string // what a row that matters is: "change" or "finding"
	// All says what all rows are: "2 changes", or "5 objects: 2 to change, ..."
	// where unchanged ones are among them.
	All     string
	Objects bool // the rows are objects, unchanged ones among them
	// Lined says that rows stand in lines of the input.
	Lined bool
	// Approves says that there is something in the plan to say yes to.
	Approves bool
	Tone     tone
	Verdict  string
	// Lead says in sentences what the verdict means.
	Lead   []string
	Facts  []fact
	Counts []tile
	Alerts []*alert
	// Rows are all there are, NRows of them; they are made while they are
	// read, so that a large report never stands in memory.
	Rows  iter.Seq[row]
	NRows int
	// Listed picks the rows that the bounded formats list; Unlisted says what
	// the others are, such as "5 unchanged".
	Listed   func(*row) bool
	NListed  int
	Unlisted string
	// Detail heads the last column of the bounded tables.
	Detail string
	// Fingerprint is of the plan; an audit has none.
	Fingerprint string
	// Closing are the last lines: what a grep for the totals finds.
	Closing []string
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

// String names the partner in a line: name and tenant ID, or what there is.
func (p partner) String() string {
	if p == (partner{}) {
		return "home tenant"
	}
	return strings.TrimSpace(p.Name + "  " + p.TenantID)
}
