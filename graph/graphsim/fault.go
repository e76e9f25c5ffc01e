package graphsim

import (
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"
)

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

	From time.Duration // nothing matches until so long after Inject
	For  time.Duration // nothing matches when so much time has passed from then on; 0 = no end

	RetryAfter time.Duration // sent along with a status, in Config.RetryAfter's form; 0 = none
	Body       BodyForm      // of a status; "" is what Graph sends along with it
	Delay      time.Duration // of slow and stale; default 5 s
}

// armedFault is a fault with its count.
type armedFault struct {
	Fault
	play    play
	since   time.Time // when it was injected
	index   int
	matched int
	struck  int
}

// strike is a fault that strikes one request.
type strike struct {
	Fault
	play   play
	number int // the first strike of the fault is 1
}

// Inject arms faults. Of several that would strike one request the first does.
// It panics on an unknown kind or form: such a fault would prove nothing, silently.
func (s *Sim) Inject(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		if err := f.check(); err != nil {
			panic("graphsim: " + err.Error())
		}
		if f.Delay == 0 {
			f.Delay = 5 * time.Second
		}
		if f.Nth > 0 && f.Times == 0 && f.Every == 0 && f.P == 0 {
			f.Times = 1
		}
		p, _ := f.Kind.play()
		s.faults = append(s.faults, &armedFault{Fault: f, play: p, since: time.Now(), index: len(s.faults)})
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
func (s *Sim) strike(c *call) *strike {
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
	return &strike{striking.Fault, striking.play, striking.struck}
}

func (f *armedFault) matches(c *call) bool {
	since := time.Since(f.since) - f.From
	switch {
	case since < 0, f.For > 0 && since >= f.For:
		return false
	case !f.play.reach.includes(c):
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

// suffers reports whether a fault of a kind strikes the request. A nil call is
// somebody else, whom no fault strikes.
func (c *call) suffers(k FaultKind) bool { return c != nil && c.strike != nil && c.strike.Kind == k }
