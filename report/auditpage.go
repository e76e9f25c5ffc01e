package report

import (
	"fmt"
	"iter"
	"strings"

	"bulksync/plan"
)

const (
	// unreadableWords is what is known of such a partner.
	unreadableWords = "this partner could not be read, so nothing is said of it"
)

// auditPage says how a tenant differs from its file.
func auditPage(a *plan.Audit) *page {
	t := a.Totals
	g := &page{
		Kind: "audit", Noun: "finding", Detail: "Present and wanted",
		Facts: auditFacts(a), Alerts: auditAlerts(a),
		NRows: len(a.Findings), Rows: auditRows(a),
		Listed: func(*row) bool { return true }, NListed: len(a.Findings),
	}
	if a.Result == plan.Incomplete {
		g.Tone, g.Verdict = bad, "Incomplete: the tenant could not be read whole, so nothing is claimed."
		g.Closing = []string{"Audit: incomplete."}
		if a.Problem != "" {
			g.Lead = []string{OneLine(a.Problem)}
		}
		return g
	}
	unread := countUnreadable(a)
	g.Counts = []tile{
		{"as wanted", t.OK, "✓", good},
		{"missing", t.Missing, "-", bad},
		{"changed", t.Changed, "~", bad},
		{"extra", t.Extra, "+", warn},
	}
	closing := fmt.Sprintf("Audit: %s. %s as wanted, %s missing, %s changed, %s extra",
		a.Result, thousands(t.OK), thousands(t.Missing), thousands(t.Changed), thousands(t.Extra))
	if unread > 0 {
		g.Counts = append(g.Counts, tile{"unreadable", unread, "?", bad})
		closing += fmt.Sprintf(", %s unreadable", thousands(unread))
	}
	g.Closing = []string{closing + "."}
	g.Verdict, g.Tone = auditVerdict(a, unread)
	return g
}

// auditVerdict never says clean while there is a partner that nobody could
// read, and never counts one as different.
func auditVerdict(a *plan.Audit, unread int) (string, tone) {
	differ := len(a.Findings) - unread
	switch {
	case differ > 0 && unread > 0:
		return fmt.Sprintf("Drift: %s not as wanted, and %s could not be read.", isAre(differ, "object"), count(unread, "partner")), bad
	case differ > 0:
		return fmt.Sprintf("Drift: %s not as wanted.", isAre(differ, "object")), bad
	case unread > 0:
		return fmt.Sprintf("Not known: %s could not be read. What could be read is as wanted.", count(unread, "partner")), bad
	default:
		return fmt.Sprintf("Clean: %s as wanted.", isAre(a.Totals.OK, "object")), good
	}
}

// countUnreadable counts the partners that could not be read, each once.
func countUnreadable(a *plan.Audit) int {
	ids := map[string]bool{}
	for i := range a.Findings {
		if f := &a.Findings[i]; f.Kind == plan.Unreadable {
			ids[strings.ToLower(f.TenantID)] = true
		}
	}
	return len(ids)
}

// auditAlerts puts the worst findings first: partners that synchronize
// although nobody asked for them, then those of which nothing is known.
func auditAlerts(a *plan.Audit) []*alert {
	open := &alert{Tone: bad, Title: "extra", Words: "allowed to synchronize users although the file does not ask for it"}
	unread := &alert{
		Tone: bad, Title: string(plan.Unreadable), Words: unreadableWords,
		Hint: "see what Graph returns for the partner; if it is as it should be, run the audit again",
	}
	for i := range a.Findings {
		f := &a.Findings[i]
		p := partner{OneLine(f.DisplayName), OneLine(f.TenantID)}
		switch {
		case f.Kind == plan.Extra && isSyncing(f):
			open.add(p)
		case f.Kind == plan.Unreadable:
			unread.add(p)
		}
	}
	var out []*alert
	for _, g := range []*alert{open, unread} {
		if g.rows > 0 {
			out = append(out, g)
		}
	}
	return out
}

// isSyncing reports whether the partner may synchronize at present.
func isSyncing(f *plan.Finding) bool {
	for _, v := range f.Fields {
		if isSyncAllowed(v.Path) && v.Before == true {
			return true
		}
	}
	return false
}

func auditRows(a *plan.Audit) iter.Seq[row] {
	return func(yield func(row) bool) {
		for i := range a.Findings {
			if !yield(findingRow(&a.Findings[i])) {
				return
			}
		}
	}
}

func findingRow(f *plan.Finding) row {
	r := row{
		Symbol: "~", Action: string(f.Kind), Tone: bad,
		Partner: partner{OneLine(f.DisplayName), OneLine(f.TenantID)},
		Object:  OneLine(string(f.Object)), Fields: comparedOf(f.Fields), Note: Clean(f.Note),
	}
	switch f.Kind {
	case plan.Missing:
		r.Symbol = "-"
	case plan.Extra:
		r.Symbol, r.Tone = "+", warn
	case plan.Unreadable:
		r.Symbol, r.Reason = "?", unreadableWords
		if f.Problem != "" {
			r.Reason += ": " + OneLine(f.Problem)
		}
	}
	return r
}
