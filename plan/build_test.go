package plan_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph"
	"bulksync/plan"
)

const (
	syncOn   = `"identitySynchronization":{"tenantId":"` + fabrikam + `","displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":true}}`
	inherits = `"automaticUserConsentSettings":{"inboundAllowed":null,"outboundAllowed":null}`
	consents = `"automaticUserConsentSettings":{"inboundAllowed":true,"outboundAllowed":true}`
	trusts   = `"inboundTrust":{"isMfaAccepted":false,"isCompliantDeviceAccepted":true,"isHybridAzureADJoinedDeviceAccepted":null}`
	missing  = " (the partner configuration does not exist; add it first, or plan with --create-partners)"
	owned    = " !service-owned (the partner configuration belongs to a service provider or to Microsoft Support)"
)

func TestARowBecomesTheChangesThatMakeItTrue(t *testing.T) {
	for _, c := range []struct {
		name, row string
		there     string // members of the partner; "-" is no partner
		create    bool   // --create-partners
		want      []string
	}{
		{
			name: "the seed example", row: ",Fabrikam,true,,,,", there: inherits,
			want: []string{`create identitySynchronization displayName:null>"Fabrikam" isSyncAllowed:null>true = PUT ` + synced + ` {"displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":true}}`},
		},
		{
			name: "a name alone", row: ",Fabrikam,,,,,",
			want: []string{`create identitySynchronization displayName:null>"Fabrikam" = PUT ` + synced + ` {"displayName":"Fabrikam"}`},
		},
		{
			name: "a switch alone", row: ",,false,,,,",
			want: []string{`create identitySynchronization isSyncAllowed:null>false = PUT ` + synced + ` {"userSyncInbound":{"isSyncAllowed":false}}`},
		},
		{name: "all as wanted", row: ",Fabrikam,true,true,true,,", there: syncOn + "," + consents, want: []string{
			`no-op identitySynchronization displayName:"Fabrikam">"Fabrikam" isSyncAllowed:true>true`, "no-op consent inboundAllowed:true>true outboundAllowed:true>true",
		}},
		{
			name: "a name that differs, and nothing else is sent", row: ",Fabrikam Ltd,true,,,,", there: syncOn,
			want: []string{`update identitySynchronization displayName:"Fabrikam">"Fabrikam Ltd" = PATCH ` + synced + ` {"displayName":"Fabrikam Ltd"}`},
		},
		{
			name: "a name as people write it", row: `,"Müller & Söhne <""GmbH"">",,,,,`, there: syncOn,
			want: []string{`update identitySynchronization displayName:"Fabrikam">"Müller \u0026 Söhne \u003c\"GmbH\"\u003e" = PATCH ` + synced + ` {"displayName":"Müller & Söhne <\"GmbH\">"}`},
		},
		{
			name: "turning synchronization off", row: ",,no,,,,", there: syncOn,
			want: []string{"update identitySynchronization isSyncAllowed:true>false = PATCH " + synced + ` {"userSyncInbound":{"isSyncAllowed":false}} !sync-off`},
		},
		{
			name: "from null to false is no hazard", row: ",,no,,,,", there: `"identitySynchronization":{"displayName":"Fabrikam","userSyncInbound":null}`,
			want: []string{"update identitySynchronization isSyncAllowed:null>false = PATCH " + synced + ` {"userSyncInbound":{"isSyncAllowed":false}}`},
		},
		{
			name: "a policy of nulls is none", row: ",,true,,,,", there: `"identitySynchronization":{"displayName":null,"userSyncInbound":{"isSyncAllowed":null}}`,
			want: []string{"create identitySynchronization isSyncAllowed:null>true = PUT " + synced + ` {"userSyncInbound":{"isSyncAllowed":true}}`},
		},
		{
			name: "both consents", row: ",,,true,false,,", there: inherits,
			want: []string{"update consent inboundAllowed:null>true outboundAllowed:null>false = PATCH " + partners + "/" + fabrikam + ` {"automaticUserConsentSettings":{"inboundAllowed":true,"outboundAllowed":false}}`},
		},
		{
			name: "one consent of two", row: ",,,true,false,,", there: consents,
			want: []string{"update consent outboundAllowed:true>false = PATCH " + partners + "/" + fabrikam + ` {"automaticUserConsentSettings":{"outboundAllowed":false}} !consent-off`},
		},
		{
			name: "both consents off is one hazard", row: ",,,0,0,,", there: consents,
			want: []string{"update consent inboundAllowed:true>false outboundAllowed:true>false = PATCH " + partners + "/" + fabrikam + ` {"automaticUserConsentSettings":{"inboundAllowed":false,"outboundAllowed":false}} !consent-off`},
		},
		{
			name: "sync before consent", row: ",,true,true,,,", there: inherits,
			want: []string{
				"create identitySynchronization isSyncAllowed:null>true = PUT " + synced + ` {"userSyncInbound":{"isSyncAllowed":true}}`,
				"update consent inboundAllowed:null>true = PATCH " + partners + "/" + fabrikam + ` {"automaticUserConsentSettings":{"inboundAllowed":true}}`,
			},
		},
		{
			name: "no partner: each object is its own blocked change", row: ",Fabrikam,true,true,,,", there: "-",
			want: []string{
				`blocked identitySynchronization displayName:null>"Fabrikam" isSyncAllowed:null>true` + missing,
				"blocked consent inboundAllowed:null>true" + missing,
			},
		},
		{
			name: "no partner, with --create-partners", row: ",Fabrikam,true,true,,,", there: "-", create: true,
			want: []string{
				`create partner tenantId:null>"` + fabrikam + `" = POST ` + partners + ` {"tenantId":"` + fabrikam + `"} !new-partner`,
				`create identitySynchronization displayName:null>"Fabrikam" isSyncAllowed:null>true = PUT ` + synced + ` {"displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":true}}`,
				"update consent inboundAllowed:null>true = PATCH " + partners + "/" + fabrikam + ` {"automaticUserConsentSettings":{"inboundAllowed":true}}`,
			},
		},
		{name: "--create-partners leaves those that are there", row: ",Fabrikam,,,,,", there: syncOn, create: true, want: []string{`no-op identitySynchronization displayName:"Fabrikam">"Fabrikam"`}},
		{
			name: "a bare row of a partner", row: ",,,,,,", there: syncOn,
			want: []string{"no-op partner (the row names no property, so only the partner configuration is looked at)"},
		},
		{name: "a bare row without a partner", row: ",,,,,,", there: "-", want: []string{"blocked partner" + missing}},
		{
			name: "a bare row without a partner, with --create-partners", row: ",,,,,,", there: "-", create: true,
			want: []string{`create partner tenantId:null>"` + fabrikam + `" = POST ` + partners + ` {"tenantId":"` + fabrikam + `"} !new-partner`},
		},
		{
			name: "absent removes the policy", row: ",,,,,absent,", there: syncOn,
			want: []string{`delete identitySynchronization displayName:"Fabrikam">null isSyncAllowed:true>null = DELETE ` + synced + " !sync-removed"},
		},
		{
			name: "absent removes a policy without content", row: ",,,,,absent,", there: `"identitySynchronization":{"tenantId":"` + fabrikam + `"}`,
			want: []string{"delete identitySynchronization = DELETE " + synced + " !sync-removed"},
		},
		{name: "absent and no policy", row: ",,,,,absent,", there: inherits, want: []string{"no-op identitySynchronization (there is no synchronization policy to remove)"}},
		{name: "absent and no partner", row: ",,,,,absent,", there: "-", want: []string{"no-op identitySynchronization (there is no synchronization policy to remove)"}},
		{
			name: "a service provider's partner is left alone", row: ",,false,false,,,", there: `"isServiceProvider":true,` + syncOn + "," + consents,
			want: []string{"blocked identitySynchronization isSyncAllowed:true>false" + owned, "blocked consent inboundAllowed:true>false" + owned},
		},
		{
			name: "a service provider's partner as wanted is no-op", row: ",,true,,,,", there: `"isServiceProvider":true,` + syncOn,
			want: []string{"no-op identitySynchronization isSyncAllowed:true>true"},
		},
		{
			name: "a service provider's policy is not removed", row: ",,,,,absent,", there: `"isServiceProvider":true,` + syncOn,
			want: []string{`blocked identitySynchronization displayName:"Fabrikam">null isSyncAllowed:true>null` + owned},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := wanted(t, fabrikam+c.row)
			d.CreatePartners = c.create
			cur := currently()
			if c.there != "-" {
				cur = currently(partner(t, fabrikam, c.there))
			}
			p := build(t, d, cur)
			if diff := cmp.Diff(c.want, toldAll(p)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got := plan.Summarize(p.Changes); got != p.Summary || p.Summary.Differs() != differs(p) {
				t.Errorf("summary %+v of %v", p.Summary, toldAll(p))
			}
		})
	}
}

func differs(p *plan.Plan) bool {
	for _, c := range p.Changes {
		if c.Action != plan.NoOp {
			return true
		}
	}
	return false
}

// A partner that could not be read is neither there nor absent: each object is
// blocked, and nothing is said about what it holds.
func TestAPartnerThatCouldNotBeReadIsBlocked(t *testing.T) {
	const because = " (this partner could not be read: displayName is a number)"
	for _, c := range []struct {
		row  string
		want []string
	}{
		{",Fabrikam,true,true,,,", []string{"blocked identitySynchronization" + because, "blocked consent" + because}},
		{",,,,false,,", []string{"blocked consent" + because}},
		{",,,true,,absent,", []string{"blocked consent" + because, "blocked identitySynchronization" + because}},
		{",,,,,absent,", []string{"blocked identitySynchronization" + because}},
		{",,,,,,", []string{"blocked partner" + because}},
	} {
		d := wanted(t, fabrikam+c.row)
		d.CreatePartners = true
		unread := partner(t, fabrikam, `"isServiceProvider":true,`+syncOn+","+consents) // none of it may be believed
		unread.Problem = "displayName is a number"
		p := build(t, d, currently(unread))
		if diff := cmp.Diff(c.want, toldAll(p)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.row, diff)
		}
		for _, ch := range p.Changes {
			if ch.Before != nil || ch.Partner.DisplayName != d.Partners.Rows[0].DisplayName() {
				t.Errorf("%s: got %+v", c.row, ch)
			}
		}
		if _, err := decode(encoded(t, p)); err != nil {
			t.Error(err)
		}
	}
}

func TestTextsOfOthersAreCutToLength(t *testing.T) {
	long := strings.Repeat("é", 3000)
	unread := partner(t, fabrikam, "")
	unread.Problem = long
	named := partner(t, contoso, `"identitySynchronization":{"displayName":"`+long+`"}`)
	p := build(t, wanted(t, fabrikam+",,true,,,,", contoso+",,true,,,,"), currently(unread, named))
	reason, name := p.Changes[0].Reason, p.Changes[1].Partner.DisplayName
	if len(reason) > 4096 || len(reason) < 4000 || !utf8.ValidString(reason) || len(name) != 1024 || !utf8.ValidString(name) {
		t.Errorf("a reason of %d bytes and a name of %d", len(reason), len(name))
	}
	if _, err := decode(encoded(t, p)); err != nil {
		t.Error(err)
	}
}

// What counts for people is whether synchronization was allowed before and is not
// afterwards, whatever the action.
func TestAChangeStopsOnlyWhatIsAllowed(t *testing.T) {
	sync := func(allowed string) string {
		return `"identitySynchronization":{"displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":` + allowed + `}}`
	}
	for _, c := range []struct{ name, row, there, want string }{
		{"turned off", ",,false,,,,", sync("true"), "stops"},
		{"removed while on", ",,,,,absent,", sync("true"), "stops"},
		{"removed while off", ",,,,,absent,", sync("false"), ""},
		{"removed while unset", ",,,,,absent,", sync("null"), ""},
		{"unset and then off", ",,false,,,,", sync("null"), ""},
		{"created as off", ",,false,,,,", "", ""},
		{"created as on", ",,true,,,,", "", "allows"},
		{"turned on", ",,true,,,,", sync("false"), "allows"},
		{"on already", ",,true,,,,", sync("true"), ""},
		{"another name", ",Other,true,,,,", sync("true"), ""},
		{"blocked", ",,false,,,,", `"isServiceProvider":true,` + sync("true"), ""},
		{"consent", ",,,false,,,", consents, ""},
	} {
		ch := build(t, wanted(t, fabrikam+c.row), currently(partner(t, fabrikam, c.there))).Changes[0]
		got := map[[2]bool]string{{true, false}: "stops", {false, true}: "allows", {false, false}: ""}[[2]bool{ch.StopsSync(), ch.AllowsSync()}]
		if got != c.want {
			t.Errorf("%s: %s, want %q", c.name, told(&ch), c.want)
		}
	}
	d := plan.Desired{Template: wantedTemplate(t, `{"userSyncInbound":{"isSyncAllowed":false}}`)}
	cur := currently()
	cur.Template = &graph.Template{IsSyncAllowed: new(true), Raw: []byte(`{}`)}
	if ch := build(t, d, cur).Changes[0]; ch.StopsSync() || ch.AllowsSync() {
		t.Error("a template stops no current partner")
	}
}

func TestMicrosoftSupportIsNeverAdded(t *testing.T) {
	d := wanted(t, graph.SupportTenantID+",,true,,,,")
	d.CreatePartners = true
	want := []string{
		`blocked partner tenantId:null>"` + graph.SupportTenantID + `"` + owned,
		"blocked identitySynchronization isSyncAllowed:null>true" + owned,
	}
	if diff := cmp.Diff(want, toldAll(build(t, d, currently()))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestATemplateIsComparedAsASetAndPatchedInPart(t *testing.T) {
	const seed = `{"templateApplicationLevel":"newPartners,existingPartners","userSyncInbound":{"isSyncAllowed":true}}`
	live := func(level, allowed string) *graph.Template {
		tmpl, err := graph.ParseTemplate([]byte(`{"templateApplicationLevel":"` + level + `","userSyncInbound":{"isSyncAllowed":` + allowed + `}}`))
		if err != nil {
			t.Fatal(err)
		}
		return &tmpl
	}
	for _, c := range []struct {
		name, body string
		cloud      graph.Cloud
		live       *graph.Template
		want       string
	}{
		{
			"the seed example", seed, graph.Global, live("none", "null"),
			`update template templateApplicationLevel:"none">"newPartners,existingPartners" isSyncAllowed:null>true = PATCH ` + template + " " + seed + " !template",
		},
		{"another order is the same", seed, graph.Global, live("existingPartners, newPartners", "true"),
			`no-op template templateApplicationLevel:"existingPartners, newPartners">"existingPartners, newPartners" isSyncAllowed:true>true`},
		{"none and nothing are the same", `{"templateApplicationLevel":"none"}`, graph.Global, live("", "true"), `no-op template templateApplicationLevel:"">""`},
		{
			"the switch alone", seed, graph.Global, live("newPartners,existingPartners", "null"),
			"update template isSyncAllowed:null>true = PATCH " + template + ` {"userSyncInbound":{"isSyncAllowed":true}} !template`,
		},
		{
			"a cloud without templates", seed, graph.USGov, nil,
			`blocked template templateApplicationLevel:null>"newPartners,existingPartners" isSyncAllowed:null>true (this cloud has no multitenant-organization templates)`,
		},
		{
			"a cloud without templates, and none wanted", `{"templateApplicationLevel":""}`, graph.China, nil,
			`blocked template templateApplicationLevel:null>"" (this cloud has no multitenant-organization templates)`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := head
			h.HomeTenant.Cloud = c.cloud
			cur := currently()
			cur.Template = c.live
			p, err := plan.Build(h, plan.Desired{Template: wantedTemplate(t, c.body)}, cur)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{c.want}, toldAll(p)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if p.Changes[0].Row != 0 || p.Changes[0].Partner != (plan.Partner{}) || p.Template.Name != "template.json" {
				t.Errorf("got %+v", p.Changes[0])
			}
		})
	}
}

func TestAPlanListsTheTemplateAndThenTheRows(t *testing.T) {
	d := wanted(t, "# a comment", fabrikam+",,true,,,,CHG1", "", contoso+",Contoso,true,true,,,CHG2")
	d.Template = wantedTemplate(t, `{"templateApplicationLevel":"none"}`)
	cur := currently(partner(t, fabrikam, `"identitySynchronization":{"displayName":"Named before"}`), partner(t, contoso, ""))
	cur.Template = &graph.Template{TemplateApplicationLevel: "none"}
	type line struct {
		Seq, Row int
		ID, Name string
		Object   plan.Object
		Note     string
	}
	var got []line
	for _, c := range build(t, d, cur).Changes {
		got = append(got, line{c.Seq, c.Row, c.Partner.TenantID, c.Partner.DisplayName, c.Object, c.Note})
	}
	want := []line{
		{1, 0, "", "", plan.SyncTemplate, ""},
		{2, 3, fabrikam, "Named before", plan.IdentitySynchronization, "CHG1"},
		{3, 5, contoso, "Contoso", plan.IdentitySynchronization, "CHG2"},
		{4, 5, contoso, "Contoso", plan.Consent, "CHG2"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAChangeKeepsWhatWasThereAndNeverSendsIt(t *testing.T) {
	const sync = `{"unknown":[1,2],"displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":true,"new":null}}`
	const consent = `{"inboundAllowed":true,"outboundAllowed":null,"other":"x"}`
	p := build(t, wanted(t, fabrikam+",,false,false,,,"), currently(partner(t, fabrikam, `"identitySynchronization":`+sync+`,"automaticUserConsentSettings":`+consent)))
	got := []string{string(p.Changes[0].Before), string(p.Changes[0].Request().Body), string(p.Changes[1].Before), string(p.Changes[1].Request().Body)}
	want := []string{sync, `{"userSyncInbound":{"isSyncAllowed":false}}`, consent, `{"automaticUserConsentSettings":{"inboundAllowed":false}}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEveryActionHasItsSymbol(t *testing.T) {
	symbols := ""
	for _, a := range []plan.Action{plan.NoOp, plan.Create, plan.Update, plan.Delete, plan.Blocked} {
		symbols += a.Symbol()
	}
	if symbols != " +~-!" {
		t.Errorf("symbols %q", symbols)
	}
}
