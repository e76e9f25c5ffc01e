package report

import (
	"cmp"
	"fmt"
	"html/template"
	"net/url"
	"strings"

	"bulksync/internal/words"
	"bulksync/plan/audit"
)

// historyRows bounds the findings that the index page lists of the newest audit.
const historyRows = 100

// history is the index page of a store before it is formatted. Its members are
// exported for the templates; all its text is clean.
type history struct {
	Policy  string
	Style   template.CSS
	Script  template.JS
	Verdict string
	Tone    tone
	// Banner says that the chain does not hold.
	Banner string
	Counts []tile
	News   []tile
	Facts  []fact
	Plot   template.HTML
	// Kinds are the headings of the numbers behind the plot.
	Kinds   []string
	Numbers []numbers
	// About says which audit the news are of, and what continues.
	About string
	Lists []list
	Chain chain
	Rows  []historyRow
}

// numbers are one audit in the table behind the plot.
type numbers struct {
	Name, At, Gap string
	N             []int
}

// historyRow is one audit in the table of audits.
type historyRow struct {
	Number               int
	Name, Folder, At     string
	Result               string
	Tone                 tone
	Findings, News       string
	Signer, SHA256, Link string
}

func newHistory(p *HistoryPage) *history {
	style := pageStyle + historyStyle
	h := &history{
		Style: template.CSS(style), Script: template.JS(pageScript),
		Policy: "default-src 'none'; style-src " + sourceHash(style) + "; script-src " + sourceHash(pageScript) + "; base-uri 'none'; form-action 'none'",
		Facts:  historyFacts(p), Chain: chainOf(p.Audits), Plot: plotOf(p),
	}
	h.Verdict, h.Tone = historyVerdict(p)
	if !h.Chain.Holds {
		h.Tone, h.Banner = bad, "The chain of audits does not hold: see below where."
	}
	if a := p.newest(); a != nil && a == &p.Audits[len(p.Audits)-1] { // numbers of an older one do not belong below the verdict
		h.Counts, h.News = kindTiles(p.Newest), newsTiles(p.Newest)
	}
	if p.Newest != nil {
		h.About, h.Lists = newestWords(p), newestLists(p.Newest)
	}
	for i := range numberColumns {
		h.Kinds = append(h.Kinds, numberColumns[i].label)
	}
	for i := len(p.Audits) - 1; i >= 0; i-- {
		h.Numbers = append(h.Numbers, numbersOf(&p.Audits[i]))
		h.Rows = append(h.Rows, historyRowOf(&p.Audits[i]))
	}
	return h
}

// Title is the page's title.
func (h *history) Title() string { return "bulksync evidence: " + strings.TrimSuffix(h.Verdict, ".") }

// Number counts the audits in words.
func (h *history) Number() string { return words.Count(len(h.Rows), "audit") }

// historyVerdict is that of the newest audit.
func historyVerdict(p *HistoryPage) (string, tone) {
	if len(p.Audits) == 0 {
		return "No audit has been made yet.", plain
	}
	switch a := &p.Audits[len(p.Audits)-1]; {
	case a.fault() != "":
		return "Unknown: the newest audit of the store cannot be relied on.", bad
	case a.Result == audit.Incomplete:
		return "Incomplete: the newest audit did not read the tenant completely, so it claims nothing.", bad
	case p.newest() == a:
		return auditVerdict(p.Newest)
	case a.Result == audit.Clean:
		return "Clean: the newest audit found nothing that counts.", good
	default:
		return "Drift: the newest audit found what is not as wanted.", bad
	}
}

func historyFacts(p *HistoryPage) []fact {
	fs := homeFact(p.HomeTenant)
	claims, signed, keys := 0, 0, map[string]bool{}
	for i := range p.Audits {
		a := &p.Audits[i]
		if a.Claims() {
			claims++
		}
		if a.Signer != "" {
			signed++
			keys[a.Signer] = true
		}
	}
	value := words.Thousands(len(p.Audits))
	if rest := len(p.Audits) - claims; rest > 0 {
		value += fmt.Sprintf(", of which %s nothing", words.Thousands(rest)+agree(rest, " claims", " claim"))
	}
	fs = append(fs, fact{"Audits", value, false})
	if n := len(p.Audits); n > 0 {
		fs = append(fs, fact{"First", stamp(p.Audits[0].FinishedAt), false}, fact{"Newest", stamp(p.Audits[n-1].FinishedAt), false})
	}
	fs = append(fs, fact{"Signed", signedWords(signed, len(p.Audits), len(keys)), false})
	return append(fs, fact{"Drawn by", toolName(p.Tool), false})
}

func signedWords(signed, all, keys int) string {
	if signed == 0 {
		return "no audit is signed"
	}
	return fmt.Sprintf("%s of %s, with %s", words.Thousands(signed), words.Count(all, "audit"), words.Count(keys, "key"))
}

// newestWords say which audit the news are of, and what continues in it.
func newestWords(p *HistoryPage) string {
	a, kinds := p.newest(), map[audit.Kind]int{}
	for i := range p.Newest.Findings {
		if f := &p.Newest.Findings[i]; !isNews(f) && !isNotice(f) {
			kinds[f.Kind]++
		}
	}
	s := fmt.Sprintf("Of audit %d, %s", a.Number, stamp(a.FinishedAt))
	if a != &p.Audits[len(p.Audits)-1] {
		s += ", the newest that is complete"
	}
	n := newsOf(p.Newest)
	s += fmt.Sprintf(": %s new, %s reopened, %s continuing, %s fixed", words.Thousands(n.fresh), words.Thousands(n.reopened), words.Thousands(n.continuing), words.Thousands(n.fixed))
	if n.continuing > 0 {
		s += ". What continues: " + kindCounts(kinds)
	}
	return s + "."
}

// newestLists are what is new and what is fixed, as the audit's own page lists it,
// but not more than a reader of an index wants.
func newestLists(a *audit.Audit) []list {
	var fresh []int
	for i := range a.Findings {
		if f := &a.Findings[i]; isNews(f) && !isNotice(f) {
			fresh = append(fresh, i)
		}
	}
	said := "The audit before did not find these, or they were waived then."
	if !hasNews(a) {
		said = "No audit before this one is complete, so everything is new."
	}
	var out []list
	for _, l := range []list{
		findingsAt(a, a.Findings, fresh, list{ID: "new", Title: "New", Detail: "Present and wanted", Noun: "finding", Words: said}),
		findingList(a, a.Fixed, list{ID: "fixed", Title: "Fixed", Detail: "What was found", Words: "Earlier audits found these. They are gone."}),
	} {
		if l.NRows == 0 {
			continue
		}
		if l.NRows > historyRows {
			l.Words += fmt.Sprintf(" These are the first %d of %s; the page of the audit has all of them.", historyRows, words.Thousands(l.NRows))
			l.NRows = historyRows
		}
		out = append(out, l)
	}
	return out
}

func numbersOf(a *HistoryAudit) numbers {
	n := numbers{Name: auditNumber(a), At: stamp(a.FinishedAt)}
	switch {
	case a.fault() != "":
		n.Gap = "cannot be relied on"
	case !a.Claims():
		n.Gap = "incomplete: nothing is claimed"
	default:
		for i := range numberColumns {
			n.N = append(n.N, numberColumns[i].of(a))
		}
	}
	return n
}

func auditNumber(a *HistoryAudit) string {
	if a.Number == 0 {
		return "?"
	}
	return fmt.Sprint(a.Number)
}

func historyRowOf(a *HistoryAudit) historyRow {
	r := historyRow{
		Name: auditNumber(a), Folder: OneLine(a.Folder), At: stamp(a.FinishedAt), Result: OneLine(string(a.Result)),
		Signer: OneLine(a.Signer), SHA256: OneLine(a.SHA256), Link: folderLink(a.Folder),
	}
	switch fault := a.fault(); {
	case fault != "":
		r.Result, r.Tone, r.Findings = "unreliable", bad, sentence(OneLine(fault))
	case a.Result == audit.Incomplete:
		r.Tone, r.Findings = warn, "Nothing is claimed."
	default:
		r.Findings, r.News = openWords(a), a.news().words()
		if r.Tone = good; a.Result == audit.Drift {
			r.Tone = bad
		}
	}
	return r
}

// openWords say "195 as wanted, 3 changed, 2 waived".
func openWords(a *HistoryAudit) string {
	list := []string{words.Thousands(a.Totals.OK) + " as wanted"}
	kinds := map[audit.Kind]int{}
	for _, r := range audit.Rules() {
		kinds[r.Kind] = a.of(r.Kind)
	}
	if s := kindCounts(kinds); s != "" {
		list = append(list, s)
	}
	if n := a.Totals.Waived; n > 0 {
		list = append(list, words.Thousands(n)+" waived")
	}
	return strings.Join(list, ", ")
}

// words say "1 new, 7 continuing", or none.
func (n news) words() string {
	list := counted(tile{"new", n.fresh, bad}, tile{"reopened", n.reopened, bad}, tile{"continuing", n.continuing, warn}, tile{"fixed", n.fixed, good}, tile{"not judged", n.unjudged, plain})
	return cmp.Or(list, "none")
}

// folderLink is the address of an audit's folder beside the page, whatever its
// name holds; empty for a name that is no folder of the store. The dot keeps a
// colon from beginning another kind of address.
func folderLink(folder string) string {
	if folder == "" || folder == "." || folder == ".." || strings.ContainsAny(folder, `/\`) {
		return ""
	}
	return "./" + url.PathEscape(folder) + "/"
}
