package plan_test

import (
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
	now := partner(t, fabrikam, `"inboundTrust":{"isMfaAccepted":false,"isCompliantDeviceAccepted":false}`)
	if got, want := p.Changes[0].Beside(plan.Live{Partner: &now}), "also changed by somebody since the plan, and left as it is: isCompliantDeviceAccepted is now false, was true"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAnAuditFindsTrustThatDiffers(t *testing.T) {
	a := audit.Compare(head, audit.Input{}, wantedOfAll(t, fabrikam+",,,yes,yes,,,,,"), currently(partner(t, fabrikam, trusts)))
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
