package report

import (
	"fmt"

	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/desired"
)

// unreadableWords is the text for a partner that could not be read.
const unreadableWords = "this partner could not be read, so nothing is known about it"

// auditPage says how a tenant differs from its file.
func auditPage(a *audit.Audit) *page {
	t, order := a.Totals, findingOrder(a)
	g := &page{
		Kind: "audit", Noun: "finding", Detail: "Present and wanted",
		Facts: auditFacts(a), Alerts: auditAlerts(a),
		NRows: len(a.Findings), NListed: len(a.Findings), All: words.Count(len(a.Findings), "finding"),
		Row: func(i int) row { return findingRow(&a.Findings[order[i]]) }, Rank: func(int) rank { return rankFirst },
		Joined: func(i int) bool { return i > 0 && a.Findings[order[i]].TenantID == a.Findings[order[i-1]].TenantID },
	}
	if a.Result == audit.Incomplete {
		g.Tone, g.Verdict = bad, "Incomplete: the tenant was not read completely, so nothing is claimed."
		g.Closing = []string{"Audit: incomplete."}
		if a.Problem != "" {
			g.Lead = []string{sentence(OneLine(a.Problem))}
		}
		return g
	}
	unread := countUnreadable(a)
	g.Counts = []tile{
		{"as wanted", t.OK, good},
		{"missing", t.Missing, bad},
		{"changed", t.Changed, bad},
		{"extra", t.Extra, warn},
	}
	closing := fmt.Sprintf("Audit: %s. %s as wanted, %s missing, %s changed, %s extra",
		a.Result, words.Thousands(t.OK), words.Thousands(t.Missing), words.Thousands(t.Changed), words.Thousands(t.Extra))
	if unread > 0 {
		g.Counts = append(g.Counts, tile{"unreadable", unread, bad})
		closing += fmt.Sprintf(", %s unreadable", words.Thousands(unread))
	}
	g.Closing = []string{closing + "."}
	g.Verdict, g.Tone = auditVerdict(a, unread)
	if a.BareRows > 0 {
		g.Lead = append(g.Lead, bareRows(a.BareRows))
	}
	return g
}

// auditAlerts puts the worst findings first: partners that synchronize although
// the file does not ask for it, then those that could not be read.
func auditAlerts(a *audit.Audit) []*alert {
	open, idle, absent := &alert{Tone: bad, Title: "extra", Link: filter("action", "extra")}, 0, 0
	unread := &alert{Tone: bad, Title: string(audit.Unreadable), Link: filter("action", string(audit.Unreadable)), Words: unreadableWords, Hint: findingHint()}
	for i := range a.Findings {
		f := &a.Findings[i]
		p := partnerFound(f)
		switch {
		case f.Kind == audit.Extra && isSyncing(f):
			if open.add(p); f.Absent {
				absent++
			}
		case f.Kind == audit.Extra:
			idle++
		case f.Kind == audit.Unreadable:
			unread.add(p)
		}
	}
	open.Words = extraWords(open.rows, absent, idle)
	var out []*alert
	for _, g := range []*alert{open, unread} {
		if g.rows > 0 {
			out = append(out, g)
		}
	}
	return out
}

// extraWords says why policies are extra, and what the other extra policies are.
func extraWords(busy, absent, idle int) string {
	s := "allowed to synchronize users although the file does not ask for it"
	switch {
	case absent == busy:
		s = "allowed to synchronize users although the file says that the policy must be removed"
	case absent > 0:
		s += fmt.Sprintf("; for %s of them it says that the policy must be removed", words.Thousands(absent))
	}
	switch {
	case idle == 1:
		s += "; the other extra policy does not allow it"
	case idle > 1:
		s += fmt.Sprintf("; the other %s extra policies do not allow it", words.Thousands(idle))
	}
	return s
}

// isSyncing reports whether the partner may currently synchronize.
func isSyncing(f *audit.Finding) bool {
	for _, v := range f.Fields {
		if v.Path == desired.PathSyncAllowed && v.Before == true {
			return true
		}
	}
	return false
}

// findingOrder puts the most serious findings first, as the alerts do.
func findingOrder(a *audit.Audit) []int {
	order := make([]int, 0, len(a.Findings))
	for rank := range findingRanks {
		for i := range a.Findings {
			if findingRank(&a.Findings[i]) == rank {
				order = append(order, i)
			}
		}
	}
	return order
}

const findingRanks = 4

// findingRank orders findings: partners that synchronize and should not, those
// that could not be read, differences, and extra policies that are idle.
func findingRank(f *audit.Finding) int {
	switch {
	case f.Kind == audit.Extra && isSyncing(f):
		return 0
	case f.Kind == audit.Unreadable:
		return 1
	case f.Kind != audit.Extra:
		return 2
	default:
		return findingRanks - 1
	}
}

func partnerFound(f *audit.Finding) partner {
	return partnerOf(plan.Partner{TenantID: f.TenantID, DisplayName: f.DisplayName})
}

func findingRow(f *audit.Finding) row {
	r := row{
		Symbol: "~", Action: string(f.Kind), Tone: bad,
		Partner: partnerFound(f), Object: OneLine(string(f.Object)), About: aboutOf(f.Object), Fields: comparedOf(f), Note: Clean(f.Note),
	}
	switch f.Kind {
	case audit.Missing:
		if r.Symbol = "-"; len(r.Fields) == 0 {
			r.Reason = "it is not there"
		}
	case audit.Extra:
		r.Symbol, r.Tone, r.Reason = "+", warn, "the file does not ask for it"
		if f.Absent {
			r.Reason = "the file says that it must be removed"
		}
	case audit.Unreadable:
		r.Symbol, r.Reason = "?", unreadableWords
		if f.Problem != "" {
			r.Reason += ": " + OneLine(f.Problem)
		}
	}
	return r
}
