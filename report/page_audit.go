package report

import (
	"fmt"
	"strings"

	"bulksync/internal/words"
	"bulksync/plan/audit"
)

// knownFindings is how many findings that continue the bounded formats list. If
// there are more, they are counted, and what is new is not lost among them.
const knownFindings = 50

// auditPage says how a tenant differs from its file.
func auditPage(a *audit.Audit) *page {
	if a.Result == audit.Incomplete {
		return incompletePage(a)
	}
	open, notices := placesOf(a)
	order := findingOrder(a.Findings, open)
	g := &page{
		Kind: "audit", Noun: "finding", Detail: "Present and wanted",
		Facts: auditFacts(a), Alerts: auditAlerts(a, order), Lead: auditLead(a), Lists: auditLists(a, notices),
		Counts: kindTiles(a), News: newsTiles(a), Closing: auditClosing(a),
		NRows: len(order), All: words.Count(len(order), "finding"),
		Row:    func(i int) row { return findingRow(&a.Findings[order[i]], a.CreatedAt) },
		Joined: func(i int) bool { return i > 0 && a.Findings[order[i]].TenantID == a.Findings[order[i-1]].TenantID },
	}
	for _, i := range order {
		g.Lined = g.Lined || a.Findings[i].Row > 0
	}
	g.NListed, g.Unlisted = listedFindings(a, order)
	g.Rank = func(i int) rank {
		if i < g.NListed {
			return rankFirst
		}
		return rankNext
	}
	g.Verdict, g.Tone = auditVerdict(a)
	return g
}

// incompletePage claims nothing, and lists nothing.
func incompletePage(a *audit.Audit) *page {
	g := &page{
		Kind: "audit", Noun: "finding", Facts: auditFacts(a), Closing: []string{"Audit: incomplete."}, Rank: func(int) rank { return rankFirst },
		Tone: bad, Verdict: "Incomplete: the tenant was not read completely, so nothing is claimed.",
	}
	if a.Problem != "" {
		g.Lead = []string{sentence(OneLine(a.Problem))}
	}
	return g
}

// placesOf are the places of the open findings, and of those that are notices.
func placesOf(a *audit.Audit) (open, notices []int) {
	for i := range a.Findings {
		if isNotice(&a.Findings[i]) {
			notices = append(notices, i)
		} else {
			open = append(open, i)
		}
	}
	return open, notices
}

// listedFindings is how many findings the bounded formats list, and words for the
// others: the partners without news, if they have many findings. Those come last
// in the order.
func listedFindings(a *audit.Audit, order []int) (n int, unlisted string) {
	news := map[string]bool{}
	for _, i := range order {
		if f := &a.Findings[i]; isNews(f) {
			news[f.TenantID] = true
		}
	}
	rest, kinds := 0, map[audit.Kind]int{}
	for _, i := range order {
		if f := &a.Findings[i]; !news[f.TenantID] {
			kinds[f.Kind]++
			rest++
		}
	}
	if rest <= knownFindings {
		return len(order), ""
	}
	return len(order) - rest, fmt.Sprintf("%s and %s not listed: %s. The HTML, CSV and JSON reports have all of them, and so has text with --all.",
		words.Count(rest, "finding")+agree(rest, " continues", " continue"), agree(rest, "is", "are"), kindCounts(kinds))
}

// kindCounts says "300 extra, 38 changed".
func kindCounts(kinds map[audit.Kind]int) string {
	var list []string
	for _, r := range audit.Rules() {
		if n := kinds[r.Kind]; n > 0 {
			list = append(list, words.Thousands(n)+" "+string(r.Kind))
		}
	}
	return strings.Join(list, ", ")
}

// countKinds counts the open findings by kind, a partner that could not be read
// once.
func countKinds(a *audit.Audit) map[audit.Kind]int {
	kinds := map[audit.Kind]int{}
	for i := range a.Findings {
		kinds[a.Findings[i].Kind]++
	}
	kinds[audit.Unreadable] = countUnreadable(a)
	return kinds
}

// kindTiles count what is as wanted, and the findings by kind.
func kindTiles(a *audit.Audit) []tile {
	kinds := countKinds(a)
	tiles := []tile{
		{"as wanted", a.Totals.OK, good},
		{"missing", kinds[audit.Missing], bad},
		{"changed", kinds[audit.Changed], bad},
		{"extra", kinds[audit.Extra], warn},
	}
	for _, t := range []tile{
		{"unreadable", kinds[audit.Unreadable], bad},
		{"sync without consent", kinds[audit.SyncWithoutConsent], warn},
		{"waived", len(a.Waived), plain},
		{noticesWord(kinds), kinds[audit.ConsentWithoutSync], plain},
	} {
		if t.N > 0 {
			tiles = append(tiles, t)
		}
	}
	return tiles
}

func noticesWord(kinds map[audit.Kind]int) string {
	return agree(kinds[audit.ConsentWithoutSync], "notice", "notices")
}

// news counts findings by state.
type news struct{ fresh, reopened, continuing, fixed, unjudged int }

func newsOf(a *audit.Audit) news {
	n := news{fixed: len(a.Fixed), unjudged: len(a.Unjudged)}
	for i := range a.Findings {
		switch f := &a.Findings[i]; {
		case isNotice(f):
		case f.Reopened:
			n.reopened++
		case f.State == audit.StateNew:
			n.fresh++
		case f.State == audit.StateContinuing:
			n.continuing++
		}
	}
	return n
}

// hasNews reports whether the audit knows what earlier ones found.
func hasNews(a *audit.Audit) bool { return a.Earlier != nil }

func newsTiles(a *audit.Audit) []tile {
	if !hasNews(a) {
		return nil
	}
	n := newsOf(a)
	tiles := []tile{{"new", n.fresh, bad}, {"continuing", n.continuing, warn}, {"fixed", n.fixed, good}}
	if n.reopened > 0 {
		tiles = append(tiles, tile{"reopened", n.reopened, bad})
	}
	if n.unjudged > 0 {
		tiles = append(tiles, tile{"not judged", n.unjudged, plain})
	}
	return tiles
}

// auditClosing has the totals and, if there are earlier audits, the news, each in
// a line.
func auditClosing(a *audit.Audit) []string {
	var list []string
	for _, t := range kindTiles(a) {
		list = append(list, words.Thousands(t.N)+" "+t.Label)
	}
	lines := []string{fmt.Sprintf("Audit: %s. %s.", a.Result, strings.Join(list, ", "))}
	if hasNews(a) {
		list = nil
		for _, t := range newsTiles(a) {
			list = append(list, words.Thousands(t.N)+" "+t.Label)
		}
		lines = append(lines, "News: "+strings.Join(list, ", ")+".")
	}
	return lines
}

// auditLead says what the numbers do not cover.
func auditLead(a *audit.Audit) []string {
	var lead []string
	if isFirst(a) {
		lead = append(lead, "No earlier audit of this store is complete, so every finding is new.")
	}
	if a.BareRows > 0 {
		lead = append(lead, bareRows(a.BareRows))
	}
	switch {
	case a.Input.Rows == 0:
		lead = append(lead, "Only the template was judged: without a CSV, no partner is.")
	case a.Scope == audit.ScopeFile:
		lead = append(lead, scopeWords(a.OutOfScope))
	}
	if h := a.History; h != nil && h.Problem != "" {
		lead = append(lead, "Who changed what is not known: "+strings.TrimSuffix(OneLine(h.Problem), ".")+".")
	}
	return lead
}

// scopeWords say what --scope file leaves out.
func scopeWords(out int) string {
	s := "Only partners with a row were judged (--scope file)"
	if out > 0 {
		s += fmt.Sprintf("; %s that %s a policy or could not be read %s not", words.Count(out, "other"), agree(out, "has", "have"), agree(out, "was", "were"))
	}
	return s + "."
}

// isFirst reports whether a store holds no earlier audit that is complete: without
// a store, findings have no states.
func isFirst(a *audit.Audit) bool {
	for _, fs := range [][]audit.Finding{a.Findings, a.Waived} {
		if len(fs) > 0 {
			return a.Earlier == nil && fs[0].State == audit.StateNew
		}
	}
	return false
}
