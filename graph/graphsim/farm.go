package graphsim

import (
	"net/http"
	"slices"
	"strings"
)

// Farm is many home tenants behind one Graph, as the real one is: the tid of the token
// says which of them a request is for. Each is a Sim of its own, with its own state,
// quotas, faults and journal. It is an http.Handler and safe for concurrent use.
type Farm struct {
	sims []*Sim
	byID map[string]*Sim
	door *Sim // answers a request without a token of one of them
}

// NewFarm returns a simulator of many tenants, one for each Config. It panics if two
// of them have the same home tenant.
func NewFarm(cfgs []Config) *Farm {
	f := &Farm{byID: make(map[string]*Sim, len(cfgs)), door: newDoor(cfgs)}
	for _, cfg := range cfgs {
		s := New(cfg)
		if f.byID[s.HomeTenant()] != nil {
			panic("graphsim: two configurations have the home tenant " + s.HomeTenant())
		}
		f.byID[s.HomeTenant()] = s
		f.sims = append(f.sims, s)
	}
	return f
}

// FarmOf is the configuration of n tenants that are as cfg says, but for what follows
// from the seed: tenant i, from 1, is HomeOf(cfg.Seed+i-1), with its own partners.
func FarmOf(cfg Config, n int) []Config {
	cfgs := make([]Config, n)
	for i := range cfgs {
		cfgs[i] = cfg
		cfgs[i].Seed += int64(i)
		home := HomeOf(cfgs[i].Seed)
		cfgs[i].HomeTenant, cfgs[i].Tenants = home.TenantID, append(slices.Clip(cfg.Tenants), home)
	}
	return cfgs
}

// newDoor is a Sim of no tenant, which only refuses. It keeps no history.
func newDoor(cfgs []Config) *Sim {
	cfg := Config{NoHistory: true}
	if len(cfgs) > 0 {
		cfg.Cloud, cfg.Latency, cfg.DateOffset, cfg.Seed = cfgs[0].Cloud, cfgs[0].Latency, cfgs[0].DateOffset, cfgs[0].Seed
	}
	door := New(cfg)
	door.isDoor = true
	return door
}

// Sims are the tenants, in the order of their configurations.
func (f *Farm) Sims() []*Sim { return slices.Clone(f.sims) }

// Sim is the tenant with an ID, or nil.
func (f *Farm) Sim(tenantID string) *Sim { return f.byID[strings.ToLower(tenantID)] }

// Inject arms faults, each at the tenant that it names, or at every one. It panics on
// a fault that Sim.Inject refuses, and on a tenant that is not there.
func (f *Farm) Inject(faults ...Fault) {
	for _, fault := range faults {
		if fault.Tenant > len(f.sims) {
			panic("graphsim: no such tenant: " + fault.String())
		}
		for i, s := range f.sims {
			if fault.Tenant == 0 || fault.Tenant == i+1 {
				s.Inject(fault)
			}
		}
	}
}

// ServeHTTP serves the Graph of the tenant that the token is for.
func (f *Farm) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.of(r).ServeHTTP(w, r) }

// Transport returns a RoundTripper that passes requests to the tenant that their token
// is for, as Sim.Transport does.
func (f *Farm) Transport() http.RoundTripper { return farmTransport{f} }

type farmTransport struct{ farm *Farm }

func (t farmTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	return transport{t.farm.of(r)}.RoundTrip(r)
}

// of is the tenant that the token of a request is for, or the door.
func (f *Farm) of(r *http.Request) *Sim {
	token, _ := bearer(r.Header)
	if c, ok := parseToken(token); ok {
		if s := f.Sim(c.Tid); s != nil {
			return s
		}
	}
	return f.door
}
