package report

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"bulksync/internal/words"
	"bulksync/plan/audit"
)

// JUnit is written with the standard library. The library of that name writes
// text as CDATA, in which a control character stays, and no XML may hold one.

// junitCase is one test case. The order of its members is that of the schema.
type junitCase struct {
	XMLName xml.Name   `xml:"testcase"`
	Class   string     `xml:"classname,attr"`
	Name    string     `xml:"name,attr"`
	Skipped *junitText `xml:"skipped"`
	Error   *junitText `xml:"error"`
	Failure *junitText `xml:"failure"`
	Out     string     `xml:"system-out,omitempty"`
}

// junitText is why a case did not pass.
type junitText struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

type junitProperty struct {
	XMLName xml.Name `xml:"property"`
	Name    string   `xml:"name,attr"`
	Value   string   `xml:"value,attr"`
}

// auditJUnit writes one case for each object with a finding, whatever became of
// it: a fixed one passes, a waived one is skipped. Objects that are as wanted are
// known by number only, and that number is the output of a case of its own. Names
// hold no display name and no value: dashboards know a case by its name.
func auditJUnit(w io.Writer, a *audit.Audit) error {
	cases := junitCases(a)
	tests, skipped := junitCounts(cases)
	suites := junitStart("testsuites", append(slices.Clone(tests), junitAttr("name", "bulksync audit"))...)
	suite := junitStart("testsuite", append(slices.Clone(tests), skipped, junitAttr("name", "bulksync audit of "+OneLine(a.HomeTenant.ID)),
		junitAttr("timestamp", junitTime(a.CreatedAt)))...)
	properties := junitStart("properties")
	return writeJUnit(w, slices.Concat([]any{suites, suite, properties}, junitProperties(a), []any{properties.End()}, cases, []any{suite.End(), suites.End()}))
}

// writeJUnit writes the tags and elements of a document.
func writeJUnit(w io.Writer, parts []any) error {
	b := bufio.NewWriter(w)
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(b)
	enc.Indent("", "  ")
	for _, part := range parts {
		var err error
		switch part := part.(type) {
		case xml.StartElement, xml.EndElement:
			err = enc.EncodeToken(part)
		default:
			err = enc.Encode(part)
		}
		if err != nil {
			return err
		}
	}
	if err := enc.Close(); err != nil {
		return err
	}
	b.WriteString("\n")
	return b.Flush()
}

func junitStart(name string, attrs ...xml.Attr) xml.StartElement {
	return xml.StartElement{Name: xml.Name{Local: name}, Attr: attrs}
}

func junitAttr(name, value string) xml.Attr {
	return xml.Attr{Name: xml.Name{Local: name}, Value: value}
}

func junitTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") }

func junitCounts(cases []any) (tests []xml.Attr, skipped xml.Attr) {
	var n struct{ failures, errors, skipped int }
	for _, c := range cases {
		switch c := c.(junitCase); {
		case c.Failure != nil:
			n.failures++
		case c.Error != nil:
			n.errors++
		case c.Skipped != nil:
			n.skipped++
		}
	}
	return []xml.Attr{
		junitAttr("tests", fmt.Sprint(len(cases))), junitAttr("failures", fmt.Sprint(n.failures)), junitAttr("errors", fmt.Sprint(n.errors)),
	}, junitAttr("skipped", fmt.Sprint(n.skipped))
}

// junitProperties say what was compared with what.
func junitProperties(a *audit.Audit) (out []any) {
	add := func(name, value string) { out = append(out, junitProperty{Name: name, Value: OneLine(value)}) }
	add("tool", toolName(a.Tool))
	add("createdAt", stamp(a.CreatedAt))
	add("homeTenant", a.HomeTenant.ID)
	if name := a.HomeTenant.Name; name != "" {
		add("homeTenantName", name)
	}
	add("cloud", string(a.HomeTenant.Cloud))
	add("input", a.Input.Name)
	add("inputSha256", a.Input.SHA256)
	add("result", string(a.Result))
	if a.Result != audit.Incomplete {
		add("ok", fmt.Sprint(a.Totals.OK))
	}
	return out
}

// junitCases are two that every audit has, and those of the objects.
func junitCases(a *audit.Audit) []any {
	class := "bulksync." + OneLine(a.HomeTenant.ID)
	read := junitCase{Class: class + ".audit", Name: "the tenant was read completely"}
	if a.Result == audit.Incomplete {
		problem := OneLine(a.Problem)
		read.Error = &junitText{string(audit.Incomplete), "the tenant was not read completely, so nothing is claimed", problem}
		return []any{read}
	}
	read.Out = words.Count(a.Read.Partners, "partner") + " on " + words.Count(a.Read.Pages, "page")
	out := []any{read, junitCase{
		Class: class + ".audit", Name: "objects that are as wanted", Out: words.Count(a.Totals.OK, "object") + agree(a.Totals.OK, " is", " are") + " as wanted",
	}}
	for _, o := range objectsFound(a) {
		out = append(out, o.junit(class, a.CreatedAt))
	}
	return out
}

// foundObject is an object with its findings.
type foundObject struct {
	tenantID, object              string
	open, waived, fixed, unjudged []*audit.Finding
}

// objectsFound are all objects that an audit has a finding of, the most serious
// first.
func objectsFound(a *audit.Audit) []*foundObject {
	var out []*foundObject
	places := map[[2]string]*foundObject{}
	at := func(f *audit.Finding) *foundObject {
		key := [2]string{f.TenantID, string(f.Object)}
		o := places[key]
		if o == nil {
			o = &foundObject{tenantID: f.TenantID, object: string(f.Object)}
			places[key] = o
			out = append(out, o)
		}
		return o
	}
	for _, f := range mostSerious(a.Findings) {
		o := at(f)
		o.open = append(o.open, f)
	}
	for i := range a.Waived {
		o := at(&a.Waived[i])
		o.waived = append(o.waived, &a.Waived[i])
	}
	for i := range a.Fixed {
		o := at(&a.Fixed[i])
		o.fixed = append(o.fixed, &a.Fixed[i])
	}
	for i := range a.Unjudged {
		o := at(&a.Unjudged[i])
		o.unjudged = append(o.unjudged, &a.Unjudged[i])
	}
	return out
}

// junit is the case of an object: it fails if a finding counts for the result. An
// object that could not be read is an error, as it is neither right nor wrong.
func (o *foundObject) junit(class string, at time.Time) junitCase {
	c := junitCase{Class: class + "." + OneLine(o.object), Name: OneLine(o.tenantID)}
	if c.Name == "" {
		c.Name = audit.TemplateTenant
	}
	var serious, notices []*audit.Finding
	for _, f := range o.open {
		if isNotice(f) {
			notices = append(notices, f)
		} else {
			serious = append(serious, f)
		}
	}
	switch {
	case len(serious) > 0 && serious[0].Kind == audit.Unreadable:
		c.Error = junitWhy(serious, at)
	case len(serious) > 0:
		c.Failure = junitWhy(serious, at)
	case len(o.waived) > 0:
		c.Skipped = &junitText{Type: "waived", Message: waiverWords(o.waived[0].Waiver, at)}
	case len(o.unjudged) > 0:
		c.Skipped = &junitText{Type: "unjudged", Message: "this audit cannot say whether it is as wanted"}
	}
	c.Out = junitOut("notice: ", notices, openDetails, at) + junitOut("waived: ", o.waived, waivedDetails, at) +
		junitOut("fixed: ", o.fixed, goneDetails, at) + junitOut("not judged: ", o.unjudged, goneDetails, at)
	return c
}

// junitWhy says what is wrong: the kind of the first finding, and the fields of
// all.
func junitWhy(fs []*audit.Finding, at time.Time) *junitText {
	message := strings.Join(append([]string{headline(fs[0])}, openDetails(fs[0], at)...), "; ")
	return &junitText{Type: string(fs[0].Kind), Message: message, Text: junitOut("", fs, openDetails, at)}
}

// junitOut lists findings with their details.
func junitOut(label string, fs []*audit.Finding, of details, at time.Time) string {
	var b strings.Builder
	for _, f := range fs {
		b.WriteString(label + headline(f) + "\n")
		for _, l := range of(f, at) {
			b.WriteString("  " + l + "\n")
		}
	}
	return b.String()
}
