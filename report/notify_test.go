package report_test

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"bulksync/plan/audit"
	"bulksync/report"
)

// cardSchema is that of the adaptive cards that a workflow of Teams shows.
var cardSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	return jsonschema.NewCompiler().Compile("testdata/schemas/adaptive-card-1.4.0.json")
})

// checkNotification: JSON in one line, small enough for its receiver, with free
// text only where the receiver shows it as it is.
func checkNotification(t *testing.T, f report.NotifyFormat, text string) {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil || strings.Count(text, "\n") != 1 {
		t.Fatalf("%v in %.200q", err, text)
	}
	// Teams takes 28 KB in two bytes a character; Slack about 13,000 characters.
	if n := len(utf16.Encode([]rune(text))); n > 13_000 {
		t.Errorf("%s: %d characters", f, n)
	}
	switch f {
	case report.Teams:
		content := v["attachments"].([]any)[0].(map[string]any)["content"].(map[string]any)
		schema, err := cardSchema()
		if err != nil {
			t.Fatal(err)
		}
		delete(content, "msteams") // an extension that Teams documents
		if err := schema.Validate(content); err != nil {
			t.Errorf("%v", err)
		}
		walk(content["body"], func(o map[string]any) {
			if kind := o["type"]; kind != "RichTextBlock" && kind != "TextRun" {
				t.Errorf("%s: a %v", f, kind)
			}
		})
	case report.Slack:
		if text := v["text"].(string); strings.ContainsAny(text, "<>&*_~`") {
			t.Errorf("the text is %q", text)
		}
		walk(v["blocks"], func(o map[string]any) {
			if kind, ok := o["type"].(string); ok && kind != "text" && !strings.HasPrefix(kind, "rich_text") {
				t.Errorf("%s: a %v", f, kind)
			}
			if o["type"] == "text" && o["text"] == "" {
				t.Errorf("an empty text, which Slack refuses: %v", o)
			}
		})
	}
	if i := strings.IndexFunc(text, isHidden); i >= 0 {
		t.Errorf("hidden character in %+q", text[max(0, i-20):i+4])
	}
}

// walk calls f for each object in v.
func walk(v any, f func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		f(v)
		for _, x := range v {
			walk(x, f)
		}
	case []any:
		for _, x := range v {
			walk(x, f)
		}
	}
}

// generic is the body that a program reads.
type generic struct {
	Result   string
	Summary  string
	Counts   struct{ OK, Open, New, Continuing, Fixed, Waived, Unjudged int }
	Findings []struct{ ID, TenantID, State, Kind, Severity, Details string }
	More     int
}

func genericOf(t *testing.T, a *audit.Audit) (g generic) {
	t.Helper()
	if err := json.Unmarshal([]byte(rendered(t, func(w io.Writer) error { return report.Notification(w, a, report.Generic) })), &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// News come first: what is new or open again, what is fixed, and then the rest.
func TestANotificationBeginsWithNews(t *testing.T) {
	g := genericOf(t, newsAudit())
	var states []string
	for _, f := range g.Findings {
		states = append(states, f.State)
	}
	want := []string{"new", "new", "new", "new", "fixed", "fixed", "continuing", "continuing", "continuing"}
	if !slices.Equal(states, want) || g.More != 0 || g.Counts.New != 4 || g.Counts.Continuing != 3 || g.Counts.OK != 197 {
		t.Errorf("got %v, %+v", states, g)
	}
	if g.Summary != "Drift: 6 objects of 6 partners are not as wanted (3 are new or reopened), and 1 partner could not be read. 2 findings were fixed." {
		t.Errorf("got %q", g.Summary)
	}
}

// What was known before is no news, and neither is a notice.
func TestWhatIsNews(t *testing.T) {
	of := func(k audit.Kind, s audit.State, reopened bool) *audit.Audit {
		f := finding(2, k)
		f.State, f.Reopened = s, reopened
		return &audit.Audit{Result: audit.Drift, Findings: []audit.Finding{f}}
	}
	for name, c := range map[string]struct {
		a    *audit.Audit
		want bool
	}{
		"new": {of(audit.Missing, audit.StateNew, false), true}, "continuing": {of(audit.Missing, audit.StateContinuing, false), false},
		"reopened": {of(audit.Missing, audit.StateContinuing, true), true}, "a new notice": {of(audit.ConsentWithoutSync, audit.StateNew, false), false},
		"fixed": {&audit.Audit{Result: audit.Clean, Fixed: make([]audit.Finding, 1)}, true}, "unknown": {of(audit.Extra, "", false), true},
		"clean": {auditOf(), false}, "incomplete": {incompleteAudit(), true},
	} {
		if got := report.HasNews(c.a); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Every finding is named or counted.
func TestANotificationIsBounded(t *testing.T) {
	for _, n := range []int{0, 1, 10, 11, 10_000} {
		if g := genericOf(t, manyFindings(n)); len(g.Findings) > 10 || len(g.Findings)+g.More != n {
			t.Errorf("%d findings: %d named, %d more", n, len(g.Findings), g.More)
		}
		for _, f := range []report.NotifyFormat{report.Teams, report.Slack} {
			text := rendered(t, func(w io.Writer) error { return report.Notification(w, manyFindings(n), f) })
			if checkNotification(t, f, text); n > 10 && !strings.Contains(text, "more finding") {
				t.Errorf("%s does not count the rest of %d", f, n)
			}
		}
	}
}

func TestNotifyFormats(t *testing.T) {
	for _, name := range []string{"generic", "Teams", "slack"} {
		if _, err := report.ParseNotifyFormat(name); err != nil {
			t.Error(err)
		}
	}
	if _, err := report.ParseNotifyFormat("pager"); err == nil || !strings.Contains(err.Error(), "generic, teams or slack") {
		t.Errorf("got %v", err)
	}
	if g := genericOf(t, incompleteAudit()); g.Result != "incomplete" || !strings.Contains(g.Summary, "nothing is claimed") || g.Counts.OK != 0 {
		t.Errorf("got %+v", g)
	}
}
