package evidence_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/internal/seal"
	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
	"bulksync/plan/desired"
	"bulksync/report"
)

// ours is the version of these tests.
var ours = plan.Tool{Name: "bulksync", Version: "1.2.3"}

// auditor makes real audits of a simulated tenant and keeps them in a store.
type auditor struct {
	t   testing.TB
	sim *graphsim.Sim
	// path is the store.
	path string
	// csv, template and waivers are the files; empty for none.
	csv, template, waivers string
	scope                  audit.Scope
	// logs lets it read the audit log, which who asks for.
	who, logs, twice bool
	// between is called before the second reading; nil for nothing.
	between func()
	key     *seal.Key
	tool    plan.Tool
	// at is when the next audit ends.
	at time.Time
	// incomplete makes the next audit claim nothing.
	incomplete bool
}

// newAuditor returns one for a tenant with this many partners, most of them as
// the file wants them.
func newAuditor(t testing.TB, partners int) *auditor {
	t.Helper()
	a := &auditor{
		t: t, sim: graphsim.New(graphsim.Config{Partners: partners, PageSize: 4}), path: filepath.Join(t.TempDir(), "audits"),
		tool: ours, at: time.Now().UTC().Truncate(time.Second),
	}
	var rows strings.Builder
	fmt.Fprintln(&rows, "tenantId,displayName,isSyncAllowed,inboundConsent,note")
	for i, p := range a.sim.Partners() {
		switch {
		case i%5 == 4: // no row
		case i%3 == 0:
			fmt.Fprintf(&rows, "%s,Partner %d,true,true,CHG%d\n", p.TenantID, i, i)
		default:
			fmt.Fprintf(&rows, "%s,,,,\n", p.TenantID)
		}
	}
	a.csv = rows.String()
	return a
}

// bearer puts the simulator's token on a request.
type bearer struct {
	sim  *graphsim.Sim
	logs bool
	next http.RoundTripper
}

func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	o := graphsim.TokenOptions{Permissions: []string{graphsim.PermissionRead, graphsim.PermissionTenantInfo}}
	if b.logs {
		o.Permissions = append(o.Permissions, graphsim.PermissionAudit)
	}
	req.Header.Set("Authorization", "Bearer "+b.sim.Token(o))
	return b.next.RoundTrip(req)
}

func (a *auditor) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

// home is the tenant of the simulator.
func (a *auditor) home() graph.HomeTenant {
	return graph.HomeTenant{ID: a.sim.HomeTenant(), Cloud: graph.Global, GraphURL: graph.Global.RootURL()}
}

// audit makes one audit.
func (a *auditor) audit() audit.Link {
	a.t.Helper()
	s := opened(a.t, a.path)
	defer s.Close()
	b, err := s.Begin(a.at.Add(-time.Minute))
	a.must(err)
	m := evidence.Manifest{
		Tool: a.tool, HomeTenant: a.home(), StartedAt: a.at.Add(-time.Minute), FinishedAt: a.at,
		Identity: evidence.Identity{Kind: "app"}, Options: evidence.Options{Scope: audit.ScopeAll, FailOn: "any", Who: a.who, ReadTwice: a.twice},
	}
	if a.scope != "" {
		m.Options.Scope = a.scope
	}
	found := a.compare(s, b, &m)
	m.Summarize(found)
	for _, r := range reportsOf(found, &m, nil) {
		a.must(b.Write(r.Name, r.Render))
	}
	var sign func([]byte) ([]byte, error)
	if a.key != nil {
		m.Signer = a.key.Fingerprint()
		sign = func(text []byte) ([]byte, error) { return a.key.Sign(text, evidence.Namespace) }
	}
	l, err := b.Seal(a.t.Context(), m, sign)
	a.must(err)
	a.must(s.WriteIndex(indexOf(a.path, s.History())))
	a.at = a.at.Add(time.Minute)
	return l
}

// compare reads the files and the tenant, and compares them.
func (a *auditor) compare(s *evidence.Store, b *evidence.Bundle, m *evidence.Manifest) *audit.Audit {
	ctx := a.t.Context()
	var d plan.Desired
	var rows *desired.Rows
	var ws *audit.Waivers
	var err error
	in := audit.Input{}
	if a.template != "" {
		m.Options.Template = "template.json"
		d.Template, err = desired.ReadTemplate(b.Tee(evidence.TemplateName, strings.NewReader(a.template)), "template.json")
		a.must(err)
		in = audit.Input{Name: d.Template.Name, SHA256: d.Template.SHA256}
	}
	if a.csv != "" {
		m.Options.CSV = "partners.csv"
		rows, err = desired.ReadRows(ctx, b.Tee(evidence.CSVName, strings.NewReader(a.csv)), "partners.csv")
		a.must(err)
		in = audit.InputOf(&rows.Input)
	}
	if a.waivers != "" {
		m.Options.Waivers = "waivers.csv"
		ws, err = audit.ReadWaivers(ctx, b.Tee(evidence.WaiversName, strings.NewReader(a.waivers)), "waivers.csv")
		a.must(err)
	}
	record := func(x graph.Exchange) {
		x.Sent = a.at.Add(-time.Minute / 2) // by the clock of the audits
		b.Record(x)
	}
	client, err := graph.New(graph.Options{
		RootURL: graph.Global.RootURL(), Base: a.sim.Transport(), Layers: []func(http.RoundTripper) http.RoundTripper{
			func(next http.RoundTripper) http.RoundTripper { return bearer{a.sim, a.logs, next} }, graph.Record(record),
		},
	})
	a.must(err)
	head := plan.Head{Tool: a.tool, CreatedAt: a.at, HomeTenant: a.home()}
	if a.incomplete {
		found := audit.New(head, in, plan.Read{})
		found.Problem = "the tenant could not be read"
		return found
	}
	needs := plan.Needs{Template: d.Template != nil, Keeps: func(plan.Object) bool { return false }}
	if rows != nil {
		needs.Domains = rows.Domains()
	}
	cur, err := plan.ReadCurrent(ctx, client, needs)
	a.must(err)
	if a.twice {
		b.Reading(2)
		if a.between != nil {
			a.between()
		}
		_, err := plan.ReadCurrent(ctx, client, needs)
		a.must(err)
	}
	if rows != nil {
		d.Partners, err = rows.Resolve(a.sim.HomeTenant(), cur.TenantIDs)
		a.must(err)
	}
	o := audit.Options{Scope: m.Options.Scope, Waivers: ws, News: true}
	o.Earlier, o.EarlierLink, err = s.Earlier(ctx)
	a.must(err)
	found := audit.Compare(head, in, d, cur, o)
	found.Name(a.lookUp(client, found))
	if a.who {
		trail, _ := audit.ReadTrail(ctx, client, audit.TrailSince(a.at, o.Earlier)) // it says if it could not be read
		found.Attribute(trail)
	}
	return found
}

// lookUp asks for the names of an audit's tenants, as far as the directory has them.
func (a *auditor) lookUp(c *graph.Client, found *audit.Audit) plan.Names {
	names := plan.Names{}
	for _, id := range append(found.Tenants(), a.sim.HomeTenant()) {
		t, err := c.Tenant(a.t.Context(), id)
		if err == nil {
			names[id] = t
		} else if !errors.Is(err, graph.NotFound) && !errors.Is(err, graph.Forbidden) {
			a.t.Fatal(err)
		}
	}
	return names
}

// reportsOf are the reports that these tests write.
func reportsOf(a *audit.Audit, _ *evidence.Manifest, _ []evidence.Request) (all []evidence.Report) {
	for name, f := range map[string]report.Format{
		evidence.AuditName: report.JSON, "audit.csv": report.CSV, "audit.md": report.Markdown, "audit.html": report.HTML,
	} {
		all = append(all, evidence.Report{Name: name, Render: func(w io.Writer) error { return report.Audit(w, a, f, report.Options{Width: 80}) }})
	}
	return all
}

// indexOf is a page of a store for these tests.
func indexOf(_ string, history []evidence.Entry) func(io.Writer) error {
	return func(w io.Writer) error {
		for _, e := range history {
			fmt.Fprintln(w, e.Folder, e.SHA256, e.Linked)
		}
		return nil
	}
}

// options are those of a proof by the version that made the audits.
func options() evidence.ProveOptions {
	return evidence.ProveOptions{Tool: ours, Reports: reportsOf, Index: indexOf}
}

// verdictOf is that of all checks of a store.
func verdictOf(s *evidence.StoreProof) evidence.Status {
	all := s.Checks
	for _, a := range s.Audits {
		all = append(all, a.Checks...)
	}
	return all.Verdict()
}

// provenStore proves a store, which can be read.
func provenStore(ctx context.Context, t interface{ Fatal(...any) }, path string, o evidence.ProveOptions) *evidence.StoreProof {
	s, err := evidence.ProveStore(ctx, path, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// told lists checks in lines.
func told(s *evidence.StoreProof) string {
	var b bytes.Buffer
	for _, c := range s.Checks {
		fmt.Fprintf(&b, "%s %s %s: %s\n", c.Status, c.Subject, c.File, c.Says)
	}
	for _, a := range s.Audits {
		for _, c := range a.Checks {
			fmt.Fprintf(&b, "%s: %s %s %s: %s\n", a.Folder, c.Status, c.Subject, c.File, c.Says)
		}
	}
	return b.String()
}
