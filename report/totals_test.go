package report_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"bulksync/execute/journal"
	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/report"
)

func TestARunThatDoesNotAddUpIsNotReported(t *testing.T) {
	for name, spoil := range map[string]func(*plan.Plan, *journal.Result){
		"an outcome is missing":           func(_ *plan.Plan, r *journal.Result) { r.Outcomes = r.Outcomes[1:] },
		"an outcome is of another change": func(_ *plan.Plan, r *journal.Result) { r.Outcomes[0].Seq = 7 },
		"a status is unknown":             func(_ *plan.Plan, r *journal.Result) { r.Outcomes[0].Status = "fine" },
		"a total is too small":            func(_ *plan.Plan, r *journal.Result) { r.Totals.Add(journal.Verified, -1) },
		"totals are swapped": func(_ *plan.Plan, r *journal.Result) {
			r.Totals.Add(journal.Verified, 1)
			r.Totals.Add(journal.Failed, -1)
		},
		"the changes are counted wrongly":   func(_ *plan.Plan, r *journal.Result) { r.Changes++ },
		"the rows are counted wrongly":      func(_ *plan.Plan, r *journal.Result) { r.Rows++ },
		"the run is of another plan":        func(_ *plan.Plan, r *journal.Result) { r.PlanFingerprint = "sha256:00" },
		"a change is of no row":             func(p *plan.Plan, _ *journal.Result) { p.Changes[5].Row = 999 },
		"the plan's summary is not its own": func(p *plan.Plan, _ *journal.Result) { p.Summary.Create++ },
	} {
		t.Run(name, func(t *testing.T) {
			p := samplePlan()
			r := sampleRun(p)
			spoil(p, r)
			writers := map[string]func(io.Writer) error{
				"failed": func(w io.Writer) error { return report.FailedRows(w, p, r) },
			}
			for _, f := range formats {
				writers[string(f)] = func(w io.Writer) error { return report.Run(w, p, r, f, report.Options{}) }
			}
			for name, write := range writers {
				var b bytes.Buffer
				if err := write(&b); err == nil || b.Len() > 0 {
					t.Errorf("%s: error %v and %d bytes, want an error and nothing", name, err, b.Len())
				}
			}
		})
	}
}

var formats = []report.Format{report.Text, report.JSON, report.CSV, report.Markdown, report.HTML}

func TestAnAuditThatDoesNotAddUpIsNotReported(t *testing.T) {
	for name, spoil := range map[string]func(*audit.Audit){
		"drift called clean":            func(a *audit.Audit) { a.Result = audit.Clean },
		"a partial read called drift":   func(a *audit.Audit) { a.Read.Complete = false },
		"totals of other findings":      func(a *audit.Audit) { a.Totals.Extra++ },
		"an unknown kind":               func(a *audit.Audit) { a.Findings[0].Kind = "odd" },
		"an unknown kind that is fixed": func(a *audit.Audit) { a.Fixed[0].Kind = "odd" },
		"an unknown state":              func(a *audit.Audit) { a.Findings[0].State = "old" },
		"a finding twice":               func(a *audit.Audit) { a.Findings[0].ID = a.Findings[1].ID },
		"a finding both open and fixed": func(a *audit.Audit) { a.Fixed[1].ID = a.Findings[1].ID },
		"waived without a waiver":       func(a *audit.Audit) { a.Waived[0].Waiver = nil },
		"waived by an expired waiver":   func(a *audit.Audit) { a.Waived[0].Waiver = a.Findings[5].Waiver },
		"open with a waiver that holds": func(a *audit.Audit) { a.Findings[0].Waiver = a.Waived[0].Waiver },
		"fixed without an earlier one":  func(a *audit.Audit) { a.Earlier = nil },
		"incomplete with findings":      func(a *audit.Audit) { a.Result = audit.Incomplete },
		"incomplete with an unused waiver": func(a *audit.Audit) {
			*a = audit.Audit{Result: audit.Incomplete, UnusedWaivers: a.UnusedWaivers}
		},
		"notices called drift": func(a *audit.Audit) {
			a.Findings, a.Totals = []audit.Finding{{Kind: audit.ConsentWithoutSync}}, audit.Totals{}
		},
	} {
		a := storedAudit()
		spoil(a)
		for _, f := range formats {
			var b bytes.Buffer
			if err := report.Audit(&b, a, f, report.Options{}); err == nil || b.Len() > 0 {
				t.Errorf("%s as %s: error %v and %d bytes, want an error and nothing", name, f, err, b.Len())
			}
		}
	}
}

func TestAnIncompleteAuditNeverLooksClean(t *testing.T) {
	a := sampleAudit()
	a.Result, a.Findings, a.Totals, a.Read.Complete = audit.Incomplete, nil, audit.Totals{}, false
	a.Problem = "page 2: 503 ServiceUnavailable"
	for _, f := range []report.Format{report.Text, report.Markdown, report.HTML} {
		var b strings.Builder
		if err := report.Audit(&b, a, f, report.Options{}); err != nil {
			t.Fatal(err)
		}
		text := strings.ToLower(b.String())
		if !strings.Contains(text, "incomplete") || !strings.Contains(text, "page 2: 503") || strings.Contains(text, "clean:") {
			t.Errorf("%s:\n%s", f, b.String())
		}
	}
}

func TestTheSummaryHasTheDocumentedMembers(t *testing.T) {
	p := samplePlan()
	var b bytes.Buffer
	if err := report.Run(&b, p, sampleRun(p), report.JSON, report.Options{ExitCode: 3}); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"planFingerprint", "homeTenant", "startedAt", "finishedAt", "rows", "changes", "totals", "requests", "exitCode"} {
		if _, ok := got[name]; !ok {
			t.Errorf("summary has no %s", name)
		}
	}
	if got["exitCode"] != 3.0 {
		t.Errorf("exitCode %v, want 3", got["exitCode"])
	}
}

func TestWhatAKilledProcessDidNotCountIsNotClaimed(t *testing.T) {
	p := samplePlan()
	r := sampleRun(p)
	r.Requests, r.Pace = journal.Requests{Writes: 7, Incomplete: true}, journal.Pace{}
	var b strings.Builder
	if err := report.Run(&b, p, r, report.Text, report.Options{}); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); !strings.Contains(text, "\nRequests: at least 0 reads, 7 writes;") || strings.Contains(text, "Pace:") {
		t.Errorf("%s", text)
	}
}

func TestParseFormatNamesTheFormats(t *testing.T) {
	if f, err := report.ParseFormat("HTML"); err != nil || f != report.HTML {
		t.Errorf("got %q, %v", f, err)
	}
	if _, err := report.ParseFormat("xml"); err == nil || !strings.Contains(err.Error(), "text, json, csv, markdown or html") {
		t.Errorf("error %v does not name the formats", err)
	}
	if err := report.Plan(io.Discard, samplePlan(), "xml", report.Options{}); err == nil {
		t.Error("an unknown format was written")
	}
}

// A row that no change names was merged into another.
func TestRowsThatWereMergedAreCounted(t *testing.T) {
	p := planOf(change(2, "", plan.IdentitySynchronization, plan.Update, syncTo(false, true)))
	p.Input.Cells, p.Input.Lines, p.Input.Rows = append(p.Input.Cells, p.Input.Cells[0]), append(p.Input.Lines, 3), 2
	got := wideText(t, p, outcomes(p, journal.Outcome{Status: journal.Verified}))
	if want := "Rows: 2 in the input = 1 done + 0 not done + 1 merged into another."; !strings.Contains(got, want) {
		t.Errorf("no %q in\n%s", want, got)
	}
}
