package execute_test

import (
	"testing"
	"testing/synctest"
	"time"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
	"bulksync/plan/approval"
)

// approvedBut is an approval that leaves out partners, or the template.
func approvedBut(by string, except ...string) approval.Approval {
	a := approval.Approval{Decision: approval.Approve, By: by, SHA256: by}
	for _, id := range except {
		a.Except = append(a.Except, approval.Exception{TenantID: id, Reason: "ask first"})
	}
	return a
}

// What a decision leaves out is not written, says by whom and why, and is not
// undone. The no-ops of the partner stay what they are.
func TestExceptedIsNotWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(3, func(p *graphsim.Partner) {
			p.AutomaticUserConsentSettings = graphsim.Consent{InboundAllowed: ptr(true)}
		})
		p := r.plan(rows(3, "One,yes,yes,,"), `{"templateApplicationLevel":"newPartners"}`)
		before := picture(r.State())
		got := r.mustRun(session{plan: p, approvals: []approval.Approval{approvedBut("Ada", tenant(2)), approvedBut("Bob", tenant(2), "template")}})
		written := 0
		for i, o := range got.Outcomes {
			c := &p.Changes[i]
			switch {
			case !c.Writes():
				if o.Status != journal.Unchanged {
					t.Errorf("the no-op %d ended as %s", c.Seq, o.Status)
				}
			case c.Partner.TenantID == tenant(2), c.Partner.TenantID == "":
				want := "excepted by Ada: ask first; excepted by Bob: ask first"
				if c.Partner.TenantID == "" {
					want = "excepted by Bob: ask first"
				}
				if o.Status != journal.Skipped || o.Reason != journal.ReasonExcepted || o.Message != want {
					t.Errorf("%s ended as %s, %s: %s", c.Name(), o.Status, o.Reason, o.Message)
				}
			case o.Status != journal.Verified:
				t.Errorf("%s ended as %s", c.Name(), o.Status)
			default:
				written++
			}
		}
		if written != 2 || len(r.Writes()) != 2 {
			t.Errorf("%d changes were made with %d writes", written, len(r.Writes()))
		}
		undo, err := execute.Undo(p, got, "run", "")
		if err != nil {
			t.Fatal(err)
		}
		r.mustRun(session{plan: undo})
		if len(undo.Changes) != 2 || picture(r.State()) != before {
			t.Errorf("the undo has %d changes, and the tenant is\n%s", len(undo.Changes), picture(r.State()))
		}
	})
}

// A resumption follows its own decisions: it writes what an earlier session left
// out, and leaves out what that one did not get to.
func TestExceptionsOfTheSessionCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(2, nil)
		p := r.plan(rows(2, "One,yes,,,"), "")
		tape := newTape()
		for i, tc := range []struct {
			except string
			want   []journal.Status
		}{
			{tenant(1), []journal.Status{journal.Skipped, journal.Verified}},
			{tenant(2), []journal.Status{journal.Verified, journal.Verified}}, // what was made stays made
		} {
			got := r.mustRun(session{plan: p, tape: tape, approvals: []approval.Approval{approvedBut("Ada", tc.except)}})
			for k, want := range tc.want {
				if o := got.Outcomes[k]; o.Status != want {
					t.Errorf("session %d: change %d ended as %s: %s", i+1, o.Seq, o.Status, o.Message)
				}
			}
		}
		if got := len(r.Writes()); got != 2 {
			t.Errorf("%d writes", got)
		}
	})
}

// What an earlier session may have written is read, not written again, and never
// called skipped.
func TestExceptedAfterALostAnswer(t *testing.T) {
	for _, landed := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, graphsim.Config{})
			r.with(1, nil)
			p := r.plan(rows(1, "One,yes,,,"), "")
			tape := newTape()
			kind := graphsim.FaultKind("silent")
			if landed {
				kind = "silent-after"
			}
			r.Inject(graphsim.Fault{Kind: kind, Method: "WRITE", Delay: time.Hour})
			r.killed(session{plan: p, tape: tape})
			r.ClearFaults()
			sent := len(r.Writes())
			got := r.mustRun(session{plan: p, tape: tape, approvals: []approval.Approval{approvedBut("Ada", tenant(1))}})
			want := journal.Indeterminate
			if landed {
				want = journal.Verified
			}
			if o := got.Outcomes[0]; o.Status != want || !o.MayHaveLanded() {
				t.Errorf("landed %v: it ended as %s: %s", landed, o.Status, o.Message)
			}
			if len(r.Writes()) != sent {
				t.Errorf("landed %v: it was written again", landed)
			}
		})
	}
}
