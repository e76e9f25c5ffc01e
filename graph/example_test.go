package graph_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"time"

	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/graph/graphsim"
	"bulksync/ratelimit"
)

// ExampleNew builds the way to a tenant: the token above the pace, and the pace above
// the wire, so that each attempt is paced. The tenant is the built-in Graph; for a real
// one, auth.New has the credential, and ratelimit.New gets connections.
func ExampleNew() {
	ctx := context.Background()
	sim := graphsim.New(graphsim.Config{})
	sim.SetPartner(graphsim.Partner{TenantID: "0b7b5c1e-5c0f-4f0a-9a51-2f2a4c2f0a01"})

	session, err := auth.Acquire(ctx, auth.Static(sim.Token(graphsim.TokenOptions{})), graph.Global.Scope())
	if err != nil {
		log.Fatal(err)
	}
	pace, err := ratelimit.New(sim.Transport(), ratelimit.Options{Read: func(r *http.Response) ratelimit.Signal {
		wait, _ := graph.RetryAfter(r.Header, time.Now())
		return ratelimit.Signal{
			Refused: graph.IsThrottled(r), ConcurrencyConflict: graph.IsConcurrencyConflict(r), RetryAfter: wait, QuotaUsed: graph.QuotaUsed(r.Header),
		}
	}})
	if err != nil {
		log.Fatal(err)
	}
	client, err := graph.New(graph.Options{
		RootURL: graph.Global.RootURL(), UserAgent: "example/1.0", Base: pace, Layers: []func(http.RoundTripper) http.RoundTripper{session.Transport},
	})
	if err != nil {
		log.Fatal(err)
	}

	fmt.Println("home tenant", session.Identity().TenantID)
	err = client.ListPartners(ctx, func(p graph.Page) error {
		for _, partner := range p.Partners {
			fmt.Println("partner", partner.TenantID, "has a policy:", partner.Sync != nil)
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// home tenant 5a1e7e4a-0d0c-4b6e-9c55-3f1b2c9d8e70
	// partner 0b7b5c1e-5c0f-4f0a-9a51-2f2a4c2f0a01 has a policy: false
	// <nil>
}
