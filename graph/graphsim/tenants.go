package graphsim

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// homeName and homeDomain are what findTenantInformation says of the home tenant,
// unless the state or the configuration says otherwise.
const homeName, homeDomain = "Adatum Corporation", "home.example"

// HomeOf is the home tenant of a rehearsal, by its seed, so that two rehearsals can be told apart.
// Seed 1 has the one that a Sim plays when Config names none.
func HomeOf(seed int64) Tenant {
	if seed == 1 {
		return Tenant{TenantID: DefaultHomeTenant, DisplayName: homeName, DefaultDomainName: homeDomain}
	}
	rng := rand.New(rand.NewPCG(uint64(seed), seedHome))
	return Tenant{
		TenantID: guid(rng), DisplayName: fmt.Sprintf("%s %d", homeName, seed),
		DefaultDomainName: fmt.Sprintf("home%d.example", seed),
	}
}

// Home is what findTenantInformation says of the home tenant.
func (s *Sim) Home() Tenant {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tenants.byID[s.cfg.HomeTenant]
}

// Tenant is tenantInformation: what findTenantInformation says about a tenant, which need
// not be a partner.
type Tenant struct {
	TenantID            string  `json:"tenantId"`
	FederationBrandName *string `json:"federationBrandName"`
	DisplayName         string  `json:"displayName"`
	DefaultDomainName   string  `json:"defaultDomainName"`
}

// directory holds all known tenants, by lower-case ID and domain.
type directory struct {
	byID     map[string]Tenant
	byDomain map[string]string
}

func (d *directory) add(t Tenant) {
	if d.byID == nil {
		d.byID, d.byDomain = map[string]Tenant{}, map[string]string{}
	}
	d.byID[key(t.TenantID)] = t
	d.byDomain[strings.ToLower(t.DefaultDomainName)] = key(t.TenantID)
}

// all returns the tenants in the order of their IDs.
func (d *directory) all() []Tenant {
	var ts []Tenant
	for _, id := range slices.Sorted(maps.Keys(d.byID)) {
		ts = append(ts, d.byID[id])
	}
	return ts
}

// AddTenant makes a tenant known to findTenantInformation. Seeded partners are
// known already.
func (s *Sim) AddTenant(t Tenant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tenants.add(t)
}

func (s *Sim) findTenant(c *call) answer {
	if _, bad := c.query(); bad != nil {
		return refuse(bad)
	}
	id := c.route.id
	if !c.route.byDomain && !isGUID(id) {
		return refuse(badRequest("Invalid value specified for parameter 'tenantId'."))
	}
	s.mu.Lock()
	if c.route.byDomain {
		id = s.tenants.byDomain[strings.ToLower(id)]
	}
	t, known := s.tenants.byID[key(id)]
	s.mu.Unlock()
	if !known {
		return refuse(noObject())
	}
	b := appendString([]byte(`{"@odata.context":`), c.base+"/v1.0/$metadata#microsoft.graph.tenantInformation")
	b = appendString(appendMember(b, "tenantId"), c.shownID(t.TenantID))
	b = appendText(appendMember(b, "federationBrandName"), t.FederationBrandName)
	b = appendString(appendMember(b, "displayName"), t.DisplayName)
	return ok(append(appendString(appendMember(b, "defaultDomainName"), t.DefaultDomainName), '}'))
}
