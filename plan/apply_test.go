package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bulksync/graph"
	"bulksync/plan"
)

// A change that applies is as wanted once it is laid over the reading, and
// everything else in the reading is still there.
func TestAChangeLaidOverAReadingIsAsWanted(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := anyWorld(t).Draw(rt, "world")
		p := w.plan(rt)
		before := w.read(rt)
		w.applies(rt, p, before)
		w.apply(rt, p)
		w.applies(rt, revert(rt, p), w.read(rt))
	})
}

// applies lays the changes of a plan over a reading, one after the other, and
// each over the reading by itself.
func (w *world) applies(t *rapid.T, p *plan.Plan, cur *plan.Current) {
	sum := map[string]plan.Live{}
	for i := range p.Changes {
		c := &p.Changes[i]
		if !c.Writes() {
			continue
		}
		id := c.Partner.TenantID
		live, ok := sum[id]
		if !ok {
			live = plan.Live{Template: cur.Template}
			if there, found := cur.Partners[id]; found {
				live.Partner = &there
			}
		}
		if fit, why := c.CheckDrift(live); fit != plan.Applies {
			t.Fatalf("%s: %s %s", told(c), fit, why)
		}
		sum[id] = c.Apply(live)
		if fit, why := c.CheckDrift(sum[id]); fit != plan.AsWanted {
			t.Errorf("%s, laid over: %s %s", told(c), fit, why)
		}
		if diff := cmp.Diff(sum[id], c.Apply(sum[id])); diff != "" {
			t.Errorf("%s, laid over twice (-once +twice):\n%s", told(c), diff)
		}
	}
}

func TestOnlyWhatAChangeIsAboutIsLaidOver(t *testing.T) {
	const theirs = `"identitySynchronization":{"tenantId":"x","displayName":"Theirs","more":1e2,"userSyncInbound":{"isSyncAllowed":true,"new":1}}`
	const inner = `"automaticUserConsentSettings":{"InboundAllowed":null,"outboundAllowed":true,"other":"x"}`
	for _, c := range []struct{ name, row, then, now, want string }{
		{"a switch", ",,false,,,,", syncOn, theirs, `{"displayName":"Theirs","more":1e2,"tenantId":"` + fabrikam + `","userSyncInbound":{"isSyncAllowed":false,"new":1}}`},
		{"a name", ",Fabrikam Ltd,,,,,", syncOn, theirs, `{"displayName":"Fabrikam Ltd","more":1e2,"tenantId":"` + fabrikam + `","userSyncInbound":{"isSyncAllowed":true,"new":1}}`},
		{"an update of what the reading lacks", ",,false,,,,", syncOn, "", `{"displayName":"Fabrikam","tenantId":"` + fabrikam + `","userSyncInbound":{"isSyncAllowed":false}}`},
		{"a create", ",,true,,,,", "", "", `{"tenantId":"` + fabrikam + `","userSyncInbound":{"isSyncAllowed":true}}`},
		{"consent, in the letter case that was read", ",,,true,,,", inner, inner, `{"InboundAllowed":true,"other":"x","outboundAllowed":true}`},
		{"a switch, in the letter case that was read", ",,false,,,,", `"identitySynchronization":{"UserSyncInbound":{"IsSyncAllowed":true}}`,
			`"identitySynchronization":{"UserSyncInbound":{"IsSyncAllowed":true}}`, `{"UserSyncInbound":{"IsSyncAllowed":false}}`},
		{"a removal", ",,,,,absent,", syncOn, theirs, ""},
	} {
		now := partner(t, fabrikam, c.now)
		read := now
		p := build(t, wanted(t, fabrikam+c.row), currently(partner(t, fabrikam, c.then)))
		live := p.Changes[0].Apply(plan.Live{Partner: &now})
		if got := string(live.Object(p.Changes[0].Object)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
		if fit, why := p.Changes[0].CheckDrift(live); fit != plan.AsWanted {
			t.Errorf("%s: %s %s", c.name, fit, why)
		}
		if diff := cmp.Diff(read, now); diff != "" {
			t.Errorf("%s: the reading was written to (-before +after):\n%s", c.name, diff)
		}
		if gone := p.Changes[0].Apply(plan.Live{}); gone.Partner != nil {
			t.Errorf("%s: a partner that was never read: %+v", c.name, gone.Partner)
		}
	}
}

func TestATemplateIsLaidOverInPart(t *testing.T) {
	cur := currently()
	cur.Template = &graph.Template{TemplateApplicationLevel: "newPartners", Raw: []byte(`{"templateApplicationLevel":"newPartners","id":7}`)}
	p := build(t, plan.Desired{Template: wantedTemplate(t, `{"templateApplicationLevel":"none","userSyncInbound":{"isSyncAllowed":true}}`)}, cur)
	got := p.Changes[0].Apply(plan.Live{Template: cur.Template})
	want := &graph.Template{TemplateApplicationLevel: "none", IsSyncAllowed: new(true), Raw: []byte(`{"id":7,"templateApplicationLevel":"none","userSyncInbound":{"isSyncAllowed":true}}`)}
	if diff := cmp.Diff(want, got.Template); diff != "" || cur.Template.TemplateApplicationLevel != "newPartners" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := p.Changes[0].Apply(plan.Live{}); got.Template != nil {
		t.Errorf("a template that was never read: %+v", got.Template)
	}
}
