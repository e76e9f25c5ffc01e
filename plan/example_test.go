package plan_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"time"

	"bulksync/graph"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// ExampleBuild compares a spreadsheet with a tenant and shows what would be sent.
// In the program, package graph reads the tenant; here it is made up.
func ExampleBuild() {
	const csv = `tenantId,displayName,isSyncAllowed,mfaTrust
90e29127-71ad-49c7-9ce8-db3f41ea06f1,Fabrikam,true,true
contoso.com,Contoso,false,
`
	rows, err := desired.ReadRows(context.Background(), strings.NewReader(csv), "partners.csv")
	if err != nil {
		log.Fatal(err)
	}
	const home, contoso = "aaaaaaaa-0000-4000-8000-000000000001", "11111111-aaaa-4bbb-8ccc-000000000001"
	partners, err := rows.Resolve(home, map[string]string{"contoso.com": contoso})
	if err != nil {
		log.Fatal(err)
	}
	there, err := graph.ParsePartner([]byte(`{"tenantId":"` + contoso + `","identitySynchronization":{"displayName":"Contoso","userSyncInbound":{"isSyncAllowed":true}}}`))
	if err != nil {
		log.Fatal(err)
	}

	p, err := plan.Build(
		plan.Head{CreatedAt: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), HomeTenant: graph.HomeTenant{ID: home, Cloud: graph.Global}},
		plan.Desired{Partners: partners, CreatePartners: true},
		&plan.Current{Partners: map[string]graph.Partner{contoso: there}, Read: plan.Read{Pages: 1, Partners: 1, Complete: true}},
	)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range p.Changes {
		fmt.Println(c.Action.Symbol(), c.Name())
		fmt.Println("   ", c.Request().Method, string(c.Request().Body))
		for _, h := range c.Hazards {
			fmt.Println("   ", h)
		}
	}
	// Output:
	// + partner of partner 90e29127-71ad-49c7-9ce8-db3f41ea06f1
	//     POST {"tenantId":"90e29127-71ad-49c7-9ce8-db3f41ea06f1"}
	//     new-partner
	// + identitySynchronization of partner 90e29127-71ad-49c7-9ce8-db3f41ea06f1
	//     PUT {"displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":true}}
	// ~ trust of partner 90e29127-71ad-49c7-9ce8-db3f41ea06f1
	//     PATCH {"inboundTrust":{"isMfaAccepted":true}}
	//     trust-on
	// ~ identitySynchronization of partner 11111111-aaaa-4bbb-8ccc-000000000001
	//     PATCH {"userSyncInbound":{"isSyncAllowed":false}}
	//     sync-off
}
