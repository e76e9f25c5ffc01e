package execute_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
	"bulksync/plan"
)

// full is a partner with everything that a client may write.
func full(p *graphsim.Partner) {
	p.IdentitySynchronization = graphsim.SyncAllowed("Fabrikam", true)
	p.AutomaticUserConsentSettings = graphsim.Consent{InboundAllowed: ptr(true), OutboundAllowed: ptr(false)}
	p.InboundTrust = &graphsim.InboundTrust{IsMfaAccepted: ptr(true), IsHybridAzureADJoinedDeviceAccepted: ptr(false)}
	p.Other = graphsim.Members{"b2bDirectConnectInbound": json.RawMessage(collaboration), "tenantRestrictions": json.RawMessage(collaboration)}
}

const partnerAbsent = ",,,,partner-absent"

// A whole partner is removed after its policy, and undo brings everything back that
// a client may write; the undo of the undo removes it again.
func TestAWholePartnerIsRemovedAndBroughtBack(t *testing.T) {
	for name, there := range map[string]func(*graphsim.Partner){
		"everything": full,
		"no policy":  func(p *graphsim.Partner) { full(p); p.IdentitySynchronization = nil },
		"bare":       func(*graphsim.Partner) {},
		"an empty policy": func(p *graphsim.Partner) {
			p.IdentitySynchronization = &graphsim.IdentitySynchronization{}
			p.Other = graphsim.Members{"b2bCollaborationInbound": json.RawMessage(collaboration)}
		},
	} {
		for _, others := range []int{0, 300} { // in a larger tenant, the partners are read one by one
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, graphsim.Config{DeleteWindow: 3 * time.Second})
					r.with(2, there)
					for i := range others {
						r.SetPartner(graphsim.Partner{TenantID: tenant(1000 + i)})
					}
					before := picture(r.State())
					p := r.plan(rows(2, partnerAbsent), "")
					res := r.mustRun(session{plan: p})
					after := picture(r.State())
					if _, is := r.Partner(tenant(1)); is || res.Totals.Unfinished() > 0 {
						t.Fatalf("%s", storyText(p, res))
					}
					back, undone := r.undo(p, res)
					if diff := cmp.Diff(before, picture(r.State())); diff != "" || undone.Totals.Unfinished() > 0 {
						t.Fatalf("undo (-old +now):\n%s\n%s", diff, storyText(back, undone))
					}
					again, redone := r.undo(back, undone)
					if diff := cmp.Diff(after, picture(r.State())); diff != "" || redone.Totals.Unfinished() > 0 {
						t.Errorf("undo of the undo (-run +now):\n%s\n%s", diff, storyText(again, redone))
					}
				})
			})
		}
	}
}

// What somebody set since the plan is not removed with the partner, and its policy
// stays as well: the tenant is as they left it.
func TestARemovalHoldsWhatSomebodySetSince(t *testing.T) {
	for name, edit := range map[string]func(*graphsim.Partner){
		"b2bDirectConnectInbound": func(p *graphsim.Partner) { delete(p.Other, "b2bDirectConnectInbound") },
		"b2bCollaborationOutbound": func(p *graphsim.Partner) {
			p.Other = graphsim.Members{"b2bCollaborationOutbound": json.RawMessage(collaboration)}
		},
		"inboundTrust":                 func(p *graphsim.Partner) { p.InboundTrust.IsMfaAccepted = ptr(false) },
		"automaticUserConsentSettings": func(p *graphsim.Partner) { p.AutomaticUserConsentSettings.InboundAllowed = nil },
		"whoKnowsWhat":                 func(p *graphsim.Partner) { p.Other = graphsim.Members{"whoKnowsWhat": json.RawMessage(`[1]`)} },
		"it belongs to a service":      func(p *graphsim.Partner) { p.IsServiceProvider = ptr(true) },
	} {
		for _, drift := range []journal.DriftPolicy{"", journal.StopOnDrift} {
			t.Run(name+string(drift), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, graphsim.Config{})
					r.with(1, full)
					p := r.plan(rows(1, partnerAbsent), "")
					r.Edit(tenant(1), edit)
					before := picture(r.State())
					res := r.mustRun(session{plan: p, settings: journal.Settings{OnDrift: drift}})
					if o := res.Outcomes[1]; o.Status != journal.Held || !strings.Contains(o.Message, name) {
						t.Errorf("%s", storyText(p, res))
					}
					if diff := cmp.Diff(before, picture(r.State())); diff != "" {
						t.Errorf("the tenant (-before +after):\n%s", diff)
					}
				})
			})
		}
	}
}

// A partner that cannot be read keeps its policy, and one that was held is removed
// with it when the run is resumed after the edit was taken back.
func TestARemovalThatIsHeldCanBeResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(2, full)
		p := r.plan(rows(2, partnerAbsent), "")
		r.Edit(tenant(1), func(p *graphsim.Partner) { p.InboundTrust.IsMfaAccepted = ptr(false) })
		tape := newTape()
		first := r.mustRun(session{plan: p, tape: tape})
		want := []journal.Status{journal.Skipped, journal.Held, journal.Verified, journal.Verified}
		if diff := cmp.Diff(want, statuses(first)); diff != "" {
			t.Errorf("(-want +got):\n%s\n%s", diff, storyText(p, first))
		}
		r.Edit(tenant(1), func(p *graphsim.Partner) { p.InboundTrust.IsMfaAccepted = ptr(true) })
		again := r.mustRun(session{plan: p, tape: tape})
		if _, there := r.Partner(tenant(1)); there || again.Totals.Unfinished() > 0 {
			t.Errorf("%s", storyText(p, again))
		}
	})
}

// A partner that is gone already is as wanted; one that came back with a policy, or
// became a service provider's, is left alone.
func TestARemovalThatSomebodyMade(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*rig)
		want []journal.Status
	}{
		"gone":        {func(r *rig) { r.RemovePartner(tenant(1)) }, []journal.Status{journal.Unchanged, journal.Unchanged}},
		"no policy":   {func(r *rig) { r.Edit(tenant(1), func(p *graphsim.Partner) { p.IdentitySynchronization = nil }) }, []journal.Status{journal.Unchanged, journal.Verified}},
		"a service's": {func(r *rig) { r.Edit(tenant(1), func(p *graphsim.Partner) { p.IsServiceProvider = ptr(true) }) }, []journal.Status{journal.Skipped, journal.Held}},
		"a lag":       {func(r *rig) {}, []journal.Status{journal.Verified, journal.Verified}},
		"404":         {func(r *rig) { r.Inject(graphsim.Fault{Kind: "504-after", Method: "DELETE"}) }, []journal.Status{journal.Verified, journal.Verified}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, graphsim.Config{RemoveLag: 10 * time.Second})
				r.with(1, full)
				p := r.plan(rows(1, partnerAbsent), "")
				c.edit(r)
				res := r.mustRun(session{plan: p})
				if diff := cmp.Diff(c.want, statuses(res)); diff != "" {
					t.Errorf("(-want +got):\n%s\n%s", diff, storyText(p, res))
				}
			})
		})
	}
}

// What Graph lets no client write is told before it is lost, and in the undo.
func TestWhatUndoCannotBringBackIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(1, func(p *graphsim.Partner) {
			full(p)
			p.Other["protectedContentSharing"] = json.RawMessage(`{"inboundAllowed":true}`)
		})
		p := r.plan(rows(1, partnerAbsent), "")
		const lost = "undo cannot bring back: protectedContentSharing"
		want := []plan.Hazard{plan.PartnerRemoved, plan.ConsentOff, plan.BeyondUndo}
		if c := p.Changes[1]; c.Reason != lost || !cmp.Equal(c.Hazards, want) {
			t.Errorf("%q, %v", c.Reason, c.Hazards)
		}
		res := r.mustRun(session{plan: p})
		back, undone := r.undo(p, res)
		if c := back.Changes[0]; !strings.HasSuffix(c.Reason, lost) || !cmp.Equal(c.Hazards, []plan.Hazard{plan.NewPartner, plan.BeyondUndo}) || undone.Totals.Unfinished() > 0 {
			t.Errorf("%q, %v\n%s", c.Reason, c.Hazards, storyText(back, undone))
		}
	})
}

// An undo does not pass for done if somebody added the partner with other settings.
func TestAnUndoOfARemovalHoldsAnotherPartner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(1, full)
		p := r.plan(rows(1, partnerAbsent), "")
		res := r.mustRun(session{plan: p})
		r.SetPartner(graphsim.Partner{TenantID: tenant(1)})
		back, undone := r.undo(p, res)
		if o := undone.Outcomes[0]; o.Status != journal.Held || !strings.Contains(o.Message, "b2bDirectConnectInbound") {
			t.Errorf("%s", storyText(back, undone))
		}
	})
}
