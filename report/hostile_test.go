package report_test

import (
	"bytes"
	"encoding/csv"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"bulksync/execute/journal"
	"bulksync/plan"
	"bulksync/report"
)

// hostile are texts that do harm if a format forgets to escape.
var hostile = []string{
	`<script>alert("canary")</script>`, `</script><img src=x onerror=canary()>`, `"><svg onload=canary()>`, `' onmouseover='canary()`,
	`javascript:canary()`, `{{.Canary}}`, `<!-- canary`, `]]>&lt;canary`, `=cmd|' /C canary'!A0`, "+1", "-1", "@canary", "\t=1", "  =1", "＝1", "\n=1", "\r-1",
	"a|b", `a\|b`, "`a|b`", "a\nb", "@canary, see #12", "![x](https://canary)", "https://canary.example|x", "\x1b[2J", "\x1b]8;;https://canary\x07x\x1b]8;;\x07",
	"\u202eevil", "\u0085", "\u009b31m", "\u2028", "\x00", "bad \xff byte", "株式会社 | 東京", "", "plain",
	"##vso[task.setvariable variable=x]y", "a ##[add-mask]x", "###[error]x", "##teamcity[x]", "#\u200d#[error]x", "::error::x", "a\n \t::stop-commands::x", "a\r::add-mask::x",
	"\u3000::group::x", ":::error::x", strings.Repeat("x", 36) + "::error::x", strings.Repeat("xyz ", 20) + "::error::x",
}

// drawHostile draws a text that can hold anything.
func drawHostile(t *rapid.T, label string) string {
	return rapid.OneOf(rapid.SampledFrom(hostile), rapid.String()).Draw(t, label)
}

// drawRun draws a plan and a run of it in which every free text is hostile.
func drawRun(t *rapid.T) (*plan.Plan, *journal.Result) {
	actions := []plan.Action{plan.Create, plan.Update, plan.Delete, plan.NoOp, plan.Blocked}
	statuses := []journal.Status{journal.Verified, journal.Succeeded, journal.Unchanged, journal.Held, journal.Skipped, journal.Failed, journal.Indeterminate, journal.NotAttempted}
	changes := make([]plan.Change, rapid.IntRange(0, 12).Draw(t, "changes"))
	for i := range changes {
		c := change(i+2, drawHostile(t, "name"), plan.IdentitySynchronization, rapid.SampledFrom(actions).Draw(t, "action"),
			named(drawHostile(t, "before"), drawHostile(t, "after")))
		c.Note, c.Reason = drawHostile(t, "note"), drawHostile(t, "reason")
		if rapid.Bool().Draw(t, "hazardous") {
			c.Hazards = []plan.Hazard{plan.Hazard(drawHostile(t, "hazard"))}
		}
		changes[i] = c
	}
	p := planOf(changes...)
	p.Input.Name, p.Tool.Version = drawHostile(t, "file"), drawHostile(t, "version")
	r := resultOf(p, func(*plan.Change) journal.Outcome {
		return journal.Outcome{
			Status: rapid.SampledFrom(statuses).Draw(t, "status"), HTTPStatus: 400, Attempts: 1,
			GraphCode: drawHostile(t, "code"), Message: drawHostile(t, "message"), RequestID: drawHostile(t, "request-id"),
		}
	})
	r.Identity.User, r.Stopped = drawHostile(t, "identity"), drawHostile(t, "stopped")
	return p, r
}

// writers are all reports of p and r for people.
func writers(p *plan.Plan, r *journal.Result, f report.Format) map[string]func(io.Writer) error {
	return map[string]func(io.Writer) error{
		"plan": func(w io.Writer) error { return report.Plan(w, p, f, report.Options{}) },
		"run":  func(w io.Writer) error { return report.Run(w, p, r, f, report.Options{}) },
	}
}

func TestNoControlCharacterReachesAReader(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, r := drawRun(t)
		for _, f := range []report.Format{report.Text, report.CSV, report.Markdown, report.HTML} {
			for name, write := range writers(p, r, f) {
				var b bytes.Buffer
				if err := write(&b); err != nil {
					t.Fatal(err)
				}
				if i := strings.IndexFunc(b.String(), func(r rune) bool { return r != '\n' && unicode.In(r, unicode.Cc, unicode.Bidi_Control) }); i >= 0 {
					t.Fatalf("%s as %s: %q", name, f, b.String()[max(0, i-20):i+4])
				}
			}
		}
	})
}

// obeyed is what a CI runner would obey in a log, or empty. GitHub Actions looks for
// ::name at the start of a line after white space, and for ##[ anywhere; Azure
// Pipelines for ##vso[ and ##[ anywhere; TeamCity for ##teamcity[.
func obeyed(log string) string {
	for line := range strings.FieldsFuncSeq(log, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if name, is := strings.CutPrefix(strings.TrimLeftFunc(line, unicode.IsSpace), "::"); is && strings.Contains(name, "::") && strings.IndexFunc(name, unicode.IsLetter) == 0 {
			return line
		}
		for _, begin := range []string{"##[", "##vso", "##teamcity"} {
			if strings.Contains(strings.ToLower(line), begin) {
				return line
			}
		}
	}
	return ""
}

func TestNoCommandReachesARunner(t *testing.T) {
	formats := []report.Format{report.Text, report.CSV, report.Markdown, report.HTML, report.JSON}
	rapid.Check(t, func(t *rapid.T) {
		p, r := drawRun(t)
		for _, f := range formats {
			for name, write := range writers(p, r, f) {
				var b bytes.Buffer
				if err := write(&b); err != nil {
					t.Fatal(err)
				}
				if line := obeyed(b.String()); line != "" {
					t.Fatalf("%s as %s: %q", name, f, line)
				}
			}
		}
	})
	for _, text := range hostileTexts() {
		a := infectedAudit(t, text)
		for _, f := range append(formats, report.JUnit, report.SARIF) {
			if line := obeyed(auditAs(t, a, f)); line != "" {
				t.Fatalf("audit as %s: %.200q", f, line)
			}
		}
		for line := range strings.Lines(auditAs(t, a, report.GitHub)) {
			if !isAnnotation.MatchString(line) && obeyed(line) != "" || strings.Contains(line, "##[") {
				t.Fatalf("audit as %s: %.200q", report.GitHub, line)
			}
		}
	}
}

// isAnnotation matches the only commands that are ours.
var isAnnotation = regexp.MustCompile(`^::(error|warning|notice) (file|title)=`)

func TestNoCellIsAFormulaAndEveryChangeHasALine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, r := drawRun(t)
		for name, write := range writers(p, r, report.CSV) {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			lines, err := csv.NewReader(&b).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			if len(lines) != len(p.Changes)+1 {
				t.Fatalf("%s: %d lines for %d changes", name, len(lines), len(p.Changes))
			}
			for i, cells := range lines[1:] {
				if !slices.Contains(cells, tenant(p.Changes[i].Row)) {
					t.Fatalf("%s: line %d does not belong to change %d: %q", name, i+2, i+1, cells)
				}
				for _, c := range cells {
					if s := strings.TrimSpace(c); s != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(s)[0]) || strings.HasPrefix(c, "\n") {
						t.Fatalf("%s: the cell %q is a formula", name, c)
					}
				}
			}
		}
	})
}

func TestHTMLKeepsTextAsText(t *testing.T) {
	allowed := strings.Fields(`html head meta title style body a header p h1 ul li b i span nav main section dl div dt dd code h2 article h3 form label
		input select option button table thead tr th tbody td del ins meter textarea small details summary footer script`)
	rapid.Check(t, func(t *rapid.T) {
		p, r := drawRun(t)
		for name, write := range writers(p, r, report.HTML) {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			doc, err := html.Parse(&b)
			if err != nil {
				t.Fatal(err)
			}
			scripts, rows, lines := 0, 0, 0
			for n := range doc.Descendants() {
				if n.Type == html.CommentNode {
					t.Fatalf("%s: the comment %q came through", name, n.Data)
				}
				if n.Type != html.ElementNode {
					continue
				}
				if !slices.Contains(allowed, n.Data) {
					t.Fatalf("%s: a <%s> came through", name, n.Data)
				}
				if n.Data == "script" {
					scripts++
				}
				if n.Data == "li" && n.Parent.Parent.Data == "details" && hasID(n.Parent.Parent, "same") {
					lines++
				}
				if n.Data == "tr" && slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "data-action" }) {
					rows++
				}
				for _, a := range n.Attr {
					if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "href" && !isInside.MatchString(a.Val) {
						t.Fatalf("%s: the attribute %s=%q came through", name, a.Key, a.Val)
					}
				}
			}
			if rows+lines != len(p.Changes) || scripts > 1 {
				t.Fatalf("%s: %d rows and %d lines for %d changes, %d scripts", name, rows, lines, len(p.Changes), scripts)
			}
		}
	})
}

// isInside matches an address of the page itself.
var isInside = regexp.MustCompile(`^#[A-Za-z0-9_.~%=&+-]+$`)

func hasID(n *html.Node, id string) bool {
	return slices.Contains(n.Attr, html.Attribute{Key: "id", Val: id})
}

func TestMarkdownTablesKeepTheirShape(t *testing.T) {
	md := goldmark.New(goldmark.WithExtensions(extension.GFM))
	rapid.Check(t, func(t *rapid.T) {
		p, r := drawRun(t)
		for name, write := range writers(p, r, report.Markdown) {
			var b, page bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			if err := md.Convert(b.Bytes(), &page); err != nil {
				t.Fatal(err)
			}
			listed := p.Summary.Writes() + p.Summary.Blocked
			if name == "run" {
				listed = r.Totals.Unfinished()
			}
			rows, cells, links := shapeOf(t, page.String())
			if rows != listed || rows > 0 && (cells%rows != 0 || cells/rows < 3 || cells/rows > 6) || links > 0 {
				t.Fatalf("%s: %d rows of %d cells and %d links for %d changes\n%s", name, rows, cells, links, listed, b.String())
			}
		}
	})
}

// shapeOf counts the rows and cells of a page's last table, if it is the
// second, and the links and images of the whole page.
func shapeOf(t *rapid.T, page string) (rows, cells, links int) {
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	tables := 0
	for n := range doc.Descendants() {
		switch {
		case n.Type != html.ElementNode:
		case n.Data == "table":
			tables++
		case n.Data == "a" || n.Data == "img":
			links++
		case tables == 2 && n.Data == "tbody":
			for d := range n.Descendants() {
				if d.Data == "tr" {
					rows++
				}
				if d.Data == "td" {
					cells++
				}
			}
		}
	}
	return rows, cells, links
}
