package graphsim_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"bulksync/graph/graphsim"
)

const partner = "11111111-aaaa-4bbb-8ccc-000000000001"

// allowSync is the code under test: it creates a sync policy, and tries once more
// if the service is unavailable.
func allowSync(client *http.Client, token string) error {
	url := "https://graph.microsoft.com/v1.0/policies/crossTenantAccessPolicy/partners/" + partner + "/identitySynchronization"
	for range 2 {
		req, err := http.NewRequest(http.MethodPut, url, strings.NewReader(`{"userSyncInbound":{"isSyncAllowed":true}}`))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		res, err := client.Do(req)
		if err != nil {
			return err
		}
		res.Body.Close()
		if res.StatusCode == http.StatusNoContent {
			return nil
		}
	}
	return errors.New("not created")
}

// A test prepares the tenant and the faults, runs its subject over the Transport,
// and then checks the requests, the tenant, and the faults that never struck.
func Example() {
	sim := graphsim.New(graphsim.Config{})
	sim.SetPartner(graphsim.Partner{TenantID: partner})
	sim.Inject(graphsim.Fault{Kind: "503", Method: "PUT", Nth: 1})

	err := allowSync(&http.Client{Transport: sim.Transport()}, sim.Token(graphsim.TokenOptions{}))
	fmt.Println("error:", err)

	for _, w := range sim.Writes() {
		fmt.Println(w.Method, "answered", w.Status, w.Code, "took effect:", w.Committed)
	}
	p, _ := sim.Partner(partner)
	fmt.Println("sync allowed:", *p.IdentitySynchronization.UserSyncInbound.IsSyncAllowed)
	fmt.Println("audit:", sim.AuditLog()[0].ActivityDisplayName)
	fmt.Println("faults that never struck:", len(sim.UnusedFaults()))
	// Output:
	// error: <nil>
	// PUT answered 503 ServiceUnavailable took effect: false
	// PUT answered 204  took effect: true
	// sync allowed: true
	// audit: Create a partner cross-tenant identity sync setting
	// faults that never struck: 0
}
