package plan_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/plan"
	"bulksync/plan/audit"
)

const trusted = partners + "/" + fabrikam

func TestTrustIsComparedPropertyByProperty(t *testing.T) {
	for _, c := range []struct {
		name, row string
		there     string // members of the partner; "-" is no partner
		want      []string
	}{
		{"what differs is sent, and nothing else", ",,,yes,yes,,,,,", trusts,
			[]string{"update trust isMfaAccepted:false>true = PATCH " + trusted + ` {"inboundTrust":{"isMfaAccepted":true}} !trust-on`}},
		{"turning trust off is no hazard", ",,,,no,no,,,,", trusts,
			[]string{"update trust isCompliantDeviceAccepted:true>false isHybridAzureADJoinedDeviceAccepted:null>false = PATCH " + trusted +
				` {"inboundTrust":{"isCompliantDeviceAccepted":false,"isHybridAzureADJoinedDeviceAccepted":false}}`}},
		{"two that are turned on are one hazard", ",,,on,,on,,,,", trusts,
			[]string{"update trust isMfaAccepted:false>true isHybridAzureADJoinedDeviceAccepted:null>true = PATCH " + trusted +
				` {"inboundTrust":{"isMfaAccepted":true,"isHybridAzureADJoinedDeviceAccepted":true}} !trust-on`}},
		{"as wanted", ",,,no,yes,,,,,", trusts, []string{"no-op trust isMfaAccepted:false>false isCompliantDeviceAccepted:true>true"}},
		{"it comes after the policy and before consent", ",Fabrikam,,yes,,,yes,,,", "-", []string{
			`create partner tenantId:null>"` + fabrikam + `" = POST ` + partners + ` {"tenantId":"` + fabrikam + `"} !new-partner`,
			`create identitySynchronization displayName:null>"Fabrikam" = PUT ` + synced + ` {"displayName":"Fabrikam"}`,
			"update trust isMfaAccepted:null>true = PATCH " + trusted + ` {"inboundTrust":{"isMfaAccepted":true}} !trust-on`,
			"update consent inboundAllowed:null>true = PATCH " + trusted + ` {"automaticUserConsentSettings":{"inboundAllowed":true}}`,
		}},
		{"where the policy goes, it comes before it", ",,,no,,,no,,absent,", syncOn, []string{
			"update consent inboundAllowed:null>false = PATCH " + trusted + ` {"automaticUserConsentSettings":{"inboundAllowed":false}}`,
			"update trust isMfaAccepted:null>false = PATCH " + trusted + ` {"inboundTrust":{"isMfaAccepted":false}}`,
			`delete identitySynchronization displayName:"Fabrikam">null isSyncAllowed:true>null = DELETE ` + synced + " !sync-removed",
		}},
		{"a row that removes adds no partner", ",,,no,,,,,absent,", "-", []string{
			"blocked trust isMfaAccepted:null>false (the partner configuration does not exist, and a row with ensure=absent does not add it)",
			"no-op identitySynchronization (there is no synchronization policy to remove)",
		}},
		{"of a service provider", ",,,yes,,,,,,", `"isServiceProvider":true`, []string{"blocked trust isMfaAccepted:null>true" + owned}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cur := currently()
			if c.there != "-" {
				cur = currently(partner(t, fabrikam, c.there))
			}
			d := wantedOfAll(t, fabrikam+c.row)
			d.CreatePartners = true
			p := build(t, d, cur)
			if diff := cmp.Diff(c.want, toldAll(p)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if _, err := decode(encoded(t, p)); err != nil {
				t.Error(err)
			}
		})
	}
}

// What was inherited is inherited again.
func TestTrustGoesBackToWhatItWas(t *testing.T) {
	p := build(t, wantedOfAll(t, fabrikam+",,,yes,no,yes,,,,"), currently(partner(t, fabrikam, trusts)))
	want := []string{"update trust isMfaAccepted:true>false isCompliantDeviceAccepted:false>true isHybridAzureADJoinedDeviceAccepted:true>null = PATCH " + trusted +
		` {"inboundTrust":{"isMfaAccepted":false,"isCompliantDeviceAccepted":true,"isHybridAzureADJoinedDeviceAccepted":null}} !trust-on (reverts what the run did)`}
	if diff := cmp.Diff(want, toldAll(taken(t, p, nil))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTrustDriftsByItsOwnMembers(t *testing.T) {
	p := build(t, wantedOfAll(t, fabrikam+",,,yes,,,,,,"), currently(partner(t, fabrikam, trusts)))
	for _, c := range []struct {
		now  string
		want plan.Fit
		why  string
	}{
		{trusts, plan.Applies, ""},
		{`"inboundTrust":{"isMfaAccepted":false},` + consents, plan.Applies, ""},
		{`"inboundTrust":{"isMfaAccepted":true}`, plan.AsWanted, ""},
		{`"inboundTrust":null`, plan.Drifted, "inboundTrust.isMfaAccepted is now null"},
	} {
		now := partner(t, fabrikam, c.now)
		if got, why := p.Changes[0].CheckDrift(plan.Live{Partner: &now}); got != c.want || why != c.why {
			t.Errorf("%s: got %s %q", c.now, got, why)
		}
	}
}

// Trust that is null is an object of nulls, before and after an edit.
func TestAnEditOfOtherTrustIsTold(t *testing.T) {
	const (
		words = "also changed by somebody since the plan, and left as it is: "
		nulls = `"inboundTrust":{"isMfaAccepted":null,"isCompliantDeviceAccepted":null}`
	)
	for _, c := range []struct{ name, then, now, want string }{
		{"another property", trusts, `"inboundTrust":{"isMfaAccepted":false,"isCompliantDeviceAccepted":false}`, words + "isCompliantDeviceAccepted is now false, was true"},
		{"where nothing was set", `"inboundTrust":null`, `"inboundTrust":{"isCompliantDeviceAccepted":true}`, words + "isCompliantDeviceAccepted is now true, was null"},
		{"where nothing is set now", `"inboundTrust":{"isCompliantDeviceAccepted":true}`, `"inboundTrust":null`, words + "isCompliantDeviceAccepted is now null, was true"},
		{"of no schema, where nothing was set", nulls, `"inboundTrust":{"other":true}`, words + "other is now true, was null"},
		{"of no schema, as it was", `"inboundTrust":{"other":true}`, `"inboundTrust":{"isMfaAccepted":null,"other":true}`, ""},
		{"null and nulls", `"inboundTrust":null`, nulls, ""},
		{"the partner is gone", trusts, "-", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var live plan.Live
			if c.now != "-" {
				now := partner(t, fabrikam, c.now)
				live.Partner = &now
			}
			p := build(t, wantedOfAll(t, fabrikam+",,,yes,,,,,,"), currently(partner(t, fabrikam, c.then)))
			if got := p.Changes[0].Beside(live); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// The undo of a trust leaves alone what the run never knew, and says so of no
// edit that nobody made.
func TestUnknownTrustIsKept(t *testing.T) {
	const other = `"inboundTrust":{"isMfaAccepted":null,"other":{"a":1}}`
	p := build(t, wantedOfAll(t, fabrikam+",,,yes,,,,,,"), currently(partner(t, fabrikam, other)))
	if got := string(p.Changes[0].Before); got != `{"isMfaAccepted":null,"other":{"a":1}}` {
		t.Errorf("before-image %s", got)
	}
	undo, now := taken(t, p, nil), partner(t, fabrikam, `"inboundTrust":{"isMfaAccepted":true,"other":{"a":1}}`)
	live := plan.Live{Partner: &now}
	if fit, why := undo.Changes[0].CheckDrift(live); fit != plan.Applies || undo.Changes[0].Beside(live) != "" {
		t.Errorf("%s %s, beside %q", fit, why, undo.Changes[0].Beside(live))
	}
	if got, want := string(undo.Changes[0].Request().Body), `{"inboundTrust":{"isMfaAccepted":null}}`; got != want {
		t.Errorf("sends %s, want %s", got, want)
	}
}

func TestAnAuditFindsTrustThatDiffers(t *testing.T) {
	a := audit.Compare(head, audit.Input{}, wantedOfAll(t, fabrikam+",,,yes,yes,,,,,"), currently(partner(t, fabrikam, trusts)), audit.Options{})
	want := []plan.Field{{Path: "inboundTrust.isMfaAccepted", Before: false, After: true}}
	if len(a.Findings) != 1 || a.Findings[0].Object != plan.Trust || a.Findings[0].Kind != audit.Changed {
		t.Fatalf("got %+v", a.Findings)
	}
	if diff := cmp.Diff(want, a.Findings[0].Fields); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Once its trust is reverted, a partner that a run added has no settings of its
// own, even if the reading does not show the undo yet.
func TestAPartnerIsRemovedOnceItsTrustIsTakenBack(t *testing.T) {
	d := wantedOfAll(t, fabrikam+",,,yes,,,,,,")
	d.CreatePartners = true
	undo := taken(t, build(t, d, currently()), nil)
	if diff := cmp.Diff(2, len(undo.Changes)); diff != "" {
		t.Fatal(diff)
	}
	stale := partner(t, fabrikam, `"inboundTrust":{"isMfaAccepted":true}`)
	live := plan.Live{Partner: &stale}
	if got, why := undo.Changes[1].CheckDrift(live); got != plan.Drifted {
		t.Errorf("got %s %s", got, why)
	}
	if got, why := undo.Changes[1].CheckDrift(undo.Changes[0].Apply(live)); got != plan.Applies {
		t.Errorf("got %s %s", got, why)
	}
}

// The changes are: 0 policy as wanted, 1 trust and 2 consent of line 2; 3 consent,
// 4 trust and 5 removal of line 3; 6 trust, blocked, and 7 no policy of line 4.
func TestAnAlteredPlanOfTrustIsRefused(t *testing.T) {
	swap := func(i, j int) func(*plan.Plan) {
		return func(p *plan.Plan) { p.Changes[i], p.Changes[j] = p.Changes[j], p.Changes[i] }
	}
	field := func(i int, before, after any) func(*plan.Plan) {
		return change(i, func(c *plan.Change) { c.Fields[0].Before, c.Fields[0].After = before, after })
	}
	whole := func(t *testing.T) *plan.Plan {
		return build(t, wantedOfAll(t, fabrikam+",,yes,yes,,,yes,,,", contoso+",,,yes,,,yes,,absent,", "33333333-aaaa-4bbb-8ccc-000000000003,,,yes,,,,,absent,"),
			currently(partner(t, fabrikam, syncOn), partner(t, contoso, syncOn+","+trusts)))
	}
	for _, c := range []struct {
		name string
		edit func(*plan.Plan)
		says string
	}{
		{"consent before trust", swap(1, 2), "change 3: it is out of order"},
		{"all turned round", swap(0, 2), "change 2: it is out of order"},
		{"trust before consent, where the policy goes", swap(3, 4), "change 6: it is out of order"},
		{"the policy as wanted between them", swap(0, 1), "change 3: it is out of order"},
		{"no hazard", change(1, func(c *plan.Change) { c.Hazards = nil }), `change 2: its hazards are [], but must be ["trust-on"]`},
		{"the hazard of another", change(1, func(c *plan.Change) { c.Hazards[0] = plan.ConsentOff }), `change 2: its hazards are ["consent-off"]`},
		{"off in place of on", func(p *plan.Plan) { field(1, nil, false)(p); p.Changes[1].Hazards = nil }, "inboundTrust.isMfaAccepted becomes false, but line 2 asks for true"},
		{"text", field(1, nil, "true"), `change 2: the field "inboundTrust.isMfaAccepted" holds a value of the wrong type`},
		{"a number", field(1, nil, 1.0), `holds a value of the wrong type`},
		{"another trust", change(1, func(c *plan.Change) { c.Fields[0].Path = "inboundTrust.isCompliantDeviceAccepted" }), "becomes null, but line 2 asks for true"},
		{"a trust that nobody manages", change(1, func(c *plan.Change) { c.Fields[0].Path = "inboundTrust.isPasskeyAccepted" }), "is unknown or out of place"},
		{"not what was there", field(4, true, false), "is true before, but false in the before-image"},
		{"no image of what was there", change(4, func(c *plan.Change) { c.Before = nil }), "is false before, but null in the before-image"},
		{"blocked for the reason of a row that adds", change(6, func(c *plan.Change) {
			c.Reason = strings.Replace(c.Reason, ", and a row with ensure=absent does not add it", "; add it first, or plan with --create-partners", 1)
		}), "change 7: line 4 does not ask for that"},
		{"trust left out", func(p *plan.Plan) { p.Changes = append(p.Changes[:1:1], p.Changes[2:]...) }, "change 1: line 2 also asks for the trust"},
	} {
		t.Run(c.name, func(t *testing.T) { refuses(t, crafted(t, whole(t), c.edit), c.says) })
	}
}
