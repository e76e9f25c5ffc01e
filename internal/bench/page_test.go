package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"bulksync/graph"
	"bulksync/internal/browser"
	"bulksync/plan"
	"bulksync/report"
)

// The page of a large plan: what is read in a board meeting.
const (
	pageObjects = 10_000
	pageChanges = 2_000
	pageVisits  = 9
)

// BenchmarkPage opens the page of a large plan in a Chromium, and types into its
// search.
func BenchmarkPage(b *testing.B) {
	tab := browser.Open(b)
	file, size := pageOf(b, largePlan())
	var opened, keys []float64
	for b.Loop() {
		for range pageVisits {
			opened = append(opened, openPage(b, tab, file))
			keys = append(keys, typeInto(b, tab, "partner 12")...)
		}
	}
	slices.Sort(opened)
	slices.Sort(keys)
	b.ReportMetric(float64(size)/pageObjects, "B/object")
	b.ReportMetric(opened[len(opened)/2], "ms-to-open")
	b.ReportMetric(keys[len(keys)/2], "ms-a-key")
	b.ReportMetric(keys[len(keys)-1], "ms-the-slowest-key")
	b.ReportMetric(0, "ns/op")
}

// pageOf writes the page of p, and returns its address and size.
func pageOf(b *testing.B, p *plan.Plan) (url string, size int64) {
	b.Helper()
	path := filepath.Join(b.TempDir(), "plan.html")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if err := report.Plan(f, p, report.HTML, report.Options{}); err != nil {
		b.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		b.Fatal(err)
	}
	return "file://" + path, info.Size()
}

// openPage opens a page, and returns the milliseconds until it was painted.
func openPage(b *testing.B, tab context.Context, url string) float64 {
	b.Helper()
	browser.Do(b, tab, chromedp.Navigate("about:blank"), chromedp.Navigate(url))
	return browser.Ask[float64](b, tab, `(async () => {
	`+painted+`
	await painted();
	return performance.now();
})()`)
}

// painted is a script that waits until the browser has drawn what there is.
const painted = `const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));`

// typeInto types a text into the search, and returns the milliseconds until each
// key was answered on the screen.
func typeInto(b *testing.B, tab context.Context, text string) []float64 {
	b.Helper()
	script := fmt.Sprintf(`(async () => {
	%s
	const q = document.getElementById("q"), took = [];
	for (let n = 1; n <= %q.length; n++) {
		const began = performance.now();
		q.value = %q.slice(0, n);
		q.dispatchEvent(new Event("input", {bubbles: true}));
		await painted();
		took.push(performance.now() - began);
	}
	return took;
})()`, painted, text, text)
	return browser.Ask[[]float64](b, tab, script)
}

// largePlan turns synchronization and consent off for every fifth partner, and
// finds the others as wanted.
func largePlan() *plan.Plan {
	var changes []plan.Change
	for row := 0; len(changes) < pageObjects; row++ {
		for _, o := range []plan.Object{plan.IdentitySynchronization, plan.Consent} {
			c := plan.Change{
				Seq: len(changes) + 1, Row: row + 2, Object: o, Action: plan.NoOp, Hazards: []plan.Hazard{}, Note: fmt.Sprintf("CHG%07d", row/50),
				Partner: plan.Partner{TenantID: fmt.Sprintf("%08x-71ad-49c7-9ce8-%012x", 0x90e20000+row, 0xdb3f41ea0000+row), DisplayName: fmt.Sprintf("Partner %d Retail GmbH", row)},
			}
			if row%(pageObjects/pageChanges) == 0 {
				c.Action = plan.Update
				c.Fields = []plan.Field{{Path: "userSyncInbound.isSyncAllowed", Before: true, After: false}}
				c.Hazards = []plan.Hazard{plan.SyncOff}
				if o == plan.Consent {
					c.Fields = []plan.Field{{Path: "automaticUserConsentSettings.inboundAllowed", Before: true, After: false}}
					c.Hazards = []plan.Hazard{plan.ConsentOff}
				}
			}
			changes = append(changes, c)
		}
	}
	p := &plan.Plan{
		FormatVersion: plan.FormatVersion, CreatedAt: time.Date(2026, 11, 21, 22, 4, 5, 0, time.UTC), Tool: plan.Tool{Name: "bulksync", Version: "1.0.0"},
		HomeTenant: graph.HomeTenant{ID: "7d2c1f0e-5a1b-4c0d-8e9f-0a1b2c3d4e5f", Cloud: graph.Global}, Policy: *plan.BuiltInPolicy(),
		Read: plan.Read{Pages: 50, Partners: pageObjects / 2, Complete: true, Synchronizing: 4000, Consenting: 4000}, Changes: changes, Summary: plan.Summarize(changes),
	}
	p.Input.Name, p.Input.Rows = "partners.csv", pageObjects/2
	return p
}
