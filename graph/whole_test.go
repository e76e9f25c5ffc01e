package graph_test

import (
	"encoding/json"
	"strings"
	"testing"

	"bulksync/graph"
	"bulksync/graph/graphsim"
)

// A list of whole partners has the members that no other reading needs, on every
// page, and the policies as well.
func TestAListOfWholePartners(t *testing.T) {
	r := newRig(t, graphsim.Config{Partners: 5, PageSize: 2})
	for _, p := range r.State().Partners {
		r.Edit(p.TenantID, func(p *graphsim.Partner) {
			p.Other = graphsim.Members{"b2bDirectConnectInbound": json.RawMessage(`{"applications":null}`)}
		})
	}
	count := func(list func(func(graph.Page) error) error) (whole, synced int) {
		if err := list(func(page graph.Page) error {
			for _, p := range page.Partners {
				if strings.Contains(string(p.Raw), `"b2bDirectConnectInbound":{`) {
					whole++
				}
				if p.Sync != nil {
					synced++
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return whole, synced
	}
	some, synced := count(func(visit func(graph.Page) error) error { return r.ListPartners(t.Context(), visit) })
	all, too := count(func(visit func(graph.Page) error) error { return r.ListWholePartners(t.Context(), visit) })
	if some != 0 || all != 5 || synced != too || synced == 0 {
		t.Errorf("%d and %d of 5 partners are whole, %d and %d have a policy", some, all, synced, too)
	}
}
