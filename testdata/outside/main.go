// Command outside is a Go program of somebody else: a module of its own that does with
// the packages what the command line does with its verbs. It reads a CSV and a tenant,
// plans, takes a decision, applies in a run folder, reports, and audits. Its tenant is
// the built-in Graph; for a real one, credentials come from auth.New, and Base is left
// out.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/execute/rundir"
	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/graph/graphsim"
	"bulksync/plan"
	"bulksync/plan/approval"
	"bulksync/plan/audit"
	"bulksync/plan/desired"
	"bulksync/ratelimit"
	"bulksync/report"
)

const partners = `tenantId,displayName,isSyncAllowed
0b7b5c1e-5c0f-4f0a-9a51-2f2a4c2f0a01,Fabrikam,true
1c8d6e2f-6d1a-4a1b-8b62-3a3b5d3a1b02,Contoso,true
`

func main() {
	if err := run(context.Background(), os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, dir string) error {
	client, home, err := connect(ctx)
	if err != nil {
		return err
	}
	p, err := makePlan(ctx, client, home)
	if err != nil {
		return err
	}
	if err := report.Plan(os.Stdout, p, report.Markdown, report.Options{}); err != nil {
		return err
	}
	approvals, err := decide(p)
	if err != nil {
		return err
	}
	if err := apply(ctx, client, p, approvals, dir); err != nil {
		return err
	}
	return auditAgain(ctx, client, home)
}

// connect signs in and builds the way to the tenant: the token above the pace, and the
// pace above the wire.
func connect(ctx context.Context) (*graph.Client, graph.HomeTenant, error) {
	sim := graphsim.New(graphsim.Config{})
	for line := range strings.Lines(partners) {
		if id, _, _ := strings.Cut(line, ","); desired.IsCanonicalGUID(id) {
			sim.SetPartner(graphsim.Partner{TenantID: id})
		}
	}
	home := graph.HomeTenant{Cloud: graph.Global, GraphURL: graph.Global.RootURL()}
	session, err := auth.Acquire(ctx, auth.Static(sim.Token(graphsim.TokenOptions{})), home.Cloud.Scope())
	if err != nil {
		return nil, home, err
	}
	home.ID = session.Identity().TenantID
	pace, err := ratelimit.New(sim.Transport(), ratelimit.Options{Read: paceOf})
	if err != nil {
		return nil, home, err
	}
	client, err := graph.New(graph.Options{
		RootURL: home.GraphURL, UserAgent: "outside/1.0", Base: pace, Layers: []func(http.RoundTripper) http.RoundTripper{session.Transport},
	})
	return client, home, err
}

// paceOf says what an answer of Graph says about pace.
func paceOf(r *http.Response) ratelimit.Signal {
	wait, _ := graph.RetryAfter(r.Header, time.Now())
	return ratelimit.Signal{
		Refused: graph.IsThrottled(r), ConcurrencyConflict: graph.IsConcurrencyConflict(r), RetryAfter: wait, QuotaUsed: graph.QuotaUsed(r.Header),
	}
}

// makePlan compares the file with the tenant.
func makePlan(ctx context.Context, client *graph.Client, home graph.HomeTenant) (*plan.Plan, error) {
	wanted, current, err := readBoth(ctx, client, home)
	if err != nil {
		return nil, err
	}
	p, err := plan.Build(headOf(home), plan.Desired{Partners: wanted}, current)
	if err != nil {
		return nil, err
	}
	var file strings.Builder // what a board would read
	if err := p.Encode(&file); err != nil {
		return nil, err
	}
	return plan.Decode(strings.NewReader(file.String()))
}

func headOf(home graph.HomeTenant) plan.Head {
	return plan.Head{Tool: plan.Tool{Name: "outside", Version: "1.0"}, CreatedAt: time.Now(), HomeTenant: home}
}

func readBoth(ctx context.Context, client *graph.Client, home graph.HomeTenant) (*desired.Partners, *plan.Current, error) {
	rows, err := desired.ReadRows(ctx, strings.NewReader(partners), "partners.csv")
	if err != nil {
		return nil, nil, err
	}
	current, err := plan.ReadCurrent(ctx, client, plan.Needs{Domains: rows.Domains()})
	if err != nil {
		return nil, nil, err
	}
	wanted, err := rows.Resolve(home.ID, current.TenantIDs)
	return wanted, current, err
}

// decide is the decision of one person, as the file would be read.
func decide(p *plan.Plan) ([]approval.Approval, error) {
	now := time.Now().UTC().Truncate(time.Second)
	text, err := (&approval.Decision{
		FormatVersion: approval.FormatVersion, PlanFingerprint: p.Fingerprint, HomeTenant: p.HomeTenant.ID,
		Decision: approval.Approve, By: "ada", At: now, ExpiresAt: now.Add(time.Hour),
	}).Encode()
	if err != nil {
		return nil, err
	}
	return approval.Judge(p, []approval.File{{Name: "decision.json", Text: text}}, now)
}

// apply carries out the plan in a run folder, and writes its reports.
func apply(ctx context.Context, client *graph.Client, p *plan.Plan, approvals []approval.Approval, path string) error {
	var file strings.Builder
	if err := p.Encode(&file); err != nil {
		return err
	}
	reading, err := execute.Prepare(ctx, client, p)
	if err != nil {
		return err
	}
	dir, record, err := rundir.Create(path, strings.NewReader(file.String()))
	if err != nil {
		return err
	}
	defer dir.Release()
	defer record.Close()
	result, err := execute.Run(execute.Stops{Hard: ctx}, execute.Config{
		Client: client, Plan: p, Reading: reading, Journal: journal.New(record, ""), Header: journal.Run{RunID: "1", Approvals: approvals},
	})
	if err != nil {
		return err
	}
	fmt.Println("applied:", result.Totals)
	return dir.WriteReports([]rundir.Report{
		{Name: "outcomes.csv", Render: func(w io.Writer) error {
			return report.Run(w, p, result, report.CSV, report.Options{LikeInput: true})
		}},
		{Name: "failed.csv", Render: func(w io.Writer) error { return report.FailedRows(w, p, result) }},
	})
}

// auditAgain shows that the tenant is as the file wants it.
func auditAgain(ctx context.Context, client *graph.Client, home graph.HomeTenant) error {
	wanted, current, err := readBoth(ctx, client, home)
	if err != nil {
		return err
	}
	a := audit.Compare(headOf(home), audit.InputOf(&wanted.Input), plan.Desired{Partners: wanted}, current, audit.Options{Scope: audit.ScopeAll})
	fmt.Println("missing:", a.Totals.Missing, "changed:", a.Totals.Changed, "extra:", a.Totals.Extra)
	return nil
}
