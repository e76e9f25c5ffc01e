package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"bulksync/execute/rundir"
)

// Reports are current if all are there, none is older than the journal, and the
// summary follows from it.
func TestCurrentReports(t *testing.T) {
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
	}
	reports := []rundir.Report{{Name: "outcomes.csv", Render: text("of a large run")}, {Name: summaryName, Render: text("totals")}}
	began := time.Now().Add(-time.Hour)
	for name, c := range map[string]struct {
		csv, summary time.Duration // after the journal
		text         string
		missing      string
		want         bool
	}{
		"newer":                 {csv: time.Second, summary: time.Second, text: "totals", want: true},
		"as old as the journal": {text: "totals", want: true},
		"one is older":          {csv: -time.Second, summary: time.Second, text: "totals"},
		"the summary is older":  {csv: time.Second, summary: -time.Second, text: "totals"},
		"another summary":       {csv: time.Second, summary: time.Second, text: "total"},
		"one is missing":        {summary: time.Second, text: "totals", missing: "outcomes.csv"},
		"the summary too":       {csv: time.Second, text: "totals", missing: summaryName},
	} {
		at := t.TempDir()
		for _, f := range []struct {
			name, text string
			after      time.Duration
		}{{rundir.JournalName, "{}\n", 0}, {"outcomes.csv", "of a large run", c.csv}, {summaryName, c.text, c.summary}} {
			path := filepath.Join(at, f.name)
			if err := errors.Join(os.WriteFile(path, []byte(f.text), 0o600), os.Chtimes(path, began, began.Add(f.after))); err != nil {
				t.Fatal(err)
			}
		}
		if c.missing != "" {
			os.Remove(filepath.Join(at, c.missing))
		}
		d, err := rundir.Open(at)
		if err != nil {
			t.Fatal(err)
		}
		if got := areCurrent(d, reports); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
