package audit_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bulksync/graph"
	"bulksync/plan"
	"bulksync/plan/audit"
)

// found is a finding in one line.
func found(f audit.Finding) string {
	line := fmt.Sprintf("%s %s", f.Kind, f.Object)
	for _, d := range f.Fields {
		before, _ := json.Marshal(d.Before)
		after, _ := json.Marshal(d.After)
		line += fmt.Sprintf(" %s>%s", before, after)
	}
	return line
}

func TestAnAuditNamesWhatIsNotAsTheFileWants(t *testing.T) {
	for _, c := range []struct{ name, row, there, want string }{
		{"as wanted", ",Fabrikam,true,,,,", syncOn, ""},
		{"another name", ",Fabrikam Ltd,true,,,,", syncOn, `changed identitySynchronization "Fabrikam">"Fabrikam Ltd"`},
		{"switched off", ",,true,,,,", `"identitySynchronization":{"displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":false}}`, "changed identitySynchronization false>true"},
		{"no policy", ",,true,,,,", "", "missing identitySynchronization null>true"},
		{"a policy of nulls", ",,true,,,,", `"identitySynchronization":{"displayName":null}`, "missing identitySynchronization null>true"},
		{"no partner", ",,true,,,,", "-", "missing identitySynchronization null>true"},
		{"no partner for a bare row", ",,,,,,", "-", "missing partner"},
		{"a partner for a bare row", ",,,,,,", "", ""},
		{"consent", ",,,true,,,", inherits, "changed consent null>true"},
		{"a policy that should be absent", ",,,,,absent,", syncOn, `extra identitySynchronization "Fabrikam">null true>null`},
		{"an empty policy that should be absent", ",,,,,absent,", `"identitySynchronization":{"tenantId":"x"}`, "extra identitySynchronization"},
		{"absent as wanted", ",,,,,absent,", "", ""},
		{"absent as wanted, and no partner", ",,,,,absent,", "-", ""},
		{"a service provider's, as wanted", ",,true,,,,", `"isServiceProvider":true,` + syncOn, ""},
		{"a service provider's that differs", ",,false,,,,", `"isServiceProvider":true,` + syncOn, "changed identitySynchronization true>false"},
		{"a service provider's without a policy", ",,true,,,,", `"isServiceProvider":true`, "missing identitySynchronization null>true"},
		{"a service provider's that should be absent", ",,,,,absent,", `"isServiceProvider":true,` + syncOn, `extra identitySynchronization "Fabrikam">null true>null`},
		{"a service provider's empty one that should be absent", ",,,,,absent,", `"isServiceProvider":true,"identitySynchronization":{"tenantId":"x"}`, "extra identitySynchronization"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cur := currently()
			if c.there != "-" {
				cur = currently(partner(t, fabrikam, c.there))
			}
			a := compared(wanted(t, fabrikam+c.row+"CHG1"), cur)
			if bare := c.row == ",,,,,," && c.there != "-"; (a.BareRows == 1) != bare || build(t, wanted(t, fabrikam+c.row+"CHG1"), cur).BareRows() != a.BareRows {
				t.Errorf("%d rows name no property, want one: %v", a.BareRows, bare)
			}
			if c.want == "" {
				if a.Result != audit.Clean || a.Totals != (audit.Totals{OK: 1}) || len(a.Findings) != 0 {
					t.Errorf("got %+v, want it clean", a)
				}
				return
			}
			if a.Result != audit.Drift || len(a.Findings) != 1 || found(a.Findings[0]) != c.want {
				t.Errorf("got %s %+v, want %s", a.Result, a.Findings, c.want)
			}
			if f := a.Findings[0]; f.TenantID != fabrikam || f.Note != "CHG1" || f.Absent != strings.HasPrefix(c.want, "extra") || a.Totals.Missing+a.Totals.Changed+a.Totals.Extra != 1 || a.Totals.OK != 0 {
				t.Errorf("got %+v, %+v", f, a.Totals)
			}
		})
	}
}

func TestPartnersThatTheFileDoesNotNameComeLast(t *testing.T) {
	id := func(n int) string { return fmt.Sprintf("%08d-aaaa-4bbb-8ccc-000000000001", n) }
	cur := currently(
		partner(t, fabrikam, ""),
		partner(t, id(4), consents+`,"identitySynchronization":{"displayName":"D","userSyncInbound":{"isSyncAllowed":true}}`),
		partner(t, id(3), `"identitySynchronization":{"displayName":"C","userSyncInbound":{"isSyncAllowed":false}}`),
		partner(t, id(2), consents+`,"identitySynchronization":{"displayName":"B","userSyncInbound":{"isSyncAllowed":true}}`),
		partner(t, id(1), `"identitySynchronization":{"tenantId":"x"}`),
		partner(t, id(5), ""), // without a policy: not our business
	)
	d := wanted(t, fabrikam+",,true,,,,")
	a := compared(d, cur)
	want := []string{
		"missing identitySynchronization null>true", `extra identitySynchronization "B">null true>null`, `extra identitySynchronization "D">null true>null`,
		"extra identitySynchronization", `extra identitySynchronization "C">null false>null`,
	}
	var got []string
	for _, f := range a.Findings {
		got = append(got, found(f))
		if f.Fields == nil {
			t.Errorf("%s has fields that are null in JSON", f.TenantID)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if (a.Totals != audit.Totals{Missing: 1, Extra: 4}) || a.Findings[1].DisplayName != "B" || a.Findings[1].Absent {
		t.Errorf("got %+v %+v", a.Totals, a.Findings[1])
	}

	cur.Template = &graph.Template{TemplateApplicationLevel: "none"}
	a = compared(plan.Desired{Template: wantedTemplate(t, `{"templateApplicationLevel":"none"}`)}, cur)
	if a.Result != audit.Clean || a.Totals != (audit.Totals{OK: 1}) {
		t.Errorf("an audit of the template alone: %+v", a)
	}
}

func TestAnIncompleteAuditClaimsNothing(t *testing.T) {
	d := wanted(t, fabrikam+",,true,,,,")
	a := audit.New(head, input(d), plan.Read{Pages: 2, Partners: 20})
	want := &audit.Audit{
		FormatVersion: 1, Tool: head.Tool, CreatedAt: head.CreatedAt, HomeTenant: head.HomeTenant, Result: audit.Incomplete,
		Input: audit.Input{Name: "partners.csv", SHA256: d.Partners.Input.SHA256, Rows: 1, Dialect: d.Partners.Input.Dialect}, Read: plan.Read{Pages: 2, Partners: 20}, Findings: []audit.Finding{},
	}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A partner that could not be read is one finding, whether or not the file names
// it, so that such a tenant is never clean; its plan is blocked.
func TestAPartnerThatCouldNotBeReadIsAFinding(t *testing.T) {
	unread := func(id, members string) graph.Partner {
		p := partner(t, id, members)
		p.Problem = "displayName is a number"
		return p
	}
	stranger := "22222222-aaaa-4bbb-8ccc-000000000002"
	cur := currently(unread(fabrikam, syncOn), unread(stranger, ""), partner(t, contoso, syncOn))
	d := wanted(t, fabrikam+",Fabrikam,true,true,,,CHG1")
	a := compared(d, cur)
	want := []audit.Finding{
		{TenantID: fabrikam, DisplayName: "Fabrikam", Kind: audit.Unreadable, Object: plan.PartnerConfiguration, Fields: []plan.Field{}, Problem: "displayName is a number", Note: "CHG1", Row: 2},
		{TenantID: stranger, Kind: audit.Unreadable, Object: plan.PartnerConfiguration, Fields: []plan.Field{}, Problem: "displayName is a number"},
	}
	if diff := cmp.Diff(want, a.Findings[:2], cmpopts.IgnoreFields(audit.Finding{}, "ID")); diff != "" || a.Result != audit.Drift {
		t.Errorf("%s (-want +got):\n%s", a.Result, diff)
	}
	if a.Totals != (audit.Totals{Unreadable: 2, Extra: 1}) || a.Findings[2].TenantID != contoso {
		t.Errorf("got %+v, %+v", a.Totals, a.Findings)
	}
	if p := build(t, d, cur); p.Summary != (plan.Summary{Blocked: 2}) {
		t.Errorf("the plan says %+v", p.Summary)
	}
}

func TestAnUnreadablePartnerIsOneFinding(t *testing.T) {
	for _, row := range []string{",Fabrikam,true,,,,", ",Fabrikam,true,true,true,,"} {
		p := partner(t, fabrikam, syncOn)
		p.Problem = "displayName is a number"
		a := compared(wanted(t, fabrikam+row), currently(p))
		if len(a.Findings) != 1 || a.Findings[0].Kind != audit.Unreadable || a.Totals != (audit.Totals{Unreadable: 1}) {
			t.Errorf("%s: got %+v", row, a.Findings)
		}
	}
}

func TestTheJSONOfAFindingNamesItsSides(t *testing.T) {
	f := audit.Finding{
		TenantID: fabrikam, DisplayName: "A & B", Kind: audit.Changed, Object: plan.IdentitySynchronization, Note: "CHG1",
		Fields: []plan.Field{{Path: "displayName", Before: "<A>", After: "A & B"}},
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(f); err != nil {
		t.Fatal(err)
	}
	want := `{"id":"","tenantId":"` + fabrikam + `","displayName":"A & B","kind":"changed","severity":"error","object":"identitySynchronization","fields":[` +
		`{"path":"displayName","present":"<A>","wanted":"A & B","before":"<A>","after":"A & B"}],"note":"CHG1"}` + "\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, _ := json.Marshal(audit.Finding{Kind: audit.Unreadable, Problem: "p"}); !strings.Contains(string(got), `"fields":[],"problem":"p"`) {
		t.Errorf("got %s", got)
	}
}

// What is open is every kind of finding, and neither what is as wanted nor what is
// waived.
func TestTotalsOpen(t *testing.T) {
	all := audit.Totals{OK: 1000, Waived: 500}
	for i, r := range audit.Rules() {
		*all.Of(r.Kind) = 1 << i
	}
	if got, want := all.Open(), 1<<len(audit.Rules())-1; got != want {
		t.Errorf("got %d, want %d", got, want)
	}
}
