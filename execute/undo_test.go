package execute_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
	"bulksync/plan"
)

// undo reverts a run, by way of the plan file, and returns that run too.
func (r *rig) undo(p *plan.Plan, res *journal.Result) (*plan.Plan, *journal.Result) {
	r.t.Helper()
	back, err := execute.Undo(p, res, "run", "")
	if err != nil {
		r.t.Fatal(err)
	}
	var file bytes.Buffer
	if err := back.Encode(&file); err != nil {
		r.t.Fatal(err)
	}
	if back, err = plan.Decode(&file); err != nil {
		r.t.Fatalf("the undo plan is no plan: %v", err)
	}
	return back, r.mustRun(session{plan: back})
}

const templateOn = `{"templateApplicationLevel":"newPartners,existingPartners","userSyncInbound":{"isSyncAllowed":true}}`

func TestUndoBringsTheOldStateBackExactly(t *testing.T) {
	setups := map[string]func(*graphsim.Partner){
		"partners that were not there": nil,
		"bare partners":                func(*graphsim.Partner) {},
		"nulls in the policy":          func(p *graphsim.Partner) { p.IdentitySynchronization = &graphsim.IdentitySynchronization{} },
		"a policy and other settings": func(p *graphsim.Partner) {
			p.IdentitySynchronization = graphsim.SyncAllowed("Old", false)
			p.AutomaticUserConsentSettings.OutboundAllowed = ptr(true)
			p.Other = graphsim.Members{"protectedContentSharing": json.RawMessage(`{"inboundAllowed":true,"outboundAllowed":null}`)}
		},
	}
	for name, there := range setups {
		for _, cells := range []string{wanted, ",no,,,", "Only a name,,,,", ",,no,,", ",,,,absent"} {
			t.Run(name+"/"+cells, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, graphsim.Config{})
					if there != nil {
						r.with(2, there)
					}
					before := picture(r.State())
					p := r.plan(rows(2, cells), templateOn)
					res := r.mustRun(session{plan: p})
					after := picture(r.State())
					back, undone := r.undo(p, res)
					if diff := cmp.Diff(before, picture(r.State())); diff != "" {
						t.Errorf("undo (-old +now):\n%s", diff)
					}
					if n := undone.Totals.Unfinished(); n != 0 {
						t.Errorf("%d changes of the undo did not succeed: %+v", n, undone.Outcomes)
					}
					r.undo(back, undone)
					if diff := cmp.Diff(after, picture(r.State())); diff != "" {
						t.Errorf("undo of the undo (-run +now):\n%s", diff)
					}
				})
			})
		}
	}
}

// Undo does not delete a partner that somebody has configured since.
func TestUndoLeavesAConfiguredPartnerAlone(t *testing.T) {
	for name, edit := range map[string]func(*graphsim.Partner){
		"inboundTrust": func(p *graphsim.Partner) { p.InboundTrust = &graphsim.InboundTrust{IsMfaAccepted: ptr(false)} },
		"b2bCollaborationInbound": func(p *graphsim.Partner) {
			p.Other = graphsim.Members{"b2bCollaborationInbound": json.RawMessage(`{"usersAndGroups":null,"applications":{"accessType":"blocked"}}`)}
		},
		"automaticUserConsentSettings": func(p *graphsim.Partner) { p.AutomaticUserConsentSettings.OutboundAllowed = ptr(false) },
		"whoKnowsWhat":                 func(p *graphsim.Partner) { p.Other = graphsim.Members{"whoKnowsWhat": json.RawMessage(`[1]`)} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, graphsim.Config{})
				p := r.plan(rows(1, "Fabrikam,yes,yes,,"), "")
				res := r.mustRun(session{plan: p})
				r.Edit(tenant(1), edit)
				_, undone := r.undo(p, res)
				last := undone.Outcomes[len(undone.Outcomes)-1]
				if last.Status != journal.Held || !strings.Contains(last.Message, name) {
					t.Errorf("%+v", last)
				}
				if _, there := r.Partner(tenant(1)); !there {
					t.Error("the partner is gone")
				}
			})
		})
	}
}

func TestUndoHoldsWhatSomebodyChangedSince(t *testing.T) {
	for name, c := range map[string]struct {
		there func(*graphsim.Partner)
		edit  func(*graphsim.Partner)
	}{
		"a member that the run set": {func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Old", true) },
			func(p *graphsim.Partner) { p.IdentitySynchronization.DisplayName = ptr("Theirs") }},
		"another member of a policy that the run created": {func(*graphsim.Partner) {},
			func(p *graphsim.Partner) {
				p.IdentitySynchronization.UserSyncInbound = &graphsim.UserSyncInbound{IsSyncAllowed: ptr(false)}
			}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, graphsim.Config{})
				r.with(1, c.there)
				p := r.plan(rows(1, "Fabrikam,,,,"), "")
				res := r.mustRun(session{plan: p})
				r.Edit(tenant(1), c.edit)
				now := picture(r.State())
				_, undone := r.undo(p, res)
				if undone.Outcomes[0].Status != journal.Held {
					t.Errorf("%+v", undone.Outcomes[0])
				}
				if diff := cmp.Diff(now, picture(r.State())); diff != "" {
					t.Errorf("it was changed (-before +now):\n%s", diff)
				}
			})
		})
	}
}

// The undo of an interrupted run covers exactly what happened.
func TestTheUndoOfAnInterruptedRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(6, nil)
		p := r.plan(rows(6, "Fabrikam,yes,,,"), "")
		r.Inject(graphsim.Fault{Kind: "400", Method: "PUT", Nth: 3})
		res := r.mustRun(session{plan: p, settings: journal.Settings{Concurrency: 1, StopAfterFailures: 1}})
		back, _ := r.undo(p, res)
		if len(back.Changes) != res.Totals.Of(journal.Verified, journal.Succeeded) || len(back.Changes) == 0 || len(back.Changes) == 6 {
			t.Errorf("%d changes to undo after %+v", len(back.Changes), res.Totals)
		}
		if back.Input.Name != "undo of run run" || back.Input.Rows != len(back.Changes) {
			t.Errorf("input %+v", back.Input)
		}
	})
}
