package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulksync/execute"
	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/internal/seal"
	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
	"bulksync/plan/desired"
)

// tokenLayer puts the simulator's token on each request.
type tokenLayer struct {
	sim  *graphsim.Sim
	next http.RoundTripper
}

func (l tokenLayer) RoundTrip(req *http.Request) (*http.Response, error) {
	req.Header.Set("Authorization", "Bearer "+l.sim.Token(graphsim.TokenOptions{}))
	return l.next.RoundTrip(req)
}

// keepInStore audits a simulated tenant as the program does, and keeps the audit in
// a store. sign is the file of a key; empty for none.
func keepInStore(t testing.TB, sim *graphsim.Sim, store, csv, sign string, at time.Time) audit.Link {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	s, err := evidence.Open(t.Context(), store, nil)
	must(err)
	defer s.Close()
	b, err := s.Begin(at.Add(-time.Second))
	must(err)
	rows, err := desired.ReadRows(t.Context(), b.Tee(evidence.CSVName, strings.NewReader(csv)), "partners.csv")
	must(err)
	record := func(x graph.Exchange) {
		x.Sent = at // by the clock of the audit
		b.Record(x)
	}
	client, err := graph.New(graph.Options{
		RootURL: graph.Global.RootURL(), Base: sim.Transport(), Layers: []func(http.RoundTripper) http.RoundTripper{
			func(next http.RoundTripper) http.RoundTripper { return tokenLayer{sim, next} }, graph.Record(record),
		},
	})
	must(err)
	cur, err := plan.ReadCurrent(t.Context(), client, plan.Needs{Domains: rows.Domains(), Keeps: func(plan.Object) bool { return false }})
	must(err)
	var d plan.Desired
	d.Partners, err = rows.Resolve(sim.HomeTenant(), cur.TenantIDs)
	must(err)
	o := audit.Options{News: true}
	o.Earlier, o.EarlierLink, err = s.Earlier(t.Context())
	must(err)
	head := plan.Head{Tool: tool(), CreatedAt: at, HomeTenant: graph.HomeTenant{ID: sim.HomeTenant(), Cloud: graph.Global, GraphURL: graph.Global.RootURL()}}
	found := audit.Compare(head, audit.InputOf(&rows.Input), d, cur, o)
	m := evidence.Manifest{Tool: tool(), Build: build(), StartedAt: at.Add(-time.Second), FinishedAt: at, Options: evidence.Options{CSV: "partners.csv", Scope: audit.ScopeAll, FailOn: "any"}}
	m.Summarize(found)
	for _, r := range auditReports(found, &m, b.Requests()) {
		must(b.Write(r.Name, r.Render))
	}
	var signer func([]byte) ([]byte, error)
	if sign != "" {
		key, err := seal.OpenKey(sign, nil)
		must(err)
		defer key.Close()
		m.Signer = key.Fingerprint()
		signer = func(text []byte) ([]byte, error) { return key.Sign(text, evidence.Namespace) }
	}
	l, err := b.Seal(t.Context(), m, signer)
	must(err)
	must(s.WriteIndex(indexOf(t.Context(), s.Path(), s.History())))
	return l
}

// verifyText runs bulksync verify, and returns its exit code and what it says.
func verifyText(t testing.TB, args ...string) (code int, out, stderr string) {
	t.Helper()
	var o, e bytes.Buffer
	p := &process{in: strings.NewReader(""), out: &o, messages: messages{stderr: &e}, getenv: func(string) string { return "" }}
	code = p.run(execute.Stops{Soft: t.Context(), Hard: t.Context()}, append([]string{"verify"}, args...))
	return code, o.String(), e.String()
}

// A store and each audit in it are proved by their paths, and what is wrong with
// one of them is said.
func TestVerifyOfAStore(t *testing.T) {
	t.Chdir(t.TempDir())
	sim := graphsim.New(graphsim.Config{Partners: 5, PageSize: 2})
	csv := "tenantId,isSyncAllowed\n" + sim.Partners()[0].TenantID + ",true\n"
	at := time.Now().UTC().Truncate(time.Second)
	first := keepInStore(t, sim, "audits", csv, "", at)
	second := keepInStore(t, sim, "audits", csv, "", at.Add(time.Minute))

	code, out, stderr := verifyText(t, "audits", filepath.Join("audits", first.Folder))
	for _, want := range []string{
		"audits: the store is proved\n", "the chain holds: each of 2 audits", "2 audits; the SHA-256 of each manifest, to compare with one kept elsewhere:\n",
		first.Folder + "\n    " + first.SHA256, second.SHA256 + "\n", ": the audit is proved\n", "What this does not show\n", "it is not signed",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if code != exitDone || stderr != "" || t.Failed() {
		t.Errorf("exit code %d:\n%s%s", code, out, stderr)
	}
	if code, v := verified(t, "audits", "--tenant", sim.HomeTenant()); code != exitDone || v.Paths[0].Kind != aStore || len(v.Paths[0].Audits) != 2 || v.Paths[0].Audits[1].Number != 2 {
		t.Errorf("exit code %d, %+v", code, v)
	}
	if code, v := verified(t, "audits", "--tenant", killTenant(1)); code != exitRefused || v.Verdict != isNotProved {
		t.Errorf("another tenant: exit code %d, %+v", code, v)
	}

	page := filepath.Join("audits", first.Folder, "audit.html")
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	write(t, page, strings.Replace(string(text), "<title>", "<title>x", 1))
	code, out, _ = verifyText(t, "audits")
	if code != exitRefused || !strings.Contains(out, "the store is ALTERED") || !strings.Contains(out, first.Folder+"/audit.html: it was altered") || !strings.Contains(out, first.Folder+"  ALTERED\n") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	code, out, _ = verifyText(t, filepath.Join("audits", second.Folder))
	if code != exitDone {
		t.Errorf("the other one: exit code %d:\n%s", code, out)
	}
}

// With --signers each audit needs a signature by somebody that the file names.
func TestVerifyDemandsSigners(t *testing.T) {
	t.Chdir(t.TempDir())
	line, err := makeKey("key")
	if err != nil {
		t.Fatal(err)
	}
	write(t, "allowed_signers", "ada "+line+"\n")
	sim := graphsim.New(graphsim.Config{Partners: 5, PageSize: 2})
	csv := "tenantId,isSyncAllowed\n" + sim.Partners()[0].TenantID + ",true\n"
	at := time.Now().UTC().Truncate(time.Second)
	keepInStore(t, sim, "audits", csv, "key", at)
	code, out, _ := verifyText(t, "audits", "--signers", "allowed_signers")
	if code != exitDone || !strings.Contains(out, "the audit: the manifest is signed with\n") || !strings.Contains(out, ", the key of ada") || strings.Contains(out, "not signed") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	keepInStore(t, sim, "audits", csv, "", at.Add(time.Minute))
	code, out, _ = verifyText(t, "audits", "--signers", "allowed_signers")
	if code != exitRefused || !strings.Contains(out, "the store is NOT PROVED") || !strings.Contains(out, "the audit is not signed, and a signature is demanded") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	if code, _, stderr := verifyText(t, "audits", "--signers", "nothing"); code != exitCannotRun || !strings.Contains(stderr, "error: --signers: nothing: no such file") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	write(t, "empty", "")
	if code, _, stderr := verifyText(t, "audits", "--signers", "empty"); code != exitCannotRun || !strings.Contains(stderr, "names no signer") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// An audit by somebody who could write did not have --require-readonly.
func TestVerifyOfReadonly(t *testing.T) {
	for _, tc := range []struct {
		required bool
		role     string
		version  string
		want     evidence.Status
	}{
		{true, "Policy.Read.All", tool().Version, evidence.Proved},
		{true, "Policy.ReadWrite.CrossTenantAccess", tool().Version, evidence.Altered},
		{true, "Policy.ReadWrite.CrossTenantAccess", "0.0.1", evidence.NotProved},
		{false, "Policy.ReadWrite.CrossTenantAccess", tool().Version, evidence.Proved},
	} {
		a := &evidence.AuditProof{Manifest: &evidence.Manifest{
			Tool:     plan.Tool{Name: tool().Name, Version: tc.version},
			Identity: evidence.Identity{Kind: "app", Roles: []string{tc.role}},
			Options:  evidence.Options{RequireReadonly: tc.required},
		}}
		checkReadonly(a)
		if got := a.Checks.Verdict(); got != tc.want {
			t.Errorf("%+v: %s %+v", tc, got, a.Checks)
		}
	}
}

// A name that JSON cannot hold would be another one when it is read again.
func TestInputNameIsUTF8(t *testing.T) {
	for path, want := range map[string]string{"-": "standard input", "x/ä.csv": "ä.csv", "x/a\xffb.csv": "a\uFFFDb.csv"} {
		if got := inputName(filepath.FromSlash(path)); got != want {
			t.Errorf("%q: %q, not %q", path, got, want)
		}
	}
}
