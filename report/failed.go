package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"bulksync/execute"
	"bulksync/plan"
)

// reasonColumn is the column that FailedRows adds; ReadRows ignores it.
const reasonColumn = "reason"

// FailedRows writes failed.csv: the rows of the input of which a change did
// not end as wanted, with the header and cells as they were, in the input's
// own dialect, and a last column "reason". A row has one line however many of
// its changes are open. Rows that were merged into another are not repeated.
//
// The file is made to be planned again, so the input's own cells are not
// altered, not even those that a spreadsheet would run as a formula: an
// apostrophe before a displayName would be sent to Graph. They were in the
// author's own file before. The reason is ours and is made harmless.
//
// A plan without cells, such as an undo plan, gives only the header, or
// nothing where it has none.
func FailedRows(w io.Writer, p *plan.Plan, r *execute.Result) error {
	if err := checkRun(p, r); err != nil {
		return err
	}
	in := &p.Input
	if len(in.Header) == 0 {
		return nil
	}
	at := slices.IndexFunc(in.Header, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), reasonColumn) })
	reasons := openReasons(p, r)
	records := [][]string{withReason(in.Header, at, reasonColumn)}
	for i, cells := range in.Cells {
		if why := reasons[in.Lines[i]]; len(why) > 0 {
			records = append(records, withReason(cells, at, guard(strings.Join(why, "; "))))
		}
	}
	return in.Dialect.Write(w, records)
}

// withReason is cells with the reason as a new last cell, or in place of the
// one that an earlier failed.csv left at position at.
func withReason(cells []string, at int, reason string) []string {
	out := slices.Clone(cells)
	if at >= 0 && at < len(out) {
		out[at] = reason
		return out
	}
	return append(out, reason)
}

// openReasons says by line of the input why its changes are not done.
func openReasons(p *plan.Plan, r *execute.Result) map[int][]string {
	out := map[int][]string{}
	for i := range p.Changes {
		c, o := &p.Changes[i], &r.Outcomes[i]
		if c.Row == 0 || o.Status.Done() {
			continue
		}
		out[c.Row] = append(out[c.Row], oneLine(reasonText(c, o)))
	}
	return out
}

// reasonText is why one change is open: object, status, code and message.
func reasonText(c *plan.Change, o *execute.Outcome) string {
	text := fmt.Sprintf("%s %s", c.Object, o.Status)
	if code := graphCode(o); code != "" {
		text += " " + code
	}
	why := o.Message
	if why == "" {
		why = c.Reason
	}
	if why != "" {
		text += ": " + why
	}
	return text
}
