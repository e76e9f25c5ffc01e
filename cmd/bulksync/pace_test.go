package main

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/graph/graphsim"
	"bulksync/plan"
	"bulksync/plan/desired"
	"bulksync/ratelimit"
)

// The whole stack, but for the wire and the disk, against small quotas that
// nobody told it of, in virtual time. Readings get too old in the line for a slow
// turn here, and still no turn and no intent is spent in vain.
func TestARunOfManyMinutesUsesTheQuotaItFinds(t *testing.T) {
	for _, quota := range []graphsim.Quota{{Units: 1, Per: time.Second}, {Units: 10, Per: 10 * time.Second}, {Units: 100, Per: 10 * time.Second}} {
		t.Run(fmt.Sprintf("%d a %s", quota.Units, quota.Per), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const partners = 400
				sim := graphsim.New(graphsim.Config{State: stateOf(ids(partners)), Latency: 20 * time.Millisecond, WriteQuota: quota})
				c := pacedClient(t, sim)
				p := planFor(t, c, ids(partners))
				reading, err := execute.Prepare(t.Context(), c, p)
				if err != nil {
					t.Fatal(err)
				}
				var disk memory
				res, err := execute.Run(execute.Stops{Hard: t.Context()}, execute.Config{
					Client: c, Plan: p, Reading: reading, Journal: journal.New(&disk, ""),
					Header: journal.Run{Settings: journal.Settings{NoReadBack: true}},
				})
				if err != nil || res.Totals.Of(journal.Succeeded) != partners {
					t.Fatalf("%v, %+v", err, res.Totals)
				}
				least := quota.Per * time.Duration(partners-quota.Units) / time.Duration(quota.Units)
				if took := res.FinishedAt.Sub(res.StartedAt); took > least*105/100 || res.Requests.Throttled > 20 {
					t.Errorf("%s with %d refusals, and %s is the least", took, res.Requests.Throttled, least)
				}
				if n := bytes.Count(disk.Bytes(), []byte(`"intent":`)); n != partners {
					t.Errorf("%d intents for %d writes", n, partners)
				}
			})
		})
	}
}

// memory is a journal that is kept in memory.
type memory struct{ bytes.Buffer }

func (*memory) Sync() error { return nil }

// pacedClient reaches sim through the layers that connect builds.
func pacedClient(t *testing.T, sim *graphsim.Sim) *graph.Client {
	t.Helper()
	session, err := auth.Acquire(t.Context(), auth.Static(sim.Token(graphsim.TokenOptions{})), graph.Global.Scope())
	if err != nil {
		t.Fatal(err)
	}
	c, err := graph.New(graph.Options{
		RootURL: graph.Global.RootURL(), Base: sim.Transport(),
		Layers: []func(http.RoundTripper) http.RoundTripper{session.Transport, func(next http.RoundTripper) http.RoundTripper {
			paced, err := ratelimit.New(next, ratelimit.Options{Read: paceSignal})
			if err != nil {
				t.Fatal(err)
			}
			return paced
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// planFor gives each of these partners a sync policy.
func planFor(t *testing.T, c *graph.Client, partners []string) *plan.Plan {
	t.Helper()
	csv := "tenantId,isSyncAllowed\n" + strings.Join(partners, ",true\n") + ",true\n"
	rows, err := desired.ReadRows(t.Context(), strings.NewReader(csv), "partners.csv")
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := rows.Resolve("", nil)
	if err != nil {
		t.Fatal(err)
	}
	current, err := plan.ReadCurrent(t.Context(), c, plan.Needs{})
	if err != nil {
		t.Fatal(err)
	}
	head := plan.Head{CreatedAt: time.Now(), HomeTenant: graph.HomeTenant{ID: graphsim.DefaultHomeTenant, Cloud: graph.Global, GraphURL: graph.Global.RootURL()}}
	p, err := plan.Build(head, plan.Desired{Partners: wanted}, current)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
