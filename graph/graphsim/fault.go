package graphsim

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault makes some of the requests that it matches fail. The zero values of the selecting fields
// mean: every request, without end.
type Fault struct {
	Kind   FaultKind
	Method string // GET, PUT, …; "" is any, WRITE any but GET
	Path   string // a noun, such as partner or identitySynchronization, or else a part of the path
	Tenant int    // of a Farm, from 1; 0 is each. A Sim does not look at it

	Nth   int     // strikes from the n-th match on, and only once unless Times, Every or P is set
	Every int     // strikes each k-th match
	P     float64 // strikes with this probability, drawn from Config.Seed
	Times int     // strikes at most this many times

	From time.Duration // matches from this long after Inject
	For  time.Duration // and then for this long; 0 = no end

	RetryAfter time.Duration // sent with a status, in Config.RetryAfter's form; 0 = none
	Body       BodyForm      // of a status; "" is what Graph sends with it
	Delay      time.Duration // of slow and stale; default 5 s
}

// armedFault is a fault with its counters.
type armedFault struct {
	Fault
	effect  effect
	since   time.Time // when it was injected
	index   int
	matched int
	struck  int
}

// strike is a fault that strikes one request.
type strike struct {
	Fault
	effect effect
	number int // the first strike of the fault is 1
}

// Inject arms faults. If several would strike one request, the first one does.
// Inject panics on an unknown kind or form: a test with such a fault would prove
// nothing.
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
		p, _ := f.Kind.effect()
		s.faults = append(s.faults, &armedFault{Fault: f, effect: p, since: time.Now(), index: len(s.faults)})
	}
}

// ClearFaults disarms all faults.
func (s *Sim) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// UnusedFaults returns the faults that never struck, so that a test that proves
// nothing can fail.
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

// strike returns the fault that strikes a request, or nil. The caller holds the mutex.
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
	return &strike{striking.Fault, striking.effect, striking.struck}
}

func (f *armedFault) matches(c *call) bool {
	since := time.Since(f.since) - f.From
	switch {
	case since < 0, f.For > 0 && since >= f.For:
		return false
	case !f.effect.reach.includes(c):
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

// chance is a number from 0 to 1 that depends only on its arguments, so that a fault strikes the
// same matches whatever else happens.
func chance(seed int64, fault, match int) float64 {
	h := fnv.New64a()
	h.Write([]byte(strconv.FormatInt(seed, 10) + "/" + strconv.Itoa(fault) + "/" + strconv.Itoa(match)))
	x := h.Sum64()
	x = (x ^ x>>33) * 0xff51afd7ed558ccd // FNV alone leaves neighbours similar
	return float64((x^x>>33)>>11) / (1 << 53)
}

// suffers reports whether a fault of a kind strikes the request. A nil call stands for another
// person, whom no fault strikes.
func (c *call) suffers(k FaultKind) bool { return c != nil && c.strike != nil && c.strike.Kind == k }

// ParseFault reads a fault as it is written on a command line: the kind, then fields of Fault,
// separated by commas and in any order.
//
//	503,nth=3,retry-after=7s                         the third request, once
//	503,method=WRITE,from=10s,for=15s                every write, from 10 s after the start until 15 s later
//	500-after,method=PUT,every=10                    each tenth PUT takes effect and answers 500
//	400,body=odata                                   every request, with the error in an older form
//	concurrency,method=WRITE,p=0.05                  one write in twenty
//	reset-after,path=identitySynchronization,times=2 the first two requests to sync policies
//	html-after,method=PATCH,nth=2                    the second PATCH takes effect and answers with a sign-in page
//	slow,method=GET,path=partners,delay=20s          every page of the list
//	unexpanded,path=partners,nth=2                   the second page lacks what was expanded
//	stale,delay=30s                                  every write, shown to reads 30 s later
//	418,nth=4,times=3                                the fourth, fifth and sixth request
//	503,tenant=2                                     every request to the second tenant of a Farm
//
// The kinds are those of FaultKind, and any status from 400 to 599, alone or with -after; body=
// accepts the names of BodyForm. A path is one of the nouns policy, default, partners (the list,
// and POST), partner, identitySynchronization, templates, template, partnerTemplate, tenant and
// audit, or else a part of the request's path.
func ParseFault(spec string) (Fault, error) {
	f, err := parseFault(spec)
	if err != nil {
		return Fault{}, fmt.Errorf("fault %q: %w", spec, err)
	}
	return f, nil
}

func parseFault(spec string) (Fault, error) {
	kind, rest, more := strings.Cut(spec, ",")
	f := Fault{Kind: FaultKind(strings.TrimSpace(kind))}
	if err := f.check(); err != nil || !more {
		return f, err
	}
	for field := range strings.SplitSeq(rest, ",") {
		if err := f.set(field); err != nil {
			return f, err
		}
	}
	if p, _ := f.Kind.effect(); !p.reach.takes(f.Method) {
		return f, fmt.Errorf("%s strikes %s, not %s", f.Kind, p.reach, f.Method)
	}
	return f, f.check()
}

// String is the form that ParseFault reads.
func (f Fault) String() string {
	spec := string(f.Kind)
	add := func(name string, value any, isSet bool) {
		if isSet {
			spec += fmt.Sprintf(",%s=%v", name, value)
		}
	}
	add("tenant", f.Tenant, f.Tenant > 0)
	add("method", f.Method, f.Method != "")
	add("path", f.Path, f.Path != "")
	add("nth", f.Nth, f.Nth > 0)
	add("every", f.Every, f.Every > 0)
	add("p", f.P, f.P > 0)
	add("times", f.Times, f.Times > 0)
	add("from", f.From, f.From > 0)
	add("for", f.For, f.For > 0)
	add("body", f.Body, f.Body != "")
	add("retry-after", f.RetryAfter, f.RetryAfter > 0)
	add("delay", f.Delay, f.Delay > 0)
	return spec
}

// check refuses an unknown kind or form of body.
func (f Fault) check() error {
	if _, ok := f.Kind.effect(); !ok {
		return fmt.Errorf("unknown kind %q: use a status from 400 to 599, alone or with -after, or one of %s", f.Kind, joined(FaultKinds()))
	}
	if f.Body != "" && !slices.Contains(bodyForms, f.Body) {
		return fmt.Errorf("unknown body %q: use one of %s", f.Body, joined(bodyForms))
	}
	if f.Body != "" && !f.Kind.isError() {
		return fmt.Errorf("%s has no error body", f.Kind)
	}
	return nil
}

// isError reports whether the answer is an error object of some form.
func (k FaultKind) isError() bool {
	_, _, isStatus := k.status()
	return isStatus || k == FaultConcurrency || k == FaultError200 || k == FaultError200After
}

const faultFields = "method=, path=, nth=, every=, p=, times=, from=, for=, body=, retry-after=, delay= and tenant="

func (f *Fault) set(field string) (err error) {
	name, value, ok := strings.Cut(field, "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !ok || value == "" {
		return fmt.Errorf("%q is not a field: use %s", field, faultFields)
	}
	switch name {
	case "tenant":
		f.Tenant, err = positive(value)
	case "method":
		f.Method, err = parseMethod(value)
	case "path":
		f.Path = value
	case "nth":
		f.Nth, err = positive(value)
	case "every":
		f.Every, err = positive(value)
	case "times":
		f.Times, err = positive(value)
	case "p":
		f.P, err = probability(value)
	case "from":
		f.From, err = duration(value)
	case "for":
		f.For, err = duration(value)
	case "body":
		f.Body = BodyForm(value)
	case "retry-after":
		f.RetryAfter, err = duration(value)
	case "delay":
		f.Delay, err = duration(value)
	default:
		err = fmt.Errorf("unknown field: use %s", faultFields)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func probability(s string) (float64, error) {
	p, err := strconv.ParseFloat(s, 64)
	if err != nil || !(p > 0 && p <= 1) {
		return 0, fmt.Errorf("%q is not a probability above 0 and up to 1", s)
	}
	return p, nil
}

func parseMethod(s string) (string, error) {
	switch m := strings.ToUpper(s); m {
	case "GET", "PUT", "PATCH", "POST", "DELETE", "WRITE":
		return m, nil
	}
	return "", fmt.Errorf("%q is not a method: use GET, PUT, PATCH, POST, DELETE or WRITE", s)
}

func positive(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is not a whole number from 1", s)
	}
	return n, nil
}

func duration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is not a duration such as 7s or 1m30s", s)
	}
	return d, nil
}

func joined[T ~string](all []T) string {
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = string(one)
	}
	return strings.Join(names, ", ")
}
