package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/internal/session"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// The whole stack except the wire and the disk, with small quotas that it is
// not told, in virtual time. Readings grow too old while a change waits for its
// turn, and still no turn and no intent is wasted.
func TestALongRunUsesTheQuotaItFinds(t *testing.T) {
	for _, quota := range []graphsim.Quota{{Units: 1, Per: time.Second}, {Units: 10, Per: 10 * time.Second}, {Units: 100, Per: 10 * time.Second}} {
		t.Run(fmt.Sprintf("%d a %s", quota.Units, quota.Per), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const partners = 400
				sim := graphsim.New(graphsim.Config{State: stateOf(ids(partners)), Latency: 20 * time.Millisecond, WriteQuota: quota})
				c := sessionOn(t, sim, sim.Transport()).Client()
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

// sessionOn is a session in the tenant of sim that sends its attempts to base.
func sessionOn(t *testing.T, sim *graphsim.Sim, base http.RoundTripper) *session.Session {
	t.Helper()
	s, err := session.Open(t.Context(), session.Options{Token: sim.Token(graphsim.TokenOptions{}), Base: base})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ids are generated tenant IDs, the same every time.
func ids(n int) []string {
	random := rand.NewChaCha8([32]byte{3})
	all := make([]string, n)
	for i := range all {
		all[i] = uuid.Must(uuid.NewRandomFromReader(random)).String()
	}
	return all
}

func stateOf(partners []string) *graphsim.State {
	s := &graphsim.State{}
	for _, id := range partners {
		s.Partners = append(s.Partners, graphsim.Partner{TenantID: id})
	}
	return s
}

// planFor plans a sync policy for each of these partners.
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
