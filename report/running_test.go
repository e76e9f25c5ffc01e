package report_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"bulksync/execute/journal"
	"bulksync/report"
)

// runningRun writes the report of a journal without an end, as replaying gives
// it: one change done, one refused, one begun, two to come, one not visible yet
// and one not read back.
func runningRun(t *testing.T, f report.Format) string {
	t.Helper()
	p := syncPlan(7)
	flying := journal.Outcome{Status: journal.Indeterminate, Reason: journal.ReasonProcessEnded, Message: "the process ended before the answer came; resume reads the object and decides"}
	r := outcomes(p, seen, refused, flying, waiting, waiting, unseen, unread)
	r.Stopped, r.Interrupted = "the process ended before the run did", true
	r.Requests, r.Pace = journal.Requests{Writes: 2, Incomplete: true}, journal.Pace{}
	var b bytes.Buffer
	if err := report.Run(&b, p, r, f, report.Options{Running: true, ExitCode: 3}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A run that is still going is shown as it is, without claims about its end.
func TestARunStillGoing(t *testing.T) {
	as := func(f report.Format) string { return runningRun(t, f) }
	for _, f := range formats {
		text := as(f)
		for _, no := range []string{"the process ended", "Stopped", "Interrupted", "interrupted\": true", "hint: ", "Next:", "Finished", "was killed", "no write limit"} {
			if strings.Contains(text, no) {
				t.Errorf("%s says %q:\n%s", f, no, text)
			}
		}
	}
	for _, want := range []string{
		"Running: 3 of 7 changes are done so far.\n", "  As of  ", "! failed: 403", "\n3 changes are done and 3 still to come, not listed.\n",
		"\nRun: 7 changes = 1 verified + 2 succeeded + 1 failed + 2 to come + 1 in\nprogress.\n", "\nRequests: at least 0 reads, 2 writes; 0 throttled, 0 retried so far.\n",
		"\n1 change was accepted by Graph, but not visible yet.\n", "\n1 change was accepted by Graph and not read back yet.\n",
	} {
		if text := as(report.Text); !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if text := as(report.Text); strings.Contains(text, tenant(4)) || strings.Contains(text, "not-attempted") {
		t.Errorf("what is to come is listed:\n%s", text)
	}
	if text := as(report.HTML); strings.Count(text, `data-status="to-come"`) != 2 || strings.Count(text, `data-status="in-progress"`) != 1 || !strings.Contains(text, "in progress: no outcome yet") {
		t.Errorf("%s", text)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(as(report.JSON)), &got); err != nil || got["running"] != true || got["exitCode"] != 3.0 {
		t.Errorf("%v: %v", err, got)
	}
}

// If nothing is done and nothing is to come, the report does not say that it
// left something out.
func TestARunThatOnlyFailedListsAll(t *testing.T) {
	p := syncPlan(1)
	var b strings.Builder
	if err := report.Run(&b, p, outcomes(p, refused), report.Text, report.Options{Running: true}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "not listed") {
		t.Errorf("%s", b.String())
	}
}
