package plan_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// TestAChangeDriftsByItsOwnMembers plans a row against one state, and checks
// its only write for drift against another.
func TestAChangeDriftsByItsOwnMembers(t *testing.T) {
	const off = `"identitySynchronization":{"displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":false}}`
	const other = `"identitySynchronization":{"displayName":"Other","userSyncInbound":{"isSyncAllowed":true},"unknown":1}`
	for _, c := range []struct {
		name, row, then, now string
		want                 plan.Fit
		why                  string
	}{
		{"an update where nothing moved", ",,false,,,,", syncOn, syncOn, plan.Applies, ""},
		{"an update where another member moved", ",,false,,,,", syncOn, other, plan.Applies, ""},
		{"an update that somebody made", ",,false,,,,", syncOn, off, plan.AsWanted, ""},
		{"an update of a member that moved", ",Fabrikam Ltd,,,,,", syncOn, other, plan.Drifted, `displayName is now "Other"`},
		{"an update half of which somebody made", ",Fabrikam Ltd,false,,,,", syncOn, off, plan.Drifted, "userSyncInbound.isSyncAllowed is now false"},
		{"an update of a policy that is gone", ",,false,,,,", syncOn, "", plan.Drifted, "the synchronization policy is gone"},
		{"an update of a partner that is gone", ",,false,,,,", syncOn, "-", plan.Drifted, "the partner configuration is gone"},
		{"a create", ",,true,,,,", "", "", plan.Applies, ""},
		{"a create of a policy of nulls", ",,true,,,,", "", `"identitySynchronization":{"displayName":null}`, plan.Applies, ""},
		{"a create that somebody made", ",,true,,,,", "", syncOn, plan.AsWanted, ""},
		{"a create where another policy is", ",,true,,,,", "", off, plan.Drifted, "a synchronization policy exists now"},
		{"a create on a partner that is gone", ",,true,,,,", "", "-", plan.Drifted, "the partner configuration is gone"},
		{"a removal", ",,,,,absent,", syncOn, syncOn, plan.Applies, ""},
		{"a removal that somebody made", ",,,,,absent,", syncOn, "", plan.AsWanted, ""},
		{"a removal, and the partner is gone too", ",,,,,absent,", syncOn, "-", plan.AsWanted, ""},
		{"a removal of a policy that moved", ",,,,,absent,", syncOn, off, plan.Drifted, "userSyncInbound.isSyncAllowed is now false"},
		{"consent where nothing moved", ",,,true,,,", inherits, syncOn, plan.Applies, ""},
		{"consent that somebody gave", ",,,true,,,", inherits, consents, plan.AsWanted, ""},
		{"consent that moved", ",,,true,true,,", inherits, `"automaticUserConsentSettings":{"inboundAllowed":false,"outboundAllowed":null}`, plan.Drifted, "automaticUserConsentSettings.inboundAllowed is now false"},
		{"consent of a partner that is gone", ",,,true,,,", inherits, "-", plan.Drifted, "the partner configuration is gone"},
		{"an update of a service provider's partner", ",,false,,,,", syncOn, `"isServiceProvider":true,` + syncOn, plan.Drifted, "it belongs to a service provider now"},
		{"an update that a service provider's partner has", ",,false,,,,", syncOn, `"isServiceProvider":true,` + off, plan.AsWanted, ""},
		{"a create on a service provider's partner", ",,true,,,,", "", `"isServiceProvider":true`, plan.Drifted, "it belongs to a service provider now"},
		{"a removal from a service provider's partner", ",,,,,absent,", syncOn, `"isServiceProvider":true,` + syncOn, plan.Drifted, "it belongs to a service provider now"},
		{"consent of a service provider's partner", ",,,true,,,", inherits, `"isServiceProvider":true,` + inherits, plan.Drifted, "it belongs to a service provider now"},
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
			if fit, why := p.Changes[0].CheckDrift(live(c.now)); fit != c.want || why != c.why {
				t.Errorf("got %s %q, want %s %q", fit, why, c.want, c.why)
			}
		})
	}
}

func TestATemplateDriftsAsASetOfLevels(t *testing.T) {
	cur := currently()
	cur.Template = &graph.Template{TemplateApplicationLevel: "newPartners"}
	p := build(t, plan.Desired{Template: wantedTemplate(t, `{"templateApplicationLevel":"newPartners,existingPartners"}`)}, cur)
	for level, want := range map[string]plan.Fit{
		"newPartners": plan.Applies, "newPartners, newPartners": plan.Applies,
		"existingPartners, newPartners": plan.AsWanted, "none": plan.Drifted, "": plan.Drifted,
	} {
		if got, _ := p.Changes[0].CheckDrift(plan.Live{Template: &graph.Template{TemplateApplicationLevel: level}}); got != want {
			t.Errorf("%q: got %s, want %s", level, got, want)
		}
	}
	if got, why := p.Changes[0].CheckDrift(plan.Live{}); got != plan.Drifted || why != "the template is gone" {
		t.Errorf("got %s %s", got, why)
	}
}

// A partner that a run added is removed again only while nobody has made it
// theirs: its settings would be lost.
func TestAPartnerThatSomebodyConfiguredIsNotRemoved(t *testing.T) {
	d := wanted(t, fabrikam+",,,,,,")
	d.CreatePartners = true
	undo := taken(t, build(t, d, currently()), nil)
	for _, c := range []struct {
		name, now string
		want      plan.Fit
		why       string
	}{
		{"as it was made", "", plan.Applies, ""},
		{"with nulls and what the service says", `"isServiceProvider":false,"isInMultiTenantOrganization":true,"@odata.context":"x","inboundTrust":null,"crossCloudMeetingConfiguration":{"inboundAllowed":null},` + inherits, plan.Applies, ""},
		{"with a policy", syncOn, plan.Drifted, "the partner has a synchronization policy"},
		{"with trust", `"inboundTrust":{"isMfaAccepted":true,"isCompliantDeviceAccepted":null}`, plan.Drifted, "the partner has settings of its own: inboundTrust"},
		{"with trust that was refused", `"inboundTrust":{"isMfaAccepted":false}`, plan.Drifted, "the partner has settings of its own: inboundTrust"},
		{"with consent and a member that no schema has", `"unknown":[],` + consents, plan.Drifted, "the partner has settings of its own: automaticUserConsentSettings, unknown"},
		{"of a service provider", `"isServiceProvider":true`, plan.Drifted, "it belongs to a service provider now"},
		{"gone", "-", plan.AsWanted, ""},
	} {
		var live plan.Live
		if c.now != "-" {
			p := partner(t, fabrikam, c.now)
			live.Partner = &p
		}
		if fit, why := undo.Changes[0].CheckDrift(live); fit != c.want || why != c.why {
			t.Errorf("%s: got %s %q, want %s %q", c.name, fit, why, c.want, c.why)
		}
	}
}

// Of a partner that could not be read, only its existence is known.
func TestAPartnerThatCouldNotBeReadIsUnknown(t *testing.T) {
	d := wanted(t, fabrikam+",Fabrikam,true,true,,,", contoso+",,,,,absent,")
	d.CreatePartners = true
	p := build(t, d, currently(partner(t, contoso, syncOn)))
	undo := taken(t, p, nil)
	for _, c := range append(p.Changes, undo.Changes...) {
		want, why := plan.Unknown, "bad"
		if c.Object == plan.PartnerConfiguration && c.Action == plan.Create {
			want, why = plan.AsWanted, ""
		}
		live := plan.Live{Partner: &graph.Partner{TenantID: c.Partner.TenantID, Problem: "bad", Raw: []byte("{"), Consent: []byte("{"), Sync: &graph.IdentitySynchronization{Raw: []byte("{")}}}
		if got, said := c.CheckDrift(live); got != want || said != why {
			t.Errorf("%s: got %s %q, want %s", told(&c), got, said, want)
		}
		if onto := c.Apply(live); onto.Partner != nil && onto.Partner != live.Partner {
			t.Errorf("%s: something is laid over it: %+v", told(&c), onto.Partner)
		}
		if live.Object(c.Object) != nil || c.WithOtherVerb(live) != nil {
			t.Errorf("%s: its members are believed", told(&c))
		}
	}
}

func TestTheOtherVerbSendsWhatTheObjectNeeds(t *testing.T) {
	const named = `"identitySynchronization":{"displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":null}}`
	for _, c := range []struct{ name, row, then, now, want string }{
		{"a create that met a policy", ",Fabrikam,true,,,,", "", named, `PATCH ` + synced + ` {"displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":true}}`},
		{"an update that met none keeps the rest", ",,false,,,,", syncOn, "", `PUT ` + synced + ` {"displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":false}}`},
		{"an update that met none, where the rest was null", ",Other,,,,,", named, "", `PUT ` + synced + ` {"displayName":"Other"}`},
		{"a create that met none", ",,true,,,,", "", "", ""},
		{"an update that met one", ",,false,,,,", syncOn, syncOn, ""},
		{"a removal", ",,,,,absent,", syncOn, "", ""},
		{"consent", ",,,true,,,", "", "", ""},
		{"a create that met a service provider's policy", ",Fabrikam,true,,,,", "", `"isServiceProvider":true,` + named, ""},
		{"an update that met a service provider's partner", ",,false,,,,", syncOn, `"isServiceProvider":true`, ""},
	} {
		now := partner(t, fabrikam, c.now)
		p := build(t, wanted(t, fabrikam+c.row), currently(partner(t, fabrikam, c.then)))
		got := ""
		if r := p.Changes[0].WithOtherVerb(plan.Live{Partner: &now}); r != nil {
			got = r.Method + " " + r.Path + " " + string(r.Body)
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
		if p.Changes[0].WithOtherVerb(plan.Live{}) != nil {
			t.Errorf("%s: another verb for a partner that is gone", c.name)
		}
	}
}

// What a run did to a partner counts for the partner's later changes, even if no
// reading shows it yet.
func TestLaterChangesOfAPartnerBuildOnTheEarlier(t *testing.T) {
	d := wanted(t, fabrikam+",Fabrikam,true,true,false,,")
	d.CreatePartners = true
	there := build(t, d, currently())
	live := plan.Live{}
	for i := range there.Changes {
		if fit, why := there.Changes[i].CheckDrift(live); fit != plan.Applies {
			t.Errorf("%s: %s %s", told(&there.Changes[i]), fit, why)
		}
		live = there.Changes[i].Apply(live)
	}
	if p := live.Partner; p == nil || p.TenantID != fabrikam || !*p.InboundAllowed || *p.OutboundAllowed {
		t.Errorf("made %+v", p)
	}

	p := partner(t, fabrikam, syncOn+","+`"automaticUserConsentSettings":{"inboundAllowed":true,"outboundAllowed":false}`)
	live = plan.Live{Partner: &p}
	back := taken(t, there, nil)
	for i := range back.Changes {
		if fit, why := back.Changes[i].CheckDrift(live); fit != plan.Applies {
			t.Errorf("%s: %s %s", told(&back.Changes[i]), fit, why)
		}
		live = back.Changes[i].Apply(live)
	}
	if p.Sync == nil || p.InboundAllowed == nil {
		t.Error("the reading itself was written to")
	}
}

func TestAChangeIsCalledByItsObjectAndPartner(t *testing.T) {
	for want, c := range map[string]plan.Change{
		"template":                       {Object: plan.SyncTemplate},
		"consent of partner " + fabrikam: {Object: plan.Consent, Partner: plan.Partner{TenantID: fabrikam}},
		"identitySynchronization of partner " + fabrikam: {Object: plan.IdentitySynchronization, Partner: plan.Partner{TenantID: fabrikam}},
	} {
		if got := c.Name(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestTheLiveObjectOfAChangeIsWhatGraphReturned(t *testing.T) {
	p := partner(t, fabrikam, syncOn+","+consents)
	full := plan.Live{Partner: &p, Template: &graph.Template{Raw: []byte(`{"t":1}`)}}
	for object, want := range map[plan.Object]string{
		plan.SyncTemplate: `{"t":1}`, plan.Consent: `{"inboundAllowed":true,"outboundAllowed":true}`,
		plan.IdentitySynchronization: string(p.Sync.Raw), plan.PartnerConfiguration: "",
	} {
		if got := full.Object(object); string(got) != want {
			t.Errorf("%s: got %s, want %s", object, got, want)
		}
		if got := (plan.Live{}).Object(object); got != nil {
			t.Errorf("%s without a partner: %s", object, got)
		}
	}
}

func TestTheValuesOfAChangeAreFoundInItsObject(t *testing.T) {
	p := build(t, wanted(t, fabrikam+",Fabrikam Ltd,false,false,,,"), currently(partner(t, fabrikam, syncOn+","+consents)))
	for i, want := range [][]any{{"Fabrikam", true}, {true}} {
		c := &p.Changes[i]
		if diff := cmp.Diff(want, c.ValuesIn(c.Before)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", told(c), diff)
		}
		if diff := cmp.Diff(make([]any, len(want)), c.ValuesIn([]byte("[]"))); diff != "" {
			t.Errorf("%s, of no object (-want +got):\n%s", told(c), diff)
		}
		capitals := strings.NewReplacer("displayName", "DisplayName", "userSyncInbound", "UserSyncInbound", "inboundAllowed", "InboundAllowed").Replace(string(c.Before))
		if diff := cmp.Diff(want, c.ValuesIn([]byte(capitals))); diff != "" {
			t.Errorf("%s, in other letter case (-want +got):\n%s", told(c), diff)
		}
	}
}

// What is not as the change makes it is named member by member.
func TestUnwanted(t *testing.T) {
	change := plan.Change{Object: plan.IdentitySynchronization, Action: plan.Create, Fields: []plan.Field{
		{Path: "displayName", After: "Fabrikam"}, {Path: "userSyncInbound.isSyncAllowed", After: true},
	}}
	for members, want := range map[string]string{
		syncOn: "",
		`"identitySynchronization":{"tenantId":"x","displayName":"Theirs","userSyncInbound":{"isSyncAllowed":true}}`: `displayName is now "Theirs"`,
		`"identitySynchronization":{"tenantId":"x"}`:                                                                 "displayName is now null; userSyncInbound.isSyncAllowed is now null",
		"": "",
	} {
		p := partner(t, fabrikam, members)
		if got := change.Unwanted(plan.Live{Partner: &p}); got != want {
			t.Errorf("%s: %q, want %q", members, got, want)
		}
	}
}

// What was as wanted when the plan was made may differ by now.
func TestANoOpDriftsToo(t *testing.T) {
	const nobody = "22222222-aaaa-4bbb-8ccc-000000000002"
	const consent = `"automaticUserConsentSettings":{"inboundAllowed":true,"outboundAllowed":null}`
	text := "tenantId,displayName,isSyncAllowed,inboundConsent,ensure\n" + fabrikam + ",Fabrikam,true,true,\n" + contoso + ",,,,absent\n" + nobody + ",,,,\n"
	rows, err := desired.ReadRows(t.Context(), strings.NewReader(text), "partners.csv")
	if err != nil {
		t.Fatal(err)
	}
	there := currently(partner(t, fabrikam, syncOn+","+consent), partner(t, contoso, ""), partner(t, nobody, ""))
	p := build(t, resolved(t, rows, nil), there)
	if p.Summary.NoOp != 4 {
		t.Fatalf("%+v", p.Summary)
	}
	read := func(id, members string) plan.Live { q := partner(t, id, members); return plan.Live{Partner: &q} }
	for _, c := range []struct {
		name string
		of   int
		live plan.Live
		want string // why it moved; "" is as wanted
	}{
		{"as it was", 0, read(fabrikam, syncOn+","+consent), ""},
		{"a switch", 0, read(fabrikam, `"identitySynchronization":{"tenantId":"x","displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":false}}`), "userSyncInbound.isSyncAllowed is now false"},
		{"no policy", 0, read(fabrikam, ""), "the synchronization policy is gone"},
		{"no partner", 0, plan.Live{}, "the partner configuration is gone"},
		{"consent", 1, read(fabrikam, syncOn), "automaticUserConsentSettings.inboundAllowed is now null"},
		{"consent that is not asked for", 1, read(fabrikam, `"automaticUserConsentSettings":{"inboundAllowed":true,"outboundAllowed":true}`), ""},
		{"still no policy", 2, read(contoso, ""), ""},
		{"no partner and no policy", 2, plan.Live{}, ""},
		{"a policy again", 2, read(contoso, syncOn), "a synchronization policy exists now"},
		{"a partner that is there", 3, read(nobody, ""), ""},
		{"a partner that is gone", 3, plan.Live{}, "the partner configuration is gone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fit, why := p.Changes[c.of].CheckDrift(c.live)
			if want := map[bool]plan.Fit{true: plan.AsWanted, false: plan.Drifted}[c.want == ""]; fit != want || why != c.want {
				t.Errorf("%s %q, want %s %q", fit, why, want, c.want)
			}
		})
	}
}
