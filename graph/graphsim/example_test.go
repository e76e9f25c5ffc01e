package graphsim_test

import (
	"fmt"
	"net/http"
	"strings"

	"bulksync/graph/graphsim"
)

// A test sets the scene, lets its subject loose on the Transport, and looks at
// what was asked and what came of it.
func Example() {
	const id = "11111111-aaaa-4bbb-8ccc-000000000001"
	sim := graphsim.New(graphsim.Config{})
	sim.SetPartner(graphsim.Partner{TenantID: id})
	sim.Inject(graphsim.Fault{Kind: "503", Method: "PUT", Nth: 1})

	client := &http.Client{Transport: sim.Transport()}
	for range 2 {
		req, _ := http.NewRequest("PUT", "https://graph.microsoft.com/v1.0/policies/crossTenantAccessPolicy/partners/"+id+"/identitySynchronization",
			strings.NewReader(`{"userSyncInbound":{"isSyncAllowed":true}}`))
		req.Header.Set("Authorization", "Bearer "+sim.Token(graphsim.TokenOptions{}))
		req.Header.Set("Content-Type", "application/json")
		res, err := client.Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		res.Body.Close()
	}

	for _, w := range sim.Writes() {
		fmt.Println(w.Method, w.Status, w.Code, w.Committed)
	}
	p, _ := sim.Partner(id)
	fmt.Println("sync allowed:", *p.IdentitySynchronization.UserSyncInbound.IsSyncAllowed)
	fmt.Println("faults that never struck:", len(sim.UnusedFaults()))
	// Output:
	// PUT 503 ServiceUnavailable false
	// PUT 204  true
	// sync allowed: true
	// faults that never struck: 0
}
