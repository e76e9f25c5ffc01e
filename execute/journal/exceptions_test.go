package journal_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/execute/journal"
	"bulksync/plan/approval"
)

// Who left what out is told by tenant, all who did; the template has no tenant.
func TestExceptions(t *testing.T) {
	r := journal.Run{Approvals: []approval.Approval{
		{By: "Ada", Except: []approval.Exception{{TenantID: "x", Reason: "ask first"}, {TenantID: approval.TemplateException}}},
		{By: "Bob", Except: []approval.Exception{{TenantID: "x"}}}, {By: "Eve"},
	}}
	want := map[string]string{"x": "excepted by Ada: ask first; excepted by Bob", "": "excepted by Ada"}
	if diff := cmp.Diff(want, r.Exceptions()); diff != "" {
		t.Error(diff)
	}
}

// What an earlier session left out is not attempted yet in the next one; what it
// did, and what the plan blocks, stays.
func TestTheNextSessionForgetsExceptions(t *testing.T) {
	excepted := journal.Outcome{Seq: 3, Status: journal.Skipped, Reason: journal.ReasonExcepted, Message: "excepted by Ada"}
	first := []journal.Entry{session(begun), outcome(excepted), outcome(journal.Outcome{Seq: 4, Status: journal.Verified})}
	for _, sessions := range []int{1, 2} {
		entries := first
		want := excepted
		if sessions == 2 {
			entries, want = append(entries, session(begun)), journal.Outcome{Seq: 3, Status: journal.NotAttempted}
		}
		r := replayed(t, written(t, entries...)).Result()
		if diff := cmp.Diff(want, r.Outcomes[2]); diff != "" {
			t.Errorf("after %d sessions:\n%s", sessions, diff)
		}
		if r.Outcomes[1].Reason != journal.ReasonBlocked || r.Outcomes[3].Status != journal.Verified {
			t.Errorf("after %d sessions: %+v", sessions, r.Outcomes)
		}
	}
}
