package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/report"
)

// newsAudit is an audit of a store: findings in each state, waived, fixed and
// unjudged ones.
func newsAudit() *audit.Audit {
	a := sampleAudit()
	earlier := a.CreatedAt.AddDate(0, 0, -7)
	a.Earlier = &audit.Link{Folder: "20261114T220405Z-drift", SHA256: strings.Repeat("ab", 32)}
	for i := range a.Findings {
		f := &a.Findings[i]
		f.ID, f.State, f.Since, f.Row = strings.Repeat(string("0123456789abcdef"[i]), 16), audit.StateContinuing, earlier, 0
		if f.Kind != audit.Extra {
			f.Row = 2 + i
		}
		if i%3 == 0 {
			f.State, f.Since = audit.StateNew, a.CreatedAt
		}
	}
	a.Findings[1].Reopened = true
	a.Findings[2].Waiver = &audit.Waiver{Row: 2, TenantID: tenant(4), Finding: "changed", Reason: "too late", Approver: "Ada", Expires: "2026-11-01"}
	a.Findings[4].ChangedBy = []audit.Edit{{By: "eve@example.com", At: earlier, Activity: "Update a partner cross-tenant access setting", CorrelationID: tenant(77)}}
	gone := func(row int, k audit.Kind, id string) audit.Finding {
		f := finding(row, k, syncTo(false, true))
		f.ID, f.State, f.Since, f.Row, f.DisplayName = id, audit.StateContinuing, earlier, row, "Partner"
		return f
	}
	waived := gone(30, audit.Changed, "aaaa000000000000")
	waived.Waiver = &audit.Waiver{Row: 3, TenantID: tenant(30), Finding: "any", Reason: "merger, ask Ada", Approver: "Grace Hopper", Ticket: "CHG7", Expires: "2027-01-31"}
	a.Waived, a.Totals.Waived = []audit.Finding{waived}, 1
	a.Fixed = []audit.Finding{gone(31, audit.Missing, "bbbb000000000000"), gone(2, audit.Changed, "dddd000000000000")}
	a.Unjudged = []audit.Finding{gone(32, audit.Changed, "cccc000000000000")}
	return a
}

// rulesAudit has a finding of each rule without a row; the notice is for a partner
// of its own.
func rulesAudit() *audit.Audit {
	a := auditOf()
	for i, k := range []audit.Kind{audit.SyncWithoutConsent, audit.ConsentWithoutSync} {
		f := finding(40+i, k, inbound(false, true))
		f.Object = plan.Consent
		a.Findings = append(a.Findings, f)
	}
	a.Totals.SyncWithoutConsent, a.Totals.ConsentWithoutSync, a.Result = 1, 1, audit.Drift
	return a
}

// templateAudit has a finding of the home tenant itself.
func templateAudit() *audit.Audit {
	return auditOf(audit.Finding{Kind: audit.Changed, Object: plan.SyncTemplate, Fields: []plan.Field{syncTo(true, false)}})
}

func incompleteAudit() *audit.Audit {
	a := sampleAudit()
	a.Result, a.Findings, a.Totals, a.Read.Complete = audit.Incomplete, nil, audit.Totals{}, false
	a.Problem = "page 1 of the partners: GET /policies: 403: Forbidden [x]({0})"
	return a
}

// manyFindings is an audit in which n policies are extra.
func manyFindings(n int) *audit.Audit {
	findings := make([]audit.Finding, n)
	for i := range findings {
		findings[i] = finding(i, audit.Extra, syncTo(i%2 == 0, nil))
		findings[i].DisplayName = strings.Repeat("株", 300)
		findings[i].State = []audit.State{audit.StateContinuing, audit.StateNew}[i%2]
	}
	return auditOf(findings...)
}

// machineAudits are audits of each kind.
func machineAudits() map[string]*audit.Audit {
	return map[string]*audit.Audit{
		"sample": sampleAudit(), "news": newsAudit(), "template": templateAudit(), "incomplete": incompleteAudit(), "clean": auditOf(), "rules": rulesAudit(), "many": manyFindings(50),
	}
}

// infectedAudit is an audit in which every text is the given one.
func infectedAudit(t testing.TB, text string) *audit.Audit {
	t.Helper()
	a := newsAudit()
	a.History = &audit.History{Since: a.CreatedAt.Add(-time.Hour)}
	if n := infect(reflect.ValueOf(a), text); n < 100 {
		t.Fatalf("only %d texts were reached", n)
	}
	for n, fs := range [][]audit.Finding{a.Findings, a.Waived, a.Fixed, a.Unjudged} {
		for i := range fs {
			fs[i].State, fs[i].ID = audit.StateNew, fmt.Sprint(text, n, i) // no two findings are the same
		}
	}
	a.Findings[2].Waiver.Expires, a.Waived[0].Waiver.Expires = "2026-11-01", "2027-01-31"
	return a
}

// hostileTexts are texts that do harm in one of the formats for machines.
func hostileTexts() []string {
	return append(append([]string{}, hostile...), "a\x08b\x0bc\x1f", "\ufffe\uffff", "\xed\xa0\x80 lone surrogate", "]]>", "&amp;&lt;", `\`, `"`, `\"`, `a" | take 1 //`, "a\nunion *",
		"::set-output name=x::y", "\n::error::x", "50%,a:b=c", "##[error]x", "{0} {{x}}", "[x](https://canary)", "<!channel>", "<https://canary|x>", "<at>all</at>", "{{DATE(2017-02-14T06:00:00Z, SHORT)}}",
		"*b* _i_ ~s~ `c`", "\U000e0041", strings.Repeat("x", 5000), strings.Repeat("\u0301", 5000), strings.Repeat("\u202e", 5000))
}

func rendered(t testing.TB, render func(io.Writer) error) string {
	t.Helper()
	var b strings.Builder
	if err := render(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// runTool pipes a text through a check of tools, which npm installs. Where CI is
// set it must be there.
func runTool(t *testing.T, name, stdin string) (lines []string) {
	t.Helper()
	dir := filepath.Join("..", "tools", name)
	_, err := os.Stat(filepath.Join(dir, "node_modules"))
	if err == nil {
		_, err = exec.LookPath("node")
	}
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("not installed: npm ci in tools/%s", name)
	}
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join(dir, "check.js"))
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = strings.NewReader(stdin), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// Only an audit has the formats of machines; a plan and a run refuse them before
// they write anything.
func TestFormatsOfAnAudit(t *testing.T) {
	for _, name := range []string{"junit", "SARIF", "github"} {
		f, err := report.ParseFormat(name)
		if err != nil || !f.OfAudit() {
			t.Errorf("%s: %v", name, err)
		}
		p := samplePlan()
		for what, render := range map[string]func(io.Writer) error{
			"plan": func(w io.Writer) error { return report.Plan(w, p, f, report.Options{}) },
			"run":  func(w io.Writer) error { return report.Run(w, p, sampleRun(p), f, report.Options{}) },
		} {
			var b bytes.Buffer
			if err := render(&b); err == nil || b.Len() > 0 {
				t.Errorf("%s as %s: %v, %d bytes", what, f, err, b.Len())
			}
		}
	}
	if report.JSON.OfAudit() {
		t.Error("JSON is not only for an audit")
	}
	if _, err := report.ParseFormat("xml"); err == nil || !strings.Contains(err.Error(), "junit") {
		t.Errorf("got %v", err)
	}
}

// The formats for machines look as they did.
func TestMachineGoldens(t *testing.T) {
	for f, ext := range map[report.Format]string{report.JUnit: "junit.xml", report.SARIF: "sarif", report.GitHub: "github.txt"} {
		golden(t, "audit."+ext, func(w io.Writer) error {
			return report.Audit(w, newsAudit(), f, report.Options{Path: "config/partners.csv"})
		})
	}
	golden(t, "audit.prom", func(w io.Writer) error {
		return report.Metrics(w, newsAudit(), report.MetricsOptions{Duration: 1500 * time.Millisecond})
	})
	for _, f := range []report.NotifyFormat{report.Generic, report.Teams, report.Slack} {
		golden(t, "notify."+string(f)+".json", func(w io.Writer) error { return report.Notification(w, newsAudit(), f) })
	}
	golden(t, "audit.kql", func(w io.Writer) error { return report.Queries(w, auditQuery(newsAudit())) })
	golden(t, "run.kql", func(w io.Writer) error {
		p := samplePlan()
		return report.Queries(w, report.RunLogQuery(p, sampleRun(p)))
	})
}

// checkMachines holds every format for machines against what its readers need.
func checkMachines(t *testing.T, a *audit.Audit) {
	t.Helper()
	checkJUnit(t, a, auditAs(t, a, report.JUnit))
	checkSARIF(t, a, auditAs(t, a, report.SARIF))
	checkGitHub(t, a, auditAs(t, a, report.GitHub))
	checkMetrics(t, a)
	for _, f := range []report.NotifyFormat{report.Generic, report.Teams, report.Slack} {
		checkNotification(t, f, rendered(t, func(w io.Writer) error { return report.Notification(w, a, f) }))
	}
	checkQueries(t, rendered(t, func(w io.Writer) error { return report.Queries(w, auditQuery(a)) }))
}

func TestMachineFormats(t *testing.T) {
	for name, a := range machineAudits() {
		if checkMachines(t, a); t.Failed() {
			t.Fatal(name)
		}
	}
}

// Any text in any member of an audit stays text.
func TestHostileNamesForMachines(t *testing.T) {
	for _, text := range hostileTexts() {
		if checkMachines(t, infectedAudit(t, text)); t.Failed() {
			t.Fatalf("%.100q", text)
		}
	}
}

func FuzzMachineFormats(f *testing.F) {
	for _, text := range hostileTexts() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { checkMachines(t, infectedAudit(t, text)) })
}

// toJSON is a value as JSON, for a tool.
func toJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
