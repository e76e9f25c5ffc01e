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
	Label  string
	N      int
	Symbol string
	Tone   tone
}

// partner names a tenant; both are empty for the home tenant's own template.
type partner struct{ Name, TenantID string }

// row is one change, beside its outcome if there is one, or one finding.
type row struct {
	Seq, Line int
	Symbol    string
	Action    string // a change's action or a finding's kind
	Status    string // how the change ended; empty outside a run
	Tone      tone
	Partner   partner
	Object    string
	About     string // the object as people call it
	Hazards   []string
	Fields    []field
	Reason    string
	Note      string
	Method    string
	Path      string
	Body      string
	Outcome   *outcome
}

// outcome is how a change ended, in text. The hint stands in the alert of its
// group: a thousand rows of one cause need it once.
type outcome struct {
	Code            string // "403 Authorization_RequestDenied"
	Message         string
	RequestID       string
	ClientRequestID string
	Sent            string // how often and how long; empty where nothing was sent
	SentAt          string
}

// field is one property before and after, as text. Wanted marks that nothing
// is going to change: After is what an audit's file says, and empty where it
// says nothing of the property. Now is what was found instead of Before when
// the change was to be made; empty where nothing else was.
type field struct {
	Path, Before, After, Now string
	Wanted                   bool
}

// Name is the last part of the property's path.
func (f field) Name() string { return f.Path[strings.LastIndexByte(f.Path, '.')+1:] }

// changeRow is the row of c without an outcome.
func changeRow(c *plan.Change) row {
	r := row{
		Seq: c.Seq, Line: c.Row, Symbol: c.Action.Symbol(), Action: string(c.Action), Tone: actionTone(c),
		Partner: partnerOf(c.Partner), Object: OneLine(string(c.Object)), About: aboutOf(c.Object),
		Hazards: hazardsOf(c.Hazards), Fields: fieldsOf(c.Fields, c.Action),
		Reason: Clean(c.Reason), Note: Clean(c.Note),
	}
	if c.Reverts() {
		r.Reason = "" // the lead says it once
	}
	if q := c.Request; q != nil {
		r.Method, r.Path, r.Body = OneLine(q.Method), OneLine(q.Path), Clean(string(q.Body))
	}
	return r
}

// aboutOf is how people call an object. Consent is what Graph calls automatic
// redemption.
func aboutOf(o plan.Object) string {
	if o == plan.Consent {
		return "consent (automatic redemption)"
	}
	return OneLine(string(o))
}

func actionTone(c *plan.Change) tone {
	switch {
	case c.Action == plan.Delete:
		return bad
	case c.Action == plan.Blocked || c.Action != plan.NoOp && len(c.Hazards) > 0:
		return warn
	default:
		return plain
	}
}

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

func hazardsOf(hs []plan.Hazard) []string {
	var out []string
	for _, h := range hs {
		out = append(out, OneLine(string(h)))
	}
	return out
}
