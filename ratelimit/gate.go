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

// gate admits requests of one kind. Waiting requests stand in line; only the
// first looks at pause, width and tokens, so there is one timer, no herd
// after a pause, and a token is taken by nobody who cannot leave at once.
// (A rate.Limiter's own queue cannot be used for that: who waits in it keeps
// the slot it was given, whatever is learned meanwhile.)
type gate struct {
	opts Options

	mu     sync.Mutex
	line   list.List // of chan struct{}: a nudge to look again
	flying list.List // of time.Time: when each request in flight left, the oldest first
	pause  pause
	width  width
	bucket *bucket
	bound  *rate.Limiter // as told; never exceeded
	load   load
	epoch  int // refusal events so far
	crowds int // crowding events so far

	accepted, refused, crowded int64
}

// pass is held by a request from its admission to its answer. Its epochs
// tell which answers belong to an event that has been acted on already.
type pass struct {
	start         time.Time
	flight        *list.Element // in gate.flying
	epoch, crowds int
}

// newGate starts from what o tells. Leaving a share of the quota to others
// needs an idea of the quota before the first refusal: the documented one.
func newGate(o Options, documented quota) *gate {
	g := &gate{opts: o, width: newWidth(o.Concurrency), bucket: newBucket(o.Capacity, o.stated()), bound: rate.NewLimiter(rate.Inf, 1)}
	if told, ok := o.bound(); ok {
		g.bound = limiter(told)
	} else if o.Capacity < 1 {
		g.bound = limiter(documented.share(o.Capacity))
	}
	return g
}

// enter waits until the request may leave, or until ctx ends.
func (g *gate) enter(ctx context.Context) (pass, error) {
	if err := ctx.Err(); err != nil {
		return pass{}, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.line.Len() == 0 {
		if p, wait, err := g.look(time.Now()); err != nil || wait <= 0 {
			return p, err
		}
	}
	return g.queue(ctx)
}

// queue stands in line. It is called with the lock held, and lets go of it
// while it sleeps.
func (g *gate) queue(ctx context.Context) (pass, error) {
	nudge := make(chan struct{}, 1)
	me := g.line.PushBack(nudge)
	defer g.step(me)
	for {
		wait := forever
		if g.line.Front() == me {
			p, d, err := g.look(time.Now())
			if err != nil || d <= 0 {
				return p, err
			}
			wait = d
		} else if err := g.pause.err(time.Now()); err != nil {
			return pass{}, err
		}
		g.mu.Unlock()
		err := sleep(ctx, nudge, wait)
		g.mu.Lock()
		if err != nil {
			return pass{}, err
		}
	}
}

// step takes one request out of the line and lets the next one look.
func (g *gate) step(me *list.Element) {
	g.line.Remove(me)
	g.nudge()
}

// nudge lets the first in line look again.
func (g *gate) nudge() {
	if front := g.line.Front(); front != nil {
		wake(front)
	}
}

func wake(e *list.Element) {
	select {
	case e.Value.(chan struct{}) <- struct{}{}:
	default: // awake already
	}
}

func sleep(ctx context.Context, nudge <-chan struct{}, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-nudge:
	case <-timer.C:
	}
	return nil
}

// look admits a request if one may leave now; otherwise it says after what
// time to look again.
func (g *gate) look(now time.Time) (pass, time.Duration, error) {
	if err := g.pause.err(now); err != nil {
		return pass{}, 0, err
	}
	if d := g.pause.left(now); d > 0 {
		return pass{}, d, nil
	}
	if wait := g.full(now); wait > 0 {
		return pass{}, wait, nil
	}
	g.bucket.probeUp(now, g.load)
	if d := max(until(g.bucket.copy, now), until(g.bound, now)); d > 0 {
		return pass{}, d, nil
	}
	g.bucket.copy.AllowN(now, 1)
	g.bound.AllowN(now, 1)
	return pass{now, g.flying.PushBack(now), g.epoch, g.crowds}, 0, nil
}

// full says after what time to look again where as many requests are in flight
// as may be; 0 where one more may leave. One that hangs is not waited for: it
// counts against what was told, and no longer against what was learned.
func (g *gate) full(now time.Time) time.Duration {
	if g.flying.Len() >= g.opts.Concurrency {
		return forever
	}
	limit, patience := g.limit(now), g.width.patience()
	hung := 0
	for e := g.flying.Front(); g.flying.Len()-hung >= limit; e = e.Next() {
		if left := patience - now.Sub(e.Value.(time.Time)); left > 0 {
			return left
		}
		hung++
	}
	return 0
}

// limit is how many requests may be in flight now.
func (g *gate) limit(now time.Time) int {
	return g.width.at(g.bucket.rate(), g.bucket.left(now), g.load.at(now))
}
