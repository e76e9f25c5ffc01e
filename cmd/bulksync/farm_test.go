package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"

	"bulksync/graph/auth"
	"bulksync/graph/graphsim"
)

// farm is many home tenants at one address: the token says which of them is meant.
type farm struct {
	mu     sync.Mutex
	byName map[string]*graphsim.Sim
	byID   map[string]*graphsim.Sim
	// seen is told of each request; nil for nobody.
	seen func(*http.Request)
}

func newFarm() *farm {
	return &farm{byName: map[string]*graphsim.Sim{}, byID: map[string]*graphsim.Sim{}}
}

// add adds a home tenant.
func (f *farm) add(name string, cfg graphsim.Config) *graphsim.Sim {
	f.mu.Lock()
	defer f.mu.Unlock()
	if cfg.HomeTenant == "" {
		cfg.HomeTenant = farmTenant(len(f.byName))
	}
	sim := graphsim.New(cfg)
	f.byName[name], f.byID[sim.HomeTenant()] = sim, sim
	return sim
}

// farmTenant is the ID of a home tenant.
func farmTenant(i int) string { return fmt.Sprintf("%08d-fa12-4bbb-8ccc-%012d", i+1, i+1) }

func (f *farm) sim(name string) *graphsim.Sim {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.byName[name]
}

// of is the tenant that a request is for; nil if it is none of the farm.
func (f *farm) of(r *http.Request) *graphsim.Sim {
	id, err := auth.ParseIdentity(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	if err != nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.byID[id.TenantID]
}

// ServeHTTP answers as the tenant that the request is for.
func (f *farm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.seen != nil {
		f.seen(r)
	}
	if sim := f.of(r); sim != nil {
		sim.ServeHTTP(w, r)
		return
	}
	w.WriteHeader(http.StatusUnauthorized)
}
