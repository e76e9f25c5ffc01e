package report_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/plan/audit"
	"bulksync/report"
)

// junitReport is what readers of JUnit XML know.
type junitReport struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string      `xml:"name,attr"`
	Tests      int         `xml:"tests,attr"`
	Failures   int         `xml:"failures,attr"`
	Errors     int         `xml:"errors,attr"`
	Skipped    int         `xml:"skipped,attr"`
	Properties []property  `xml:"properties>property"`
	Cases      []junitCase `xml:"testcase"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class   string    `xml:"classname,attr"`
	Name    string    `xml:"name,attr"`
	Failure *junitWhy `xml:"failure"`
	Error   *junitWhy `xml:"error"`
	Skipped *junitWhy `xml:"skipped"`
	Out     string    `xml:"system-out"`
}

type junitWhy struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func parseJUnit(t *testing.T, text string) junitSuite {
	t.Helper()
	var r junitReport
	if err := xml.Unmarshal([]byte(text), &r); err != nil { // the decoder is strict about characters, names and ends
		t.Fatalf("%v in %.400q", err, text)
	}
	if len(r.Suites) != 1 {
		t.Fatalf("%d suites", len(r.Suites))
	}
	s := r.Suites[0]
	if r.Tests != s.Tests || r.Failures != s.Failures || r.Errors != s.Errors {
		t.Errorf("the counts differ: %+v", r)
	}
	return s
}

// checkJUnit: XML that any parser takes, whose counts add up and whose cases have
// one end each.
func checkJUnit(t *testing.T, a *audit.Audit, text string) {
	t.Helper()
	s := parseJUnit(t, text)
	var failures, errors, skipped int
	seen := map[[2]string]bool{}
	for _, c := range s.Cases {
		ends := 0
		for n, why := range map[*int]*junitWhy{&failures: c.Failure, &errors: c.Error, &skipped: c.Skipped} {
			if why != nil {
				*n++
				ends++
			}
		}
		if ends > 1 || c.Class == "" || seen[[2]string{c.Class, c.Name}] {
			t.Errorf("the case %+v", c)
		}
		seen[[2]string{c.Class, c.Name}] = true
	}
	if s.Tests != len(s.Cases) || s.Failures != failures || s.Errors != errors || s.Skipped != skipped {
		t.Errorf("the counts are %+v", s)
	}
	if a.Result == audit.Incomplete && (len(s.Cases) != 1 || errors != 1) {
		t.Errorf("an incomplete audit is %+v", s.Cases)
	}
	if i := strings.IndexFunc(text, isHidden); i >= 0 {
		t.Errorf("hidden character in %+q", text[max(0, i-20):i+4])
	}
}

// A case is an object; it keeps its name whatever becomes of it, and a fixed one
// passes.
func TestJUnitCases(t *testing.T) {
	a := newsAudit()
	s := parseJUnit(t, auditAs(t, a, report.JUnit))
	ends := map[string]string{}
	for _, c := range s.Cases {
		end := "pass"
		switch {
		case c.Failure != nil:
			end = "failure " + c.Failure.Type
		case c.Error != nil:
			end = "error " + c.Error.Type
		case c.Skipped != nil:
			end = "skipped " + c.Skipped.Type
		}
		ends[strings.TrimPrefix(c.Class, "bulksync."+a.HomeTenant.ID+".")+" "+c.Name] = end
	}
	want := map[string]string{"audit the tenant was read completely": "pass", "audit objects that are as wanted": "pass"}
	for row, end := range map[int]string{
		2: "failure missing", 3: "failure changed", 4: "failure changed", 12: "failure extra", 13: "failure extra", 14: "error unreadable",
		30: "skipped waived", 31: "pass", 32: "skipped unjudged",
	} {
		want["identitySynchronization "+tenant(row)] = end
	}
	want["trust "+tenant(15)] = "failure changed"
	if diff := cmp.Diff(want, ends); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if i := slices.IndexFunc(s.Cases, func(c junitCase) bool { return c.Name == tenant(2) }); true {
		c := s.Cases[i]
		for _, want := range []string{"missing: Fabrikam  " + tenant(2), "isSyncAllowed: nothing there; the file says allowed", "line 2 of the input"} {
			if !strings.Contains(c.Failure.Text, want) {
				t.Errorf("no %q in %q", want, c.Failure.Text)
			}
		}
		if !strings.HasPrefix(c.Out, "fixed: changed") {
			t.Errorf("got %q", c.Out)
		}
	}
	if c := s.Cases[1]; c.Out != "197 objects are as wanted" {
		t.Errorf("got %q", c.Out)
	}
}

// An incomplete audit is an error, and says why.
func TestJUnitOfAnIncompleteAudit(t *testing.T) {
	s := parseJUnit(t, auditAs(t, incompleteAudit(), report.JUnit))
	if c := s.Cases[0]; c.Error == nil || c.Error.Type != "incomplete" || !strings.Contains(c.Error.Text, "403: Forbidden") {
		t.Errorf("got %+v", c)
	}
	// A notice never fails a case.
	if s := parseJUnit(t, auditAs(t, rulesAudit(), report.JUnit)); s.Failures != 1 || !strings.HasPrefix(s.Cases[3].Out, "notice: consent-without-sync") {
		t.Errorf("got %+v", s)
	}
	if s := parseJUnit(t, auditAs(t, templateAudit(), report.JUnit)); s.Cases[2].Name != "template" {
		t.Errorf("got %+v", s.Cases)
	}
}

// The reports are valid for the schema that the Jenkins plugin has, and the schema
// refuses what is wrong.
func TestJUnitFollowsTheSchema(t *testing.T) {
	schema, err := os.ReadFile("testdata/schemas/junit-10.xsd")
	if err != nil {
		t.Fatal(err)
	}
	var documents []string
	for _, a := range machineAudits() {
		documents = append(documents, auditAs(t, a, report.JUnit))
	}
	for _, text := range hostileTexts() {
		documents = append(documents, auditAs(t, infectedAudit(t, text), report.JUnit))
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
