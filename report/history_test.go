package report_test

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"bulksync/plan/audit"
	"bulksync/report"
)

// historyOf is a store of n weekly audits whose newest is the stored one. Every
// ninth is incomplete.
func historyOf(n int) report.HistoryPage {
	newest := storedAudit()
	p := report.HistoryPage{Tool: newest.Tool, HomeTenant: newest.HomeTenant, Newest: newest}
	for i := range n {
		p.Audits = append(p.Audits, historyAudit(i+1, newest.CreatedAt.AddDate(0, 0, 7*(i+1-n))))
	}
	if n > 0 {
		p.Audits[n-1] = manifestOf(n, newest)
		p.NewestFolder = p.Audits[n-1].Folder
	} else {
		p.Newest = nil
	}
	return p
}

// historyAudit is what the manifest of an audit says, with numbers that go up and
// down.
func historyAudit(number int, at time.Time) report.HistoryAudit {
	a := report.HistoryAudit{
		Number: number, SHA256: fmt.Sprintf("%064x", 0xa1b2c3<<20+number), FinishedAt: at,
		Signer: "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", Result: audit.Drift,
	}
	if number%9 == 4 {
		a.Result = audit.Incomplete
	} else {
		fresh, known := number*7%5, 30+number*11%17-number/40
		a.Totals = audit.Totals{OK: 400 - fresh - known, Missing: fresh, Changed: known, Extra: number * 5 % 9, Waived: number % 6}
		a.Counts = []report.HistoryCount{{Kind: audit.Missing, State: audit.StateNew, N: fresh}, {Kind: audit.Changed, State: audit.StateContinuing, N: known}, {Kind: audit.Extra, State: audit.StateContinuing, N: number * 5 % 9}}
		a.Fixed = number * 3 % 7
	}
	a.Folder = at.Format("20060102T150405Z") + "-" + string(a.Result)
	return a
}

// manifestOf is what the manifest of an audit says of its findings.
func manifestOf(number int, a *audit.Audit) report.HistoryAudit {
	h := historyAudit(1, a.CreatedAt)
	h.Number, h.SHA256, h.Result, h.Totals, h.Counts = number, fmt.Sprintf("%064x", 0xa1b2c3<<20+number), a.Result, a.Totals, nil
	h.Reopened, h.Fixed = 0, len(a.Fixed)
	for i := range a.Findings {
		f := &a.Findings[i]
		h.Counts = append(h.Counts, report.HistoryCount{Kind: f.Kind, State: f.State, N: 1})
		if f.Reopened {
			h.Reopened++
		}
	}
	return h
}

func historyText(t *testing.T, p report.HistoryPage) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.History(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTheIndexPageLooksAsItDid(t *testing.T) {
	golden(t, "history.html", func(w io.Writer) error { return report.History(w, historyOf(12)) })
}

// sectionOf is the text of the element with an ID.
func sectionOf(t *testing.T, page, id string) string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && hasID(n, id) {
			return textOf(n)
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var parts []string
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			parts = append(parts, strings.Fields(d.Data)...)
		}
	}
	return strings.Join(parts, " ")
}

// The page says whether the chain holds, where it does not, and never that it
// proves anything.
func TestTheIndexPageTellsOfTheChain(t *testing.T) {
	spoil := func(n int, how func(as []report.HistoryAudit)) report.HistoryPage {
		p := historyOf(n)
		how(p.Audits)
		return p
	}
	for name, c := range map[string]struct {
		page report.HistoryPage
		want []string
	}{
		"none":  {historyOf(0), []string{"There is no audit yet, and so no chain.", "No audit is signed."}},
		"one":   {historyOf(1), []string{"There is one audit, and none before it.", "1 of 1 audit names a key that signed it."}},
		"two":   {historyOf(2), []string{"Yes. Each audit after the first names the hash of the manifest before it, and it matches."}},
		"sixty": {historyOf(60), []string{"and all 59 match.", "60 of 60 audits name a key that signed them. This page has not checked the signatures."}},
		"a gap": {spoil(5, func(as []report.HistoryAudit) { as[3].Gap = "the audit before it has another sum now" }),
			[]string{"No. This is where it does not:", "Audit 4 (" + historyOf(5).Audits[3].Folder + "): the audit before it has another sum now."}},
		"altered": {spoil(5, func(as []report.HistoryAudit) {
			as[3].Problem, as[3].Gap = "SHA256SUMS names another sum", "and it is alone"
		}),
			[]string{"No. This is where it does not:", "): SHA256SUMS names another sum; and it is alone."}},
		"unreadable": {spoil(3, func(as []report.HistoryAudit) {
			as[0] = report.HistoryAudit{Folder: "x-drift", Problem: "no such file", Gap: "its manifest cannot be read"}
		}), []string{"Folder x-drift: no such file."}},
		"a gap in the numbers": {spoil(3, func(as []report.HistoryAudit) { as[0].Number = 0; as[1].Number = 7; as[2].Number = 9 }), []string{"Audit 9 (", "): it comes after audit 7, so an audit was taken out."}},
		"wrong totals":         {spoil(3, func(as []report.HistoryAudit) { as[0].Totals.Extra++ }), []string{"Audit 1 (", "): its totals do not match its counts of findings."}},
		"fewer than none":      {spoil(3, func(as []report.HistoryAudit) { as[0].Fixed = -1 }), []string{"): its counts cannot be right."}},
		"more than there are":  {spoil(3, func(as []report.HistoryAudit) { as[0].Counts[0].N, as[0].Totals.Missing = 1<<62, 1<<62 }), []string{"): its counts cannot be right."}},
		"an unknown kind":      {spoil(3, func(as []report.HistoryAudit) { as[0].Counts[0].Kind = "odd" }), []string{"): it counts findings of an unknown kind."}},
	} {
		page := historyText(t, c.page)
		text := sectionOf(t, page, "chain")
		for _, want := range append(c.want, "This page is no proof.", "bulksync verify STORE") {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", name, want, text)
			}
		}
		if holds := strings.HasPrefix(c.want[0], "Yes") || strings.HasPrefix(c.want[0], "and all") || strings.HasPrefix(c.want[0], "There"); strings.Contains(page, "The chain of audits does not hold") == holds {
			t.Errorf("%s: the banner is wrong", name)
		}
	}
	many := historyOf(60)
	for i := range many.Audits {
		many.Audits[i].Gap = "none"
	}
	if text := sectionOf(t, historyText(t, many), "chain"); !strings.Contains(text, "And 40 more faults.") {
		t.Errorf("%s", text)
	}
}

// The verdict is the newest audit's, and one that claims nothing is not hidden by
// an older one.
func TestTheIndexPageBeginsWithTheNewestAudit(t *testing.T) {
	last := func(how func(p *report.HistoryPage, a *report.HistoryAudit)) report.HistoryPage {
		p := historyOf(12)
		p.Audits = append(p.Audits, historyAudit(13, p.Newest.CreatedAt.AddDate(0, 0, 7)))
		how(&p, &p.Audits[12])
		return p
	}
	incomplete := last(func(_ *report.HistoryPage, a *report.HistoryAudit) {})
	for want, p := range map[string]report.HistoryPage{
		"Drift: 8 objects of 7 partners are not as wanted (2 are new or reopened), and 1 partner could not be read.": historyOf(60),
		"No audit has been made yet.": historyOf(0),
		"Incomplete: the newest audit did not read the tenant completely, so it claims nothing.": incomplete,
		"Unknown: the newest audit of the store cannot be relied on.": last(func(_ *report.HistoryPage, a *report.HistoryAudit) {
			*a = report.HistoryAudit{Folder: "x", Problem: "no"}
		}),
		"Drift: the newest audit found what is not as wanted.": last(func(p *report.HistoryPage, a *report.HistoryAudit) {
			*a, p.Newest = historyAudit(14, a.FinishedAt), nil
		}),
		"Clean: the newest audit found nothing that counts.": last(func(p *report.HistoryPage, a *report.HistoryAudit) {
			*a, p.Newest = report.HistoryAudit{Result: audit.Clean}, nil
		}),
	} {
		page := historyText(t, p)
		if !strings.Contains(page, "<h1>"+want+"</h1>") {
			_, rest, _ := strings.Cut(page, "<h1>")
			t.Errorf("want %s\ngot  %s", want, rest[:min(len(rest), 150)])
		}
	}
	if text := sectionOf(t, historyText(t, incomplete), "news"); !strings.Contains(text, "Of audit 12, 2026-11-21 22:04:05 UTC, the newest that is complete: 1 new, 1 reopened, 7 continuing, 2 fixed.") {
		t.Errorf("%s", text)
	}
}

// The plot has a bar for each audit with a result and a gap for each without,
// says in words what it shows, and has its numbers beside it.
func TestThePlotShowsEachAudit(t *testing.T) {
	for _, n := range []int{1, 2, 60, 500} {
		p := historyOf(n)
		page := historyText(t, p)
		silent := 0
		for i := range p.Audits {
			if p.Audits[i].Result == audit.Incomplete {
				silent++
			}
		}
		_, changed, _ := strings.Cut(page, `<path class="k-changed" d="`)
		changed, _, _ = strings.Cut(changed, `"`)
		_, gaps, _ := strings.Cut(page, `<path class="gap" fill="url(#gap)" d="`)
		gaps, _, _ = strings.Cut(gaps, `"`)
		if strings.Count(changed, "M") != n-silent || strings.Count(gaps, "M") != silent || strings.Contains(page, ">no result</text>") != (silent > 0) {
			t.Errorf("%d audits: %d bars and %d gaps, want %d gaps", n, strings.Count(changed, "M"), strings.Count(gaps, "M"), silent)
		}
		if n := strings.Count(page, `<rect class="hover"`); n != len(p.Audits) {
			t.Errorf("%d of %d audits can be pointed at", n, len(p.Audits))
		}
		desc := sectionOf(t, page, "plot-d")
		if !strings.Contains(desc, "195 as wanted, 2 extra, 1 unreadable, 1 missing, 4 changed") || !strings.HasSuffix(desc, "The numbers are in the table after the plot.") ||
			strings.Contains(desc, "hatched") != (silent > 0) {
			t.Errorf("%s", desc)
		}
		if n := strings.Count(page, "incomplete: nothing is claimed</td>"); n != silent {
			t.Errorf("%d of %d gaps are in the table", n, silent)
		}
		if strings.Count(page, `<path class="break"`) > 0 {
			t.Error("a chain that holds is drawn as broken")
		}
	}
}

// Nothing in the plot stands outside of it, whatever the numbers are.
func TestThePlotStaysInItsFrame(t *testing.T) {
	zero, huge := historyOf(3), historyOf(3)
	zero.Newest, huge.Newest = nil, nil
	for i := range zero.Audits {
		zero.Audits[i] = report.HistoryAudit{Number: i + 1, Result: audit.Clean}
		huge.Audits[i].Totals.Extra += 1_000_000_000_000
		huge.Audits[i].Counts = append(huge.Audits[i].Counts, report.HistoryCount{Kind: audit.Extra, State: audit.StateNew, N: 1_000_000_000_000})
	}
	huge.Audits[1].Fixed = 1 << 39
	for name, p := range map[string]report.HistoryPage{"zero": zero, "huge": huge, "many": historyOf(500), "one": historyOf(1)} {
		_, plot, _ := strings.Cut(historyText(t, p), "<svg")
		plot, _, _ = strings.Cut(plot, "</svg>")
		for _, at := range regexp.MustCompile(`[MHV]([^HVZM" ]+)(?: ([^HVZM"]+))?`).FindAllStringSubmatch(plot, -1) {
			limit := map[byte]float64{'M': 1100, 'H': 1100, 'V': 480}[at[0][0]]
			for i, text := range at[1:] {
				if n, err := strconv.ParseFloat(text, 64); text != "" && (err != nil || n < 0 || n > limit || i == 1 && n > 480) {
					t.Fatalf("%s: %q is outside", name, at[0])
				}
			}
		}
	}
}

// A line marks where the chain is broken, in both panels and their legends.
func TestThePlotShowsWhereTheChainIsBroken(t *testing.T) {
	p := historyOf(5)
	p.Audits[2].Gap = "it is not"
	if n := strings.Count(historyText(t, p), `<path class="break"`); n != 4 {
		t.Errorf("%d lines for one broken link", n)
	}
}

// The table has the newest audit first, with its hash as a whole.
func TestTheTableOfAudits(t *testing.T) {
	p := historyOf(60)
	p.Audits[58].Signer = ""
	text := sectionOf(t, historyText(t, p), "audits")
	first, second := strings.Index(text, p.Audits[59].SHA256), strings.Index(text, p.Audits[58].SHA256)
	if first < 0 || second < first || !strings.Contains(text[first:second], "Signed not signed") || !strings.Contains(text[:first], "Signed SHA256:47DEQpj8HBSa") || !strings.Contains(text, "1 new, 1 reopened, 7 continuing, 2 fixed") {
		t.Errorf("%s", text[:800])
	}
	if !strings.Contains(text, "incomplete Nothing is claimed.") {
		t.Errorf("an incomplete audit claims something")
	}
}

// What an audit found is not shown if the audit cannot be relied on.
func TestAnAlteredAuditHasNoNews(t *testing.T) {
	p := historyOf(12)
	p.Audits[11].Problem = "SHA256SUMS names another sum"
	page := historyText(t, p)
	if sectionOf(t, page, "news")+sectionOf(t, page, "new") != "" || !strings.Contains(page, "Unknown: the newest audit of the store cannot be relied on.") || !strings.Contains(sectionOf(t, page, "audits"), "unreliable SHA256SUMS names another sum.") {
		t.Errorf("%s", sectionOf(t, page, "audits"))
	}
}

// Long lists of the newest audit are cut, and say so.
func TestTheIndexPageIsBounded(t *testing.T) {
	a := newsOf()
	for i := range 340 {
		a.Fixed = append(a.Fixed, knownFinding(i+2, audit.Missing))
	}
	p := historyOf(3)
	p.Newest, p.Audits[2] = a, manifestOf(3, a)
	p.NewestFolder = p.Audits[2].Folder
	page := historyText(t, p)
	if text := sectionOf(t, page, "fixed"); !strings.Contains(text, "These are the first 100 of 340; the page of the audit has all of them.") || strings.Count(text, "90e2") != 100 {
		t.Errorf("%s", text)
	}
	if b := len(historyText(t, historyOf(500))); b > 1<<20 {
		t.Errorf("%d bytes for 500 audits", b)
	}
}

// A newest audit that does not add up, or is another one, is not shown.
func TestAHistoryThatDoesNotAddUpIsNotShown(t *testing.T) {
	for name, spoil := range map[string]func(p *report.HistoryPage){
		"wrong totals":   func(p *report.HistoryPage) { p.Newest.Totals.Extra++ },
		"another one":    func(p *report.HistoryPage) { p.Newest = auditOf() },
		"no complete":    func(p *report.HistoryPage) { p.Audits = p.Audits[3:4] },
		"another folder": func(p *report.HistoryPage) { p.NewestFolder = "x" },
		"none":           func(p *report.HistoryPage) { p.Audits = nil },
	} {
		p := historyOf(12)
		spoil(&p)
		var b bytes.Buffer
		if err := report.History(&b, p); err == nil || b.Len() > 0 {
			t.Errorf("%s: error %v and %d bytes", name, err, b.Len())
		}
	}
}

// Whatever a folder is called, its links lead into the store, and its name stays
// text.
func TestFoldersOfAnIndexPageAreOnlyFolders(t *testing.T) {
	for folder, want := range map[string]string{
		"20261121T220405Z-drift": "./20261121T220405Z-drift/audit.html",
		"javascript:canary()":    "./javascript:canary%28%29/audit.html",
		"a b#c?d%e":              "./a%20b%23c%3Fd%25e/audit.html",
		`"><img src=x>`:          "./%22%3E%3Cimg%20src=x%3E/audit.html",
		"株":                      "./%E6%A0%AA/audit.html",
		"..":                     "", ".": "", "": "", "../x": "", "/etc": "", `\\host\x`: "",
	} {
		p := historyOf(1)
		p.Audits[0].Folder, p.NewestFolder = folder, folder
		doc, err := html.Parse(strings.NewReader(historyText(t, p)))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for n := range doc.Descendants() {
			for _, a := range n.Attr {
				if a.Key == "href" && !strings.HasPrefix(a.Val, "#") && strings.HasSuffix(a.Val, "audit.html") {
					got = append(got, a.Val)
				}
			}
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", folder, diff)
		}
	}
}

// Any text in any member stays text.
func TestTheIndexPageKeepsTextAsText(t *testing.T) {
	for _, text := range append([]string{"a\nINJECTED", "\U000e0041"}, hostile...) {
		p := historyOf(5)
		p.Tool.Version, p.HomeTenant.ID, p.HomeTenant.GraphURL = text, text, text
		for i := range p.Audits {
			a := &p.Audits[i]
			a.Folder, a.SHA256, a.Signer = text, text, text
		}
		p.NewestFolder = text
		p.Audits[1].Problem, p.Audits[2].Gap = text+" ", text+" "
		p.Audits[3].Result = audit.Result(text)
		p.Newest.Fixed[0].DisplayName, p.Newest.Findings[1].DisplayName = text, text
		page := historyText(t, p)
		if i := strings.IndexFunc(page, isHidden); i >= 0 {
			t.Errorf("%+q: hidden character in %+q", text, page[max(0, i-20):i+4])
		}
		doc, err := html.Parse(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		scripts, plots := 0, 0
		for n := range doc.Descendants() {
			switch {
			case n.Type == html.CommentNode:
				t.Errorf("%+q: the comment %q came through", text, n.Data)
			case n.Type != html.ElementNode:
			case n.Data == "script":
				scripts++
			case n.Data == "svg":
				plots++
			case n.Data == "img" || n.Data == "iframe" || n.Data == "link" || n.Data == "base":
				t.Errorf("%+q: a <%s> came through", text, n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "href" && !isInside.MatchString(a.Val) && !strings.HasPrefix(a.Val, "./") {
					t.Errorf("%+q: the attribute %s=%q came through", text, a.Key, a.Val)
				}
			}
		}
		if scripts != 1 || plots != 1 {
			t.Errorf("%+q: %d scripts and %d plots", text, scripts, plots)
		}
	}
}
