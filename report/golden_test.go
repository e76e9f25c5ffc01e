package report_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares what write gives with a file, twice, to notice a report that
// depends on more than its input.
func golden(t *testing.T, name string, write func(io.Writer) error) {
	t.Helper()
	var first, second bytes.Buffer
	for _, b := range []*bytes.Buffer{&first, &second} {
		if err := write(b); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same input gave two reports")
	}
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, first.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), first.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestReportsLookAsTheyDid(t *testing.T) {
	for f, ext := range map[report.Format]string{report.Text: "txt", report.JSON: "json", report.CSV: "csv", report.Markdown: "md", report.HTML: "html"} {
		t.Run(string(f), func(t *testing.T) {
			o := report.Options{ExitCode: 3}
			golden(t, "plan."+ext, func(w io.Writer) error { return report.Plan(w, samplePlan(), f, o) })
			golden(t, "run."+ext, func(w io.Writer) error { p := samplePlan(); return report.Run(w, p, sampleRun(p), f, o) })
			golden(t, "news."+ext, func(w io.Writer) error { return report.Audit(w, storedAudit(), f, o) })
			golden(t, "audit."+ext, func(w io.Writer) error { return report.Audit(w, sampleAudit(), f, o) })
		})
	}
	golden(t, "plan-120.txt", func(w io.Writer) error { return report.Plan(w, samplePlan(), report.Text, report.Options{Width: 120}) })
	golden(t, "run-color.txt", func(w io.Writer) error {
		p := samplePlan()
		return report.Run(w, p, sampleRun(p), report.Text, report.Options{Color: true})
	})
	golden(t, "running.txt", func(w io.Writer) error {
		p := samplePlan()
		return report.Run(w, p, sampleRun(p), report.Text, report.Options{Running: true})
	})
	golden(t, "failed.csv", func(w io.Writer) error { p := samplePlan(); return report.FailedRows(w, p, sampleRun(p)) })
	golden(t, "outcomes-excel-de.csv", func(w io.Writer) error {
		p := samplePlan()
		p.Input.Dialect = dialects[1]
		return report.Run(w, p, sampleRun(p), report.CSV, report.Options{LikeInput: true})
	})
	golden(t, "plan-empty.txt", func(w io.Writer) error { return report.Plan(w, planOf(), report.Text, report.Options{}) })
}
