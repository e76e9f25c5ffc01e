package main

import (
	"bytes"
	"io"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"bulksync/plan/audit"
	"bulksync/report"
)

// driftAudit has an open finding, a waived and a fixed one.
func driftAudit() *audit.Audit {
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	a := &audit.Audit{CreatedAt: at, Result: audit.Drift, Totals: audit.Totals{Missing: 1, Waived: 1}, Earlier: &audit.Link{Folder: "x"}}
	a.Read.Complete, a.HomeTenant.Name = true, "Adatum"
	a.Findings = []audit.Finding{{ID: "open", Kind: audit.Missing, State: audit.StateNew, Since: at}}
	a.Waived = []audit.Finding{{ID: "waived", Kind: audit.Missing, Waiver: &audit.Waiver{Expires: "2030-12-31"}}}
	a.Fixed = []audit.Finding{{ID: "fixed", Kind: audit.Missing}}
	return a
}

// A notification writes each member that the page lists, and no other.
func TestFormatsOfANotification(t *testing.T) {
	incomplete := &audit.Audit{CreatedAt: driftAudit().CreatedAt, Result: audit.Incomplete, Problem: "no answer"}
	var texts [][]byte
	for _, a := range []*audit.Audit{driftAudit(), incomplete} {
		texts = append(texts, rendered(t, func(w io.Writer) error { return report.Notification(w, a, report.Generic) }))
	}
	readFormats(t).compare(t, "The notification", "member", collected(t, texts), true)
}

// The page lists each metric, and an incomplete audit has the first four.
func TestFormatsOfMetrics(t *testing.T) {
	metrics := func(a *audit.Audit) []string {
		names := map[string]bool{}
		text := rendered(t, func(w io.Writer) error {
			return report.Metrics(w, a, report.MetricsOptions{LastComplete: time.Unix(1, 0)})
		})
		for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+) gauge$`).FindAllSubmatch(text, -1) {
			names[string(m[1])] = true
		}
		return slices.Sorted(maps.Keys(names))
	}
	page := readFormats(t).names("Metrics", "metric")
	complete := &audit.Audit{CreatedAt: time.Unix(2, 0), Result: audit.Clean, Earlier: &audit.Link{}}
	complete.Read.Complete = true
	if got := metrics(complete); !slices.Equal(got, slices.Sorted(slices.Values(page))) {
		t.Errorf("the metrics are %v, and on the page %v", got, page)
	}
	if got := metrics(&audit.Audit{Result: audit.Incomplete}); !slices.Equal(got, slices.Sorted(slices.Values(page[:4]))) {
		t.Errorf("an incomplete audit has %v, want %v", got, page[:4])
	}
}

// What the page says to do before an upload to GitHub takes out what is waived or
// fixed, and nothing else.
func TestScriptOfSARIF(t *testing.T) {
	script := regexp.MustCompile("```\njq '(.*)' audit.sarif > upload.sarif\n```").FindStringSubmatch(readRepo(t, "docs/formats.md"))
	if script == nil {
		t.Fatal("no script on the page")
	}
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip(err)
	}
	cmd := exec.CommandContext(t.Context(), "jq", script[1])
	cmd.Stdin = bytes.NewReader(rendered(t, func(w io.Writer) error { return report.Audit(w, driftAudit(), report.SARIF, report.Options{}) }))
	out, err := cmd.Output()
	if s := string(out); err != nil || !strings.Contains(s, `"open"`) || strings.Contains(s, `"waived"`) || strings.Contains(s, `"fixed"`) {
		t.Errorf("%v\n%s", err, s)
	}
}
