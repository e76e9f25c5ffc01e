package report_test

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"bulksync/internal/browser"
	"bulksync/internal/fleet"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
	"bulksync/report"
)

// largeFleet is an audit of n tenants in four shards, one of which has no result, with
// tenants of every status.
func largeFleet(n int) *fleet.Rollup {
	rows := make([]fleet.Row, n)
	for i := range rows {
		name := fmt.Sprintf("branch-%04d", i)
		switch {
		case i%4 == 3 && i < n/2:
			rows[i] = failedRow(i, name, fleet.Unknown, "shard 3/4 has left no result", "run it with --shard 3/4, or name its folder as well")
		case i%50 == 1:
			rows[i] = failedRow(i, name, fleet.Failed, "sign-in was refused: AADSTS7000222: The provided client secret keys for app "+tenant(i)+" are expired. Trace ID: "+tenant(2*i), "put a client secret that is valid in the variable that the manifest names")
		case i%50 == 2:
			rows[i] = failedRow(i, name, fleet.Incomplete, "403 Authorization_RequestDenied: Insufficient privileges to complete the operation.", "grant Policy.Read.All with admin consent")
		case i%10 == 4:
			rows[i] = auditedRow(i, name, fleet.Differs, audit.Totals{OK: 180, Extra: i % 7, Changed: 1 + i%5}, evidence.News{New: i % 3, Continuing: 1})
		default:
			rows[i] = auditedRow(i, name, fleet.AsWanted, audit.Totals{OK: 200}, evidence.News{})
		}
	}
	r := fleetOf("audit", 4, rows...)
	for i := range r.Rows {
		if r.Rows[i].Shard == 3 && r.Rows[i].Status != fleet.Unknown { // the other half of shard 3 has moved to shard 0
			r.Rows[i].Shard = 0
			r.Shards[3].Tenants--
			r.Shards[0].Tenants++
		}
	}
	r.Shards[3].State = fleet.Missing
	return r
}

// tenantsShown counts the tenants that the list shows.
const tenantsShown = `[...document.querySelectorAll("#list tbody tr")].filter((e) => e.checkVisibility()).length`

// The list filters by result, news, shard and text, and the alerts lead to their tenants.
func TestTheListOfAFleetFilters(t *testing.T) {
	r := largeFleet(1000)
	tab, url := browser.Open(t), pageFile(t, func(w io.Writer) error { return report.Fleet(w, r, report.HTML, report.Options{}) })
	browser.Do(t, tab, chromedp.Navigate(url))
	shows(t, tab, tenantsShown+` === 1000`)
	fresh, third := 0, 0
	for i := range r.Rows {
		if a := r.Rows[i].Audit; a != nil && a.News.New > 0 {
			fresh++
		}
		if r.Rows[i].Shard == 2 {
			third++
		}
	}
	for address, n := range map[string]int{
		"#status=failed": r.Totals.Failed, "#status=as+wanted": r.Totals.AsWanted, "#state=something+new": fresh, "#shard=2%2F4": third, "#q=branch-0777": 1, "#q=AADSTS7000222": r.Totals.Failed,
		"#status=failed&shard=1%2F4&q=branch-0001": 1,
	} {
		browser.Do(t, tab, chromedp.Navigate("about:blank"), chromedp.Navigate(url+address))
		shows(t, tab, tenantsShown+fmt.Sprintf(` === %d && document.getElementById("shown").textContent === "Showing %d of 1,000 tenants"`, n, n))
	}
	browser.Do(t, tab, chromedp.Navigate("about:blank"), chromedp.Navigate(url), chromedp.Click(`article:nth-child(2) a[href="#status=failed"]`))
	shows(t, tab, tenantsShown+fmt.Sprintf(` === %d`, r.Totals.Failed))
	browser.Do(t, tab, chromedp.Click(`button[type="reset"]`))
	shows(t, tab, tenantsShown+` === 1000`)
}

// A page of a thousand tenants is small and quickly there.
func TestThePageOfALargeFleetIsQuick(t *testing.T) {
	page := fleetAs(t, largeFleet(1000), report.HTML, report.Options{})
	if len(page) > 700_000 {
		t.Errorf("%d bytes", len(page))
	}
	tab := browser.Open(t)
	browser.Do(t, tab, chromedp.Navigate(pageFile(t, func(w io.Writer) error { _, err := io.WriteString(w, page); return err })))
	ms := browser.Ask[float64](t, tab, `performance.getEntriesByType("navigation")[0].loadEventEnd`)
	t.Logf("%d bytes, loaded in %.0f ms", len(page), ms)
	if ms > 3000 {
		t.Errorf("loaded in %.0f ms", ms)
	}
	browser.Do(t, tab, chromedp.EmulateViewport(400, 844))
	if wide := browser.Ask[int](t, tab, `document.documentElement.scrollWidth`); wide > 400 {
		t.Errorf("on a phone it is %d pixels wide", wide)
	}
}

// Commands are copied as they stand, and need no more room than their own line.
func TestACommandOfAFleetIsCopied(t *testing.T) {
	r := planFleet()
	tab := browser.Open(t)
	browser.Do(t, tab, chromedp.EmulateViewport(1200, 900), chromedp.Navigate(pageFile(t, func(w io.Writer) error { return report.Fleet(w, r, report.HTML, report.Options{}) })))
	browser.Ask[bool](t, tab, `Object.defineProperty(navigator, "clipboard", {configurable: true, value: {writeText: async (text) => { window.copied = text; }}}) === navigator`)
	browser.Do(t, tab, chromedp.Click(`button[aria-label="Copy the command for adatum"]`))
	shows(t, tab, fmt.Sprintf(`window.copied === %q`, r.Rows[0].Next))
	if high := browser.Ask[float64](t, tab, `document.querySelector("td.command").getBoundingClientRect().height`); high > 70 {
		t.Errorf("a command is %.0f pixels high", high)
	}
}

// The page of a fleet prints with its head on each sheet, and every tenant.
func TestAFleetPrints(t *testing.T) {
	tab := browser.Open(t)
	browser.Do(t, tab, chromedp.Navigate(pageFile(t, func(w io.Writer) error { return report.Fleet(w, largeFleet(200), report.HTML, report.Options{}) })))
	pdf, err := chromedp.Run(tab, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize(), chromedp.PDFPrintBackground()))
	if err != nil {
		t.Fatal(err)
	}
	sheets := len(regexp.MustCompile(`/Type\s*/Page\b[^s]`).FindAll(pdf, -1))
	t.Logf("%d pages", sheets)
	if sheets < 4 || sheets > 14 {
		t.Errorf("%d pages", sheets)
	}
	if _, err := chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}); err != nil {
		t.Fatal(err)
	}
	if !browser.Ask[bool](t, tab, `getComputedStyle(document.querySelector("thead")).display === "table-header-group" && !document.getElementById("tools").checkVisibility() && `+tenantsShown+` === 200`) {
		t.Error("the head of the table is not repeated, the tools are printed, or a tenant is not")
	}
}

// Without script, every tenant is there to be read.
func TestThePageOfAFleetNeedsNoScript(t *testing.T) {
	tab := browser.Open(t)
	if _, err := chromedp.Call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	browser.Do(t, tab, chromedp.Navigate(pageFile(t, func(w io.Writer) error { return report.Fleet(w, planFleet(), report.HTML, report.Options{}) })))
	text, err := chromedp.Run(tab, chromedp.Text("body"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"3 of 4 tenants need changes", "There is no fleet apply", "adatum", "bulksync apply nightly/tenants/fabrikam/plan.json", "200 as wanted"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
}
