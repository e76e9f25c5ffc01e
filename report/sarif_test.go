package report_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"bulksync/plan/audit"
	"bulksync/report"
)

// sarifSchema is compiled once: it is large. A compiler without a loader of the
// network cannot fetch anything.
var sarifSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	return c.Compile("testdata/schemas/sarif-2.1.0.json")
})

// sarifResult is what readers of SARIF know.
type sarifResult struct {
	RuleID    string `json:"ruleId"`
	Kind      string
	Level     string
	Message   struct{ Text string }
	Locations []struct {
		PhysicalLocation struct {
			ArtifactLocation struct{ URI string }
			Region           struct{ StartLine int }
		}
	}
	PartialFingerprints map[string]string
	BaselineState       string
	Suppressions        []struct{ Kind, Status, Justification string }
}

type sarifRun struct {
	Tool struct {
		Driver struct{ Rules []struct{ ID, Name string } }
	}
	Invocations []struct{ ExecutionSuccessful bool }
	Results     []sarifResult
}

func parseSARIF(t *testing.T, text string) sarifRun {
	t.Helper()
	schema, err := sarifSchema()
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(v); err != nil {
		t.Fatalf("%v", err)
	}
	var log struct{ Runs []sarifRun }
	if err := json.Unmarshal([]byte(text), &log); err != nil || len(log.Runs) != 1 {
		t.Fatalf("%v, %d runs", err, len(log.Runs))
	}
	return log.Runs[0]
}

// checkSARIF: valid for the schema, a result for each finding, and no text that is
// a placeholder or a link.
func checkSARIF(t *testing.T, a *audit.Audit, text string) {
	t.Helper()
	run := parseSARIF(t, text)
	if want := len(a.Findings) + len(a.Waived) + len(a.Fixed) + len(a.Unjudged); len(run.Results) != want {
		t.Errorf("%d results for %d findings", len(run.Results), want)
	}
	for _, r := range run.Results {
		bare := strings.NewReplacer("{{", "", "}}", "", `\[`, "", `\]`, "").Replace(r.Message.Text)
		if strings.ContainsAny(bare, "{}[]") {
			t.Errorf("a message has a placeholder or a link: %q", r.Message.Text)
		}
		if l := r.Locations[0].PhysicalLocation; l.Region.StartLine < 1 {
			t.Errorf("no line: %+v", l)
		}
	}
	if i := strings.IndexFunc(text, isHidden); i >= 0 {
		t.Errorf("hidden character in %+q", text[max(0, i-20):i+4])
	}
}

// Each finding has its rule, level, line, fingerprint and state.
func TestSARIFResults(t *testing.T) {
	a := newsAudit()
	var b strings.Builder
	if err := report.Audit(&b, a, report.SARIF, report.Options{Path: "config/my partners.csv"}); err != nil {
		t.Fatal(err)
	}
	run := parseSARIF(t, b.String())
	byID := map[string]sarifResult{}
	for _, r := range run.Results {
		byID[r.PartialFingerprints["bulksyncFinding/v1"]] = r
		if uri := r.Locations[0].PhysicalLocation.ArtifactLocation.URI; uri != "config/my%20partners.csv" {
			t.Errorf("got %s", uri)
		}
	}
	got := map[string][]any{}
	for id, r := range byID {
		got[id[:1]] = []any{r.RuleID, r.Kind, r.Level, r.BaselineState, r.Locations[0].PhysicalLocation.Region.StartLine, len(r.Suppressions)}
	}
	want := map[string][]any{
		"0": {"missing", "", "error", "new", 2, 0}, "1": {"changed", "", "error", "unchanged", 3, 0}, "2": {"changed", "", "error", "unchanged", 4, 0},
		"3": {"changed", "", "error", "new", 5, 0}, "4": {"extra", "", "error", "unchanged", 1, 0}, "5": {"extra", "", "error", "unchanged", 1, 0},
		"6": {"unreadable", "", "error", "new", 8, 0},
		"a": {"changed", "", "error", "unchanged", 30, 1}, "b": {"missing", "", "error", "absent", 31, 0}, "c": {"changed", "open", "none", "unchanged", 32, 0},
		"d": {"changed", "", "error", "absent", 2, 0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s := byID["aaaa000000000000"].Suppressions[0]; s.Justification != "waived until 2027-01-31 by Grace Hopper: merger, ask Ada (CHG7)" || s.Status != "accepted" {
		t.Errorf("got %+v", s)
	}
	if rules := run.Tool.Driver.Rules; len(rules) != len(audit.Rules()) || rules[4].Name != "SyncWithoutConsent" {
		t.Errorf("got %+v", rules)
	}
}

// An incomplete audit has no results, not none: an empty list says that nothing
// is wrong.
func TestSARIFOfAnIncompleteAudit(t *testing.T) {
	text := auditAs(t, incompleteAudit(), report.SARIF)
	if run := parseSARIF(t, text); run.Results != nil || run.Invocations[0].ExecutionSuccessful || !strings.Contains(text, "403: Forbidden") {
		t.Errorf("%s", text)
	}
	if run := parseSARIF(t, auditAs(t, auditOf(), report.SARIF)); run.Results == nil || len(run.Results) > 0 || !run.Invocations[0].ExecutionSuccessful {
		t.Errorf("got %+v", run)
	}
}

// A path is a reference that has only one meaning.
func TestSARIFPaths(t *testing.T) {
	for path, want := range map[string]string{
		"": "partners.csv", "a/b c.csv": "a/b%20c.csv", "/srv/p.csv": "file:///srv/p.csv", "C:/p.csv": "file:///C:/p.csv", "a:b.csv": "./a:b.csv", "a#b?c%d.csv": "a%23b%3Fc%25d.csv",
	} {
		var b strings.Builder
		if err := report.Audit(&b, newsAudit(), report.SARIF, report.Options{Path: path}); err != nil {
			t.Fatal(err)
		}
		if got := parseSARIF(t, b.String()).Results[0].Locations[0].PhysicalLocation.ArtifactLocation.URI; got != want {
			t.Errorf("%q: got %q, want %q", path, got, want)
		}
	}
}
