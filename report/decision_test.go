package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"bulksync/execute/journal"
	"bulksync/plan"
	"bulksync/plan/approval"
	"bulksync/report"
)

// ada approves, with everything that an approval can hold.
func ada() approval.Approval {
	at := time.Date(2026, 11, 26, 9, 30, 0, 0, time.UTC)
	return approval.Approval{
		Decision: approval.Approve, By: "Ada", At: at, ExpiresAt: at.Add(72 * time.Hour), Ticket: "CHG0041207", SHA256: "1f",
		Key: "SHA256:abc", Except: []approval.Exception{{TenantID: tenant(3), Reason: "ask first"}, {TenantID: approval.TemplateException}},
	}
}

// A report says who approved what, by which key, and what was left out.
func TestAReportSaysWhoApproved(t *testing.T) {
	p := planOf(change(2, "One", plan.IdentitySynchronization, plan.Update, syncTo(false, true)), change(3, "Two", plan.IdentitySynchronization, plan.Update, syncTo(false, true)))
	excepted := journal.Outcome{Status: journal.Skipped, Reason: journal.ReasonExcepted, Message: "excepted by Ada: ask first"}
	r := outcomes(p, seen, excepted)
	bob := approval.Approval{Decision: approval.Approve, By: "Bob", At: ada().At, Comment: "as discussed"}
	r.ApprovedWith, r.Approvals = "--decision", []approval.Approval{ada(), bob}
	who := "Ada (SHA256:abc), 2026-11-26 09:30:00 UTC, CHG0041207; excepted: Two " + tenant(3) + " (ask first), template"
	text := strings.Join(strings.Fields(runText(t, p, r)), " ")
	for _, want := range []string{
		"Finished, but 1 change is excepted; the other change succeeded.", "Approved " + who + " Approved Bob, 2026-11-26 09:30:00 UTC, as discussed",
		"skipped (1 partner): excepted by Ada: ask first", "resume the run with decisions that do not except it", "1 done + 1 not done",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	var failed bytes.Buffer
	if err := report.FailedRows(&failed, p, r); err != nil {
		t.Fatal(err)
	}
	if want := tenant(3) + ",Two,yes,CHG0041877,identitySynchronization skipped: excepted by Ada: ask first\n"; !strings.HasSuffix(failed.String(), want) || strings.Contains(failed.String(), tenant(2)) {
		t.Errorf("failed.csv:\n%s", failed.String())
	}
	for with, want := range map[string]string{"prompt": "Approved at the prompt", "--yes": "Approved with --yes"} {
		r.Approvals, r.ApprovedWith = nil, with
		if text := strings.Join(strings.Fields(runText(t, p, r)), " "); !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

// A plan is shown with the decisions about it, rejections too.
func TestAPlanWithDecisions(t *testing.T) {
	p := planOf(change(3, "Two", plan.IdentitySynchronization, plan.Update, syncTo(false, true)))
	many := ada()
	for range 30 {
		many.Except = append(many.Except, approval.Exception{TenantID: tenant(3)})
	}
	no := approval.Approval{Decision: approval.Reject, By: "Eve", At: ada().At, Comment: "too early"}
	var b bytes.Buffer
	if err := report.Plan(&b, p, report.Markdown, report.Options{Approvals: []approval.Approval{many, no}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| Approved | Ada (SHA256:abc), ", ", 29 others |", "| Rejected | Eve, 2026-11-26 09:30:00 UTC, too early |"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in:\n%s", want, b.String())
		}
	}
}

// What was done, and what was left out by whom, is told apart from what failed.
func TestTheVerdictNamesExceptions(t *testing.T) {
	excepted := journal.Outcome{Status: journal.Skipped, Reason: journal.ReasonExcepted, Message: "excepted by Ada"}
	blocked := journal.Outcome{Status: journal.Skipped, Message: "no"}
	stuck := with(change(9, "", plan.IdentitySynchronization, plan.Blocked), "no")
	write := change(3, "", plan.IdentitySynchronization, plan.Update, syncTo(false, true))
	for want, os := range map[string][]journal.Outcome{
		"Finished, but 1 change is blocked and 2 changes are excepted; the other change succeeded.":               {blocked, excepted, excepted, seen},
		"Finished, but 1 of 3 changes did not succeed; 1 other change is blocked and 1 other change is excepted.": {blocked, excepted, refused, seen},
	} {
		p := planOf(stuck, write, write, write)
		if got, _, _ := strings.Cut(runText(t, p, outcomes(p, os...)), "\n"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
