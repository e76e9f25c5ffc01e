package graphsim

import (
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"
)

// FaultKind is how a fault shows. Besides the constants any status from 400 to
// 599 is one, as "400", "401", "403", "429", "500", "502", "503", "504" or "418":
// refused without effect, with the body that Graph sends along with it.
type FaultKind string

// The kinds that are more than a status.
const (
	FaultConcurrency  FaultKind = "concurrency"  // 409 Directory_ConcurrencyViolation
	FaultTimeoutAfter FaultKind = "504-after"    // 504, although the write took effect
	FaultResetBefore  FaultKind = "reset-before" // connection reset, without effect
	FaultResetAfter   FaultKind = "reset-after"  // connection reset after the write took effect
	FaultTruncated    FaultKind = "truncated"    // took effect; the answer ends in the middle
	FaultSlow         FaultKind = "slow"         // took effect; half of the answer comes after Delay
	FaultSilent       FaultKind = "silent"       // no effect and no answer until the client gives up
	FaultSilentAfter  FaultKind = "silent-after" // took effect, no answer until the client gives up
	FaultStale        FaultKind = "stale"        // a write that reads show only after Delay
)

// faultKinds is in the order in which messages list them.
var faultKinds = []FaultKind{FaultConcurrency, FaultTimeoutAfter, FaultResetBefore, FaultResetAfter,
	FaultTruncated, FaultSlow, FaultSilent, FaultSilentAfter, FaultStale}

// Fault spoils some of the requests that it matches. The zero values of the
// fields that choose mean: every request, without end.
type Fault struct {
	Kind   FaultKind
	Method string // GET, PUT, …; "" is any, WRITE any but GET
	Path   string // a noun, as partner or identitySynchronization, or else a part of the path

	Nth   int     // strikes from the n-th match on, and only once unless Times, Every or P is set
	Every int     // strikes each k-th match
	P     float64 // strikes by chance, drawn from Config.Seed
	Times int     // strikes so often at most

	RetryAfter time.Duration // sent along with a status, in Config.RetryAfter's form; 0 = none
	Delay      time.Duration // of slow and stale; default 5 s
}

// armedFault is a fault with its count.
type armedFault struct {
	Fault
	index   int
	matched int
	struck  int
}

// Inject arms faults. Of several that would strike one request the first does.
// It panics on an unknown kind: such a fault would prove nothing, silently.
func (s *Sim) Inject(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		if !f.Kind.known() {
			panic("graphsim: unknown fault kind " + strconv.Quote(string(f.Kind)))
		}
		if f.Delay == 0 {
			f.Delay = 5 * time.Second
		}
		if f.Nth > 0 && f.Times == 0 && f.Every == 0 && f.P == 0 {
			f.Times = 1
		}
		s.faults = append(s.faults, &armedFault{Fault: f, index: len(s.faults)})
	}
}

// ClearFaults disarms all faults.
func (s *Sim) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// UnusedFaults returns the faults that never struck, so that a test can fail on
// one that proves nothing.
func (s *Sim) UnusedFaults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	var unused []Fault
	for _, f := range s.faults {
		if f.struck == 0 {
			unused = append(unused, f.Fault)
		}
	}
	return unused
}

// strike returns the fault that strikes a request, or nil. The mutex is held.
func (s *Sim) strike(c *call) *Fault {
	var striking *armedFault
	for _, f := range s.faults {
		if !f.matches(c) {
			continue
		}
		f.matched++
		if striking == nil && f.due(s.cfg.Seed) {
			striking = f
		}
	}
	if striking == nil {
		return nil
	}
	striking.struck++
	return &striking.Fault
}

func (f *armedFault) matches(c *call) bool {
	switch {
	case f.Kind == FaultStale && !isWrite(c.method):
		return false
	case strings.EqualFold(f.Method, "WRITE") && !isWrite(c.method):
		return false
	case f.Method != "" && !strings.EqualFold(f.Method, "WRITE") && !strings.EqualFold(f.Method, c.method):
		return false
	case slices.Contains(nouns, noun(f.Path)):
		return noun(f.Path) == c.route.noun
	}
	return strings.Contains(c.path, f.Path)
}

func (f *armedFault) due(seed int64) bool {
	i := f.matched - max(f.Nth, 1) + 1
	switch {
	case i < 1, f.Times > 0 && f.struck >= f.Times:
		return false
	case f.Every > 0:
		return i%f.Every == 0
	case f.P > 0:
		return chance(seed, f.index, f.matched) < f.P
	}
	return true
}

// chance is a number from 0 to 1 that depends on nothing but its arguments, so
// that a fault strikes the same matches whatever else happens.
func chance(seed int64, fault, match int) float64 {
	h := fnv.New64a()
	h.Write([]byte(strconv.FormatInt(seed, 10) + "/" + strconv.Itoa(fault) + "/" + strconv.Itoa(match)))
	x := h.Sum64()
	x = (x ^ x>>33) * 0xff51afd7ed558ccd // FNV alone leaves neighbours alike
	return float64((x^x>>33)>>11) / (1 << 53)
}
