package report_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/report"
)

func auditAs(t *testing.T, a *audit.Audit, f report.Format) string {
	t.Helper()
	var b strings.Builder
	if err := report.Audit(&b, a, f, report.Options{Width: 120}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// auditOf is an audit with these findings.
func auditOf(findings ...audit.Finding) *audit.Audit {
	a := sampleAudit()
	a.Findings, a.Totals, a.Result = findings, audit.Totals{OK: 7}, audit.Clean
	for _, f := range findings {
		*a.Totals.Of(f.Kind)++
		if f.Severity() != audit.Notice {
			a.Result = audit.Drift
		}
	}
	return a
}

func finding(row int, k audit.Kind, fs ...plan.Field) audit.Finding {
	return audit.Finding{TenantID: tenant(row), Kind: k, Object: plan.IdentitySynchronization, Fields: fs}
}

// An incomplete audit is never a bare header, gives its cause once and in full,
// and lists no partners.
func TestAnIncompleteAuditSaysWhyOnce(t *testing.T) {
	a := sampleAudit()
	a.Result, a.Findings, a.Totals, a.Read.Complete = audit.Incomplete, nil, audit.Totals{}, false
	a.Problem = "page 1 of the partners: GET /policies: 403: " + strings.Repeat("long ", 100) + "after 4 attempts (request-id " + tenant(9) + ")"
	for _, f := range []report.Format{report.Text, report.Markdown, report.HTML} {
		text := strings.Join(strings.Fields(auditAs(t, a, f)), " ")
		if strings.Count(text, "age 1 of the partners") != 1 || !strings.Contains(text, "(request-id "+tenant(9)+")") || strings.Count(text, "nothing is claimed") > 2 {
			t.Errorf("%s:\n%s", f, text)
		}
	}
	if text := auditAs(t, a, report.Text); !strings.HasPrefix(text, "Incomplete: the tenant was not read completely, so nothing is claimed.\nPage 1 of the partners: GET") {
		t.Errorf("%s", text)
	}
	lines, err := csv.NewReader(strings.NewReader(auditAs(t, a, report.CSV))).ReadAll()
	if err != nil || len(lines) != 2 {
		t.Fatalf("%v, %d lines", err, len(lines))
	}
	if diff := cmp.Diff([]string{"", "", "incomplete", "", "", "", "", "", "", a.Problem}, lines[1][:10]); diff != "" || lines[0][9] != "problem" {
		t.Errorf("%v (-want +got):\n%s", lines[0], diff)
	}
}

// A clean audit has nothing to look at first.
func TestACleanAuditHasNoAlerts(t *testing.T) {
	a := sampleAudit()
	a.Findings, a.Totals, a.Result = nil, audit.Totals{OK: 5}, audit.Clean
	if text := auditAs(t, a, report.Text); !strings.HasPrefix(text, "Clean: 5 objects are as wanted.\n") || strings.Contains(text, "\n! ") {
		t.Errorf("%s", text)
	}
}

// A property that is not set still exists, and a value without words is shown
// as it is.
func TestValuesOfAFinding(t *testing.T) {
	a := sampleAudit()
	a.Findings, a.Totals = a.Findings[1:2], audit.Totals{OK: 5, Changed: 1}
	a.Findings[0].Fields = []plan.Field{syncTo(nil, true), {Path: "other.member", Before: false, After: "x"}}
	text := strings.Join(strings.Fields(auditAs(t, a, report.Text)), " ")
	for _, want := range []string{"isSyncAllowed: not set; the file says allowed", `member: false; the file says "x"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// The CSV and the text say why a partner could not be read.
func TestTheProblemOfAPartner(t *testing.T) {
	f := finding(2, audit.Unreadable)
	f.Problem = "isSyncAllowed is text, not true or false"
	if text := auditAs(t, auditOf(f), report.CSV); !strings.Contains(text, `,"isSyncAllowed is text, not true or false",`) {
		t.Errorf("%s", text)
	}
	if text := strings.Join(strings.Fields(auditAs(t, auditOf(f), report.Text)), " "); !strings.Contains(text, "so nothing is known about it: isSyncAllowed is text, not true or false") {
		t.Errorf("%s", text)
	}
}

// Rows that name no property prove next to nothing, and the report says so.
func TestRowsThatNameNoProperty(t *testing.T) {
	const bare = "the row names no property, so only the partner configuration is looked at"
	p := planOf(
		with(change(2, "", plan.PartnerConfiguration, plan.NoOp), bare), with(change(3, "", plan.PartnerConfiguration, plan.NoOp), bare),
		change(4, "", plan.IdentitySynchronization, plan.NoOp))
	const want = "2 rows name no property: only whether the partner exists was checked."
	if diff := cmp.Diff([]string{want}, leadOf(planText(t, p))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	a := auditOf()
	a.BareRows = 2
	if diff := cmp.Diff([]string{want}, leadOf(auditAs(t, a, report.Text))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	a.BareRows = 1
	if text := auditAs(t, a, report.Text); !strings.Contains(text, "1 row names no property: only") {
		t.Errorf("%s", text)
	}
}

// The numbers of an audit agree: objects and their partners, the extra policies
// that synchronize and those that do not.
func TestTheNumbersOfAnAuditMeet(t *testing.T) {
	consent := finding(2, audit.Changed, inbound(nil, true))
	consent.Object = plan.Consent
	a := auditOf(finding(2, audit.Changed, syncTo(false, true)), consent, finding(3, audit.Extra, syncTo(false, nil)), finding(4, audit.Extra), finding(5, audit.Extra, syncTo(true, nil)),
		audit.Finding{Kind: audit.Changed, Object: plan.SyncTemplate, Fields: []plan.Field{syncTo(true, false)}})
	text := auditAs(t, a, report.Text)
	for _, want := range []string{
		"Drift: 6 objects of 4 partners and the home tenant are not as wanted.\n",
		"! extra (1 partner): allowed to synchronize users although the file does not ask for it; the other 2 extra policies do\n  not allow it\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// A policy that the file says must go is distinguished from one that it does
// not name.
func TestWhyAPolicyIsExtra(t *testing.T) {
	named, stranger := finding(2, audit.Extra, syncTo(true, nil)), finding(3, audit.Extra, syncTo(true, nil))
	named.Absent = true
	whole := finding(2, audit.Extra)
	whole.Object, whole.Absent = plan.PartnerConfiguration, true
	for want, a := range map[string]*audit.Audit{
		"that the policy must be removed; the file also\n  says that 1 partner configuration must be removed\n":      auditOf(named, whole),
		"! extra (1 partner): allowed to synchronize users although the file says that the policy must be removed\n": auditOf(named),
		"! extra (1 partner): allowed to synchronize users although the file does not ask for it\n":                  auditOf(stranger),
		"although the file does not ask for it; for 1 of them it says that the\n  policy must be removed\n":          auditOf(named, stranger),
		"isSyncAllowed: allowed\n":                auditOf(named),
		"the file says that it must be removed\n": auditOf(named),
		"the file does not ask for it\n":          auditOf(stranger),
	} {
		if text := auditAs(t, a, report.Text); !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// Partners that synchronize and should not come first; an extra finding has no
// input line, so there is no column for it.
func TestTheGravestFindingsComeFirst(t *testing.T) {
	a := auditOf(finding(2, audit.Missing, syncTo(nil, true)), finding(3, audit.Unreadable), finding(4, audit.Extra, syncTo(false, nil)), finding(5, audit.Extra, syncTo(true, nil)))
	for _, f := range []report.Format{report.Text, report.Markdown, report.HTML} {
		text := auditAs(t, a, f)
		last := -1
		for _, row := range []int{5, 3, 2, 4} {
			at := strings.LastIndex(text, tenant(row))
			if at < last {
				t.Errorf("%s: partner %d comes too early:\n%s", f, row, text)
			}
			last = at
		}
		if strings.Contains(text, "Line") {
			t.Errorf("%s has a column that no row fills:\n%s", f, text)
		}
	}
	if text := auditAs(t, a, report.Text); !strings.Contains(text, "isSyncAllowed: nothing there; the file says") {
		t.Errorf("%s", text)
	}
	if text := planText(t, samplePlan()); !strings.Contains(text, "Line") {
		t.Errorf("%s", text)
	}
}

// Alerts of an HTML page show ten partners, and the rest on a click.
func TestAlertsShowTenPartners(t *testing.T) {
	for n, want := range map[int]string{10: "", 11: "<summary>and 1 more partner</summary>"} {
		var fs []audit.Finding
		for i := range n {
			fs = append(fs, finding(i+2, audit.Extra, syncTo(true, nil)))
		}
		text, _, _ := strings.Cut(auditAs(t, auditOf(fs...), report.HTML), `id="changes"`)
		if got := strings.Count(text, "<li><code>"); got != n || strings.Contains(text, "more partner") != (want != "") || !strings.Contains(text, want) {
			t.Errorf("%d of %d partners:\n%s", got, n, text)
		}
	}
}
