package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/plan"
	"bulksync/plan/desired"
	"bulksync/report"
)

// readmeCSV is the input of the README's example.
const readmeCSV = `tenantId,displayName,isSyncAllowed,note
90e29127-71ad-49c7-9ce8-db3f41ea06f1,Fabrikam,true,CHG0041207
7acfa1b6-1d31-43ab-bd3f-3fbf902456cf,Tailspin Toys,false,CHG0041207
1509bb0a-9bf1-4331-8a11-8783593942a4,Adatum Corporation,true,
`

// TestTheReadmeShowsRealOutput renders the plan of the README's first example
// and compares the two; -update rewrites the example.
func TestTheReadmeShowsRealOutput(t *testing.T) {
	readme := readRepo(t, "README.md")
	picture := regexp.MustCompile("(?s)```\n\\$ bulksync plan partners.csv --out plan.json\n(.*?)```").FindStringSubmatchIndex(readme)
	if picture == nil {
		t.Fatal("the README shows no plan")
	}
	got := readmePlan(t)
	if *update {
		readme = readme[:picture[2]] + got + readme[picture[3]:]
		if err := os.WriteFile(filepath.Join("..", "..", "README.md"), []byte(readme), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(readme[picture[2]:picture[3]], got); diff != "" {
		t.Errorf("the README's example is not what is printed (-README +printed):\n%s", diff)
	}
}

func readmePlan(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Plan(&b, readmePlanData(t), report.Text, report.Options{Width: 80}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// readmePlanData is the plan of the README's first example.
func readmePlanData(t *testing.T) *plan.Plan {
	t.Helper()
	sim := graphsim.New(graphsim.Config{Partners: 211, Seed: 1})
	sim.SetPartner(graphsim.Partner{TenantID: "90e29127-71ad-49c7-9ce8-db3f41ea06f1"})
	sim.SetPartner(graphsim.Partner{TenantID: "7acfa1b6-1d31-43ab-bd3f-3fbf902456cf", IdentitySynchronization: graphsim.SyncAllowed("Tailspin Toys", true)})
	sim.SetPartner(graphsim.Partner{TenantID: "1509bb0a-9bf1-4331-8a11-8783593942a4", IdentitySynchronization: graphsim.SyncAllowed("Adatum Corporation", true)})
	token := sim.Token(graphsim.TokenOptions{})
	client, err := graph.New(graph.Options{RootURL: graph.Global.RootURL(), Base: roundTrip(func(r *http.Request) (*http.Response, error) {
		r.Header.Set("Authorization", "Bearer "+token)
		return sim.Transport().RoundTrip(r)
	})})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := desired.ReadRows(t.Context(), strings.NewReader(readmeCSV), "partners.csv")
	if err != nil {
		t.Fatal(err)
	}
	partners, err := rows.Resolve("", nil)
	if err != nil {
		t.Fatal(err)
	}
	current, err := plan.ReadCurrent(t.Context(), client, plan.Needs{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Build(plan.Head{
		Tool: plan.Tool{Name: "bulksync", Version: "1.0.0"}, CreatedAt: time.Date(2026, 11, 21, 20, 12, 0, 0, time.UTC),
		Estimate:   func(int) plan.Estimate { return plan.Estimate{LowMs: 900, HighMs: 2000, LatencyMs: 45} },
		HomeTenant: graph.HomeTenant{ID: sim.HomeTenant(), Cloud: graph.Global, GraphURL: graph.Global.RootURL()},
	}, plan.Desired{Partners: partners}, current)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
