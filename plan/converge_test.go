package plan_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/desired"
)

// world is a simulated tenant together with what is wanted of it.
type world struct {
	*graphsim.Sim
	client *graph.Client
	want   plan.Desired
}

// anyWorld draws both from the same few tenants, so that they meet.
func anyWorld(t testing.TB) *rapid.Generator[*world] {
	return rapid.Custom(func(rt *rapid.T) *world {
		sim := graphsim.New(graphsim.Config{PageSize: 3})
		var lines []string
		for i := range rapid.IntRange(1, 8).Draw(rt, "tenants") {
			id := fmt.Sprintf("90e29127-71ad-49c7-9ce8-%012x", i+1)
			there := rapid.Bool().Draw(rt, "there")
			if there {
				sim.SetPartner(anyPartner(id).Draw(rt, "partner"))
			}
			cells := []string{
				id, rapid.SampledFrom([]string{"", "Fabrikam", "Müller & Söhne"}).Draw(rt, "name"),
				anySwitch.Draw(rt, "sync"), anySwitch.Draw(rt, "mfa"), anySwitch.Draw(rt, "device"), anySwitch.Draw(rt, "hybrid"),
				anySwitch.Draw(rt, "inbound"), anySwitch.Draw(rt, "outbound"), "", "",
			}
			if rapid.IntRange(0, 3).Draw(rt, "ensure") == 0 {
				cells = []string{id, "", "", "", "", "", "", "", rapid.SampledFrom([]string{"absent", "partner-absent"}).Draw(rt, "what"), ""}
				if there { // else no partner is added for the others
					cells[3], cells[6] = anySwitch.Draw(rt, "mfa"), anySwitch.Draw(rt, "inbound")
				}
			}
			lines = append(lines, strings.Join(cells, ","))
		}
		w := &world{Sim: sim, client: inProcess(t, sim), want: wantedOfAll(t, lines...)}
		w.want.CreatePartners = true
		if rapid.Bool().Draw(rt, "with a template") {
			w.want.Template = wantedTemplate(t, rapid.SampledFrom([]string{
				`{"templateApplicationLevel":""}`, `{"templateApplicationLevel":"existingPartners,newPartners"}`,
				`{"userSyncInbound":{"isSyncAllowed":false}}`, `{"templateApplicationLevel":"newPartners","userSyncInbound":{"isSyncAllowed":true}}`,
			}).Draw(rt, "template"))
		}
		return w
	})
}

var anySwitch = rapid.SampledFrom([]string{"", "true", "false"})

func anyPartner(id string) *rapid.Generator[graphsim.Partner] {
	null := rapid.SampledFrom([]*bool{nil, new(true), new(false)})
	return rapid.Custom(func(rt *rapid.T) graphsim.Partner {
		p := graphsim.Partner{TenantID: id, AutomaticUserConsentSettings: graphsim.Consent{
			InboundAllowed: null.Draw(rt, "inbound"), OutboundAllowed: null.Draw(rt, "outbound"),
		}}
		if rapid.Bool().Draw(rt, "trust") {
			p.InboundTrust = &graphsim.InboundTrust{IsMfaAccepted: null.Draw(rt, "mfa"), IsCompliantDeviceAccepted: null.Draw(rt, "device"), IsHybridAzureADJoinedDeviceAccepted: null.Draw(rt, "hybrid")}
		}
		if rapid.Bool().Draw(rt, "restrictions") {
			p.Other = graphsim.Members{"tenantRestrictions": json.RawMessage(`{"applications":{"accessType":"blocked","targets":[]}}`)}
		}
		switch rapid.IntRange(0, 3).Draw(rt, "policy") {
		case 0:
			p.IdentitySynchronization = &graphsim.IdentitySynchronization{}
		case 1:
			p.IdentitySynchronization = graphsim.SyncAllowed("Fabrikam", rapid.Bool().Draw(rt, "allowed"))
		case 2:
			p.IdentitySynchronization = &graphsim.IdentitySynchronization{UserSyncInbound: &graphsim.UserSyncInbound{IsSyncAllowed: null.Draw(rt, "allowed")}}
		}
		return p
	})
}

// tester is a *testing.T or a *rapid.T.
type tester interface {
	rapid.TB
	Context() context.Context
}

func (w *world) read(t tester) *plan.Current {
	cur, err := plan.ReadCurrent(t.Context(), w.client, plan.Needs{Template: w.want.Template != nil, Whole: true})
	if err != nil {
		t.Fatal(err)
	}
	return cur
}

func (w *world) plan(t tester) *plan.Plan {
	p, err := plan.Build(head, w.want, w.read(t))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// apply sends what a plan says and nothing else, after checking each change for
// drift.
func (w *world) apply(t tester, p *plan.Plan) {
	for i := range p.Changes {
		c := &p.Changes[i]
		if !c.Writes() {
			continue
		}
		if fit, why := c.CheckDrift(w.live(t, c)); fit != plan.Applies {
			t.Fatalf("%s: %s %s", told(c), fit, why)
		}
		if _, err := w.client.Do(t.Context(), graph.Request{Method: c.Request().Method, Path: c.Request().Path, Body: c.Request().Body}); err != nil {
			t.Fatalf("%s: %v", told(c), err)
		}
		if fit, why := c.CheckDrift(w.live(t, c)); fit != plan.AsWanted {
			t.Fatalf("%s was made: %s %s", told(c), fit, why)
		}
	}
}

func (w *world) live(t tester, c *plan.Change) plan.Live {
	cur := w.read(t)
	live := plan.Live{Template: cur.Template}
	if p, ok := cur.Partners[c.Partner.TenantID]; ok {
		live.Partner = &p
	}
	return live
}

func TestAPlanThatWasAppliedIsEmptyWhenItIsMadeAgain(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := anyWorld(t).Draw(rt, "world")
		w.apply(rt, w.plan(rt))
		again := w.plan(rt)
		if again.Summary.Differs() {
			rt.Errorf("planned again: %s", strings.Join(toldAll(again), "\n"))
		}
		a := audit.Compare(head, audit.Input{}, w.want, w.read(rt), audit.Options{})
		needsNoRow := func(f audit.Finding) bool {
			return f.Kind == audit.SyncWithoutConsent || f.Kind == audit.ConsentWithoutSync
		}
		if a.Findings = slices.DeleteFunc(a.Findings, needsNoRow); len(a.Findings) > 0 || a.Totals.OK != len(again.Changes) {
			rt.Errorf("audited: %s %+v", a.Result, a.Findings)
		}
	})
}

// Reverting a run restores every managed value, and reverting that restores what
// the run had made.
func TestARunThatIsTakenBackLeavesTheTenantAsItWas(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := anyWorld(t).Draw(rt, "world")
		before := w.State()
		p := w.plan(rt)
		w.apply(rt, p)
		after := w.State()

		undo := revert(rt, p)
		w.apply(rt, undo)
		if diff := cmp.Diff(values(before), values(w.State())); diff != "" {
			rt.Errorf("taken back (-before +after):\n%s", diff)
		}
		w.apply(rt, revert(rt, undo))
		if diff := cmp.Diff(values(after), values(w.State())); diff != "" {
			rt.Errorf("made again (-before +after):\n%s", diff)
		}
	})
}

// revert reverts all of a plan, through a file as a user would.
func revert(t tester, p *plan.Plan) *plan.Plan {
	var applied []plan.Applied
	for i := range p.Changes {
		if p.Changes[i].Writes() {
			applied = append(applied, plan.Applied{Change: &p.Changes[i]})
		}
	}
	r, err := plan.Revert(head, p, "run", "", applied)
	if err != nil {
		t.Fatal(err)
	}
	var file strings.Builder
	if err := r.Encode(&file); err != nil {
		t.Fatal(err)
	}
	if r, err = plan.Decode(strings.NewReader(file.String())); err != nil {
		t.Fatalf("%v, of\n%s", err, file.String())
	}
	return r
}

// values is what a tenant holds of the managed properties. A policy object that
// holds only nulls says the same as one with other nulls.
func values(s graphsim.State) map[string]string {
	all := map[string]string{"template": fmt.Sprint(s.Template.TemplateApplicationLevel, said(s.Template.UserSyncInbound))}
	for _, p := range s.Partners {
		v := fmt.Sprint(show(p.AutomaticUserConsentSettings.InboundAllowed), show(p.AutomaticUserConsentSettings.OutboundAllowed))
		if u := p.InboundTrust; u != nil {
			v += " trust" + show(u.IsMfaAccepted) + show(u.IsCompliantDeviceAccepted) + show(u.IsHybridAzureADJoinedDeviceAccepted)
		} else {
			v += " trust null null null"
		}
		if y := p.IdentitySynchronization; y != nil {
			v += " policy" + show(y.DisplayName) + said(y.UserSyncInbound)
		}
		all[p.TenantID] = v + " " + string(p.Other["tenantRestrictions"])
	}
	return all
}

func said(u *graphsim.UserSyncInbound) string {
	if u == nil {
		return " null"
	}
	return show(u.IsSyncAllowed)
}

func show[T any](p *T) string {
	if p == nil {
		return " null"
	}
	return fmt.Sprintf(" %v", *p)
}

// Every entry of the table of properties works from its column to Graph and back:
// what the column asks for is sent, taken by the built-in Graph, read again as
// wanted, and taken back.
func TestEveryPropertyIsWrittenReadAndTakenBack(t *testing.T) {
	values := map[desired.Kind][]string{desired.Switch: {"true", "false"}, desired.Text: {"Fabrikam"}}
	for _, o := range desired.PartnerObjects {
		for _, p := range o.Properties() {
			if p.Kind == desired.TenantID {
				continue // its column names the partner
			}
			if len(values[p.Kind]) == 0 {
				t.Errorf("%s: no value to try", p.Path)
			}
			for _, value := range values[p.Kind] {
				t.Run(p.Path+" "+value, func(t *testing.T) {
					sim := graphsim.New(graphsim.Config{})
					sim.SetPartner(graphsim.Partner{TenantID: fabrikam})
					w := &world{Sim: sim, client: inProcess(t, sim), want: resolved(t, rowsBelow(t, "tenantId,"+p.Path+"\n", fabrikam+","+value), nil)}
					before := p.Value(w.partner(t), nil)
					made := w.plan(t)
					w.apply(t, made)
					if made.Summary.Writes() != 1 || w.plan(t).Summary.Differs() {
						t.Errorf("%q, then %q", toldAll(made), toldAll(w.plan(t)))
					}
					w.apply(t, revert(t, made))
					if after := p.Value(w.partner(t), nil); before != nil || after != nil {
						t.Errorf("was %v, and is %v after it was taken back", before, after)
					}
				})
			}
		}
	}
}

// partner is Fabrikam as it is read.
func (w *world) partner(t tester) *graph.Partner {
	p := w.read(t).Partners[fabrikam]
	return &p
}
