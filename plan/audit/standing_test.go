package audit_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph"
	"bulksync/plan"
	"bulksync/plan/audit"
)

const (
	withoutConsent = "sync-without-consent consent null>true"
	withoutSync    = "consent-without-sync consent true>null"
	off            = `"identitySynchronization":{"tenantId":"x","displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":false}}`
)

// allFound are the findings of an audit in one line each.
func allFound(a *audit.Audit) []string {
	list := []string{}
	for _, f := range a.Findings {
		list = append(list, found(f))
	}
	return list
}

// Two rules need no row. They are silent where another finding says the same, and
// where nobody can change the partner.
func TestRulesWithoutARow(t *testing.T) {
	const extra = `extra identitySynchronization "Fabrikam">null true>null`
	refuses := `"automaticUserConsentSettings":{"inboundAllowed":false,"outboundAllowed":true}`
	for _, c := range []struct {
		name, row, there string
		want             []string
	}{
		{"consent is inherited", ",,true,,,,", syncs + "," + inherits, []string{withoutConsent}},
		{"consent is null", ",,true,,,,", syncs, []string{withoutConsent}},
		{"consent is off", ",,true,,,,", syncs + "," + refuses, []string{"sync-without-consent consent false>true"}},
		{"consent is off as wanted", ",,true,false,,,", syncs + "," + refuses, []string{"sync-without-consent consent false>true"}},
		{"consent is wanted already", ",,true,true,,,", syncs, []string{"changed consent null>true"}},
		{"sync should be off", ",,false,,,,", syncs, []string{"changed identitySynchronization true>false"}},
		{"the row names nothing", ",,,,,,", syncs, []string{withoutConsent}},
		{"extra and busy", "", syncs, []string{extra, withoutConsent}},
		{"absent and busy", ",,,,,absent,", syncs, []string{extra}},
		{"nothing is allowed", ",,false,,,,", off, nil},
		{"all is allowed", ",,true,,,,", syncOn, nil},
		{"consent alone", "", consents, []string{withoutSync}},
		{"consent alone, a bare row", ",,,,,,", consents, []string{withoutSync}},
		{"consent as wanted", ",,,true,,,", consents, []string{withoutSync}},
		{"consent and sync off as wanted", ",,false,,,,", off + "," + consents, []string{withoutSync}},
		{"consent should be off", ",,,false,,,", consents, []string{"changed consent true>false"}},
		{"the policy is missing", ",,true,,,,", consents, []string{"missing identitySynchronization null>true"}},
		{"sync should be on", ",,true,,,,", off + "," + consents, []string{"changed identitySynchronization false>true"}},
		{"the policy has no switch", ",,true,,,,", `"identitySynchronization":{"displayName":"Fabrikam"},` + consents, []string{"changed identitySynchronization null>true"}},
		{"absent as wanted, with consent", ",,,,,absent,", consents, []string{withoutSync}},
		{"absent and idle", ",,,,,absent,", off + "," + consents, []string{`extra identitySynchronization "Fabrikam">null false>null`}},
		{"extra and idle", "", off + "," + consents, []string{`extra identitySynchronization "Fabrikam">null false>null`}},
		{"a service provider's", ",,true,,,,", `"isServiceProvider":true,` + syncs, nil},
		{"a service provider's with consent", "", `"isServiceProvider":true,` + consents, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := wanted(t, contoso+",,,,,,")
			if c.row != "" {
				d = wanted(t, contoso+",,,,,,", fabrikam+c.row)
			}
			a := compared(d, currently(partner(t, contoso, ""), partner(t, fabrikam, c.there)))
			if diff := cmp.Diff(append([]string{}, c.want...), allFound(a)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if want := c.want == nil || len(c.want) == 1 && c.want[0] == withoutSync; (a.Result == audit.Clean) != want {
				t.Errorf("the result is %s", a.Result)
			}
		})
	}
}

// A finding of such a rule names the partner as its row does, or as its policy.
func TestRulesNameThePartner(t *testing.T) {
	const other = "22222222-aaaa-4bbb-8ccc-000000000002"
	unread := partner(t, other, syncs)
	unread.Problem = "displayName is a number"
	cur := currently(partner(t, fabrikam, syncs), partner(t, contoso, syncs), unread, partner(t, graph.SupportTenantID, syncs))
	a := compared(wanted(t, fabrikam+",Row,true,,,,CHG1", other+",,true,,,,", graph.SupportTenantID+",,true,,,,"), cur)
	type named struct {
		TenantID, Name, Note string
		Row                  int
	}
	var got []named
	for _, f := range a.Findings {
		if f.Kind == audit.SyncWithoutConsent {
			got = append(got, named{f.TenantID, f.DisplayName, f.Note, f.Row})
		}
	}
	if diff := cmp.Diff([]named{{fabrikam, "Row", "CHG1", 2}, {contoso, "Fabrikam", "", 0}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if a.Totals.SyncWithoutConsent != 2 {
		t.Errorf("got %+v", a.Totals)
	}
	a = compared(wanted(t, fabrikam+",,true,,,,"), currently(partner(t, fabrikam, syncs)))
	if f := a.Findings[0]; f.DisplayName != "Fabrikam" || f.Row != 2 {
		t.Errorf("got %+v", f)
	}
}

// Under the scope of the file, the other partners are counted and not judged.
func TestScopeOfTheFile(t *testing.T) {
	unread := partner(t, "22222222-aaaa-4bbb-8ccc-000000000002", "")
	unread.Problem = "displayName is a number"
	cur := currently(partner(t, fabrikam, syncs), partner(t, contoso, syncs), unread, partner(t, "33333333-aaaa-4bbb-8ccc-000000000003", consents))
	d := wanted(t, fabrikam+",,true,,,,")
	a := audit.Compare(head, input(d), d, cur, audit.Options{Scope: audit.ScopeFile})
	if diff := cmp.Diff([]string{withoutConsent}, allFound(a)); diff != "" || a.OutOfScope != 2 || a.Scope != audit.ScopeFile {
		t.Errorf("%d out of scope %s (-want +got):\n%s", a.OutOfScope, a.Scope, diff)
	}
	if a = compared(d, cur); a.OutOfScope != 0 || a.Scope != audit.ScopeAll || len(a.Findings) != 5 {
		t.Errorf("%d out of scope %s: %v", a.OutOfScope, a.Scope, allFound(a))
	}
}

// Each property that differs is a finding of its own; an object that is missing or
// extra is one finding.
func TestEachPropertyIsAFinding(t *testing.T) {
	a := compared(wanted(t, fabrikam+",Fabrikam Ltd,true,true,true,,CHG1"), currently(partner(t, fabrikam, off+","+inherits)))
	want := []string{
		`changed identitySynchronization "Fabrikam">"Fabrikam Ltd"`, "changed identitySynchronization false>true",
		"changed consent null>true", "changed consent null>true",
	}
	if diff := cmp.Diff(want, allFound(a)); diff != "" || a.Totals != (audit.Totals{Changed: 4}) {
		t.Errorf("%+v (-want +got):\n%s", a.Totals, diff)
	}
	ids := map[string]bool{}
	for _, f := range a.Findings {
		ids[f.ID] = true
		if f.Property() != f.Fields[0].Path || f.Note != "CHG1" || f.Row != 2 || f.DisplayName != "Fabrikam Ltd" {
			t.Errorf("got %+v", f)
		}
	}
	if len(ids) != 4 {
		t.Errorf("the IDs are %v", ids)
	}
	f := audit.Finding{Kind: audit.Missing, Object: plan.IdentitySynchronization, Fields: a.Findings[0].Fields}
	if f.Property() != "" {
		t.Error("a missing object is about a property")
	}
}

// IDs are part of the format: waivers, notifications and dashboards know them.
func TestIDsOfFindings(t *testing.T) {
	cur := currently(partner(t, fabrikam, syncs))
	cur.Template = &graph.Template{TemplateApplicationLevel: "none"}
	d := wanted(t, fabrikam+",Other,true,,,,", contoso+",,,,,,")
	d.Template = wantedTemplate(t, `{"templateApplicationLevel":"newPartners"}`)
	var got []string
	for _, f := range compared(d, cur).Findings {
		got = append(got, string(f.Kind)+" "+f.ID)
	}
	want := []string{"changed 6488276ebc7f6945", "changed ca6ac2455defadbe", "missing 232231afca921980", "sync-without-consent 4df1b43dfc55b957"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
