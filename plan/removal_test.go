package plan_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph"
	"bulksync/plan"
)

const removesAll = ",,,,,partner-absent,"

// The policy goes first, then the partner; undo brings back what a client may
// write, in the order in which it is added.
func TestARemovalOfAWholePartner(t *testing.T) {
	for name, c := range map[string]struct {
		cur  []graph.Partner
		want []string
		undo []string
	}{
		"everything": {[]graph.Partner{partner(t, fabrikam, whole)},
			[]string{
				`delete identitySynchronization displayName:"Fabrikam">null isSyncAllowed:true>null = DELETE ` + synced + ` !sync-removed`,
				`delete partner tenantId:"` + fabrikam + `">null = DELETE ` + partners + "/" + fabrikam +
					` !partner-removed !consent-off !beyond-undo (undo cannot bring back: isInMultiTenantOrganization, protectedContentSharing)`,
			},
			[]string{
				`create partner tenantId:null>"` + fabrikam + `" = POST ` + partners + ` {"b2bCollaborationInbound":{"applications":{"accessType":"blocked"}},"tenantId":"` + fabrikam +
					`"} !new-partner !beyond-undo (reverts what the run did; undo cannot bring back: isInMultiTenantOrganization, protectedContentSharing)`,
				`create identitySynchronization displayName:null>"Fabrikam" isSyncAllowed:null>true = PUT ` + synced + ` {"displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":true}} (reverts what the run did)`,
				`update trust isMfaAccepted:null>false isCompliantDeviceAccepted:null>true = PATCH ` + partners + "/" + fabrikam +
					` {"inboundTrust":{"isMfaAccepted":false,"isCompliantDeviceAccepted":true}} !trust-on (reverts what the run did)`,
				`update consent inboundAllowed:null>true outboundAllowed:null>true = PATCH ` + partners + "/" + fabrikam +
					` {"automaticUserConsentSettings":{"inboundAllowed":true,"outboundAllowed":true}} (reverts what the run did)`,
			}},
		"no policy": {[]graph.Partner{partner(t, fabrikam, "")},
			[]string{
				"no-op identitySynchronization (there is no synchronization policy to remove)",
				`delete partner tenantId:"` + fabrikam + `">null = DELETE ` + partners + "/" + fabrikam + ` !partner-removed`,
			},
			[]string{`create partner tenantId:null>"` + fabrikam + `" = POST ` + partners + ` {"tenantId":"` + fabrikam + `"} !new-partner (reverts what the run did)`}},
		"no partner": {nil,
			[]string{"no-op identitySynchronization (there is no synchronization policy to remove)", "no-op partner (there is no partner configuration to remove)"}, nil},
		"a service's": {[]graph.Partner{partner(t, fabrikam, `"isServiceProvider":true`)},
			[]string{
				"no-op identitySynchronization (there is no synchronization policy to remove)",
				`blocked partner tenantId:"` + fabrikam + `">null !service-owned (the partner configuration belongs to a service provider or to Microsoft Support)`,
			}, nil},
		"unread": {[]graph.Partner{{TenantID: fabrikam, Problem: "x"}},
			[]string{"blocked identitySynchronization (this partner could not be read: x)", "blocked partner (this partner could not be read: x)"}, nil},
	} {
		p := build(t, wanted(t, fabrikam+removesAll), currently(c.cur...))
		if diff := cmp.Diff(c.want, toldAll(p)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if _, err := decode(encoded(t, p)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		undo := taken(t, p, nil)
		if diff := cmp.Diff(c.undo, toldAll(undo)); diff != "" {
			t.Errorf("%s, the undo (-want +got):\n%s", name, diff)
		}
		if _, err := decode(encoded(t, undo)); err != nil {
			t.Errorf("%s, the undo: %v", name, err)
		}
		if name == "everything" {
			const says = "writes back: b2bCollaborationInbound; undo cannot bring back: isInMultiTenantOrganization, protectedContentSharing"
			if got := undo.Changes[0].PartnerWords(); got != says {
				t.Errorf("got %q, want %q", got, says)
			}
			if got, want := p.Changes[1].PartnerWords(), strings.Replace(says, "writes back", "also removed", 1); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	}
}

// A removal counts towards the limits, each partner once for each of them.
func TestARemovalCountsTowardsTheLimits(t *testing.T) {
	p := build(t, wanted(t, fabrikam+removesAll), currently(partner(t, fabrikam, whole)))
	used := map[plan.LimitName]int{}
	for _, u := range p.Usage() {
		used[u.Name] = u.Used
	}
	if diff := cmp.Diff(map[plan.LimitName]int{plan.LimitStopped: 1, plan.LimitConsentOff: 1}, used); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A plan removes no partner that its row does not remove, hides nothing that is
// lost, and writes back nothing else than what was there.
func TestARemovalThatNobodyMadeIsRefused(t *testing.T) {
	p := build(t, wanted(t, fabrikam+removesAll), currently(partner(t, fabrikam, whole)))
	for _, c := range []struct {
		name string
		edit func(*plan.Plan)
		says string
	}{
		{"a row that removes the policy", func(p *plan.Plan) { p.Input.Cells[0][5] = "absent" }, "line 2 does not ask for that"},
		{"a row that removes nothing", func(p *plan.Plan) { p.Input.Cells[0][5] = "" }, "it is out of order"},
		{"the partner left", func(p *plan.Plan) { p.Changes = p.Changes[:1] }, "line 2 also asks for the partner"},
		{"the policy left", func(p *plan.Plan) { p.Changes = p.Changes[1:] }, "line 2 also asks for the identitySynchronization"},
		{"the partner first", func(p *plan.Plan) { p.Changes[0], p.Changes[1] = p.Changes[1], p.Changes[0] }, "it is out of order"},
		{"nothing lost", change(1, func(c *plan.Change) { c.Reason = "" }), "cannot have the reason"},
		{"no hazard", change(1, func(c *plan.Change) { c.Hazards = c.Hazards[:1] }), "its hazards are"},
		{"no before-image", change(1, func(c *plan.Change) { c.Before, c.Reason = nil, "" }), "has the wrong before-image"},
		{"a check in place of it", change(1, func(c *plan.Change) {
			c.Action, c.Fields, c.Hazards, c.Reason = plan.NoOp, nil, nil, "the row names no property, so only the partner configuration is looked at"
		}), "line 2 does not ask for that"},
		{"what a removal writes back", change(1, func(c *plan.Change) { c.Restore = json.RawMessage(`{"tenantRestrictions":{"a":1}}`) }), "it writes back what no undo does"},
	} {
		t.Run(c.name, func(t *testing.T) { refuses(t, crafted(t, p, c.edit), c.says) })
	}
	for _, restore := range []string{`{}`, `[]`, `null`, `{"isServiceProvider":true}`, `{"inboundTrust":{"isMfaAccepted":true}}`, `{"tenantRestrictions":null}`} {
		text := crafted(t, taken(t, p, nil), change(0, func(c *plan.Change) { c.Restore = json.RawMessage(restore) }))
		refuses(t, text, "it writes back what no undo does")
	}
	bare := build(t, wanted(t, fabrikam+",,,,,,"), currently(partner(t, fabrikam, "")))
	refuses(t, crafted(t, bare, change(0, func(c *plan.Change) {
		c.Action, c.Reason, c.Hazards = plan.Delete, "", []plan.Hazard{plan.PartnerRemoved}
		c.Fields = []plan.Field{{Path: "tenantId", Before: fabrikam}}
	})), "line 2 does not ask for that")
}
