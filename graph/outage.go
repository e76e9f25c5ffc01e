package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// failureThreshold is how many attempts in a row may get no good answer
	// before a class of requests counts as down.
	failureThreshold = 3
	// maxProbeWait is the longest wait between two probes, unless an answer named
	// a longer one.
	maxProbeWait = 5 * time.Second
	// longOutage is how long an outage has to last for its attempts not to count
	// against a request.
	longOutage = 2 * time.Second
	// forgetAfter is how long without a request it takes until a row of failures is forgotten.
	forgetAfter = time.Minute
)

// overdue is the cause of an Outage.
type overdue struct {
	waited time.Duration
	last   error // how the last attempt ended
}

func (o *overdue) Error() string {
	return fmt.Sprintf("no good answer from Graph for %s", o.waited.Round(time.Second))
}

func (o *overdue) Unwrap() error { return o.last }

// Is makes an open write an Outage as well, once the outage has lasted too long.
func (o *overdue) Is(target error) bool { return target == Outage }

// outage is the outermost layer: a circuit breaker for each class of requests.
// While a class gets no good answer, one attempt at a time is let through as a
// probe, at growing intervals, and all others wait; the first good answer
// releases them. It is outside of the pacing, so that waiting requests hold no
// slot there.
type outage struct {
	next          http.RoundTripper
	reads, writes *class
}

func newOutage(next http.RoundTripper, longest time.Duration) *outage {
	base := time.Now()
	of := func() *class { return &class{base: base, longest: longest, probeTurn: make(chan struct{}, 1)} }
	return &outage{next: next, reads: of(), writes: of()}
}

// class returns what a request shares with the others of its class.
func (o *outage) class(method string) *class {
	if isWrite(method) {
		return o.writes
	}
	return o.reads
}

func (o *outage) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	c := callFrom(ctx)
	var err error
	if c.probing, err = c.class.enter(ctx); err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		c.notAdmitted(err)
		return nil, err
	}
	before := c.attempts
	resp, err := o.next.RoundTrip(req)
	if c.unsent = c.attempts == before; c.unsent && !errors.Is(err, errServiceDown) {
		c.markSent() // a layer in between ended it: it counts all the same
	}
	c.verdict = c.judge(ctx, resp, err)
	c.class.observe(c)
	c.noteOutage()
	return resp, err
}

// noteOutage adds to an open write that the outage has lasted too long. The write is not sent again
// here; a caller that repeats it would otherwise probe forever.
func (c *call) noteOutage() {
	e := c.verdict.err
	if e == nil || e.Kind != Indeterminate || c.verdict.health != unhealthy {
		return
	}
	if waited := c.class.failingFor(); waited >= c.class.longest {
		over := error(&overdue{waited: waited})
		if e.Err != nil {
			over = fmt.Errorf("%w; %w", e.Err, over)
		}
		e.Err = over
	}
}

// class is what is known about one class of requests, reads or writes: writes can
// be down while reads work. Its times count from base on the monotonic clock, so
// that the sleep of a laptop does not count as an outage.
type class struct {
	base    time.Time
	longest time.Duration // Options.Outage
	// probeTurn is held by the attempt that probes.
	probeTurn chan struct{}

	// These three are all that a request touches while the class is up.
	down     atomic.Bool
	failures atomic.Int32 // in a row
	lastGood atomic.Int64 // when the last good answer came

	mu           sync.Mutex
	since        time.Duration // when the row of failures began
	lastFailure  time.Duration
	lastReason   string        // what the last failure was
	nextProbe    time.Duration // no probe before
	failedProbes int
	recovered    chan struct{} // closed when the class is up again; nil while it is
	// recoveredAt is when the last long outage ended.
	recoveredAt time.Duration
}

func (k *class) at(t time.Time) time.Duration { return t.Sub(k.base) }

func (k *class) now() time.Duration { return time.Since(k.base) }

var errOverdue = errors.New("the outage lasts too long")

// enter waits while the class is down, unless this request may probe. If that
// takes too long, it returns errOverdue.
func (k *class) enter(ctx context.Context) (probing bool, err error) {
	if !k.down.Load() {
		return false, nil
	}
	recovered, limit := k.waitLimit()
	if recovered == nil {
		return false, nil
	}
	end := time.NewTimer(limit)
	defer end.Stop()
	select {
	case k.probeTurn <- struct{}{}:
		return k.awaitProbe(ctx, recovered, end.C)
	case <-recovered:
		return false, nil
	case <-end.C:
		return false, errOverdue
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

// awaitProbe waits until the next probe is due. The caller holds the turn.
func (k *class) awaitProbe(ctx context.Context, recovered <-chan struct{}, end <-chan time.Time) (probing bool, err error) {
	k.mu.Lock()
	due := time.NewTimer(k.nextProbe - k.now())
	k.mu.Unlock()
	defer due.Stop()
	select {
	case <-due.C:
		return true, nil
	case <-recovered:
	case <-end:
		err = errOverdue
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	<-k.probeTurn
	return false, err
}

// waitLimit returns a channel that is closed when the class is up again, and how long to wait for
// it. A request that arrives when the outage has already lasted too long may still probe once: the
// outage may be over.
func (k *class) waitLimit() (recovered <-chan struct{}, limit time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	limit = k.since + k.longest - k.now()
	if limit <= 0 {
		limit = 2 * maxProbeWait
	}
	return k.recovered, limit
}

// observe learns from the result of an attempt, and releases the turn.
func (k *class) observe(c *call) {
	switch c.verdict.health {
	case healthy:
		k.lastGood.Store(int64(k.now()))
		if k.failures.Load() != 0 {
			k.markUp()
		}
	case unhealthy, unconnected:
		k.markFailed(c)
	}
	if c.probing {
		<-k.probeTurn
	}
}

func (k *class) markUp() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.recovered != nil {
		k.down.Store(false)
		close(k.recovered)
		k.recovered, k.failedProbes = nil, 0
		if now := k.now(); now-k.since >= longOutage {
			k.recoveredAt = now
		}
	}
	k.failures.Store(0)
}

func (k *class) markFailed(c *call) {
	k.mu.Lock()
	defer k.mu.Unlock()
	sent, now := k.at(c.sent), k.now()
	if good := time.Duration(k.lastGood.Load()); good > sent {
		return // others were answered meanwhile, so it was not the service
	}
	if k.failures.Load() == 0 || c.counted == 1 && sent-k.lastFailure > forgetAfter {
		k.since = sent
	}
	failures := k.failures.Add(1)
	k.lastReason, k.lastFailure = c.verdict.err.said(), now
	if c.probing {
		k.failedProbes++
	}
	if k.recovered == nil && (failures >= failureThreshold || c.verdict.health == unconnected) {
		k.recovered, k.failedProbes = make(chan struct{}), min(int(failures), failureThreshold)
		k.down.Store(true)
	}
	wait := afterFault << min(max(k.failedProbes-1, 0), 16)
	k.nextProbe = now + max(min(wait, maxProbeWait), min(c.verdict.err.RetryAfter, MaxRetryAfter))
}

// failingFor is how long there has been no good answer.
func (k *class) failingFor() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failures.Load() == 0 {
		return 0
	}
	return k.now() - k.since
}

// Down reports whether Graph is not answering reads or writes, and since when.
func (c *Client) Down() (since time.Time, down bool) {
	for _, k := range []*class{c.outage.reads, c.outage.writes} {
		if !k.down.Load() {
			continue
		}
		k.mu.Lock()
		t := k.base.Add(k.since)
		k.mu.Unlock()
		if !down || t.Before(since) {
			since, down = t, true
		}
	}
	return since, down
}

// notAdmitted handles an attempt that was never sent: the outage lasted too long,
// or the context ended.
func (c *call) notAdmitted(err error) {
	if !errors.Is(err, errOverdue) {
		c.verdict = verdict{err: c.newError()}
		return
	}
	c.class.mu.Lock()
	last := c.class.lastReason
	c.class.mu.Unlock()
	c.verdict = verdict{err: c.overdue(errors.New(last))}
}

// overdue is the error of a request that gave up in an outage. It keeps the answer to the request's
// own last attempt, or else the last failure of its class. An answer that stayed unreadable is
// reported as unreadable.
func (c *call) overdue(ofClass error) *Error {
	e := c.newError()
	over := &overdue{waited: c.class.failingFor(), last: ofClass}
	if own := c.verdict.err; own != nil && c.attempts > 0 {
		if own.Kind == Unreadable {
			return own
		}
		*e = *own
		over.last = own.Err
	}
	e.Kind, e.Err = Outage, over
	return e
}
