package report_test

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/report"
)

// knownFinding is a finding that the audit before has found too.
func knownFinding(row int, k audit.Kind, fs ...plan.Field) audit.Finding {
	f := finding(row, k, fs...)
	f.State = audit.StateContinuing
	f.Since = sampleAudit().CreatedAt.AddDate(0, 0, -14)
	return f
}

// newsOf is an audit with these findings and an audit before it.
func newsOf(findings ...audit.Finding) *audit.Audit {
	a := auditOf(findings...)
	a.Earlier = &audit.Link{Folder: "20261114T220405Z-drift", SHA256: strings.Repeat("5e", 32)}
	return a
}

func newFinding(row int, k audit.Kind, fs ...plan.Field) audit.Finding {
	f := finding(row, k, fs...)
	f.State, f.Since = audit.StateNew, sampleAudit().CreatedAt
	return f
}

func reopened(f audit.Finding) audit.Finding {
	f.Reopened = true
	return f
}

func verdictIn(text string) string {
	first, _, _ := strings.Cut(text, "\n\n")
	return strings.Join(strings.Fields(first), " ")
}

// The verdict counts objects, not properties, says what of it is new, and does
// not count notices or what is waived.
func TestTheVerdictSaysWhatIsNew(t *testing.T) {
	known, fresh, again := knownFinding(2, audit.Changed, syncTo(false, true)), newFinding(3, audit.Missing), reopened(knownFinding(4, audit.Missing))
	name := knownFinding(2, audit.Changed, named("A", "B"))
	notice := newFinding(5, audit.ConsentWithoutSync, inbound(true, nil))
	waived := newsOf()
	waived.Waived, waived.Totals.Waived = storedAudit().Waived, 2
	for want, a := range map[string]*audit.Audit{
		"Drift: 1 object of 1 partner is not as wanted.":                                                           auditOf(known, name),
		"Drift: 1 object of 1 partner is not as wanted; nothing is new.":                                           newsOf(known, name),
		"Drift: 2 objects of 2 partners are not as wanted; 1 is new.":                                              newsOf(known, name, fresh),
		"Drift: 1 object of 1 partner is not as wanted; it is new.":                                                newsOf(fresh),
		"Drift: 3 objects of 3 partners are not as wanted; 2 are new or reopened.":                                 newsOf(known, fresh, again),
		"Drift: 1 object of 1 partner is not as wanted; it is reopened.":                                           newsOf(again),
		"Drift: 2 objects of 2 partners are not as wanted; 1 is reopened.":                                         newsOf(known, again),
		"Drift: 1 object of 1 partner is not as wanted (it is not new), and 1 partner could not be read.":          newsOf(known, newFinding(9, audit.Unreadable)),
		"Drift: 2 objects of 2 partners are not as wanted (none of them is new), and 1 partner could not be read.": newsOf(known, knownFinding(3, audit.Missing), newFinding(9, audit.Unreadable)),
		"Drift: 2 objects of 2 partners are not as wanted (1 is new), and 1 partner could not be read.":            newsOf(known, fresh, newFinding(9, audit.Unreadable)),
		"Drift: 1 object of 1 partner is not as wanted; nothing is new. ":                                          newsOf(known, notice),
		"Clean: 7 objects are as wanted.":                                                                          newsOf(notice),
		"Clean: 7 objects are as wanted; 2 findings are waived.":                                                   waived,
		"Drift: 1 object of 1 partner is not as wanted, and 1 partner could not be read.":                          auditOf(known, finding(9, audit.Unreadable)),
	} {
		if got := verdictIn(auditAs(t, a, report.Text)); got != strings.TrimSpace(want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// Findings of a partner stand together. The partner with the most serious news
// comes first, then those that are known; in a partner, the object with news.
func TestFindingsStandTogetherAndNewsComesFirst(t *testing.T) {
	consent := newFinding(2, audit.Changed, inbound(nil, true))
	consent.Object = plan.Consent
	a := newsOf(
		knownFinding(5, audit.Extra, syncTo(true, nil)), // serious, and known
		knownFinding(2, audit.Changed, syncTo(false, true)),
		newFinding(3, audit.Extra, syncTo(false, nil)),
		knownFinding(2, audit.Changed, named("A", "B")),
		reopened(knownFinding(4, audit.Unreadable)),
		consent,
	)
	_, table, _ := strings.Cut(auditAs(t, a, report.Text), "───\n")
	var got []string
	for line := range strings.Lines(table) {
		for _, word := range []string{tenant(2), tenant(3), tenant(4), tenant(5), "inboundAllowed", "displayName", "isSyncAllowed: not allowed; the"} {
			if strings.Contains(line, word) {
				got = append(got, word)
			}
		}
	}
	want := []string{tenant(4), tenant(2), "inboundAllowed", "isSyncAllowed: not allowed; the", "displayName", tenant(3), tenant(5)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s\n%s", diff, table)
	}
}

// The findings of an object stand together, also if only one of them is new.
func TestFindingsOfAnObjectStandTogether(t *testing.T) {
	trust := knownFinding(2, audit.Changed, trusting("isMfaAccepted", true, false))
	trust.Object = plan.Trust
	a := newsOf(trust, knownFinding(2, audit.Changed, named("A", "B")), newFinding(2, audit.Changed, syncTo(false, true)))
	_, table, _ := strings.Cut(auditAs(t, a, report.Text), "───\n")
	last := -1
	for _, name := range []string{"isSyncAllowed", "displayName", "isMfaAccepted"} {
		at := strings.Index(table, name)
		if at < last {
			t.Errorf("%s comes too early:\n%s", name, table)
		}
		last = at
	}
}

// The news count what is there, and nothing else is named.
func TestTheNewsAreTheLastLine(t *testing.T) {
	a := newsOf(knownFinding(2, audit.Missing))
	if text := auditAs(t, a, report.Text); !strings.HasSuffix(text, "\nNews: 0 new, 1 continuing, 0 fixed.\n") {
		t.Errorf("%s", text)
	}
}

// Hundreds of findings that continue are counted, so that what is new can be
// seen; --all and the HTML page list them.
func TestManyKnownFindingsAreCounted(t *testing.T) {
	for known, want := range map[int]string{
		50:  "",
		51:  "51 findings continue and are not listed: 1 extra, 50 changed.",
		300: "300 findings continue and are not listed: 1 extra, 299 changed.",
	} {
		fs := []audit.Finding{knownFinding(900, audit.Extra, syncTo(true, nil))}
		for i := range known - 1 {
			fs = append(fs, knownFinding(i+2, audit.Changed, syncTo(false, true)))
		}
		a := newsOf(append(fs, newFinding(901, audit.Missing), knownFinding(901, audit.Changed, named("A", "B")))...)
		for _, f := range []report.Format{report.Text, report.Markdown} {
			text := strings.Join(strings.Fields(auditAs(t, a, f)), " ")
			if strings.Contains(text, "not listed") != (want != "") || !strings.Contains(text, want) || !strings.Contains(text, tenant(901)) || strings.Contains(text, tenant(2)) != (want == "") {
				t.Errorf("%s with %d known ones:\n%s", f, known, text)
			}
		}
		var all strings.Builder
		if err := report.Audit(&all, a, report.Text, report.Options{All: true}); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(all.String(), "isSyncAllowed: not allowed"); n != known-1 {
			t.Errorf("--all lists %d of %d", n, known-1)
		}
		if n := strings.Count(auditAs(t, a, report.HTML), `data-state="continuing"`); n != known+1 {
			t.Errorf("the page has %d of %d", n, known+1)
		}
	}
}

// A list in text is short, and says how to see the rest of it.
func TestAListIsBounded(t *testing.T) {
	a := newsOf()
	for i := range 12 {
		a.Fixed = append(a.Fixed, knownFinding(i+2, audit.Missing))
	}
	if text := auditAs(t, a, report.Text); !strings.Contains(text, "Fixed (12 findings)") || !strings.Contains(text, "\n... and 2 more findings. --all lists them.\n") || strings.Contains(text, tenant(12)) {
		t.Errorf("%s", text)
	}
	var all strings.Builder
	if err := report.Audit(&all, a, report.Text, report.Options{All: true}); err != nil || !strings.Contains(all.String(), tenant(13)) || strings.Contains(all.String(), "--all") {
		t.Errorf("%v\n%s", err, all.String())
	}
	for i := range 3000 {
		a.Fixed = append(a.Fixed, knownFinding(i+100, audit.Missing))
	}
	a.UnusedWaivers = storedAudit().UnusedWaivers
	if text := auditAs(t, a, report.Markdown); len(text) > 65_535 || !strings.Contains(text, " findings are left out to fit into a comment.") || !strings.Contains(text, "### Waivers that match nothing") {
		t.Errorf("%d bytes", len(text))
	}
}

// The first audit of a store says that it has nothing to compare with, and one
// without a store says nothing of news.
func TestTheFirstAuditHasNoNews(t *testing.T) {
	const first = "No earlier audit of this store is complete, so every finding is new."
	if text := auditAs(t, auditOf(newFinding(2, audit.Missing)), report.Text); !strings.Contains(text, first) || strings.Contains(text, "News:") {
		t.Errorf("%s", text)
	}
	if text := auditAs(t, auditOf(finding(2, audit.Missing)), report.Text); strings.Contains(text, "new") {
		t.Errorf("%s", text)
	}
}

// What the audit could not see is in the lead.
func TestTheLeadSaysWhatIsNotKnown(t *testing.T) {
	a := auditOf()
	a.Scope, a.OutOfScope, a.History = audit.ScopeFile, 12, &audit.History{Problem: "403: AuditLog.Read.All is missing"}
	want := []string{
		"Only partners with a row were judged (--scope file); 12 others that have a policy or could not be read were not.",
		"Who changed what is not known: 403: AuditLog.Read.All is missing.",
	}
	if diff := cmp.Diff(want, leadOf(auditAs(t, a, report.Text))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	a.History.Problem, a.OutOfScope = "", 0
	template := auditOf()
	template.Input = audit.Input{Name: "template.json"}
	if diff := cmp.Diff([]string{"Only the template was judged: without a CSV, no partner is."}, leadOf(auditAs(t, template, report.Text))); diff != "" {
		t.Errorf("lead (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Only partners with a row were judged (--scope file)."}, leadOf(auditAs(t, a, report.Text))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The CSV has a line for each finding of each list, the open ones first.
func TestTheCSVHasEachList(t *testing.T) {
	a := storedAudit()
	lines, err := csv.NewReader(strings.NewReader(auditAs(t, a, report.CSV))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) int { return slices.Index(lines[0], name) }
	var want, got []string
	for _, l := range lines[1:] {
		got = append(got, l[at("id")]+" "+l[at("status")])
	}
	for i, status := range []string{"open", "waived", "fixed", "unjudged"} {
		for _, f := range [][]audit.Finding{a.Findings, a.Waived, a.Fixed, a.Unjudged}[i] {
			want = append(want, f.ID+" "+status)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for line, cells := range map[int]map[string]string{
		2: {"severity": "error", "state": "new", "since": "2026-11-21T22:04:05Z", "row": "3", "reopened": "", "waiverRow": "",
			"changedBy": "ada@contoso.example", "changedAt": "2026-11-20T22:04:05Z", "correlationId": tenant(800)},
		6: {"state": "continuing", "reopened": "true", "row": "", "waiverRow": "3", "waiverReason": "until the contract ends",
			"waiverApprover": "Grace Hopper", "waiverTicket": "", "waiverExpires": "2026-10-31", "changedAt": ""},
		10: {"severity": "notice"},
		11: {"waiverTicket": "CHG0042001"},
	} {
		for name, want := range cells {
			if got := lines[line][at(name)]; got != want {
				t.Errorf("line %d: %s is %q, want %q", line, name, got, want)
			}
		}
	}
}

// At 80 columns no line of an audit is wider.
func TestAnAuditFitsEightyColumns(t *testing.T) {
	var b strings.Builder
	if err := report.Audit(&b, storedAudit(), report.Text, report.Options{}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if n := columns(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
}

// columns counts the columns of a line; a Chinese or Japanese character has two.
func columns(line string) int {
	n := 0
	for _, r := range line {
		if n++; r >= 0x3000 && r < 0xa000 || r >= 0xff00 {
			n++
		}
	}
	return n
}
