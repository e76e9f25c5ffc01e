package evidence_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulksync/graph"
	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
)

// home is the home tenant of these tests.
var home = graph.HomeTenant{ID: "11111111-1111-4111-8111-111111111111", Cloud: graph.Global, GraphURL: graph.Global.RootURL()}

// noon is when the first audit ends.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// opened opens a store, which must work, and closes it at the end of the test.
func opened(t testing.TB, path string) *evidence.Store {
	t.Helper()
	s, err := evidence.Open(t.Context(), path, func() { t.Error("the store is locked") })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// begun begins an audit, which must work.
func begun(t testing.TB, s *evidence.Store) *evidence.Bundle {
	t.Helper()
	b, err := s.Begin(noon.Add(-time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Discard)
	return b
}

// manifest is one without what Seal completes.
func manifest(at time.Time, r audit.Result) evidence.Manifest {
	return evidence.Manifest{
		Tool: plan.Tool{Name: "bulksync", Version: "1.2.3"}, HomeTenant: home, StartedAt: at.Add(-time.Minute), FinishedAt: at,
		Result: r, Identity: evidence.Identity{Kind: "token"}, Options: evidence.Options{Scope: audit.ScopeAll, FailOn: "any"},
	}
}

// anAudit is an audit as its report tells it.
func anAudit(at time.Time, r audit.Result) *audit.Audit {
	return &audit.Audit{
		FormatVersion: plan.FormatVersion, Tool: plan.Tool{Name: "bulksync", Version: "1.2.3"}, CreatedAt: at, HomeTenant: home,
		Input: audit.Input{Name: "partners.csv", SHA256: strings.Repeat("0", 64)}, Result: r, Findings: []audit.Finding{},
	}
}

// page is an exchange that reads a page of the list.
func page(body string) graph.Exchange {
	return graph.Exchange{
		Method: http.MethodGet, URL: graph.Global.RootURL() + "/v1.0" + graph.PartnersPath() + "?$select=tenantId",
		ClientRequestID: "c", RequestID: "r", Sent: noon.Add(-time.Minute), Elapsed: 80 * time.Millisecond,
		Status: http.StatusOK, Date: noon.Add(-time.Minute).Format(http.TimeFormat), Body: []byte(body),
	}
}

// filled writes into an audit what each has.
func filled(t testing.TB, b *evidence.Bundle, at time.Time, r audit.Result) {
	t.Helper()
	if _, err := io.Copy(io.Discard, b.Tee(evidence.CSVName, strings.NewReader("tenantId\n"))); err != nil {
		t.Fatal(err)
	}
	b.Record(page(`{"value":[]}`))
	err := b.Write(evidence.AuditName, func(w io.Writer) error { return json.NewEncoder(w).Encode(anAudit(at, r)) })
	if err != nil {
		t.Fatal(err)
	}
}

// sealed adds a whole audit to a store.
func sealed(t testing.TB, s *evidence.Store, at time.Time, r audit.Result) audit.Link {
	t.Helper()
	b := begun(t, s)
	filled(t, b, at, r)
	l, err := b.Seal(t.Context(), manifest(at, r), nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// storeOf is the path of a store with this many audits, a minute apart.
func storeOf(t testing.TB, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "audits")
	s := opened(t, path)
	for i := range n {
		sealed(t, s, noon.Add(time.Duration(i)*time.Minute), audit.Clean)
	}
	s.Close()
	return path
}

// names lists a folder.
func names(t testing.TB, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func read(t testing.TB, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t testing.TB, text string, path ...string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(path...), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// story is what a history says, one line an audit.
func story(all []evidence.Entry) string {
	var b strings.Builder
	for _, e := range all {
		n := 0
		if e.Manifest != nil {
			n = e.Manifest.Number
		}
		fmt.Fprintf(&b, "%d %s %v %s|%s\n", n, e.Folder, e.Linked, e.Problem, e.Gap)
	}
	return b.String()
}
