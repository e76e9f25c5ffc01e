package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
	"bulksync/internal/fleet"
	"bulksync/plan"
	"bulksync/plan/approval"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
	"bulksync/plan/desired"
	"bulksync/report"
)

// The sections of docs/formats.md that list the members of a JSON format.
const (
	sectionPlan     = "The plan"
	sectionJournal  = "The journal"
	sectionDecision = "The decision"
	sectionSummary  = "The summary"
	sectionAudit    = "The audit"
	sectionManifest = "The manifest"
	sectionRequests = "The requests"
	sectionLog      = "The log"
	sectionProof    = "The proof"
	sectionDoctor   = "The checks of doctor"
	sectionRollup   = "The roll-up"
	sectionShard    = "The record of a shard"
	sectionValidate = "The faults of a file"
)

// amounts are the three values that together show each member both present and,
// if possible, left out.
var amounts = []amount{everything, pointers, nothing}

// Each member that the program can write is on the page with its type and when
// it is left out, and the page has no member that the program cannot write.
func TestFormatsListEveryMember(t *testing.T) {
	page := readFormats(t)
	for section, texts := range map[string]func(*testing.T) [][]byte{
		sectionPlan: planTexts, sectionDecision: decisionTexts, sectionJournal: journalTexts, sectionSummary: summaryTexts, sectionAudit: auditTexts,
		sectionManifest: manifestTexts, sectionRequests: requestTexts, sectionProof: proofTexts, sectionDoctor: doctorTexts, sectionValidate: validateTexts,
		sectionRollup: rollupTexts, sectionShard: shardTexts,
	} {
		page.compare(t, section, "member", collected(t, texts(t)), true)
	}
}

func collected(t *testing.T, texts [][]byte) written {
	t.Helper()
	w := written{}
	for range 2 { // by the second time every member is known
		for _, m := range w {
			m.seen, m.possible = 0, 0
		}
		for _, text := range texts {
			w.add(t, text)
		}
	}
	return w
}

func rendered(t *testing.T, render func(io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := render(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// planTexts are plans whose change sends a body, no body, and nothing.
func planTexts(t *testing.T) (texts [][]byte) {
	for i, how := range amounts {
		p := filled[plan.Plan](how)
		p.Changes[0].Object = plan.IdentitySynchronization
		p.Changes[0].Action = []plan.Action{plan.Create, plan.Delete, plan.NoOp}[i]
		texts = append(texts, rendered(t, p.Encode))
	}
	return texts
}

// decisionTexts are an approval and a rejection.
func decisionTexts(t *testing.T) (texts [][]byte) {
	for _, how := range amounts {
		d := filled[approval.Decision](how)
		if how != everything {
			d.Except = nil
		}
		text, err := d.Encode()
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	return texts
}

func journalTexts(t *testing.T) [][]byte {
	var file memoryFile
	j := journal.New(&file, "")
	for _, how := range amounts {
		end := filled[journal.End](how)
		end.Requests.Incomplete = false // a session that ends knows its numbers; a summary may not
		for _, e := range []journal.Entry{
			{Run: filled[journal.Run](how)}, {Intent: filled[journal.Intent](how)}, {Outcome: filled[journal.Outcome](how)}, {End: end},
		} {
			if err := j.Add(e).Wait(func() {}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return linesOf(file.Bytes())
}

// memoryFile is a journal's file in memory.
type memoryFile struct{ bytes.Buffer }

func (*memoryFile) Sync() error { return nil }

func linesOf(text []byte) [][]byte {
	return bytes.Split(bytes.TrimSpace(text), []byte("\n"))
}

// summaryTexts are of runs without changes: the summary does not hold the
// outcomes.
func summaryTexts(t *testing.T) (texts [][]byte) {
	for _, how := range amounts {
		r := filled[journal.Result](how)
		p := filled[plan.Plan](how)
		p.Changes, p.Input, p.Summary, p.Fingerprint = nil, desired.Input{}, plan.Summary{}, r.PlanFingerprint
		r.Changes, r.Rows, r.Totals, r.Outcomes = 0, 0, journal.Totals{}, nil
		for _, running := range []bool{false, true} {
			texts = append(texts, rendered(t, func(w io.Writer) error {
				return report.Run(w, p, r, report.JSON, report.Options{Running: running})
			}))
		}
	}
	return texts
}

// auditTexts are of audits whose lists do not contradict each other.
func auditTexts(t *testing.T) (texts [][]byte) {
	for _, how := range amounts {
		a := filled[audit.Audit](how)
		a.Result, a.Read.Complete, a.Totals = audit.Drift, true, audit.Totals{Missing: 1, Waived: len(a.Waived)}
		for i, list := range [][]audit.Finding{a.Findings, a.Waived, a.Fixed, a.Unjudged} {
			for j := range list {
				if list[j].ID, list[j].Kind = fmt.Sprint(i), audit.Missing; list[j].State != "" {
					list[j].State = audit.StateNew
				}
				if how == nothing {
					list[j].ChangedBy = nil
				}
			}
		}
		for i := range a.Waived {
			a.Waived[i].Waiver.Expires = "9999-12-31"
		}
		texts = append(texts, rendered(t, func(w io.Writer) error { return report.Audit(w, a, report.JSON, report.Options{}) }))
	}
	return texts
}

func manifestTexts(t *testing.T) (texts [][]byte) {
	for _, how := range amounts {
		m := filled[evidence.Manifest](how)
		if how != everything {
			m.Identity.Roles, m.Identity.Scopes, m.Identity.RoleTemplateIDs = nil, nil, nil
		}
		texts = append(texts, marshalled(t, m))
	}
	return texts
}

func requestTexts(t *testing.T) (texts [][]byte) {
	for _, how := range amounts {
		texts = append(texts, marshalled(t, filled[evidence.Request](how)))
	}
	return texts
}

func marshalled(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func proofTexts(t *testing.T) (texts [][]byte) {
	for _, how := range amounts {
		texts = append(texts, rendered(t, func(w io.Writer) error { return report.Proof(w, filled[verification](how)) }))
	}
	return texts
}

func doctorTexts(t *testing.T) (texts [][]byte) {
	for _, how := range amounts {
		texts = append(texts, rendered(t, func(w io.Writer) error { return report.Proof(w, filled[diagnosis](how)) }))
	}
	return texts
}

func rollupTexts(t *testing.T) (texts [][]byte) {
	for _, how := range amounts {
		r := filled[fleet.Rollup](how)
		if how == nothing {
			r.Ignored = nil
		}
		texts = append(texts, marshalled(t, r))
	}
	return texts
}

// shardTexts have no rows: these are listed once, in the roll-up.
func shardTexts(t *testing.T) (texts [][]byte) {
	for _, how := range amounts {
		r := filled[fleet.Record](how)
		r.Rows = []fleet.Row{}
		texts = append(texts, marshalled(t, r))
	}
	return texts
}

func validateTexts(t *testing.T) (texts [][]byte) {
	for _, how := range amounts {
		texts = append(texts, rendered(t, func(w io.Writer) error { return report.Proof(w, filled[validation](how)) }))
	}
	return texts
}

// The columns of each CSV are on the page in order.
func TestFormatsListEveryColumn(t *testing.T) {
	page := readFormats(t)
	none, run := &plan.Plan{}, &journal.Result{}
	for section, render := range map[string]func(io.Writer) error{
		"outcomes.csv":      func(w io.Writer) error { return report.Run(w, none, run, report.CSV, report.Options{}) },
		"plan --format csv": func(w io.Writer) error { return report.Plan(w, none, report.CSV, report.Options{}) },
		"audit.csv": func(w io.Writer) error {
			return report.Audit(w, &audit.Audit{Result: audit.Incomplete}, report.CSV, report.Options{})
		},
		"fleet --format csv": func(w io.Writer) error { return report.Fleet(w, unknownTenant(), report.CSV, report.Options{}) },
	} {
		page.compareHeader(t, section, "column", rendered(t, render))
	}
	failed := &journal.Result{Changes: 1, Outcomes: []journal.Outcome{{Seq: 1, Status: journal.Failed}}}
	failed.Totals.Add(journal.Failed, 1)
	p := &plan.Plan{Changes: []plan.Change{{Seq: 1, Action: plan.NoOp, Partner: plan.Partner{TenantID: killTenant(1)}}}, Summary: plan.Summary{NoOp: 1}}
	page.compareHeader(t, "failed.csv", "column of an undo", rendered(t, func(w io.Writer) error { return report.FailedRows(w, p, failed) }))
	p.Input = desired.Input{Header: []string{"tenantId"}, Dialect: desired.Dialect{Delimiter: ",", Newline: "\n"}}
	page.compareHeader(t, "failed.csv", "column", bytes.TrimPrefix(rendered(t, func(w io.Writer) error { return report.FailedRows(w, p, failed) }), []byte("tenantId,")))
}

// unknownTenant is the roll-up of a fleet of one tenant.
func unknownTenant() *fleet.Rollup {
	return &fleet.Rollup{
		Verb: "audit", Manifest: fleet.Source{Tenants: 1}, Totals: fleet.Totals{Unknown: 1}, ExitCode: 5,
		Shards: []fleet.ShardState{{State: fleet.Missing, Tenants: 1}}, Rows: []fleet.Row{{Name: "contoso", Status: fleet.Unknown}},
	}
}

func (p formatsPage) compareHeader(t *testing.T, section, table string, text []byte) {
	t.Helper()
	header, err := csv.NewReader(bytes.NewReader(text)).Read()
	if err != nil {
		t.Fatal(err)
	}
	if names := p.names(section, table); !slices.Equal(names, header) {
		t.Errorf("docs/formats.md, section %q: the columns are %v, and on the page %v", section, header, names)
	}
}

// A run in which most things happen, its undo and two audits write no member,
// file or type that the page lacks.
func TestFormatsOfARealRun(t *testing.T) {
	page := readFormats(t)
	log := realRun(t)
	files := func(pattern string) (texts [][]byte) {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatal(pattern, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, text)
		}
		return texts
	}
	for section, texts := range map[string][][]byte{
		sectionPlan:     slices.Concat(files("plan.json"), files("undo.json"), files("run/plan.json"), files("*/undo.json")),
		sectionDecision: files("run/decisions/*"),
		sectionSummary:  files("*/summary.json"), sectionAudit: files("audit*/audit.json"),
	} {
		page.compare(t, section, "member", collected(t, texts), false)
	}
	for _, text := range files("*/journal.jsonl") {
		page.compare(t, sectionJournal, "member", collected(t, linesOf(text)), false)
	}
	page.compare(t, sectionLog, "attribute", collected(t, log), true)
	page.compareFiles(t, "Files of a run", "run")
	page.compareFiles(t, "Files of an audit", "audit")
}

// realRun writes the files of a plan, a run, its undo and two audits to a new
// current folder, and returns the lines of the log.
func realRun(t *testing.T) (log [][]byte) {
	t.Helper()
	sim := graphsim.New(graphsim.Config{PageSize: 2})
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	t.Chdir(t.TempDir())
	no, yes := false, true
	for i, p := range []graphsim.Partner{
		{}, {IdentitySynchronization: graphsim.SyncAllowed("b", true)}, {IdentitySynchronization: graphsim.SyncAllowed("c", true)},
		{}, {IsServiceProvider: &yes}, {AutomaticUserConsentSettings: graphsim.Consent{InboundAllowed: &no}},
	} {
		p.TenantID = killTenant(i)
		sim.SetPartner(p)
	}
	var rows strings.Builder
	fmt.Fprintln(&rows, "tenantId,displayName,isSyncAllowed,inboundConsent,mfaTrust,ensure,note")
	for i, cells := range []string{"a,true,,,,CHG1", "b,false,,,,", ",,,,absent,", "d,true,true,,,", "e,true,,,,", ",,true,true,,", "g,true,,,,"} {
		fmt.Fprintln(&rows, killTenant(i)+","+cells)
	}
	write(t, "partners.csv", rows.String())
	write(t, "template.json", `{"templateApplicationLevel":"newPartners","userSyncInbound":{"isSyncAllowed":true}}`)
	var stderr bytes.Buffer
	step := func(want int, args ...string) {
		t.Helper()
		stderr.Reset()
		p := &process{in: strings.NewReader(""), out: io.Discard, messages: messages{stderr: &stderr}, getenv: func(name string) string {
			return map[string]string{"BULKSYNC_ACCESS_TOKEN": sim.Token(graphsim.TokenOptions{})}[name]
		}}
		if code := p.run(always(t), append(args, "--graph-url", server.URL)); code != want {
			t.Fatalf("%v: exit code %d, want %d\n%s", args, code, want, stderr.String())
		}
	}
	step(exitDone, "plan", "partners.csv", "--template", "template.json", "--create-partners", "--out", "plan.json")
	os.Remove("template.json")
	sim.Edit(killTenant(1), func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("other", true) })
	inject(t, sim, "reset-before,method=GET,times=1", "400,method=PATCH,times=1")
	step(exitDone, "approve", "plan.json", "--as", "ada", "--ticket", "CHG1", "--except", killTenant(6))
	step(exitUnfinished, "apply", "plan.json", "--decision", "plan.decision-ada.json", "--run-dir", "run", "--log-level", "debug", "--log-format", "json", "--verify-wait", "1ms", "--waves", "2")
	for _, line := range linesOf(stderr.Bytes()) {
		if bytes.Contains(line, []byte(`"method":`)) {
			log = append(log, bytes.Clone(line))
		}
	}
	step(exitDone, "undo", "run", "--out", "undo.json")
	step(exitDone, "apply", "undo.json", "--yes", "--run-dir", "undone")
	step(exitDiffers, "audit", "partners.csv", "--out-dir", "audit")
	inject(t, sim, "403,method=GET,path=partners,nth=2")
	step(exitIncomplete, "audit", "partners.csv", "--out-dir", "audit2")
	return log
}

func inject(t *testing.T, sim *graphsim.Sim, specs ...string) {
	t.Helper()
	for _, spec := range specs {
		fault, err := graphsim.ParseFault(spec)
		if err != nil {
			t.Fatal(err)
		}
		sim.Inject(fault)
	}
}

func (p formatsPage) compareFiles(t *testing.T, section, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, e := range entries {
		have = append(have, e.Name())
	}
	if names := slices.Sorted(slices.Values(p.names(section, "file"))); !slices.Equal(have, names) {
		t.Errorf("docs/formats.md, section %q: the files are %v, and on the page %v", section, have, names)
	}
}

// The scripts of the page accept an unaltered journal and plan, and notice one
// altered byte.
func TestScriptsOfTheFormats(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```(sh|python)\n(.*?)```").FindAllStringSubmatch(readRepo(t, "docs/formats.md"), -1)
	if len(blocks) != 2 {
		t.Fatalf("%d scripts on the page", len(blocks))
	}
	realRun(t)
	for _, block := range blocks {
		language, script := block[1], block[2]
		file, good := "run/journal.jsonl", ""
		if language == "python" {
			language, file, good = "python3", "run/plan.json", "True\n"
		}
		if out, ran := runScript(t, language, script); ran && out != good {
			t.Errorf("%s says of an unaltered file:\n%s", language, out)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		write(t, file, strings.Replace(string(text), killTenant(0), killTenant(9), 1))
		if out, ran := runScript(t, language, script); ran && (out == good || out == "") {
			t.Errorf("%s finds nothing in an altered %s", language, file)
		}
	}
}

// runScript runs a script in the run's folder, if the machine has the programs
// it needs. Windows may have other programs with these names.
func runScript(t *testing.T, language, script string) (out string, ran bool) {
	t.Helper()
	if runtime.GOOS == "windows" {
		return "", false
	}
	for _, tool := range []string{language, "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Logf("not run: %v", err)
			return "", false
		}
	}
	cmd := exec.CommandContext(t.Context(), language, "-c", script)
	cmd.Dir = "run"
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", language, err, text)
	}
	return string(text), true
}
