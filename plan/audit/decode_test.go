package audit_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/plan"
	"bulksync/plan/audit"
)

// An audit in which everything is set is the same when it is read back.
func TestDecodeReadsBackAnAudit(t *testing.T) {
	at := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	finding := audit.Finding{
		ID: "0123456789abcdef", TenantID: fabrikam, DisplayName: "A & <B>", Kind: audit.Changed, Object: plan.Consent, Note: "CHG1", Row: 7,
		Fields: []plan.Field{{Path: "x", Before: nil, After: true}, {Path: "y", Before: "a", After: false}}, Problem: "p", Absent: true,
		State: audit.StateContinuing, Since: at, Reopened: true,
		Waiver:    &audit.Waiver{Row: 2, TenantID: fabrikam, Finding: "any", Property: "x", Reason: "r", Approver: "a", Ticket: "t", Expires: "2026-01-01"},
		ChangedBy: []audit.Edit{{By: "ada", ByID: "1", App: true, At: at, Activity: "Update", CorrelationID: "c"}},
	}
	a := audit.New(head, audit.Input{Name: "f", SHA256: "s", Rows: 3}, plan.Read{Pages: 1, Partners: 2, Complete: true})
	a.Result, a.Problem, a.Scope, a.OutOfScope, a.BareRows = audit.Drift, "p", audit.ScopeFile, 4, 5
	a.Waivers, a.Earlier, a.History = &audit.File{Name: "w"}, &audit.Link{Folder: "f", SHA256: "s"}, &audit.History{Since: at, Records: 9, Problem: "q"}
	a.Totals = audit.Totals{OK: 1, Missing: 2, Changed: 3, Extra: 4, Unreadable: 5, SyncWithoutConsent: 6, ConsentWithoutSync: 7, Waived: 8}
	a.Findings, a.Waived, a.Fixed, a.Unjudged = []audit.Finding{finding}, []audit.Finding{finding, finding}, []audit.Finding{finding}, []audit.Finding{finding}
	a.UnusedWaivers = []audit.Waiver{*finding.Waiver}
	for _, a := range []*audit.Audit{a, audit.New(head, audit.Input{}, plan.Read{})} {
		text, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		got, err := audit.Decode(strings.NewReader(string(text)))
		if diff := cmp.Diff(a, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
}

// The members of a finding that are empty and say nothing are left out.
func TestTheJSONOfAFindingIsShort(t *testing.T) {
	text, err := json.Marshal(audit.Finding{ID: "1", TenantID: fabrikam, Kind: audit.ConsentWithoutSync, Object: plan.Consent})
	want := `{"id":"1","tenantId":"` + fabrikam + `","displayName":"","kind":"consent-without-sync","severity":"notice","object":"consent","fields":[],"note":""}`
	if err != nil || string(text) != want {
		t.Errorf("%v:\n%s, want\n%s", err, text, want)
	}
}

// What is no audit, of another version, or understood in two ways is refused.
func TestDecodeRefuses(t *testing.T) {
	for text, want := range map[string]string{
		``:                                      "not an audit: ",
		`[]`:                                    "not an audit: ",
		`{}`:                                    "not an audit: it has no formatVersion",
		`null`:                                  "not an audit: it has no formatVersion",
		`{"formatVersion":2,"findings":3}`:      "the audit has another format version: it has 2, and this program reads 1",
		`{"formatVersion":1,"formatVersion":1}`: "not an audit: ",
		`{"formatVersion":1,"other":{"a":1,"a":2}}`:                                     "not an audit: ",
		`{"formatVersion":1} x`:                                                         "not an audit: ",
		`{"formatVersion":1,"findings":{}}`:                                             "not an audit: ",
		`{"formatVersion":1,"findings":[{"kind":"odd","tenantId":"t"}]}`:                `not an audit: partner t has the unknown finding "odd"`,
		`{"formatVersion":1,"fixed":[{"tenantId":"t"}]}`:                                `not an audit: partner t has the unknown finding ""`,
		`{"formatVersion":1,"waived":[{"kind":"extra","kind":"extra"}]}`:                "not an audit: ",
		`{"formatVersion":1,"unjudged":[{"kind":"extra","fields":[{"present":1}]}]}`:    "not an audit: ",
		`{"formatVersion":1,"findings":[{"kind":"extra","fields":[{"wanted":["x"]}]}]}`: "not an audit: ",
	} {
		a, err := audit.Decode(strings.NewReader(text))
		if a != nil || err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %+v, %v, want %s", text, a, err, want)
		}
		if errors.Is(err, audit.ErrFormat) != strings.Contains(text, `"formatVersion":2`) || strings.Contains(text, `"wanted"`) && !strings.Contains(err.Error(), "no property can have") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := audit.Decode(iotest.ErrReader(io.ErrClosedPipe)); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
	a, err := audit.Decode(strings.NewReader(`{"formatVersion":1,"new":true,"Findings":3}`))
	if err != nil || a.Findings == nil || len(a.Findings) != 0 {
		t.Errorf("members that are not known: %+v, %v", a, err)
	}
}

// Each kind has one rule, which says what it means and what to do.
func TestRules(t *testing.T) {
	seen := map[audit.Kind]bool{}
	for _, r := range audit.Rules() {
		if seen[r.Kind] || r.Title == "" || strings.HasSuffix(r.Title, ".") || !strings.HasSuffix(r.Help, ".") || r.Kind.Rule() != r {
			t.Errorf("got %+v", r)
		}
		seen[r.Kind] = true
		if n := new(audit.Totals).Of(r.Kind); n == nil {
			t.Errorf("%s is not counted", r.Kind)
		}
	}
	if len(seen) != 6 || audit.ConsentWithoutSync.Rule().Severity != audit.Notice || audit.SyncWithoutConsent.Rule().Severity != audit.Warning || audit.Changed.Rule().Severity != audit.Error {
		t.Errorf("the rules are %v", seen)
	}
	if r := audit.Kind("odd").Rule(); r.Kind != "odd" || r.Severity != audit.Error || new(audit.Totals).Of("odd") != nil {
		t.Errorf("an unknown kind: %+v", r)
	}
}
