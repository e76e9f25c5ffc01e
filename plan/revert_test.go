package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph"
	"bulksync/plan"
)

func TestWhatARunDidIsTakenBackInReverse(t *testing.T) {
	d := wanted(t, fabrikam+",,false,false,,,CHG1", contoso+",Contoso,true,true,,,", "22222222-aaaa-4bbb-8ccc-000000000002,,,,,absent,")
	d.CreatePartners = true
	d.Template = wantedTemplate(t, `{"templateApplicationLevel":"none","userSyncInbound":{"isSyncAllowed":true}}`)
	cur := currently(
		partner(t, fabrikam, syncOn+","+consents),
		partner(t, "22222222-aaaa-4bbb-8ccc-000000000002", `"identitySynchronization":{"displayName":"Old"}`),
	)
	cur.Template = &graph.Template{TemplateApplicationLevel: "newPartners", Raw: []byte(`{"templateApplicationLevel":"newPartners"}`)}
	p := build(t, d, cur)

	const because = " (reverts what the run did)"
	contosoSync := partners + "/" + contoso + "/identitySynchronization"
	oldSync := partners + "/22222222-aaaa-4bbb-8ccc-000000000002/identitySynchronization"
	want := []string{
		`create identitySynchronization displayName:null>"Old" = PUT ` + oldSync + ` {"displayName":"Old"}` + because,
		"update consent inboundAllowed:true>null = PATCH " + partners + "/" + contoso + ` {"automaticUserConsentSettings":{"inboundAllowed":null}} !consent-off` + because,
		`delete identitySynchronization displayName:"Contoso">null isSyncAllowed:true>null = DELETE ` + contosoSync + " !sync-removed" + because,
		`delete partner tenantId:"` + contoso + `">null = DELETE ` + partners + "/" + contoso + " !partner-removed" + because,
		"update consent inboundAllowed:false>true = PATCH " + partners + "/" + fabrikam + ` {"automaticUserConsentSettings":{"inboundAllowed":true}}` + because,
		"update identitySynchronization isSyncAllowed:false>true = PATCH " + synced + ` {"userSyncInbound":{"isSyncAllowed":true}}` + because,
		`update template templateApplicationLevel:"none">"newPartners" isSyncAllowed:true>null = PATCH ` + template + ` {"templateApplicationLevel":"newPartners","userSyncInbound":{"isSyncAllowed":null}} !template` + because,
	}
	r := taken(t, p, nil)
	if diff := cmp.Diff(want, toldAll(r)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := r.Changes[5]; got.Row != 2 || got.Note != "CHG1" || string(got.Before) != `{"displayName":"Fabrikam","tenantId":"`+fabrikam+`","userSyncInbound":{"isSyncAllowed":false}}` {
		t.Errorf("row, note and before-image: %+v, before %s", got, got.Before)
	}
	if r.Summary != (plan.Summary{Create: 1, Update: 4, Delete: 2}) || r.Input.Name != "run" || r.Fingerprint == "" {
		t.Errorf("got %+v", r)
	}
}

// taken reverts every write of a plan; found says what was there instead of a
// before-image.
func taken(t *testing.T, p *plan.Plan, found map[int]string) *plan.Plan {
	t.Helper()
	var applied []plan.Applied
	for i := range p.Changes {
		if p.Changes[i].Writes() {
			applied = append(applied, plan.Applied{Change: &p.Changes[i], Found: []byte(found[p.Changes[i].Seq])})
		}
	}
	r, err := plan.Revert(head, p, "run", "", applied)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestACreateThatMetAPolicyGoesBackToThatPolicy(t *testing.T) {
	p := build(t, wanted(t, fabrikam+",Fabrikam,true,,,,"), currently(partner(t, fabrikam, "")))
	for found, want := range map[string]string{
		`{"displayName":"Theirs","userSyncInbound":{"isSyncAllowed":true}}`:   `update identitySynchronization displayName:"Fabrikam">"Theirs" = PATCH ` + synced + ` {"displayName":"Theirs"} (reverts what the run did)`,
		`{"displayName":"Fabrikam","userSyncInbound":null}`:                   "update identitySynchronization isSyncAllowed:true>null = PATCH " + synced + ` {"userSyncInbound":{"isSyncAllowed":null}} !sync-off (reverts what the run did)`,
		`{"displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":true}}`: "no-op identitySynchronization (reverts what the run did)",
	} {
		if diff := cmp.Diff([]string{want}, toldAll(taken(t, p, map[int]string{1: found}))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", found, diff)
		}
	}
}

func TestARunThatDidNothingIsTakenBackByAnEmptyPlan(t *testing.T) {
	p := build(t, wanted(t, fabrikam+",Fabrikam,true,,,,"), currently(partner(t, fabrikam, syncOn)))
	r := taken(t, p, nil)
	got, err := decode(encoded(t, r))
	if err != nil || len(got.Changes) != 0 || r.Changes == nil || r.Summary.Differs() {
		t.Errorf("got %+v, %v", got, err)
	}
}
