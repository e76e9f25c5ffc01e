package ratelimit

import (
	"container/list"
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const forever = time.Duration(math.MaxInt64)

// gate admits requests of one kind. Waiting requests form a queue; only the first
// looks at pause, width and tokens. So there is one timer, no herd after a pause,
// and a token is taken only by a request that leaves at once. (The queue of a
// rate.Limiter does not suffice: a request that waits in it keeps its slot,
// whatever is learned meanwhile.)
type gate struct {
	opts Options

	mu        sync.Mutex
	waiting   list.List // of chan struct{}: the wake-up calls of the queue
	inFlight  list.List // of time.Time: when each request left, the oldest first
	pause     pause
	width     width
	bucket    *bucket
	maxRate   *rate.Limiter // from Options; never exceeded
	usage     usage
	throttles int // throttling events so far
	conflicts int // collisions so far

	accepted, refused, conflictAnswers int64
}

// permit is held by a request from its admission to its answer. Its counts of
// events show which answers belong to one that was already handled.
type permit struct {
	start                time.Time
	flight               *list.Element // in gate.inFlight
	inFlight             int           // how many there were, itself included
	throttles, conflicts int
}

// newGate starts from the limits stated in o. Leaving a share of the quota to
// others needs an idea of the quota before the first refusal: the documented one.
func newGate(o Options, documented quota) *gate {
	g := &gate{
		opts: o, width: newWidth(o.Concurrency), bucket: newBucket(o.Capacity),
		maxRate: rate.NewLimiter(rate.Inf, 1),
	}
	if q, ok := o.maxQuota(); ok {
		g.maxRate = q.limiter()
	} else if o.Capacity < 1 {
		g.maxRate = documented.share(o.Capacity).limiter()
	}
	return g
}

// acquire waits for the request's turn and then until it may leave, or until ctx
// ends.
func (g *gate) acquire(ctx context.Context) (permit, error) {
	if err := ctx.Err(); err != nil {
		return permit{}, err
	}
	awake := make(chan struct{}, 1)
	g.mu.Lock()
	defer g.mu.Unlock()
	me := g.waiting.PushBack(awake)
	defer g.dequeue(me)
	for {
		wait := forever
		if g.waiting.Front() == me {
			p, d, err := g.tryAcquire(time.Now())
			if err != nil || d <= 0 {
				return p, err
			}
			wait = d
		}
		g.mu.Unlock()
		err := sleepUnlessWoken(ctx, awake, wait)
		g.mu.Lock()
		if err != nil {
			return permit{}, err
		}
	}
}

// dequeue takes a request out of the queue and wakes the new first one. So when a
// pause is too long to wait out, all of them fail in turn.
func (g *gate) dequeue(me *list.Element) {
	g.waiting.Remove(me)
	g.wakeFirst()
}

func (g *gate) wakeFirst() {
	if front := g.waiting.Front(); front != nil {
		select {
		case front.Value.(chan struct{}) <- struct{}{}:
		default: // awake already
		}
	}
}

// sleepUnlessWoken waits for d, or until it is woken or ctx ends. Only the latter
// is an error.
func sleepUnlessWoken(ctx context.Context, awake <-chan struct{}, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-awake:
	case <-timer.C:
	}
	return nil
}

// tryAcquire admits a request if one may leave now; otherwise it returns the time
// after which to try again.
func (g *gate) tryAcquire(now time.Time) (permit, time.Duration, error) {
	if err := g.pause.err(now); err != nil {
		return permit{}, 0, err
	}
	if d := g.pause.left(now); d > 0 {
		return permit{}, d, nil
	}
	if wait := g.untilRoom(now); wait > 0 {
		return permit{}, wait, nil
	}
	g.bucket.probeUp(now, g.usage)
	if d := max(untilToken(g.bucket.limiter, now), untilToken(g.maxRate, now)); d > 0 {
		return permit{}, d, nil
	}
	g.bucket.limiter.AllowN(now, 1)
	g.maxRate.AllowN(now, 1)
	flight := g.inFlight.PushBack(now)
	return permit{now, flight, g.inFlight.Len(), g.throttles, g.conflicts}, 0, nil
}

// untilRoom returns the time after which to try again if the maximum number of
// requests is in flight; 0 if one more may leave. It does not wait for a request
// that hangs: that one counts against Options.Concurrency, and no longer against
// the width.
func (g *gate) untilRoom(now time.Time) time.Duration {
	if g.inFlight.Len() >= g.opts.Concurrency {
		return forever
	}
	limit, hangAfter := g.limit(now), g.width.hangAfter()
	hung := 0
	for e := g.inFlight.Front(); g.inFlight.Len()-hung >= limit; e = e.Next() {
		if left := hangAfter - now.Sub(e.Value.(time.Time)); left > 0 {
			return left
		}
		hung++
	}
	return 0
}

// limit is how many requests may be in flight now.
func (g *gate) limit(now time.Time) int {
	return g.width.at(g.bucket.rate(), g.usage.at(now))
}
