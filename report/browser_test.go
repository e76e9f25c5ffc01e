package report_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"bulksync/internal/browser"
	"bulksync/internal/fleet"
	"bulksync/plan"
	"bulksync/plan/approval"
	"bulksync/report"
)

// boardPlan is a plan with everything that a policy can ask for.
func boardPlan() *plan.Plan {
	p := samplePlan()
	three, share := 3, 1.0
	p.Policy = plan.Policy{
		Name: "policy.yaml", SHA256: strings.Repeat("ab", 32), Overridable: []plan.LimitName{plan.LimitChanges},
		Limits: []plan.Limit{
			{Name: plan.LimitStopped, Count: &three}, {Name: plan.LimitConsentOff, Percent: &share}, {Name: plan.LimitChanges, Count: &three},
		},
		Protected: []plan.Protected{{TenantID: tenant(99), Reason: "payroll provider, ask Ada"}},
		Approvals: &plan.Approvals{Required: 2, Signers: "ada ssh-ed25519 AAAA", SignersName: "allowed_signers"},
		Window:    &plan.Window{Days: []string{"sat", "sun"}, From: "22:00", To: "04:00", Timezone: "Europe/Berlin"}, PlanMaxAgeMs: (7 * 24 * time.Hour).Milliseconds(),
	}
	p.Estimate = &plan.Estimate{LowMs: 4000, HighMs: 95_000, LatencyMs: 140}
	return p
}

// boardApprovals are an approval with an exception and a rejection.
func boardApprovals(p *plan.Plan) []approval.Approval {
	at := p.CreatedAt.Add(time.Hour)
	return []approval.Approval{
		{Decision: approval.Approve, By: "Ada Lovelace", At: at, ExpiresAt: at.Add(72 * time.Hour), Ticket: "CHG0041877", Key: "SHA256:47DEQpj8HBSa", SHA256: strings.Repeat("cd", 32),
			Except: []approval.Exception{{TenantID: tenant(5), Reason: "payroll until December"}}},
		{Decision: approval.Reject, By: "Grace Hopper", At: at, Comment: "not before the audit", SHA256: strings.Repeat("ef", 32)},
	}
}

// pageFile writes a page to a file and returns its address.
func pageFile(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return "file://" + path
}

// pages are a page of each kind.
func pages(t *testing.T) map[string]string {
	p := boardPlan()
	return map[string]string{
		"plan": pageFile(t, func(w io.Writer) error {
			return report.Plan(w, p, report.HTML, report.Options{Approvals: boardApprovals(p)})
		}),
		"run":   pageFile(t, func(w io.Writer) error { return report.Run(w, p, sampleRun(p), report.HTML, report.Options{}) }),
		"audit": pageFile(t, func(w io.Writer) error { return report.Audit(w, sampleAudit(), report.HTML, report.Options{}) }),
		"news":  pageFile(t, func(w io.Writer) error { return report.Audit(w, storedAudit(), report.HTML, report.Options{}) }),
	}
}

// allPages are the pages, the index of a store and the roll-up of a fleet.
func allPages(t *testing.T) map[string]string {
	all := pages(t)
	broken := historyOf(12)
	broken.Audits[5].Gap, broken.Audits[7] = "its number does not follow", report.HistoryAudit{Folder: "20261003T220405Z-drift", Problem: "unexpected end of JSON"}
	for name, p := range map[string]report.HistoryPage{"empty history": historyOf(0), "history": historyOf(60), "broken history": broken} {
		all[name] = pageFile(t, func(w io.Writer) error { return report.History(w, p) })
	}
	for name, r := range map[string]*fleet.Rollup{"fleet": sampleFleet(), "sharded fleet": shardedFleet(), "fleet of plans": planFleet(), "fleet of 60": largeFleet(60)} {
		all[name] = pageFile(t, func(w io.Writer) error { return report.Fleet(w, r, report.HTML, report.Options{}) })
	}
	return all
}

// A page asks for nothing but itself, and its console stays empty.
func TestAPageAsksForNothing(t *testing.T) {
	tab := browser.Open(t)
	var mu sync.Mutex
	var asked, said []string
	if err := chromedp.Listen(tab, func(ev any) {
		mu.Lock()
		defer mu.Unlock()
		switch ev := ev.(type) {
		case *network.EventRequestWillBeSent:
			asked = append(asked, ev.Request.URL)
		case *runtime.EventExceptionThrown:
			said = append(said, ev.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			said = append(said, ev.Entry.Text)
		}
	}); err != nil {
		t.Fatal(err)
	}
	for name, url := range allPages(t) {
		asked, said = nil, nil
		browser.Do(t, tab, chromedp.Navigate(url))
		if !strings.Contains(name, "history") {
			browser.Do(t, tab, chromedp.SendKeys("#q", "contoso"))
			shows(t, tab, `document.getElementById("shown").textContent.startsWith("Showing ")`)
		}
		mu.Lock()
		if len(asked) != 1 || asked[0] != url || len(said) > 0 {
			t.Errorf("%s: asked for %v, said %q", name, asked, said)
		}
		mu.Unlock()
	}
}

// shows waits until an expression holds. It asks again where the page was just
// replaced by another one.
func shows(t *testing.T, tab context.Context, expression string) {
	t.Helper()
	within, end := context.WithTimeout(tab, 10*time.Second)
	defer end()
	for {
		_, err := chromedp.Run(within, chromedp.Poll[bool](expression))
		switch {
		case err == nil:
			return
		case within.Err() != nil:
			t.Fatalf("%s: %v", expression, err)
		}
	}
}

// visible are the partners that the list shows.
const visible = `[...document.querySelectorAll("#list tr[data-action], #same li")].filter((e) => e.checkVisibility()).length`

// The search finds what is folded away, and closes the fold again.
func TestTheSearchOpensTheFold(t *testing.T) {
	tab := browser.Open(t)
	browser.Do(t, tab, chromedp.Navigate(pages(t)["plan"]), chromedp.SendKeys("#q", "proseware"))
	shows(t, tab, `document.getElementById("same").open && `+visible+` === 1 && location.hash === "#q=proseware"`)
	if text := browser.Ask[string](t, tab, `document.getElementById("shown").textContent`); text != "Showing 1 of 17 objects" {
		t.Error(text)
	}
	browser.Do(t, tab, chromedp.Click(`button[type="reset"]`))
	shows(t, tab, `!document.getElementById("same").open && `+visible+` === 15`)
}

// The link of a danger filters the list, and so does the same address when
// somebody opens it.
func TestALinkFiltersTheList(t *testing.T) {
	tab, url := browser.Open(t), pages(t)["plan"]
	browser.Do(t, tab, chromedp.Navigate(url), chromedp.Click(`article a[href="#hazard=sync-off"]`))
	shows(t, tab, visible+` === 1`)
	browser.Do(t, tab, chromedp.Navigate("about:blank"), chromedp.Navigate(url+"#hazard=sync-off"))
	shows(t, tab, visible+` === 1 && document.querySelector("select[name=hazard]").value === "sync-off"`)
	for _, id := range []string{"scope", "risk", "duration", "window", "back-out", "checks", "decision", "changes"} {
		browser.Do(t, tab, chromedp.Navigate("about:blank"), chromedp.Navigate(url+"#"+id))
		shows(t, tab, fmt.Sprintf(`document.querySelector(":target").id === %q && `, id)+visible+` === 15`)
	}
}

// The list of an audit can be filtered by state, and the alerts lead to their
// findings.
func TestTheListOfAnAuditFiltersByState(t *testing.T) {
	tab, url := browser.Open(t), pages(t)["news"]
	browser.Do(t, tab, chromedp.Navigate(url))
	shows(t, tab, visible+` === 9`)
	if states := browser.Ask[string](t, tab, `[...document.querySelector("select[name=state]").options].map((o) => o.text).join(", ")`); states != "any, continuing (7), new (1), reopened (1)" {
		t.Error(states)
	}
	for address, n := range map[string]int{"#state=new": 1, "#state=reopened": 1, "#state=continuing": 7, "#q=waiver+expired": 1, "#action=sync-without-consent": 1} {
		browser.Do(t, tab, chromedp.Navigate("about:blank"), chromedp.Navigate(url+address))
		shows(t, tab, visible+fmt.Sprintf(` === %d`, n))
	}
	if links := browser.Ask[string](t, tab, `[...document.querySelectorAll("article a")].map((a) => a.getAttribute("href")).join(" ")`); links != "#action=extra #action=unreadable #q=waiver+expired #action=sync-without-consent" {
		t.Error(links)
	}
}

// The hash of a manifest can be copied as a whole.
func TestTheHashOfAManifestIsCopied(t *testing.T) {
	tab := browser.Open(t)
	browser.Do(t, tab, chromedp.Navigate(allPages(t)["history"]), chromedp.Click(`.audits tr:first-child button.copy`))
	shows(t, tab, `document.querySelector(".audits tr:first-child button.copy").textContent !== "Copy"`)
	want := historyOf(60).Audits[59].SHA256
	if got := browser.Ask[string](t, tab, `document.querySelector(".audits tbody tr:first-child button.copy").previousElementSibling.textContent`); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The tab key reaches everything that can be used, in the order of the page, and
// the keyboard opens what is folded.
func TestTheKeyboardReachesEverything(t *testing.T) {
	tab := browser.Open(t)
	browser.Do(t, tab, chromedp.Navigate(pages(t)["plan"]))
	const usable = `a[href], button, input, select, summary, textarea`
	want := browser.Ask[int](t, tab, `[...document.querySelectorAll("`+usable+`")].filter((e) => e.checkVisibility()).length`)
	for range want {
		browser.Do(t, tab, chromedp.KeyEvent(kb.Tab))
		browser.Ask[bool](t, tab, `(document.activeElement.dataset.reached = "yes") === "yes"`)
	}
	missed := browser.Ask[[]string](t, tab, `[...document.querySelectorAll("`+usable+`")].filter((e) => e.checkVisibility() && !e.dataset.reached).map((e) => e.outerHTML.slice(0, 80))`)
	if want < 20 || len(missed) > 0 {
		t.Errorf("of %d, not reached: %q", want, missed)
	}
	browser.Do(t, tab, chromedp.Focus("#same summary"), chromedp.KeyEvent(kb.Enter))
	shows(t, tab, `document.getElementById("same").open`)
}

// A copy button copies what stands before it, or selects it.
func TestACopyButtonCopies(t *testing.T) {
	tab := browser.Open(t)
	browser.Do(t, tab, chromedp.Navigate(pages(t)["plan"]))
	for _, clipboard := range []string{"writeText: async (text) => { window.copied = text; }", "writeText: async () => { throw new Error(); }"} {
		browser.Ask[bool](t, tab, `Object.defineProperty(navigator, "clipboard", {configurable: true, value: {`+clipboard+`}}) === navigator`)
		browser.Do(t, tab, chromedp.Click(`button[aria-label="Copy: Fingerprint"]`))
		shows(t, tab, fmt.Sprintf(`(window.copied || getSelection().toString()) === %q`, boardPlan().Fingerprint))
		browser.Ask[bool](t, tab, `delete window.copied`)
	}
	text := browser.Ask[string](t, tab, `document.querySelector("textarea").value`)
	for _, want := range []string{"13 changes to 10 partners", "\nSCOPE\n", "\n- Fingerprint: sha256:4be1", "13 changes are written, 10 above the limit of 3; apply refuses it without --allow changes", "Ada Lovelace", "- Rejected by: Grace Hopper"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// A tenant ID is shown in one piece beside a name that is written from right to
// left, also where it begins with digits.
func TestATenantIDStaysInOnePiece(t *testing.T) {
	stop := with(change(2, "شركة الأفق الأزرق", plan.IdentitySynchronization, plan.Update, syncTo(true, false)), "", plan.SyncOff)
	stop.Partner.TenantID = "26333f30-568a-4848-9beb-1d1a3d568fdc"
	p := planOf(stop, change(3, "עברית", plan.IdentitySynchronization, plan.Update, syncTo(false, true)))
	tab := browser.Open(t)
	browser.Do(t, tab, chromedp.EmulateViewport(1200, 900), chromedp.Navigate(pageFile(t, func(w io.Writer) error { return report.Plan(w, p, report.HTML, report.Options{}) })))
	pieces := browser.Ask[[]int](t, tab, `[...document.querySelectorAll(".p code, .who code")].map((c) => {
		const text = document.createRange();
		text.selectNodeContents(c);
		return new Set([...text.getClientRects()].map((r) => r.top)).size - text.getClientRects().length;
	})`)
	if len(pieces) < 4 || slices.ContainsFunc(pieces, func(n int) bool { return n != 0 }) {
		t.Errorf("%v", pieces)
	}
}

// 390 pixels are enough, and nothing has to be scrolled sideways.
func TestAPageFitsAPhone(t *testing.T) {
	tab := browser.Open(t)
	browser.Do(t, tab, chromedp.EmulateViewport(390, 844))
	for name, url := range allPages(t) {
		browser.Do(t, tab, chromedp.Navigate(url))
		if width := browser.Ask[int](t, tab, `document.documentElement.scrollWidth`); width > 390 {
			t.Errorf("%s is %d pixels wide", name, width)
		}
	}
}

// A plan of 100 changes among many objects prints on few pages, each of the list
// with its head, and without what stays as it is.
func TestAPlanPrintsOnFewPages(t *testing.T) {
	p := largePlan(100)
	for i := range 400 {
		p.Changes = append(p.Changes, change(i+102, "Unchanged", plan.Consent, plan.NoOp))
	}
	p = planOf(p.Changes...)
	tab := browser.Open(t)
	browser.Do(t, tab, chromedp.Navigate(pageFile(t, func(w io.Writer) error { return report.Plan(w, p, report.HTML, report.Options{}) })))
	pdf, err := chromedp.Run(tab, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize(), chromedp.PDFPrintBackground()))
	if err != nil {
		t.Fatal(err)
	}
	sheets := len(regexp.MustCompile(`/Type\s*/Page\b[^s]`).FindAll(pdf, -1))
	t.Logf("%d pages", sheets)
	if sheets < 3 || sheets > 12 {
		t.Errorf("%d pages", sheets)
	}
	if _, err := chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}); err != nil {
		t.Fatal(err)
	}
	if !browser.Ask[bool](t, tab, `getComputedStyle(document.querySelector("thead")).display === "table-header-group" && !document.getElementById("same").checkVisibility()
		&& [...document.querySelectorAll("#list tr[data-action]")].every((row) => row.checkVisibility())`) {
		t.Error("the head of the table is not repeated, or the fold is printed")
	}
}

// No serious or critical finding of axe-core, in light and in dark.
func TestAPageIsAccessible(t *testing.T) {
	axe, err := os.ReadFile(filepath.Join("..", "tools", "axe", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("axe-core is not installed: npm ci in tools/axe")
	}
	tab := browser.Open(t)
	for name, url := range allPages(t) {
		for _, scheme := range []string{"light", "dark"} {
			if _, err := chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			}); err != nil {
				t.Fatal(err)
			}
			browser.Do(t, tab, chromedp.Navigate(url))
			browser.Ask[bool](t, tab, `[...document.querySelectorAll("details")].every((d) => d.open = true)`)
			browser.Do(t, tab, chromedp.Evaluate[chromedp.Void](string(axe)))
			found := browser.Ask[[]string](t, tab, `axe.run().then((r) => r.passes.length < 10 ? ["too little was checked"] : r.violations.filter((v) => ["serious", "critical"].includes(v.impact))
				.map((v) => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map((n) => n.html).join(" ")))`)
			for _, f := range found {
				t.Errorf("%s, %s: %s", name, scheme, f)
			}
		}
	}
}

// Without script, every change is there to be read.
func TestAPageNeedsNoScript(t *testing.T) {
	tab := browser.Open(t)
	if _, err := chromedp.Call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	browser.Do(t, tab, chromedp.Navigate(pages(t)["plan"]))
	text, err := chromedp.Run(tab, chromedp.Text("body"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Contoso Retail", "Decision", "sync-removed", "2 objects are already as wanted"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
}
