package report

import (
	"fmt"
	"iter"

	"bulksync/plan"
)

// auditPage says how a tenant differs from its file.
func auditPage(a *plan.Audit) *page {
	t := a.Totals
	g := &page{
		Kind: "audit", Noun: "finding", Detail: "Finding",
		Facts: auditFacts(a), Alerts: auditAlerts(a),
		NRows: len(a.Findings), Rows: auditRows(a),
		Listed: func(*row) bool { return true }, NListed: len(a.Findings),
	}
	if a.Result == plan.Incomplete {
		g.Tone, g.Verdict = bad, "Incomplete: the tenant could not be read whole, so nothing is claimed."
		g.Closing = []string{"Audit: incomplete."}
		if a.Problem != "" {
			g.Lead = []string{oneLine(a.Problem)}
		}
		return g
	}
	g.Counts = []tile{
		{"as wanted", t.OK, "✓", good},
		{"missing", t.Missing, "-", bad},
		{"changed", t.Changed, "~", bad},
		{"extra", t.Extra, "+", warn},
	}
	g.Closing = []string{fmt.Sprintf("Audit: %s. %d as wanted, %d missing, %d changed, %d extra.", a.Result, t.OK, t.Missing, t.Changed, t.Extra)}
	g.Tone, g.Verdict = good, fmt.Sprintf("Clean: %s as wanted.", isAre(t.OK, "object"))
	if len(a.Findings) > 0 {
		g.Tone, g.Verdict = bad, fmt.Sprintf("Drift: %s not as wanted.", isAre(len(a.Findings), "object"))
	}
	return g
}

// auditAlerts puts the worst findings first: partners that synchronize
// although nobody asked for them.
func auditAlerts(a *plan.Audit) []alert {
	open := alert{Tone: bad, Title: "extra", Words: "allowed to synchronize users although the file does not ask for it"}
	for i := range a.Findings {
		if f := &a.Findings[i]; f.Kind == plan.Extra && syncAllowed(f) {
			open.add(partner{oneLine(f.DisplayName), oneLine(f.TenantID)})
		}
	}
	if open.N == 0 {
		return nil
	}
	return []alert{open}
}

// syncAllowed reports whether the partner may synchronize at present.
func syncAllowed(f *plan.Finding) bool {
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
		Partner: partner{oneLine(f.DisplayName), oneLine(f.TenantID)},
		Object:  oneLine(string(f.Object)), Fields: fieldsOf(f.Fields, plan.Update), Note: clean(f.Note),
	}
	for i := range r.Fields {
		r.Fields[i].Wanted = true
		if f.Kind == plan.Extra {
			r.Fields[i].After = "none"
		}
	}
	switch f.Kind {
	case plan.Missing:
		r.Symbol = "-"
	case plan.Extra:
		r.Symbol, r.Tone = "+", warn
	}
	return r
}
