package report

import (
	"iter"
	"slices"
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
	Kind string // "plan", "run", "audit", "fleet audit" or "fleet plan"
	Noun string // what a row that matters is: "change" or "finding"
	// All describes all rows: "2 changes", or "5 objects: 2 to change, ..." if
	// unchanged ones are included.
	All     string
	Objects bool // the rows are objects, including unchanged ones
	// Lined means that rows have line numbers of the input.
	Lined bool
	// Fleet means that the rows are home tenants, and Sharded that there is more than
	// one shard.
	Fleet, Sharded bool
	// Approves means that the plan has something to approve.
	Approves bool
	Tone     tone
	Verdict  string
	// Lead explains the verdict in sentences.
	Lead   []string
	Facts  []fact
	Counts []tile
	// News counts the findings by state; only an audit has any, and only if it
	// knows of earlier ones.
	News   []tile
	Alerts []*alert
	// Row makes the row at i of NRows, so that a large report is never in memory
	// as a whole. Rank is how early a reader needs it; Joined reports whether it is
	// about the same partner as the row before.
	Row    func(i int) row
	Rank   func(i int) rank
	Joined func(i int) bool
	NRows  int
	// NListed is how many rows are needed first: those that the bounded formats
	// list. Unlisted describes the others, such as "5 unchanged".
	NListed  int
	Unlisted string
	// Banners say what keeps the plan from being applied.
	Banners []string
	// Sections are those of the change form; an audit has none.
	Sections []section
	// Lists are the tables after the rows: what an audit tells beside its findings.
	Lists []list
	// Detail is the heading of the last column of the bounded tables.
	Detail string
	// Fingerprint is the plan's; an audit has none.
	Fingerprint string
	// Closing are the last lines, for a grep for the totals.
	Closing []string
}

// rank is how early a reader needs a row.
type rank int

// The ranks: what the report is about, such as the changes of a plan or what
// failed in a run; what else a run left to look at; what was done; and what is
// as wanted and stays so.
const (
	rankFirst rank = iota
	rankOpen
	rankNext
	rankSame
)

// rows makes the rows up to a rank, those of the first rank first.
func (p *page) rows(upTo rank) iter.Seq[row] {
	return func(yield func(row) bool) {
		for want := rankFirst; want <= upTo; want++ {
			for i := range p.NRows {
				if p.Rank(i) == want && !yield(p.rowAt(i)) {
					return
				}
			}
		}
	}
}

// listed are the rows that the bounded formats list.
func (p *page) listed() iter.Seq[row] { return p.rows(rankOpen) }

// rowAt is the row at i; a finding has its place for a number.
func (p *page) rowAt(i int) row {
	r := p.Row(i)
	if r.Seq == 0 {
		r.Seq = i + 1
	}
	return r
}

// groups are the places of the rows of one partner that are not as wanted, for
// the partners that have a row of that rank and none of an earlier one.
func (p *page) groups(of rank) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		var group []int
		first := rankSame
		for i := range p.NRows + 1 {
			if i == p.NRows || !p.Joined(i) {
				if first == of && !yield(group) {
					return
				}
				group, first = group[:0], rankSame
			}
			if i < p.NRows && p.Rank(i) != rankSame {
				group, first = append(group, i), min(first, p.Rank(i))
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

// partner names a tenant; all is empty for the home tenant's own template.
type partner struct {
	Name, TenantID string
	// Known is the name in the tenant's own directory; empty if it is not known.
	Known string
	// Directory is what the tenant's own directory calls it, as far as that says more
	// than Name; empty if it is not known.
	Directory string
	// OtherName means that Name is not the name in the directory.
	OtherName bool
}

func partnerOf(p plan.Partner) partner {
	name := OneLine(p.DisplayName)
	return partner{
		Name: name, TenantID: OneLine(p.TenantID), Known: OneLine(p.DirectoryName), Directory: directoryWords(name, OneLine(p.DirectoryName), OneLine(p.Domain)),
		OtherName: p.DirectoryName != "" && p.DisplayName != p.DirectoryName,
	}
}

// directoryWords are the name and the domain in the directory. A name that is
// given already is not repeated.
func directoryWords(given, name, domain string) string {
	switch {
	case name == "" || name == given:
		return domain
	case domain == "":
		return "directory: " + name
	default:
		return "directory: " + name + ", " + domain
	}
}

// String names the partner in a line: name and tenant ID, or whichever there
// is.
func (p partner) String() string {
	if p == (partner{}) {
		return "home tenant"
	}
	return strings.Join(slices.DeleteFunc([]string{p.Name, p.TenantID, p.Directory}, func(s string) bool { return s == "" }), "  ")
}
