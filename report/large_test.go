package report_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/plan"
	"bulksync/report"
)

// largePlan turns synchronization off for n partners.
func largePlan(n int) *plan.Plan {
	changes := make([]plan.Change, n)
	for i := range changes {
		changes[i] = with(change(i+2, fmt.Sprintf("Partner number %d of many", i+1), plan.IdentitySynchronization, plan.Update, syncTo(true, false)), "", plan.SyncOff)
	}
	return planOf(changes...)
}

func allFailed(c *plan.Change) journal.Outcome {
	return journal.Outcome{Status: journal.Failed, Attempts: 6, Kind: graph.Indeterminate, HTTPStatus: 503, GraphCode: "ServiceUnavailable", Message: "try later", RequestID: tenant(c.Seq)}
}

func TestTextListsABoundedNumberAndSaysHowManyMore(t *testing.T) {
	var b strings.Builder
	if err := report.Plan(&b, largePlan(2000), report.Text, report.Options{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"2,000 changes to 2,000 partners.", "sync-off (2,000 partners)", "and 1,995 more partners\n", "... and 1,800 more changes.", "--format html",
		"\nPlan: 0 to create, 2000 to update, 0 to delete, 0 unchanged, 0 blocked.\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in the text", want)
		}
	}
	if lines := strings.Count(b.String(), "\n"); lines > 700 {
		t.Errorf("%d lines are too many to read", lines)
	}
	if !strings.Contains(b.String(), tenant(201)) || strings.Contains(b.String(), tenant(202)) {
		t.Error("the 200th change is the last to be listed")
	}
}

func TestMarkdownStaysUnderTheSizeOfAComment(t *testing.T) {
	p := largePlan(3000)
	for i := range p.Changes {
		p.Changes[i].Note = strings.Repeat("注意 ", 4000)
	}
	for name, write := range map[string]func(io.Writer) error{
		"plan": func(w io.Writer) error { return report.Plan(w, p, report.Markdown, report.Options{}) },
		"run": func(w io.Writer) error {
			return report.Run(w, p, resultOf(p, allFailed), report.Markdown, report.Options{})
		},
	} {
		var b strings.Builder
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if b.Len() > 65_535 {
			t.Errorf("%s: %d bytes", name, b.Len())
		}
		if !strings.Contains(b.String(), " more changes are left out") {
			t.Errorf("%s does not say what it left out", name)
		}
	}
}

// Totals and dangers come first, and a document stays small however many causes
// there are and however long their words are.
func TestMarkdownBeginsWithTheTotals(t *testing.T) {
	p := largePlan(200)
	for i := range p.Changes {
		p.Changes[i].Partner.DisplayName = strings.Repeat("*\u0301", 50_000)
	}
	r := resultOf(p, func(c *plan.Change) journal.Outcome {
		o := allFailed(c)
		o.GraphCode, o.Message = fmt.Sprint(strings.Repeat("`|", 500), c.Seq%40), strings.Repeat("注意*", 1000)
		return o
	})
	r.Stopped = strings.Repeat("e\u0301", 100_000)
	var b strings.Builder
	if err := report.Run(&b, p, r, report.Markdown, report.Options{}); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 65_535 {
		t.Errorf("%d bytes", b.Len())
	}
	totals, dangers := strings.Index(b.String(), "**Run: 200 changes = 200 failed.**"), strings.Index(b.String(), "### Look at these first")
	if facts := strings.Index(b.String(), "| Home tenant |"); totals < 0 || dangers < totals || facts < dangers {
		t.Errorf("totals at %d, dangers at %d, facts at %d", totals, dangers, facts)
	}
	if !strings.Contains(b.String(), "left out to fit into a comment") {
		t.Error("nothing says what was left out")
	}
}

// With All, text lists every row, and still what went wrong first.
func TestTextListsAllOnRequest(t *testing.T) {
	p := largePlan(300)
	p.Changes = append([]plan.Change{change(900, "Wingtip Toys", plan.Consent, plan.NoOp)}, p.Changes...)
	p = planOf(p.Changes...)
	r := resultOf(p, func(c *plan.Change) journal.Outcome {
		switch {
		case c.Action == plan.NoOp:
			return journal.Outcome{Status: journal.Unchanged}
		case c.Seq == 250:
			return allFailed(c)
		default:
			return journal.Outcome{Status: journal.Verified, Attempts: 1, HTTPStatus: 204}
		}
	})
	var few, all strings.Builder
	if err := report.Run(&few, p, r, report.Text, report.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := report.Run(&all, p, r, report.Text, report.Options{All: true}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(few.String(), tenant(2)) || !strings.Contains(few.String(), "299 changes succeeded and 1 object was already as wanted, not listed.") {
		t.Errorf("%s", few.String())
	}
	text := all.String()
	failed, done, same := strings.Index(text, "failed identitySynchronization"), strings.Index(text, "verified identitySynchronization"), strings.Index(text, "unchanged consent")
	if failed < 0 || done < failed || same < done || strings.Count(text, "verified identitySynchronization") != 299 || strings.Contains(text, "not listed") {
		t.Errorf("failed at %d, verified at %d, unchanged at %d", failed, done, same)
	}
}

// At 80 columns no line is longer, and no word is broken that fits on a line.
func TestTextBreaksBetweenWords(t *testing.T) {
	words := strings.Fields("isHybridAzureADJoinedDeviceAccepted Policy.ReadWrite.CrossTenantAccess Directory_ConcurrencyViolation 90e20007-71ad-49c7-9ce8-db3f41ea0007 the configuration belongs to a provider")
	p := largePlan(1)
	p.Changes[0].Partner.DisplayName = "Wohnungsbaugesellschaft Donaudampfschifffahrt Internationalisierungsbeirat"
	r := resultOf(p, func(c *plan.Change) journal.Outcome {
		o := allFailed(c)
		o.Message = strings.Join(words, " ")
		return o
	})
	var b strings.Builder
	if err := report.Run(&b, p, r, report.Text, report.Options{Width: 80}); err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(b.String(), "────")
	got := strings.Fields(table)
	for _, word := range append(words, strings.Fields(p.Changes[0].Partner.DisplayName)...) {
		if !slices.Contains(got, word) {
			t.Errorf("%q is broken in\n%s", word, table)
		}
	}
	for line := range strings.Lines(b.String()) {
		if n := utf8.RuneCountInString(line) - 1; n > 80 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
}

// Lines are written in batches, each once and in plan order.
func TestCSVHasEachLineOnce(t *testing.T) {
	for _, n := range []int{999, 1000, 1001, 2500} {
		var b bytes.Buffer
		if err := report.Plan(&b, largePlan(n), report.CSV, report.Options{}); err != nil {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(&b).ReadAll()
		if err != nil || len(lines) != n+1 || lines[0][0] != "seq" {
			t.Fatalf("%d changes: %d lines, %v", n, len(lines), err)
		}
		for i, cells := range lines[1:] {
			if cells[0] != fmt.Sprint(i+1) {
				t.Fatalf("%d changes: line %d belongs to change %s", n, i+1, cells[0])
			}
		}
	}
}

// fullDisk accepts n bytes and then fails.
type fullDisk struct{ n int }

func (d *fullDisk) Write(b []byte) (int, error) {
	if d.n -= len(b); d.n < 0 {
		return 0, syscall.ENOSPC
	}
	return len(b), nil
}

// A report that could not be written is an error, wherever the disk got full.
func TestAFullDiskIsAnError(t *testing.T) {
	p, a := largePlan(1500), storedAudit()
	r := resultOf(p, allFailed)
	for _, f := range formats {
		for name, write := range map[string]func(io.Writer) error{
			"plan":  func(w io.Writer) error { return report.Plan(w, p, f, report.Options{}) },
			"run":   func(w io.Writer) error { return report.Run(w, p, r, f, report.Options{}) },
			"audit": func(w io.Writer) error { return report.Audit(w, a, f, report.Options{}) },
			"index": func(w io.Writer) error { return report.History(w, historyOf(20)) },
		} {
			var whole bytes.Buffer
			if err := write(&whole); err != nil {
				t.Fatal(err)
			}
			for _, room := range []int{0, 100, whole.Len() / 2, whole.Len() - 1} {
				if err := write(&fullDisk{room}); !errors.Is(err, syscall.ENOSPC) {
					t.Errorf("%s as %s with room for %d of %d bytes: %v", name, f, room, whole.Len(), err)
				}
			}
			if err := write(&fullDisk{whole.Len()}); err != nil {
				t.Errorf("%s as %s: %v", name, f, err)
			}
		}
	}
}

// Partners that an alert does not name are counted, in each format.
func TestAlertsCountWhatTheyDoNotName(t *testing.T) {
	for f, want := range map[report.Format]string{
		report.Text: "    and 70 more partners\n", report.Markdown: "  - and 65 more partners\n", report.HTML: "<summary>and 65 more partners</summary>",
	} {
		var b strings.Builder
		if err := report.Plan(&b, largePlan(75), f, report.Options{}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s: no %q", f, want)
		}
	}
	var b strings.Builder
	if err := report.Plan(&b, largePlan(1500), report.HTML, report.Options{}); err != nil || !strings.Contains(b.String(), "<summary>and 1,490 more partners</summary>") ||
		!strings.Contains(b.String(), ">and 500 more partners, in the list below<") {
		t.Errorf("%v: 1,500 partners are not counted", err)
	}
	b.Reset()
	if err := report.Plan(&b, planOf(), report.Markdown, report.Options{}); err != nil || strings.Contains(b.String(), "Look at these first") {
		t.Errorf("%v: nothing to look at\n%s", err, b.String())
	}
}

func TestAThousandReasonsMakeFewAlerts(t *testing.T) {
	changes := make([]plan.Change, 1000)
	for i := range changes {
		changes[i] = with(change(i+2, "", plan.Consent, plan.Blocked), fmt.Sprintf("reason %d", i))
	}
	var b strings.Builder
	if err := report.Plan(&b, planOf(changes...), report.HTML, report.Options{}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "<article"); n != 9 {
		t.Errorf("%d alerts, want 8 and one for the rest", n)
	}
}

func benchmark(b *testing.B, f report.Format) {
	p := largePlan(100_000)
	r := resultOf(p, allFailed)
	var size bytes.Buffer
	if err := report.Run(&size, p, r, f, report.Options{}); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(size.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if err := report.Run(io.Discard, p, r, f, report.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// The benchmarks write the report of a run of 100,000 changes.
func BenchmarkHTML(b *testing.B)     { benchmark(b, report.HTML) }
func BenchmarkCSV(b *testing.B)      { benchmark(b, report.CSV) }
func BenchmarkText(b *testing.B)     { benchmark(b, report.Text) }
func BenchmarkMarkdown(b *testing.B) { benchmark(b, report.Markdown) }
