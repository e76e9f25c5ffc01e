package execute_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// A plan of two rows is carried out against the built-in Graph. A command would
// keep the journal in a file, and pass contexts that a signal ends.
func ExampleRun() {
	ctx := context.Background()
	sim := graphsim.New(graphsim.Config{})
	for _, id := range []string{"0b7b5c1e-5c0f-4f0a-9a51-2f2a4c2f0a01", "1c8d6e2f-6d1a-4a1b-8b62-3a3b5d3a1b02"} {
		sim.SetPartner(graphsim.Partner{TenantID: id})
	}
	client, p, err := planTwoRows(ctx, sim)
	if err != nil {
		fmt.Println(err)
		return
	}
	reading, err := execute.Prepare(ctx, client, p)
	if err != nil {
		fmt.Println(err)
		return
	}
	var file memory
	result, err := execute.Run(execute.Stops{Hard: ctx}, execute.Config{
		Client: client, Plan: p, Reading: reading, Journal: journal.New(&file, ""),
		Header: journal.Run{RunID: "example"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, o := range result.Outcomes {
		fmt.Println(p.Changes[i].Partner.DisplayName, p.Changes[i].Action, o.Status)
	}
	fmt.Println(result.Totals)

	// The journal alone gives the same result.
	replayed, err := journal.Replay(p, &file)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(replayed.Result().Totals)
	// Output:
	// Fabrikam create verified
	// Contoso create verified
	// 2 verified
	// 2 verified
}

// planTwoRows plans a file of two rows against the current tenant.
func planTwoRows(ctx context.Context, sim *graphsim.Sim) (*graph.Client, *plan.Plan, error) {
	client, err := graph.New(graph.Options{
		RootURL: graph.Global.RootURL(), UserAgent: "example", Base: sim.Transport(),
		Layers: []func(http.RoundTripper) http.RoundTripper{func(base http.RoundTripper) http.RoundTripper {
			return bearer{base, sim.Token(graphsim.TokenOptions{})}
		}},
	})
	if err != nil {
		return nil, nil, err
	}
	const csv = `tenantId,displayName,isSyncAllowed
0b7b5c1e-5c0f-4f0a-9a51-2f2a4c2f0a01,Fabrikam,true
1c8d6e2f-6d1a-4a1b-8b62-3a3b5d3a1b02,Contoso,true
`
	rows, err := desired.ReadRows(ctx, strings.NewReader(csv), "partners.csv")
	if err != nil {
		return nil, nil, err
	}
	current, err := plan.ReadCurrent(ctx, client, plan.Needs{})
	if err != nil {
		return nil, nil, err
	}
	head := plan.Head{
		Tool: plan.Tool{Name: "example"}, CreatedAt: time.Now(),
		HomeTenant: graph.HomeTenant{ID: graphsim.DefaultHomeTenant, Cloud: graph.Global},
	}
	partners, err := rows.Resolve(head.HomeTenant.ID, current.TenantIDs)
	if err != nil {
		return nil, nil, err
	}
	p, err := plan.Build(head, plan.Desired{Partners: partners}, current)
	return client, p, err
}

// bearer adds a token to requests, as package auth does.
type bearer struct {
	base  http.RoundTripper
	token string
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.base.RoundTrip(r)
}

// memory is a journal's file that vanishes with the process.
type memory struct{ bytes.Buffer }

func (*memory) Sync() error { return nil }
