package plan_test

import (
	"testing"

	"bulksync/graph"
	"bulksync/plan"
)

// TestAChangeIsJudgedByItsOwnMembers plans a row against one state and judges
// its only write against another.
func TestAChangeIsJudgedByItsOwnMembers(t *testing.T) {
	const off = `"identitySynchronization":{"displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":false}}`
	const other = `"identitySynchronization":{"displayName":"Other","userSyncInbound":{"isSyncAllowed":true},"unknown":1}`
	for _, c := range []struct {
		name, row, then, now string
		want                 plan.Verdict
		why                  string
	}{
		{"an update where nothing moved", ",,false,,,,", syncOn, syncOn, plan.Applies, ""},
		{"an update where another member moved", ",,false,,,,", syncOn, other, plan.Applies, ""},
		{"an update that somebody made", ",,false,,,,", syncOn, off, plan.AsWanted, ""},
		{"an update of a member that moved", ",Fabrikam Ltd,,,,,", syncOn, other, plan.Moved, `displayName is now "Other"`},
		{"an update half of which somebody made", ",Fabrikam Ltd,false,,,,", syncOn, off, plan.Moved, "userSyncInbound.isSyncAllowed is now false"},
		{"an update of a policy that is gone", ",,false,,,,", syncOn, "", plan.Moved, "the synchronization policy is gone"},
		{"an update of a partner that is gone", ",,false,,,,", syncOn, "-", plan.Moved, "the partner configuration is gone"},
		{"a create", ",,true,,,,", "", "", plan.Applies, ""},
		{"a create of a policy of nulls", ",,true,,,,", "", `"identitySynchronization":{"displayName":null}`, plan.Applies, ""},
		{"a create that somebody made", ",,true,,,,", "", syncOn, plan.AsWanted, ""},
		{"a create where another policy is", ",,true,,,,", "", off, plan.Moved, "a synchronization policy exists now"},
		{"a create on a partner that is gone", ",,true,,,,", "", "-", plan.Moved, "the partner configuration is gone"},
		{"a removal", ",,,,,absent,", syncOn, syncOn, plan.Applies, ""},
		{"a removal that somebody made", ",,,,,absent,", syncOn, "", plan.AsWanted, ""},
		{"a removal, and the partner is gone too", ",,,,,absent,", syncOn, "-", plan.AsWanted, ""},
		{"a removal of a policy that moved", ",,,,,absent,", syncOn, off, plan.Moved, "userSyncInbound.isSyncAllowed is now false"},
		{"consent where nothing moved", ",,,true,,,", inherits, syncOn, plan.Applies, ""},
		{"consent that somebody gave", ",,,true,,,", inherits, consents, plan.AsWanted, ""},
		{"consent that moved", ",,,true,true,,", inherits, `"automaticUserConsentSettings":{"inboundAllowed":false,"outboundAllowed":null}`, plan.Moved, "automaticUserConsentSettings.inboundAllowed is now false"},
		{"consent of a partner that is gone", ",,,true,,,", inherits, "-", plan.Moved, "the partner configuration is gone"},
		{"a partner to be created", ",,,,,,", "-", "-", plan.Applies, ""},
		{"a partner that somebody created", ",,,,,,", "-", syncOn, plan.AsWanted, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			live := func(members string) (l plan.Live) {
				if members != "-" {
					p := partner(t, fabrikam, members)
					l.Partner = &p
				}
				return l
			}
			cur := currently()
			if p := live(c.then).Partner; p != nil {
				cur = currently(*p)
			}
			d := wanted(t, fabrikam+c.row)
			d.CreatePartners = true
			p := build(t, d, cur)
			if len(p.Changes) != 1 || !p.Changes[0].Writes() {
				t.Fatalf("planned %q", toldAll(p))
			}
			if verdict, why := p.Changes[0].Judge(live(c.now)); verdict != c.want || why != c.why {
				t.Errorf("got %s %q, want %s %q", verdict, why, c.want, c.why)
			}
		})
	}
}

func TestATemplateIsJudgedAsASetOfLevels(t *testing.T) {
	cur := currently()
	cur.Template = &graph.Template{TemplateApplicationLevel: "newPartners"}
	p := build(t, plan.Desired{Template: wantedTemplate(t, `{"templateApplicationLevel":"newPartners,existingPartners"}`)}, cur)
	for level, want := range map[string]plan.Verdict{
		"newPartners": plan.Applies, "newPartners, newPartners": plan.Applies,
		"existingPartners, newPartners": plan.AsWanted, "none": plan.Moved, "": plan.Moved,
	} {
		if got, _ := p.Changes[0].Judge(plan.Live{Template: &graph.Template{TemplateApplicationLevel: level}}); got != want {
			t.Errorf("%q: got %s, want %s", level, got, want)
		}
	}
	if got, why := p.Changes[0].Judge(plan.Live{}); got != plan.Moved || why != "the template is gone" {
		t.Errorf("got %s %s", got, why)
	}
}
