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
type gate struct {
	opts Options

	mu       sync.Mutex
	line     list.List // of chan struct{}: a nudge to look again
	inFlight int
	pause    pause
	width    width
	bucket   *bucket
	bound    *rate.Limiter // as told; never exceeded
	load     load
	epoch    int // refusal events so far
	crowds   int // crowding events so far

	accepted, refused, crowded int64
}

// pass is held by a request from its admission to its answer. Its epochs
// tell which answers belong to an event that has been acted on already.
type pass struct {
	start         time.Time
	epoch, crowds int
}

// quota is a limit as a token bucket.
type quota struct{ perSecond, burst float64 }

// newGate starts from what o tells. Leaving a share of the quota to others
// needs an idea of the quota before the first refusal: the documented one.
func newGate(o Options, documented quota) *gate {
	g := &gate{opts: o, width: newWidth(o.Concurrency), bucket: newBucket(o.Capacity, o.MaxRate), bound: rate.NewLimiter(rate.Inf, 1)}
	switch {
	case o.MaxRate > 0:
		g.bound = limiter(o.MaxRate, o.MaxRate*toldWindow*toldMargin)
	case o.Capacity < 1:
		g.bound = limiter(documented.perSecond*o.Capacity, documented.burst*o.Capacity)
	}
	return g
}

func limiter(perSecond, burst float64) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(perSecond), max(1, int(burst)))
}

// enter waits until the request may leave, or until ctx ends.
func (g *gate) enter(ctx context.Context) (pass, error) {
	if err := ctx.Err(); err != nil {
		return pass{}, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	nudge := make(chan struct{}, 1)
	me := g.line.PushBack(nudge)
	defer g.step(me)
	for {
		now := time.Now()
		if err := g.pause.err(now); err != nil {
			return pass{}, err
		}
		wait := forever
		if g.line.Front() == me {
			if wait = g.wait(now); wait <= 0 {
				g.inFlight++
				return pass{now, g.epoch, g.crowds}, nil
			}
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

func (g *gate) nudge() {
	if front := g.line.Front(); front != nil {
		wake(front)
	}
}

func wake(e *list.Element) {
	select {
	case e.Value.(chan struct{}) <- struct{}{}:
	default: // woken already
	}
}

// wait is 0 when a request may leave now, having taken its token; otherwise
// it is the time after which to look again.
func (g *gate) wait(now time.Time) time.Duration {
	if d := g.pause.left(now); d > 0 {
		return d
	}
	if g.inFlight >= g.limit(now) {
		return forever
	}
	g.bucket.probeUp(now, g.load)
	if d := max(until(g.bucket.copy, now), until(g.bound, now)); d > 0 {
		return d
	}
	g.bucket.copy.AllowN(now, 1)
	g.bound.AllowN(now, 1)
	return 0
}

// limit is how many requests may be in flight now.
func (g *gate) limit(now time.Time) int {
	return g.width.at(g.bucket.rate(), g.bucket.left(now), g.load.at(now))
}

// until is the time until lim holds a token. It takes none: the caller must
// be able to leave it there.
func until(lim *rate.Limiter, now time.Time) time.Duration {
	if lim.Limit() == rate.Inf {
		return 0
	}
	missing := 1 - lim.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return seconds(missing/float64(lim.Limit())) + time.Nanosecond
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

// lost gives the pass of a request back that got no answer.
func (g *gate) lost(pass) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight--
	g.nudge()
}

// answered gives the pass back and learns from the answer.
func (g *gate) answered(p pass, s Signal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight--
	defer g.nudge()
	now := time.Now()
	g.load.note(now, s.Load)
	switch {
	case s.Refused:
		g.refuse(now, p, s.RetryAfter)
	case s.Crowded:
		g.crowd(p)
		g.accept(now, p)
	default:
		g.width.answered(now, now.Sub(p.start))
		g.accept(now, p)
	}
}

func (g *gate) accept(now time.Time, p pass) {
	g.accepted++
	if p.epoch < g.epoch {
		g.bucket.late()
		return
	}
	g.pause.row = 0
	g.bucket.credit(now)
}

// crowd narrows the gate, once for all the requests that collided together.
func (g *gate) crowd(p pass) {
	g.crowded++
	if p.crowds == g.crowds {
		g.crowds++
		g.width.crowded(g.inFlight + 1)
	}
}

// refuse shuts the gate. Requests that were in flight when the first refusal
// came belong to the same event: they may lengthen the pause, no more.
func (g *gate) refuse(now time.Time, p pass, asked time.Duration) {
	g.refused++
	if p.epoch < g.epoch {
		g.bucket.debit(now)
		g.shut(now, asked)
		return
	}
	g.epoch++
	g.bucket.empty(now)
	g.width.refused()
	g.shut(now, max(asked, g.pause.least(asked, g.bucket.rest())))
}

// shut closes the gate for d; should that be too long to sit out, everybody
// in line has to hear of it.
func (g *gate) shut(now time.Time, d time.Duration) {
	g.pause.extend(now, d, g.opts.MaxPause)
	g.bucket.present.shut = g.pause.until.Sub(g.bucket.present.since)
	if g.pause.err(now) == nil {
		return
	}
	for e := g.line.Front(); e != nil; e = e.Next() {
		wake(e)
	}
}
