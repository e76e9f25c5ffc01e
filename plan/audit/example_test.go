package audit_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"time"

	"bulksync/graph"
	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/desired"
)

// ExampleCompare finds what differs between a file and a tenant. In the program, package
// plan reads the tenant; here it is made up.
func ExampleCompare() {
	const home, contoso, fabrikam = "aaaaaaaa-0000-4000-8000-000000000001", "11111111-aaaa-4bbb-8ccc-000000000001", "22222222-aaaa-4bbb-8ccc-000000000002"
	rows, err := desired.ReadRows(context.Background(), strings.NewReader("tenantId,isSyncAllowed\n"+contoso+",false\n"), "partners.csv")
	if err != nil {
		log.Fatal(err)
	}
	wanted, err := rows.Resolve(home, nil)
	if err != nil {
		log.Fatal(err)
	}
	current := &plan.Current{Partners: map[string]graph.Partner{}, Read: plan.Read{Pages: 1, Partners: 2, Complete: true}}
	for _, id := range []string{contoso, fabrikam} {
		p, err := graph.ParsePartner([]byte(`{"tenantId":"` + id + `","identitySynchronization":{"userSyncInbound":{"isSyncAllowed":true}}}`))
		if err != nil {
			log.Fatal(err)
		}
		current.Partners[id] = p
	}

	head := plan.Head{CreatedAt: time.Now(), HomeTenant: graph.HomeTenant{ID: home, Cloud: graph.Global}}
	a := audit.Compare(head, audit.InputOf(&wanted.Input), plan.Desired{Partners: wanted}, current, audit.Options{Scope: audit.ScopeAll})
	fmt.Println(a.Result)
	for _, f := range a.Findings {
		fmt.Println(f.Severity(), f.Kind, f.TenantID)
	}
	// Output:
	// drift
	// error changed 11111111-aaaa-4bbb-8ccc-000000000001
	// error extra 22222222-aaaa-4bbb-8ccc-000000000002
	// warning sync-without-consent 22222222-aaaa-4bbb-8ccc-000000000002
}
