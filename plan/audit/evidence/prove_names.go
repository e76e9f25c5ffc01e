package evidence

import (
	"net/http"

	"bulksync/graph"
	"bulksync/plan"
)

// names are what the recorded look-ups say of tenants: the last answer to each
// counts, and what it does not tell is unknown. An audit that keeps evidence takes
// no name from anywhere else.
func (p *auditProof) names() (plan.Names, error) {
	last := map[string]*Request{}
	for i := range p.requests {
		r := &p.requests[i]
		id, ok := graph.LookedUp(p.Manifest.HomeTenant.GraphURL, r.URL)
		if ok && r.Method == http.MethodGet && r.Status != 0 {
			last[id] = r
		}
	}
	names := plan.Names{}
	for id, r := range last {
		if r.Status != http.StatusOK {
			continue
		}
		body, err := p.answer(r)
		if err != nil {
			return nil, err
		}
		if t, err := graph.ParseTenant(id, body); err == nil {
			names[id] = t
		}
	}
	return names, nil
}
