package graphsim

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// Sim is one tenant's Graph. It is an http.Handler and safe for concurrent use.
type Sim struct {
	cfg Config

	mu              sync.Mutex // guards all below; never held while anything waits
	partners        store
	broken          map[string]string // partners that are shown as this text; replaced, never changed
	template        history[Template]
	partnerTemplate history[Members]
	defaults        history[Members]
	policy          history[Members]
	tenants         directory
	rng             *rand.Rand

	writeQuota Quota // of each app, as it is now
	buckets    map[string]*bucket

	tokens  map[string]*claims // decoded before
	minted  int
	revoked int // tokens up to this number are expired

	faults         []*armedFault
	inFlight       int
	maxInFlight    int
	writesInFlight int
	journal        []*Request
	audits         []event
	listings       uint64
}

// New returns a simulator in the state that cfg describes. Two with the same
// cfg hold the same objects.
func New(cfg Config) *Sim {
	cfg = cfg.withDefaults()
	s := &Sim{
		cfg: cfg, rng: rand.New(rand.NewPCG(uint64(cfg.Seed), seedStream)),
		writeQuota: cfg.WriteQuota, buckets: map[string]*bucket{}, tokens: map[string]*claims{},
	}
	if cfg.State != nil {
		s.load(*cfg.State)
	} else {
		s.load(seedState(cfg))
	}
	for _, t := range cfg.Tenants {
		s.tenants.add(t)
	}
	return s
}

// HomeTenant is the tenant that the simulator plays, in lower case.
func (s *Sim) HomeTenant() string { return s.cfg.HomeTenant }

// MaxInFlight is the largest number of requests that were in flight together.
func (s *Sim) MaxInFlight() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.maxInFlight
}

// newGUID draws a version 4 GUID. The mutex is held, or the Sim not yet shared.
func (s *Sim) newGUID() string { return guid(s.rng) }

func guid(rng *rand.Rand) string {
	hi, lo := rng.Uint64(), rng.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", hi>>32, hi>>16&0xffff, hi&0xfff, lo>>48&0x3fff|0x8000, lo&0xffffffffffff)
}

// put writes a partner, as the call c or, with nil, by another hand. The mutex
// is held.
func (s *Sim) put(c *call, id string, p *Partner) {
	if c.suffers(FaultLost) {
		return
	}
	now, lag := time.Now(), s.cfg.ReadLag
	if c != nil {
		now, lag = c.now, max(lag, c.lag)
	}
	s.partners.slot(id).put(p, now, lag)
}
