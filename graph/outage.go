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
	// failureThreshold is how many attempts in a row get no good answer before a class
	// of requests counts as down.
	failureThreshold = 3
	// maxProbeWait is the longest wait between two knocks, where no answer named
	// a longer one.
	maxProbeWait = 5 * time.Second
	// longOutage is what an outage has to last for the attempts that it cost not
	// to be held against a request.
	longOutage = 2 * time.Second
	// forgetAfter is how long nobody may have asked for a row of misses to be forgotten.
	forgetAfter = time.Minute
)

// overdue is the cause of an Outage.
type overdue struct {
	waited time.Duration
	last   error // what the last attempt ended with
}

func (o *overdue) Error() string {
	return fmt.Sprintf("no good answer from Graph for %s", o.waited.Round(time.Second))
}

func (o *overdue) Unwrap() error { return o.last }

// Is makes a write that is open an Outage as well, once it has lasted too long.
func (o *overdue) Is(target error) bool { return target == Outage }

// outage is the outermost layer. While a class of requests gets no good answer
// it lets one attempt at a time through, at growing distances, on behalf of all
// that wait; the first good answer lets all go. It lies outside of the pacing,
// so that those who wait hold no turn there.
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

// noteOutage says of a write that was left open that the outage lasted too long.
// It is not sent again here, and whoever does that would knock for ever.
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

// class is what is known about one class of requests, reads or writes: writes
// can be down while reads work. Its times count from base on the monotonic
// clock, so that a laptop that slept does not make an outage.
type class struct {
	base    time.Time
	longest time.Duration // Options.Outage
	// probeTurn is held by the one that knocks.
	probeTurn chan struct{}

	// These three are all that a request reads or writes while all is well.
	down     atomic.Bool
	failures atomic.Int32 // in a row
	lastGood atomic.Int64 // when the last good answer came

	mu           sync.Mutex
	since        time.Duration // when the row of misses began
	lastFailure  time.Duration
	lastReason   string        // what the last miss was
	nextProbe    time.Duration // no knock before
	failedProbes int           // that failed
	recovered    chan struct{} // closed when the class is up again; nil while it is
	// recoveredAt is when the last outage that mattered was over.
	recoveredAt time.Duration
}

func (k *class) at(t time.Time) time.Duration { return t.Sub(k.base) }

func (k *class) now() time.Duration { return time.Since(k.base) }

var errOverdue = errors.New("the outage lasts too long")

// enter waits while the class is down, unless it is this one's turn to knock.
// It ends with errOverdue when that takes too long.
func (k *class) enter(ctx context.Context) (knocking bool, err error) {
	if !k.down.Load() {
		return false, nil
	}
	up, patience := k.waitLimit()
	if up == nil {
		return false, nil
	}
	end := time.NewTimer(patience)
	defer end.Stop()
	select {
	case k.probeTurn <- struct{}{}:
		return k.awaitProbe(ctx, up, end.C)
	case <-up:
		return false, nil
	case <-end.C:
		return false, errOverdue
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

// awaitProbe waits until the next awaitProbe is due. The turn is held.
func (k *class) awaitProbe(ctx context.Context, up <-chan struct{}, end <-chan time.Time) (knocking bool, err error) {
	k.mu.Lock()
	due := time.NewTimer(k.nextProbe - k.now())
	k.mu.Unlock()
	defer due.Stop()
	select {
	case <-due.C:
		return true, nil
	case <-up:
	case <-end:
		err = errOverdue
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	<-k.probeTurn
	return false, err
}

// waitLimit returns what is closed when the class is up again, and how long that
// is waited for. Who comes when the outage has lasted too long already may
// still knock once: it may be over by now.
func (k *class) waitLimit() (up <-chan struct{}, patience time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	patience = k.since + k.longest - k.now()
	if patience <= 0 {
		patience = 2 * maxProbeWait
	}
	return k.recovered, patience
}

// observe takes in what became of an attempt, and gives back the turn.
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
		return // others were answered meanwhile: it was not the service
	}
	if k.failures.Load() == 0 || c.counted == 1 && sent-k.lastFailure > forgetAfter {
		k.since = sent
	}
	misses := k.failures.Add(1)
	k.lastReason, k.lastFailure = c.verdict.err.said(), now
	if c.probing {
		k.failedProbes++
	}
	if k.recovered == nil && (misses >= failureThreshold || c.verdict.health == unconnected) {
		k.recovered, k.failedProbes = make(chan struct{}), min(int(misses), failureThreshold)
		k.down.Store(true)
	}
	wait := afterFault << min(max(k.failedProbes-1, 0), 16)
	k.nextProbe = now + max(min(wait, maxProbeWait), min(c.verdict.err.RetryAfter, MaxRetryAfter))
}

// failingFor is for how long there was no good answer.
func (k *class) failingFor() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failures.Load() == 0 {
		return 0
	}
	return k.now() - k.since
}

// Down reports whether Graph does not answer, reads or writes, and since when.
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

// notAdmitted is for an attempt that never got through: the outage lasted too long,
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

// overdue is how a request ends that an outage outlasted. What its own last
// attempt was answered is kept, and else what anybody's was; what stayed
// unreadable is told as that.
func (c *call) overdue(anybodys error) *Error {
	e := c.newError()
	over := &overdue{waited: c.class.failingFor(), last: anybodys}
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
