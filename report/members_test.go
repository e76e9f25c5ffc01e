package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"golang.org/x/net/html"

	"bulksync/execute/journal"
	"bulksync/plan"
	"bulksync/plan/approval"
	"bulksync/plan/audit"
	"bulksync/plan/desired"
	"bulksync/report"
)

// ours are the types whose texts a report checks before it writes anything.
var ours = []reflect.Type{
	reflect.TypeFor[plan.Action](), reflect.TypeFor[journal.Status](), reflect.TypeFor[audit.Kind](),
	reflect.TypeFor[audit.State](), reflect.TypeFor[audit.Scope](), reflect.TypeFor[audit.Result](), reflect.TypeFor[desired.Dialect](), reflect.TypeFor[time.Time](),
}

// infect sets every text that can be reached from v, including raw JSON, and
// returns how many there were.
func infect(v reflect.Value, text string) int {
	n := 0
	switch {
	case slices.Contains(ours, v.Type()):
	case v.Type() == reflect.TypeFor[json.RawMessage]():
		if v.Len() > 0 {
			raw, _ := json.Marshal(map[string]string{"displayName": text, text: text})
			v.SetBytes(raw)
			n++
		}
	case v.Kind() == reflect.String:
		v.SetString(text)
		n++
	case v.Kind() == reflect.Interface:
		if _, ok := v.Interface().(string); ok {
			v.Set(reflect.ValueOf(text))
			n++
		}
	case v.Kind() == reflect.Pointer && !v.IsNil():
		n += infect(v.Elem(), text)
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			n += infect(v.Index(i), text)
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				n += infect(v.Field(i), text)
			}
		}
	}
	return n
}

// infected are all reports of a plan, a run and an audit in which every member
// is text. Without a header, failed.csv has texts of the plan.
func infected(t *testing.T, text string, running bool) func(f report.Format) map[string]string {
	p, a := samplePlan(), storedAudit()
	p.Template = &plan.TemplateInput{Name: "template.json"}
	r := sampleRun(p)
	r.Stopped, r.Outcomes[0].Live, p.Changes[0].Before = "stopped", json.RawMessage(`{}`), json.RawMessage(`{}`)
	p.Policy.Protected, p.Policy.Approvals = []plan.Protected{{}}, &plan.Approvals{Required: 1}
	p.Policy.Window, p.Estimate = &plan.Window{Days: []string{"mon"}}, &plan.Estimate{LowMs: 1, HighMs: 2}
	o := report.Options{Running: running, File: text, Approvals: []approval.Approval{{Except: []approval.Exception{{}}}}}
	r.Approvals, r.Allowed = []approval.Approval{{Except: []approval.Exception{{}}}}, []plan.LimitName{"stopped"}
	n := infect(reflect.ValueOf(o.Approvals), text) + infect(reflect.ValueOf(p), text) + infect(reflect.ValueOf(r), text) + infect(reflect.ValueOf(a), text)
	for i, f := range eachFinding(a) { // what the lists are checked for
		if f.ID = fmt.Sprint(text, i); f.Waiver != nil {
			f.Waiver.Expires = "2026-11-30"
		}
	}
	for i := range a.Findings {
		a.Findings[i].Waiver = nil
	}
	if n < 250 {
		t.Fatalf("only %d texts were reached", n)
	}
	bare := *p
	bare.Input.Header, bare.Input.Cells = nil, nil
	return func(f report.Format) map[string]string {
		if f == report.JSON { // a plan file is only written with a fingerprint
			p.Fingerprint, r.PlanFingerprint = samplePlan().Fingerprint, samplePlan().Fingerprint
		}
		out := map[string]string{}
		for name, write := range map[string]func(io.Writer) error{
			"plan":   func(w io.Writer) error { return report.Plan(w, p, f, o) },
			"run":    func(w io.Writer) error { return report.Run(w, p, r, f, o) },
			"audit":  func(w io.Writer) error { return report.Audit(w, a, f, o) },
			"failed": func(w io.Writer) error { return report.FailedRows(w, &bare, r) },
		} {
			if name == "failed" && (f != report.CSV || text == "") {
				continue // without a tenant ID there is no partner
			}
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatalf("%s as %s of %+q: %v", name, f, text, err)
			}
			out[name] = b.String()
		}
		return out
	}
}

// Any text in any member of a plan, a run or an audit stays text in every
// format.
func TestNoMemberGetsOut(t *testing.T) {
	checks := map[report.Format]func(*testing.T, string){
		report.Text: checkText, report.Markdown: checkMarkdown, report.HTML: checkHTML, report.CSV: checkCSV, report.JSON: checkJSON,
	}
	for _, text := range append(slices.Clone(hostile), "con\u200btoso", "a\nINJECTED", "a\r\nINJECTED", "a\u2028INJECTED", "\U000e0041", "gh-12", "x ]( y") {
		for _, running := range []bool{false, true} {
			reports := infected(t, text, running)
			for _, f := range []report.Format{report.Text, report.Markdown, report.HTML, report.CSV, report.JSON} {
				for name, out := range reports(f) {
					if checks[f](t, out); t.Failed() {
						t.Fatalf("%s as %s with %+q", name, f, text)
					}
				}
			}
		}
	}
}

func checkText(t *testing.T, out string) {
	if i := strings.IndexFunc(out, isHidden); i >= 0 {
		t.Errorf("hidden character in %+q", out[max(0, i-20):i+4])
	}
	if strings.Contains(out, "\nINJECTED") {
		t.Error("a member broke the line")
	}
}

func checkMarkdown(t *testing.T, out string) {
	checkText(t, out)
	var b bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert([]byte(out), &b); err != nil {
		t.Fatal(err)
	}
	doc, err := html.Parse(&b)
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && slices.Contains([]string{"a", "img", "script", "svg"}, n.Data) {
			t.Errorf("a <%s> came through", n.Data)
		}
		if n.Data == "tr" && n.Type == html.ElementNode {
			if cells := countCells(n); cells < 2 || cells > 6 {
				t.Errorf("a row of %d cells", cells)
			}
		}
	}
}

func countCells(row *html.Node) int {
	cells := 0
	for n := range row.ChildNodes() {
		if n.Data == "td" || n.Data == "th" {
			cells++
		}
	}
	return cells
}

func checkHTML(t *testing.T, out string) {
	if i := strings.IndexFunc(out, isHidden); i >= 0 {
		t.Errorf("hidden character in %+q", out[max(0, i-20):i+4])
	}
	doc, err := html.Parse(strings.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Type == html.CommentNode {
			t.Errorf("the comment %q came through", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "href" && !isInside.MatchString(a.Val) {
				t.Errorf("the attribute %s=%q came through", a.Key, a.Val)
			}
		}
		if n.Type == html.ElementNode && slices.Contains([]string{"img", "svg", "iframe", "object", "link", "base"}, n.Data) {
			t.Errorf("a <%s> came through", n.Data)
		}
	}
}

func checkCSV(t *testing.T, out string) {
	out = strings.TrimPrefix(out, "\ufeff") // of a file for people
	if i := strings.IndexFunc(out, isHidden); i >= 0 {
		t.Errorf("hidden character in %+q", out[max(0, i-20):i+4])
	}
	lines, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) < 2 {
		t.Errorf("%d lines", len(lines))
	}
	for _, cells := range lines {
		for _, c := range cells {
			if s := strings.TrimSpace(c); s != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(s)[0]) || strings.HasPrefix(c, "\n") {
				t.Errorf("the cell %q is a formula", c)
			}
		}
	}
}

func checkJSON(t *testing.T, out string) {
	if i := strings.IndexFunc(out, isHidden); i >= 0 {
		t.Errorf("hidden character in %+q", out[max(0, i-20):i+4])
	}
	if !json.Valid([]byte(out)) {
		t.Error("no JSON")
	}
}

// A JSON reader gets the original text, however its characters are escaped.
func TestJSONKeepsTheText(t *testing.T) {
	p := samplePlan()
	r := sampleRun(p)
	r.Stopped = "a\u202eb\u009bc\U000e0041d\ufeff\x1b株式会社"
	var b bytes.Buffer
	if err := report.Run(&b, p, r, report.JSON, report.Options{}); err != nil {
		t.Fatal(err)
	}
	var got journal.Result
	if err := json.Unmarshal(b.Bytes(), &got); err != nil || got.Stopped != r.Stopped {
		t.Errorf("%+q, %v", got.Stopped, err)
	}
	if !strings.Contains(b.String(), `a\u202eb\u009bc\udb40\udc41d\ufeff\u001b株式会社`) {
		t.Errorf("%+q", b.String())
	}
}
