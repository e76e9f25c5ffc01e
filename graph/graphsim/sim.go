package graphsim

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"bulksync/graph"
)

// Sim is one tenant's Graph. It is an http.Handler and safe for concurrent use.
type Sim struct {
	cfg    Config
	isDoor bool // of a Farm: of no tenant, and no token is right

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

	tokens  map[string]*claims // already decoded
	minted  int
	revoked int // tokens up to this number are expired

	windowStart time.Time     // of the fixed window
	windowUsed  int           // writes in it
	recent      []time.Time   // writes in the sliding window
	waiting     atomic.Int64  // writes in the queue
	turn        chan struct{} // held by the write that the queue handles

	faults         []*armedFault
	inFlight       int
	maxInFlight    int
	writesInFlight int
	journal        []*Request
	audits         []event
	listings       uint64
}

// New returns a simulator in the state that cfg describes. Two with the same cfg
// hold the same objects.
func New(cfg Config) *Sim {
	cfg = cfg.withDefaults()
	s := &Sim{
		cfg: cfg, rng: rand.New(rand.NewPCG(uint64(cfg.Seed), seedStream)),
		writeQuota: cfg.WriteQuota, buckets: map[string]*bucket{}, tokens: map[string]*claims{},
		turn: make(chan struct{}, 1),
	}
	s.tenants.add(Tenant{TenantID: s.cfg.HomeTenant, DisplayName: homeName, DefaultDomainName: homeDomain})
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

// MaxInFlight is the largest number of requests that were in flight at the same time.
func (s *Sim) MaxInFlight() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.maxInFlight
}

// newGUID draws a version 4 GUID. The caller holds the mutex, or the Sim is not yet shared.
func (s *Sim) newGUID() string { return guid(s.rng) }

func guid(rng *rand.Rand) string {
	hi, lo := rng.Uint64(), rng.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", hi>>32, hi>>16&0xffff, hi&0xfff, lo>>48&0x3fff|0x8000, lo&0xffffffffffff)
}

// put writes a partner on behalf of call c, or of another person if c is nil. The caller holds the
// mutex.
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

// DefaultHomeTenant is the tenant that a Sim plays when Config names none.
const DefaultHomeTenant = "5a1e7e4a-0d0c-4b6e-9c55-3f1b2c9d8e70"

// RetryAfterForm is how a 429 says how long to wait. Graph's pages show whole seconds and decimals;
// RFC 9110 also allows a date; some services send nothing.
type RetryAfterForm string

// The forms of Retry-After. In each, the value is the time until the quota has a token again,
// rounded up to what the form can express.
const (
	RetryAfterSeconds RetryAfterForm = "seconds"
	RetryAfterDecimal RetryAfterForm = "decimal"
	RetryAfterDate    RetryAfterForm = "date"
	RetryAfterAbsent  RetryAfterForm = "absent"
)

// HiddenForm is how a list shows sync policies that its caller may not see.
type HiddenForm string

// The forms. Graph's pages do not say which one the service uses.
const (
	HiddenNull    HiddenForm = "null"    // as if there were none
	HiddenMissing HiddenForm = "missing" // the member is left out, although it was expanded
)

// Config says which tenant a Sim plays and how the service behaves. The zero Config is an empty
// tenant of the global cloud, without latency or limits.
type Config struct {
	HomeTenant string      // default that of State, or DefaultHomeTenant
	Cloud      graph.Cloud // default graph.Global

	Seed     int64    // of everything that is random
	Partners int      // how many partners to make up; ignored if State is given
	State    *State   // start from a saved state
	Tenants  []Tenant // further tenants that findTenantInformation knows

	PageSize    int           // objects per page; default 100
	EmptyPage   bool          // put an empty page in the middle of each list of several pages
	EndlessList bool          // no list ever ends: its pages repeat, with new tokens
	Latency     time.Duration // half of it passes before a request takes effect, half after
	ReadLag     time.Duration // reads show a write this long after it
	DateOffset  time.Duration // how far Graph's clock is ahead of ours

	ReadQuota           Quota // resource units of GETs, per app
	WriteQuota          Quota // writes, per app
	TenantWriteQuota    Quota // writes of all apps together
	RefusalsCost        bool  // a request refused with 429 is charged all the same
	RetryAfter          RetryAfterForm
	MaxConcurrentWrites int // more writes in flight answer 409 Directory_ConcurrencyViolation; 0 = no limit

	// Limits of other services. Their 429 has no Retry-After.
	InflightQuota int   // more writes in flight are refused; 0 = no limit
	Window        Quota // writes in fixed windows: Units in each Per by the clock
	SlidingWindow Quota // writes in any Per
	Queue         Queue // handles one write at a time, and slows down

	PutExisting       int           // answer to PUT of a sync policy that exists: 409 (default), or 204 replacing it
	PutWithoutPartner int           // answer to PUT without a partner configuration: 404 (default), or 204 creating both
	DeleteWindow      time.Duration // for this long after a DELETE the same object cannot be created again (409)

	RemoveLag       time.Duration // for this long after DELETE of a sync policy, its partner cannot be deleted (400)
	CreateLag       time.Duration // for this long after POST of a partner, writes to what it holds are refused
	CreateLagStatus int           // with this status: 404 (default), 400 or 403

	HiddenSync       HiddenForm // default HiddenNull
	HiddenSyncStatus int        // answer to a single request for a sync policy that the caller may not see: 404 (default; PUT of one that exists: 409), or 403

	AuditRetention time.Duration   // records of the audit log that are older are gone; 0 = kept for ever
	AuditLag       time.Duration   // a change is in the audit log this long after it was made
	AuditTarget    AuditTargetForm // default AuditTargetID
	AuditOpaque    bool            // records do not say which properties were changed
	AuditPlain     bool            // the audit log takes a filter of activityDateTime alone, and no order

	NoHistory bool // keep neither journal nor audit log, for long runs
}

func (c Config) withDefaults() Config {
	if c.HomeTenant == "" && c.State != nil {
		c.HomeTenant = c.State.HomeTenant
	}
	c.HomeTenant = strings.ToLower(cmp.Or(c.HomeTenant, DefaultHomeTenant))
	c.Cloud = cmp.Or(c.Cloud, graph.Global)
	c.PageSize = cmp.Or(c.PageSize, 100)
	c.RetryAfter = cmp.Or(c.RetryAfter, RetryAfterSeconds)
	c.PutExisting = cmp.Or(c.PutExisting, 409)
	c.PutWithoutPartner = cmp.Or(c.PutWithoutPartner, 404)
	c.CreateLagStatus = cmp.Or(c.CreateLagStatus, 404)
	c.HiddenSync = cmp.Or(c.HiddenSync, HiddenNull)
	c.HiddenSyncStatus = cmp.Or(c.HiddenSyncStatus, 404)
	c.AuditTarget = cmp.Or(c.AuditTarget, AuditTargetID)
	return c
}

// Quota is a token bucket: full with Units at the start, and refilled evenly by Units in each Per.
// The zero Quota is no limit.
type Quota struct {
	Units int
	Per   time.Duration
}

// ParseQuota reads N/D, as in 3000/150s, which is Graph's own limit for writes. A unit without a
// number means one: 20/s.
func ParseQuota(s string) (Quota, error) {
	n, d, _ := strings.Cut(s, "/")
	units, err := strconv.Atoi(n)
	if len(d) > 0 && (d[0] < '0' || d[0] > '9') {
		d = "1" + d
	}
	per, perErr := time.ParseDuration(d)
	if err != nil || perErr != nil || units <= 0 || per <= 0 {
		return Quota{}, fmt.Errorf("quota %q: want UNITS/DURATION, as in 3000/150s", s)
	}
	return Quota{Units: units, Per: per}, nil
}

// String is the form that ParseQuota reads.
func (q Quota) String() string { return fmt.Sprintf("%d/%s", q.Units, q.Per) }
