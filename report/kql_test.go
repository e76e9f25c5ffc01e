package report_test

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"bulksync/execute/journal"
	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/report"
)

// auditQuery searches for three requests of an audit.
func auditQuery(a *audit.Audit) report.LogQuery {
	sent := []report.SentRequest{
		{Number: 1, ClientRequestID: tenant(501), RequestID: tenant(601), At: a.CreatedAt.Add(-time.Minute)},
		{Number: 2, ClientRequestID: tenant(502), At: a.CreatedAt.Add(time.Second)}, {Number: 3, ClientRequestID: a.Input.Name, RequestID: a.Problem},
	}
	return report.AuditLogQuery(a, sent)
}

// largeRun is a run of n changes.
func largeRun(n int) (*plan.Plan, *journal.Result) {
	changes := make([]plan.Change, n)
	for i := range changes {
		changes[i] = change(i+2, "", plan.IdentitySynchronization, plan.Update, syncTo(false, true))
	}
	p := planOf(changes...)
	return p, sampleRun(p)
}

// checkQueries: each line is a comment, or of a query that has no empty line in
// it; what is quoted ends where it was meant to.
func checkQueries(t *testing.T, text string) {
	t.Helper()
	for query := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n\n") {
		body := ""
		for line := range strings.SplitSeq(query, "\n") {
			if !strings.HasPrefix(line, "//") {
				body += line + "\n"
			}
		}
		if bare := unquoted(body); strings.ContainsAny(bare, `"\`) || strings.Contains(bare, "//") || strings.Count(bare, ";") > 1 {
			t.Errorf("a literal ends early: %q", bare)
		}
	}
	if i := strings.IndexFunc(text, isHidden); i >= 0 {
		t.Errorf("hidden character in %+q", text[max(0, i-20):i+4])
	}
}

// unquoted takes the string literals out of a query.
func unquoted(query string) string {
	var b strings.Builder
	in := false
	for i := 0; i < len(query); i++ {
		switch c := query[i]; {
		case in && c == '\\':
			i++
		case c == '"':
			in = !in
		case !in:
			b.WriteByte(c)
		}
	}
	if in {
		b.WriteByte('"')
	}
	return b.String()
}

// parsedQuery is what Microsoft's parser says of a query.
type parsedQuery struct {
	Problems []string
	Columns  int
	Strings  []string
}

func parsedQueries(t *testing.T, text string) (queries []parsedQuery) {
	t.Helper()
	for _, line := range runTool(t, "kql", text) {
		var q parsedQuery
		if err := json.Unmarshal([]byte(line), &q); err != nil {
			t.Fatal(err)
		}
		queries = append(queries, q)
	}
	return queries
}

// Microsoft's parser understands each query, and knows its columns.
func TestQueriesParse(t *testing.T) {
	small := samplePlan()
	queries := map[string]report.LogQuery{
		"run": report.RunLogQuery(small, sampleRun(small)), "audit": auditQuery(newsAudit()), "clean": auditQuery(auditOf()), "large": report.RunLogQuery(largeRun(1010)),
		"empty": report.RunLogQuery(planOf(), &journal.Result{}),
	}
	counts := map[string]int{"run": 5, "audit": 4, "clean": 3, "large": 8, "empty": 2}
	var all strings.Builder
	var names []string
	for name, q := range queries {
		text := rendered(t, func(w io.Writer) error { return report.Queries(w, q) })
		checkQueries(t, text)
		all.WriteString(text + "\n")
		names = append(names, slices.Repeat([]string{name}, counts[name])...)
	}
	all.WriteString("AuditLogs | where Nothing == \"x")
	parsed := parsedQueries(t, all.String())
	if len(parsed) != len(names)+1 {
		t.Fatalf("%d queries, want %d", len(parsed), len(names)+1)
	}
	for i, name := range names {
		head := i == 0 || names[i-1] != name // a comment
		if q := parsed[i]; len(q.Problems) > 0 || !head && q.Columns < 9 {
			t.Errorf("%s: %v, %d columns", name, q.Problems, q.Columns)
		}
	}
	if len(parsed[len(names)].Problems) == 0 {
		t.Error("the parser notices nothing")
	}
}

// The parser reads the same literals at the same places whatever they hold, and
// their values are the texts.
func TestQueriesKeepTextInLiterals(t *testing.T) {
	texts := append([]string{"plain"}, slices.DeleteFunc(hostileTexts(), func(s string) bool { return s == "" })...)
	var all strings.Builder
	for _, text := range texts {
		all.WriteString(rendered(t, func(w io.Writer) error { return report.Queries(w, auditQuery(infectedAudit(t, text))) }) + "\n")
	}
	queries := parsedQueries(t, strings.TrimSuffix(all.String(), "\n"))
	each := len(queries) / len(texts)
	if each != 4 || len(queries) != each*len(texts) {
		t.Fatalf("%d queries for %d texts", len(queries), len(texts))
	}
	for i, q := range queries {
		text, plain := texts[i/each], queries[i%each]
		if len(q.Strings) != len(plain.Strings) || len(q.Problems) > 0 || q.Columns != plain.Columns {
			t.Errorf("%.60q, query %d: %d literals, want %d, %v", text, i%each, len(q.Strings), len(plain.Strings), q.Problems)
			continue
		}
		for at, literal := range q.Strings {
			if want := plain.Strings[at]; want == "plain" && literal != report.OneLine(text) || want != "plain" && literal != want {
				t.Errorf("%.60q became %.60q", text, literal)
			}
		}
	}
}

// Thousands of requests are in queries that an editor can bear; what is above the
// bound is counted.
func TestQueriesAreBounded(t *testing.T) {
	text := rendered(t, func(w io.Writer) error { return report.Queries(w, report.RunLogQuery(largeRun(20_000))) })
	longest := 0
	for query := range strings.SplitSeq(text, "\n\n") {
		longest = max(longest, len(query))
	}
	if longest > 150_000 || len(text) > 2_500_000 {
		t.Errorf("%d bytes, the longest query %d", len(text), longest)
	}
	if !strings.Contains(text, "requests are not named above") || !strings.Contains(text, "partners are not named above") {
		t.Error("what is not named is not counted")
	}
}

// An audit is searched for between its requests, and changes are searched for as
// far back as the audit log was read.
func TestQueriesOfAnAudit(t *testing.T) {
	a := newsAudit()
	q := auditQuery(a)
	if !q.From.Equal(a.CreatedAt.Add(-time.Minute)) || !q.To.Equal(a.CreatedAt.Add(time.Second)) || !q.ChangesFrom.Equal(a.CreatedAt.AddDate(0, 0, -30)) || len(q.Partners) != 10 {
		t.Errorf("got %+v", q)
	}
	a.History = &audit.History{Since: a.CreatedAt.Add(-time.Hour)}
	if q := report.AuditLogQuery(a, nil); !q.ChangesFrom.Equal(a.History.Since) || !q.From.Equal(a.CreatedAt) || !q.To.Equal(a.CreatedAt) {
		t.Errorf("got %+v", q)
	}
}

// A run is searched for between its first and last moment, with room for clocks.
func TestQueriesOfARun(t *testing.T) {
	p := samplePlan()
	r := sampleRun(p)
	text := rendered(t, func(w io.Writer) error { return report.Queries(w, report.RunLogQuery(p, r)) })
	for _, want := range []string{
		"between (datetime(2026-11-21T22:34:05Z) .. datetime(2026-11-21T22:55:16Z))", `AadTenantId =~ "` + p.HomeTenant.ID + `"`, `AppId =~ "` + r.Identity.AppID + `"`,
		`  2, "` + tenant(2002) + `", "` + tenant(1002) + `"`, `  "` + tenant(2) + `",`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
