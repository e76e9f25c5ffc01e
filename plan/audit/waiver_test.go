package audit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph"
	"bulksync/plan"
	"bulksync/plan/audit"
)

const waiverHeader = "tenantId,finding,property,reason,approver,ticket,expires\n"

// waivers reads lines below waiverHeader.
func waivers(t testing.TB, lines ...string) *audit.Waivers {
	t.Helper()
	ws, err := audit.ReadWaivers(t.Context(), strings.NewReader(waiverHeader+strings.Join(lines, "\n")), "waivers.csv")
	if err != nil {
		t.Fatal(err)
	}
	return ws
}

// A waiver covers a finding of its tenant, its kind and its property. Any kind is
// all but unreadable.
func TestWhatAWaiverCovers(t *testing.T) {
	name := audit.Finding{TenantID: fabrikam, Kind: audit.Changed, Object: plan.IdentitySynchronization, Fields: []plan.Field{{Path: "displayName"}}}
	missing := audit.Finding{TenantID: fabrikam, Kind: audit.Missing, Object: plan.IdentitySynchronization, Fields: []plan.Field{{Path: "displayName"}}}
	rule := audit.Finding{TenantID: fabrikam, Kind: audit.SyncWithoutConsent, Object: plan.Consent, Fields: []plan.Field{{Path: "automaticUserConsentSettings.inboundAllowed"}}}
	unread := audit.Finding{TenantID: fabrikam, Kind: audit.Unreadable, Object: plan.PartnerConfiguration}
	template := audit.Finding{Kind: audit.Changed, Object: plan.SyncTemplate, Fields: []plan.Field{{Path: "templateApplicationLevel"}}}
	all := map[string]audit.Finding{"name": name, "missing": missing, "rule": rule, "unread": unread, "template": template}
	for waiver, covered := range map[string]string{
		fabrikam + ",changed,":                            "name",
		fabrikam + ",changed,displayName":                 "name",
		fabrikam + ",changed,isSyncAllowed":               "",
		contoso + ",changed,":                             "",
		fabrikam + ",missing,":                            "missing",
		fabrikam + ",any,":                                "missing name rule",
		fabrikam + ",any,displayName":                     "name",
		fabrikam + ",any,inboundConsent":                  "rule",
		fabrikam + ",unreadable,":                         "unread",
		fabrikam + ",sync-without-consent,":               "rule",
		fabrikam + ",consent-without-sync,inboundConsent": "",
		fabrikam + ",sync-without-consent,inboundConsent": "rule",
		"template,changed,":                               "template",
		"template,any,":                                   "template",
		"template,any,templateApplicationLevel":           "template",
		"template,changed,userSyncInbound.isSyncAllowed":  "",
		"{" + strings.ToUpper(fabrikam) + "},ANY,NAME":    "name",
		"Template,Changed,TEMPLATEAPPLICATIONLEVEL":       "template",
	} {
		w := waivers(t, waiver+",why,ada,,2026-12-31").List[0]
		var got []string
		for _, which := range []string{"missing", "name", "rule", "template", "unread"} {
			if f := all[which]; w.Covers(&f) {
				got = append(got, which)
			}
		}
		if strings.Join(got, " ") != covered {
			t.Errorf("%s covers %v, want %s", waiver, got, covered)
		}
	}
}

// A waived finding is set aside, and a notice or a waived finding is no drift.
func TestWaivedFindingsAreSetAside(t *testing.T) {
	cur := currently(partner(t, fabrikam, off), partner(t, contoso, consents))
	d := wanted(t, fabrikam+",Other,true,,,,CHG1")
	ws := waivers(t, fabrikam+",changed,isSyncAllowed,on hold,ada,CHG9,2026-11-21", contoso+",any,,wanted,bob,,2027-01-01", contoso+",extra,,gone,bob,,2027-01-01")
	a := audit.Compare(head, input(d), d, cur, audit.Options{Waivers: ws})
	if diff := cmp.Diff([]string{`changed identitySynchronization "Fabrikam">"Other"`}, allFound(a)); diff != "" || a.Result != audit.Drift {
		t.Errorf("%s (-want +got):\n%s", a.Result, diff)
	}
	if len(a.Waived) != 2 || a.Waived[0].Waiver.Row != 2 || a.Waived[1].Waiver.Row != 3 || a.Waived[0].Waiver.Reason != "on hold" || a.Waived[0].Fields[0].Path != plan.IdentitySynchronization.Properties()[1].Path {
		t.Errorf("waived are %+v", a.Waived)
	}
	if a.Totals != (audit.Totals{Changed: 1, Waived: 2}) || len(a.UnusedWaivers) != 1 || a.UnusedWaivers[0].Row != 4 {
		t.Errorf("%+v, unused are %+v", a.Totals, a.UnusedWaivers)
	}
	if a.Waivers == nil || *a.Waivers != ws.File || ws.File.Rows != 3 || ws.File.Name != "waivers.csv" || len(ws.File.SHA256) != 64 {
		t.Errorf("the file of waivers is %+v", a.Waivers)
	}
	ws = waivers(t, fabrikam+",any,,on hold,ada,,2026-11-21")
	if a = audit.Compare(head, input(d), d, cur, audit.Options{Waivers: ws}); a.Result != audit.Clean || a.Totals != (audit.Totals{ConsentWithoutSync: 1, Waived: 2}) {
		t.Errorf("with all waived: %s %+v", a.Result, a.Totals)
	}
}

// A waiver holds through its last day in UTC. A finding whose waiver has expired
// is open again, and says so.
func TestWaiversExpire(t *testing.T) {
	cur, d := currently(partner(t, fabrikam, off)), wanted(t, fabrikam+",,true,,,,")
	ws := waivers(t, fabrikam+",changed,,on hold,ada,,2026-11-21")
	berlin := time.FixedZone("", 3600)
	for at, waived := range map[time.Time]bool{
		time.Date(2026, 11, 21, 23, 59, 59, 999, time.UTC): true,
		time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC):      false,
		time.Date(2026, 11, 22, 0, 59, 59, 0, berlin):      true,
		time.Date(2026, 11, 22, 1, 0, 0, 0, berlin):        false,
	} {
		h := head
		h.CreatedAt = at
		a := audit.Compare(h, input(d), d, cur, audit.Options{Waivers: ws})
		if (len(a.Waived) == 1) != waived || (len(a.Findings) == 0) != waived || len(a.UnusedWaivers) != 0 {
			t.Errorf("at %s: %d waived, %d open, unused %v", at, len(a.Waived), len(a.Findings), a.UnusedWaivers)
		}
		if all := append(a.Waived, a.Findings...); all[0].Waiver == nil || all[0].Waiver.Row != 2 {
			t.Errorf("at %s: the waiver is %+v", at, all[0].Waiver)
		}
	}
	if !(&audit.Waiver{Expires: "soon"}).Ends().IsZero() {
		t.Error("a waiver without a date ends some time")
	}
}

// Of several waivers the one that holds longest counts, the first of equals; none
// of them is unused.
func TestTheLongestWaiverCounts(t *testing.T) {
	cur, d := currently(partner(t, fabrikam, off)), wanted(t, fabrikam+",,true,,,,")
	ws := waivers(t, fabrikam+",changed,,short,ada,,2026-01-01", fabrikam+",any,isSyncAllowed,long,ada,,2027-01-01",
		fabrikam+",any,,as long,ada,,2027-01-01", fabrikam+",changed,isSyncAllowed,middle,ada,,2026-12-01")
	a := audit.Compare(head, input(d), d, cur, audit.Options{Waivers: ws})
	if len(a.Waived) != 1 || a.Waived[0].Waiver.Reason != "long" || len(a.UnusedWaivers) != 0 {
		t.Errorf("%+v, unused %v", a.Waived, a.UnusedWaivers)
	}
}

// A waiver is unused only if what it names was judged: nothing is known of a
// partner that is out of scope or could not be read, or of a template that was not
// asked for.
func TestWaiversOfWhatWasNotJudged(t *testing.T) {
	const strange = "22222222-aaaa-4bbb-8ccc-000000000002"
	unread := partner(t, fabrikam, "")
	unread.Problem = "displayName is a number"
	cur, d := currently(unread, partner(t, contoso, syncOn)), wanted(t, fabrikam+",,true,,,,", strange+",,,,,,")
	end := ",,why,ada,,2027-01-01"
	ws := waivers(t, fabrikam+",changed"+end, contoso+",changed"+end, strange+",changed"+end, "template,changed"+end)
	unused := func(d plan.Desired, o audit.Options) (rows []int) {
		o.Waivers = ws
		for _, w := range audit.Compare(head, audit.Input{}, d, cur, o).UnusedWaivers {
			rows = append(rows, w.Row)
		}
		return rows
	}
	if diff := cmp.Diff([]int{3, 4}, unused(d, audit.Options{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{4}, unused(d, audit.Options{Scope: audit.ScopeFile})); diff != "" {
		t.Errorf("of the file (-want +got):\n%s", diff)
	}
	cur.Template = &graph.Template{TemplateApplicationLevel: "none"}
	template := plan.Desired{Template: wantedTemplate(t, `{"templateApplicationLevel":"none"}`)}
	if diff := cmp.Diff([]int{5}, unused(template, audit.Options{})); diff != "" {
		t.Errorf("of the template (-want +got):\n%s", diff)
	}
}

func TestFails(t *testing.T) {
	open := func(k audit.Kind, s audit.State, reopened bool) *audit.Audit {
		return &audit.Audit{Findings: []audit.Finding{{Kind: k, State: s, Reopened: reopened}}, Waived: []audit.Finding{{Kind: audit.Extra, State: audit.StateNew}}}
	}
	for _, c := range []struct {
		a        *audit.Audit
		any, new bool
	}{
		{&audit.Audit{Waived: []audit.Finding{{Kind: audit.Extra}}}, false, false},
		{open(audit.Changed, audit.StateNew, false), true, true},
		{open(audit.Changed, audit.StateContinuing, false), true, false},
		{open(audit.Changed, audit.StateContinuing, true), true, true},
		{open(audit.SyncWithoutConsent, "", false), true, true},
		{open(audit.ConsentWithoutSync, audit.StateNew, false), false, false},
	} {
		if c.a.Fails(audit.FailOnAny) != c.any || c.a.Fails(audit.FailOnNew) != c.new || c.a.Fails(audit.FailOnNone) {
			t.Errorf("%+v: %v %v %v", c.a.Findings, c.a.Fails(audit.FailOnAny), c.a.Fails(audit.FailOnNew), c.a.Fails(audit.FailOnNone))
		}
	}
}

func TestWordsOfFlags(t *testing.T) {
	for _, word := range []string{"any", "new", "none"} {
		if on, err := audit.ParseFailOn(word); err != nil || string(on) != word {
			t.Errorf("%s: %s %v", word, on, err)
		}
	}
	for _, word := range []string{"all", "file"} {
		if s, err := audit.ParseScope(word); err != nil || string(s) != word {
			t.Errorf("%s: %s %v", word, s, err)
		}
	}
	if _, err := audit.ParseFailOn("never"); err == nil || err.Error() != `unknown value "never": fail on any, new or none` {
		t.Error(err)
	}
	if _, err := audit.ParseScope(""); err == nil || err.Error() != `unknown scope "": use all or file` {
		t.Error(err)
	}
}
