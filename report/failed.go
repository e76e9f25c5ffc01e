package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"bulksync/execute/journal"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// reasonColumn is the column that FailedRows adds; ReadRows ignores it.
const reasonColumn = "reason"

// FailedRows writes failed.csv: the input rows with a change that did not end
// as wanted, with the original header and cells, in the input's own dialect,
// and a last column "reason". A row has one line however many of its changes
// are open. Rows that were merged into another are not repeated.
//
// The file is made to be planned again, so the input's own cells stay
// unaltered, even those that a spreadsheet would run as a formula: an
// apostrophe before a displayName would be sent to Graph. They were in the
// author's own file before. The reason is our text and is neutralized.
//
// For a plan without cells, such as an undo plan, it lists the open partners
// with their notes, in columns that can be read as an input and ask for
// nothing: a row cannot express what such a plan wants.
func FailedRows(w io.Writer, p *plan.Plan, r *journal.Result) error {
	if err := checkRun(p, r); err != nil {
		return err
	}
	in := &p.Input
	if len(in.Header) == 0 {
		return failedPartners(w, p, r)
	}
	at := in.ReasonColumn()
	reasons := openReasons(p, r, func(c *plan.Change) int { return c.Row })
	records := [][]string{withReason(in.Header, at, reasonColumn)}
	for i, cells := range in.Cells {
		if why := reasons[in.Lines[i]]; len(why) > 0 {
			records = append(records, withReason(cells, at, guard(strings.Join(why, "; "))))
		}
	}
	return in.Dialect.Write(w, records)
}

// failedPartners writes one line for each partner that is not done, in plan
// order; nothing if the plan has no partner.
func failedPartners(w io.Writer, p *plan.Plan, r *journal.Result) error {
	id := func(c *plan.Change) string { return c.Partner.TenantID }
	reasons := openReasons(p, r, id)
	var records [][]string
	for i := range p.Changes {
		c := &p.Changes[i]
		if id(c) == "" {
			continue // the template has no row
		}
		if len(records) == 0 {
			records = append(records, []string{"tenantId", "note", reasonColumn})
		}
		if why := reasons[id(c)]; len(why) > 0 {
			records = append(records, []string{cell(id(c)), cell(c.Note), guard(strings.Join(why, "; "))})
			delete(reasons, id(c))
		}
	}
	return desired.PlainDialect().Write(w, records)
}

// withReason is cells with the reason as a new last cell, or in place of the
// one that an earlier failed.csv left in column at.
func withReason(cells []string, at int, reason string) []string {
	out := slices.Clone(cells)
	if at >= 0 && at < len(out) {
		out[at] = reason
		return out
	}
	return append(out, reason)
}

// openReasons says why changes are not done, by key: the line of the input, or
// the partner. The template has neither.
func openReasons[K comparable](p *plan.Plan, r *journal.Result, key func(*plan.Change) K) map[K][]string {
	var none K
	out := map[K][]string{}
	for i := range p.Changes {
		c, o := &p.Changes[i], &r.Outcomes[i]
		if k := key(c); k != none && !o.Status.Done() {
			out[k] = append(out[k], OneLine(reasonText(c, o, r.Stopped)))
		}
	}
	return out
}

// reasonText is why one change is open: object, status, code and message.
func reasonText(c *plan.Change, o *journal.Outcome, stopped string) string {
	text := fmt.Sprintf("%s %s", c.Object, o.Status)
	if code := graphCode(o); code != "" {
		text += " " + code
	}
	why := o.Message
	switch {
	case why == "" && c.Action == plan.Blocked:
		why = c.Reason
	case why == "" && (o.Status == journal.Held || o.Status == journal.NotAttempted && stopped != ""):
		why = alertWords(o, stopped)
	}
	if why != "" {
		text += ": " + why
	}
	return text
}
