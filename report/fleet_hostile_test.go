package report_test

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"golang.org/x/net/html"

	"bulksync/internal/fleet"
	"bulksync/plan/audit"
	"bulksync/report"
)

// infectedFleet is one of three roll-ups in which every text that a file can hold is the
// same one.
func infectedFleet(n int, text string) *fleet.Rollup {
	r := []func() *fleet.Rollup{sampleFleet, shardedFleet, planFleet}[n%3]()
	r.Run, r.Manifest.Name, r.Manifest.SHA256, r.Tool.Version = text, text, text, text
	r.Ignored = []fleet.Ignored{{File: text, Why: text}}
	for i := range r.Rows {
		t := &r.Rows[i]
		t.DirectoryName, t.Problem, t.Next, t.Page = text, text, text, text
		if i == 0 {
			t.Name, t.TenantID = text, text
		}
		if t.Audit != nil {
			t.Audit.Result, t.Audit.Bundle, t.Audit.SHA256 = audit.Result(text), text, text
		}
		if t.Plan != nil {
			t.Plan.Fingerprint, t.Plan.File = text, text
		}
	}
	return r
}

// No text of a record reaches a terminal, a CI runner, a spreadsheet or a browser as
// anything but text.
func TestTextsOfAFleetStayText(t *testing.T) {
	for n, text := range hostileTexts() {
		r, as := infectedFleet(n, text), map[report.Format]string{}
		for _, f := range append(formats, report.JUnit) {
			as[f] = fleetAs(t, r, f, report.Options{All: true})
			if i := strings.IndexFunc(as[f], isHidden); i >= 0 {
				t.Errorf("%s of %+.40q: hidden character in %+q", f, text, as[f][max(0, i-20):i+4])
			}
			if line := obeyed(as[f]); line != "" {
				t.Errorf("%s of %+.40q: %.200q", f, text, line)
			}
		}
		checkFleetCSV(t, r, as[report.CSV])
		checkFleetPage(t, r, as[report.HTML])
		checkFleetMarkdown(t, r, as[report.Markdown])
	}
}

func checkFleetCSV(t *testing.T, r *fleet.Rollup, text string) {
	t.Helper()
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(lines) != len(r.Rows)+1 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	for _, cells := range lines[1:] {
		for _, c := range cells {
			if s := strings.TrimSpace(c); s != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(s)[0]) || strings.HasPrefix(c, "\n") {
				t.Errorf("the cell %.100q is a formula", c)
			}
		}
	}
}

func checkFleetPage(t *testing.T, r *fleet.Rollup, page string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	rows, scripts := 0, 0
	for n := range doc.Descendants() {
		switch {
		case n.Type == html.CommentNode:
			t.Errorf("the comment %.100q came through", n.Data)
		case n.Type != html.ElementNode:
		case n.Data == "script":
			scripts++
		case n.Data == "tr" && n.Parent.Data == "tbody":
			rows++
		case slices.Contains([]string{"img", "iframe", "link", "base", "svg", "object"}, n.Data):
			t.Errorf("a <%s> came through", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "href" && !isInside.MatchString(a.Val) {
				t.Errorf("the attribute %s=%.100q came through", a.Key, a.Val)
			}
		}
	}
	if rows != len(r.Rows) || scripts != 1 {
		t.Errorf("%d rows for %d tenants, %d scripts", rows, len(r.Rows), scripts)
	}
}

func checkFleetMarkdown(t *testing.T, r *fleet.Rollup, text string) {
	t.Helper()
	var page strings.Builder
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert([]byte(text), &page); err != nil {
		t.Fatal(err)
	}
	doc, err := html.Parse(strings.NewReader(page.String()))
	if err != nil {
		t.Fatal(err)
	}
	rows, cells := 0, map[int]bool{}
	for n := range doc.Descendants() {
		switch {
		case n.Type != html.ElementNode:
		case n.Data == "a", n.Data == "img", n.Data == "script":
			t.Errorf("a <%s> came through", n.Data)
		case n.Data == "tr" && n.Parent.Data == "tbody":
			count := 0
			for c := range n.ChildNodes() {
				if c.Data == "td" {
					count++
				}
			}
			if count != 2 { // the table of facts has two columns
				rows++
				cells[count] = true
			}
		}
	}
	if rows != len(r.Rows) && !strings.Contains(text, " left out to fit into a comment") || len(cells) != 1 {
		t.Errorf("%d rows of %v cells for %d tenants\n%s", rows, cells, len(r.Rows), text)
	}
}

// The JSON of a roll-up is the roll-up.
func TestTheJSONOfAFleetIsTheRollup(t *testing.T) {
	for name, want := range sampleFleets() {
		var got fleet.Rollup
		if err := json.Unmarshal([]byte(fleetAs(t, want, report.JSON, report.Options{})), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, &got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A tenant is a suite: an error without a result, a failure if what differs counts.
// The counts of the document are the sums of its suites.
func TestJUnitOfAFleet(t *testing.T) {
	var r junitReport
	if err := xml.Unmarshal([]byte(fleetAs(t, sampleFleet(), report.JUnit, report.Options{})), &r); err != nil {
		t.Fatal(err)
	}
	ends, names := map[string]string{}, map[string]bool{}
	var tests, failures, errors int
	for _, s := range r.Suites {
		if s.Tests != len(s.Cases) || names[s.Name] || s.Skipped != 0 {
			t.Errorf("the suite %+v", s)
		}
		names[s.Name] = true
		tests, failures, errors = tests+s.Tests, failures+s.Failures, errors+s.Errors
		for _, c := range s.Cases {
			end := "pass"
			switch {
			case c.Failure != nil:
				end = "failure " + c.Failure.Type
			case c.Error != nil:
				end = "error " + c.Error.Type
			}
			if key := c.Class + ": " + c.Name; ends[key] != "" {
				t.Errorf("%s is there twice", key)
			} else {
				ends[key] = end
			}
		}
	}
	if r.Tests != tests || r.Failures != failures || r.Errors != errors || tests != 10 || failures != 1 || errors != 4 {
		t.Errorf("%d tests, %d failures, %d errors; the suites have %d, %d, %d", r.Tests, r.Failures, r.Errors, tests, failures, errors)
	}
	const has, wanted = ": the tenant has a result", ": the tenant is as wanted"
	want := map[string]string{
		"bulksync.fleet.zava" + has: "error unknown", "bulksync.fleet.fabrikam" + has: "error failed", "bulksync.fleet.northwind" + has: "error failed",
		"bulksync.fleet.tailspin" + has: "error incomplete", "bulksync.fleet.contoso" + has: "pass", "bulksync.fleet.contoso" + wanted: "failure differs",
		"bulksync.fleet.wingtip" + has: "pass", "bulksync.fleet.wingtip" + wanted: "pass", "bulksync.fleet.adatum" + has: "pass", "bulksync.fleet.adatum" + wanted: "pass",
	}
	if diff := cmp.Diff(want, ends); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if why := r.Suites[1].Cases[0].Error; why.Message != "the variable FABRIKAM_SECRET is not set" || why.Text != why.Message+"\nset it to the client secret" {
		t.Errorf("got %+v", why)
	}
	if why := r.Suites[4].Cases[1].Failure; why.Message != "2 extra, 1 missing, 4 changed; 195 as wanted" || !strings.Contains(why.Text, "\n2 new, 1 reopened, 4 continuing\n") {
		t.Errorf("got %+v", why)
	}
}

// The roll-ups are valid for the schema that the Jenkins plugin has.
func TestJUnitOfAFleetFollowsTheSchema(t *testing.T) {
	schema, err := os.ReadFile("testdata/schemas/junit-10.xsd")
	if err != nil {
		t.Fatal(err)
	}
	var documents []string
	for _, r := range sampleFleets() {
		documents = append(documents, fleetAs(t, r, report.JUnit, report.Options{}))
	}
	slow := fleetWith("audit", counts{failed: 1, differs: 1})
	slow.Rows[0].DurationMs, slow.Rows[1].DurationMs = 1<<62, 48*3600*1000
	documents = append(documents, fleetAs(t, slow, report.JUnit, report.Options{}), fleetAs(t, fleetWith("plan", counts{differs: 30, wanted: 970}), report.JUnit, report.Options{}))
	for n, text := range hostileTexts() {
		documents = append(documents, fleetAs(t, infectedFleet(n, text), report.JUnit, report.Options{}))
	}
	good := len(documents)
	documents = append(documents, strings.Replace(documents[0], " errors=", " faults=", 1))
	lines := runTool(t, "xsd", toJSON(t, map[string]any{"schema": string(schema), "documents": documents}))
	if len(lines) != len(documents) {
		t.Fatalf("%d answers for %d documents", len(lines), len(documents))
	}
	for i, line := range lines {
		var problems []string
		if err := json.Unmarshal([]byte(line), &problems); err != nil {
			t.Fatal(err)
		}
		if (len(problems) > 0) != (i == good) {
			t.Error(fmt.Sprint(i, problems))
		}
	}
}

// The CSV says what is known, and leaves empty what is not.
func TestTheCSVOfAFleetIsEmptyWhereNothingIsKnown(t *testing.T) {
	lines, err := csv.NewReader(strings.NewReader(fleetAs(t, sampleFleet(), report.CSV, report.Options{}))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	value := func(line int, column string) string { return lines[line][slices.Index(lines[0], column)] }
	for column, want := range map[string][2]string{ // of a tenant that failed, and of one that differs
		"name": {"fabrikam", "contoso"}, "status": {"failed", "differs"}, "exitCode": {"5", "2"}, "durationMs": {"4400", "2700"}, "partners": {"", "197"},
		"result": {"", "drift"}, "ok": {"", "195"}, "missing": {"", "1"}, "changed": {"", "4"}, "extra": {"", "2"}, "unreadable": {"", "0"}, "new": {"", "2"}, "reopened": {"", "1"},
		"continuing": {"", "4"}, "fixed": {"", "0"}, "create": {"", ""}, "page": {"", "tenants/contoso/evidence/index.html"},
	} {
		if got := [2]string{value(2, column), value(5, column)}; got != want {
			t.Errorf("%s: got %q, want %q", column, got, want)
		}
	}
	negative := sampleFleet()
	negative.Rows[6].Audit.Totals.OK = -5
	if text := fleetAs(t, negative, report.CSV, report.Options{}); !strings.Contains(text, ",'-5,") {
		t.Error("a number below none is a formula")
	}
	lines, err = csv.NewReader(strings.NewReader(fleetAs(t, planFleet(), report.CSV, report.Options{}))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for column, want := range map[string]string{"create": "3", "update": "12", "delete": "1", "noop": "180", "blocked": "2", "plan": "tenants/adatum/plan.json", "ok": "", "new": "", "partners": "200"} {
		if got := value(1, column); got != want {
			t.Errorf("%s: got %q, want %q", column, got, want)
		}
	}
}
