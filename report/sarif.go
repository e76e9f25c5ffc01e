package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"time"

	"bulksync/internal/seal"
	"bulksync/plan/audit"
)

// SARIF is written with types of our own: what an audit needs of it is small, and
// the library for it brings a validator that nobody maintains into the program.

// auditSARIF writes a as SARIF 2.1.0: a result for each finding, also for those
// that are waived (suppressed), fixed (absent) or not judged (open). An audit that
// claims nothing has no list of results: an empty one would close what is open.
func auditSARIF(w io.Writer, a *audit.Audit, o Options) error {
	var text bytes.Buffer
	enc := seal.NewEncoder(&text)
	enc.SetIndent("", " ")
	run := sarifRunOf(a, o)
	if err := enc.Encode(sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}}); err != nil {
		return err
	}
	const list = `"results": []` // never inside a string, where a quote is escaped
	head, foot, found := strings.Cut(text.String(), list)
	return escaped(w, func(w io.Writer) error {
		b := bufio.NewWriter(w)
		b.WriteString(head)
		if found {
			if err := sarifResults(b, a, o); err != nil {
				return err
			}
		}
		b.WriteString(foot)
		return b.Flush()
	})
}

// sarifResults writes the results one by one: all of them as one text would be
// larger than everything else.
func sarifResults(b *bufio.Writer, a *audit.Audit, o Options) error {
	w := sarifWriter{b: b, made: a.CreatedAt, uri: artifact(o.inputPath(a))}
	b.WriteString(`"results": [`)
	for _, f := range mostSerious(a.Findings) {
		w.add(f, openDetails, func(*sarifResult) {})
	}
	for i := range a.Waived {
		w.add(&a.Waived[i], waivedDetails, func(r *sarifResult) {
			r.Suppressions = []sarifSuppression{{Kind: "external", Status: "accepted", Justification: waiverWords(a.Waived[i].Waiver, a.CreatedAt)}}
		})
	}
	for i := range a.Fixed {
		w.add(&a.Fixed[i], goneDetails, func(r *sarifResult) { r.BaselineState = "absent" })
	}
	for i := range a.Unjudged {
		w.add(&a.Unjudged[i], goneDetails, func(r *sarifResult) { r.Kind, r.Level, r.BaselineState = "open", "none", "unchanged" })
	}
	b.WriteString("\n   ]")
	return w.err
}

// sarifWriter writes results and remembers the first error.
type sarifWriter struct {
	b    *bufio.Writer
	made time.Time
	uri  sarifArtifact
	n    int
	err  error
}

// add writes the result of f with its details; also changes it.
func (w *sarifWriter) add(f *audit.Finding, of details, also func(*sarifResult)) {
	r := sarifResultOf(f, of(f, w.made), w.uri)
	also(&r)
	text, err := seal.Marshal(r)
	if w.err != nil || err != nil {
		w.err = err
		return
	}
	var indented bytes.Buffer
	if w.err = json.Indent(&indented, text, "    ", " "); w.err == nil {
		w.b.WriteString([]string{"\n    ", ",\n    "}[min(w.n, 1)])
		w.b.Write(indented.Bytes())
	}
	w.n++
}

// sarifRunOf is a run without its results.
func sarifRunOf(a *audit.Audit, o Options) sarifRun {
	run := sarifRun{
		Tool:              sarifTool{sarifDriver{Name: OneLine(a.Tool.Name), Version: OneLine(a.Tool.Version), Rules: sarifRules()}},
		AutomationDetails: sarifAutomation{ID: "bulksync-audit/" + OneLine(a.HomeTenant.ID) + "/"},
		Invocations:       []sarifInvocation{{ExecutionSuccessful: a.Result != audit.Incomplete, EndTimeUTC: a.CreatedAt.UTC().Format(time.RFC3339)}},
		Artifacts:         []sarifInput{{Location: artifact(o.inputPath(a)), Hashes: map[string]string{"sha-256": a.Input.SHA256}}},
		ColumnKind:        "utf16CodeUnits",
		Properties: map[string]any{
			"homeTenant": OneLine(a.HomeTenant.ID), "cloud": OneLine(string(a.HomeTenant.Cloud)), "result": a.Result, "ok": a.Totals.OK,
		},
		Results: []sarifResult{},
	}
	if a.Input.SHA256 == "" {
		run.Artifacts[0].Hashes = nil
	}
	if a.Result == audit.Incomplete {
		run.Results = nil
		run.Invocations[0].Notifications = []sarifNotification{{Level: "error", Message: sarifText("The tenant was not read completely, so nothing is claimed. " + OneLine(a.Problem))}}
	}
	return run
}

func sarifRules() []sarifRule {
	rules := make([]sarifRule, 0, len(audit.Rules()))
	for _, r := range audit.Rules() {
		rules = append(rules, sarifRule{
			ID: string(r.Kind), Name: pascal(string(r.Kind)), Short: sarifMessage{r.Title}, Full: sarifMessage{r.Help}, Help: sarifMessage{r.Help},
			Default: sarifLevel{levelOf(r.Severity)}, Properties: map[string]any{"tags": []string{"cross-tenant-access"}},
		})
	}
	return rules
}

// pascal is a rule's ID as the readable name that SARIF asks for.
func pascal(id string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(id, "-") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}

func levelOf(s audit.Severity) string {
	if s == audit.Notice {
		return "note"
	}
	return string(s)
}

// sarifResultOf is the result of an open finding. A finding without a row points
// at the header: some readers refuse a result without a line.
func sarifResultOf(f *audit.Finding, lines []string, input sarifArtifact) sarifResult {
	rule := f.Kind.Rule()
	r := sarifResult{
		RuleID: string(f.Kind), Level: levelOf(rule.Severity), Message: sarifText(strings.Join(append([]string{headline(f)}, lines...), "\n")),
		Locations: []sarifLocation{{
			Physical: sarifPhysical{Artifact: input, Region: sarifRegion{max(f.Row, 1)}},
			Logical:  []sarifLogical{{Name: OneLine(string(f.Object)), FullName: qualified(f), Kind: "resource"}},
		}},
		Properties: map[string]any{"tenantId": OneLine(f.TenantID), "object": OneLine(string(f.Object))},
	}
	if property := f.Property(); property != "" {
		r.Properties["property"] = OneLine(property)
	}
	if f.ID != "" {
		r.Fingerprints = map[string]string{"bulksyncFinding/v1": OneLine(f.ID)}
	}
	switch f.State {
	case audit.StateNew:
		r.BaselineState = "new"
	case audit.StateContinuing:
		r.BaselineState = "unchanged"
	}
	if !f.Since.IsZero() {
		r.Properties["since"] = f.Since.UTC().Format(time.RFC3339)
	}
	return r
}

func qualified(f *audit.Finding) string {
	if f.TenantID == "" {
		return OneLine(string(f.Object))
	}
	return OneLine(f.TenantID) + "/" + OneLine(string(f.Object))
}

// artifact is the input as a relative reference, or as a URI if its path begins at
// a root, which on Windows is a drive.
func artifact(path string) sarifArtifact {
	if len(path) > 2 && path[1:3] == ":/" {
		path = "/" + path
	}
	if strings.HasPrefix(path, "/") {
		return sarifArtifact{URI: (&url.URL{Scheme: "file", Path: path}).String()}
	}
	return sarifArtifact{URI: (&url.URL{Path: path}).String(), Base: "%SRCROOT%"}
}

// sarifText is a message. Braces are placeholders in one, and brackets links.
func sarifText(s string) sarifMessage {
	if !strings.ContainsAny(s, "{}[]") {
		return sarifMessage{s}
	}
	return sarifMessage{strings.NewReplacer("{", "{{", "}", "}}", "[", `\[`, "]", `\]`).Replace(s)}
}
