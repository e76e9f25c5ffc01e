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
	lim      *rate.Limiter
	last     time.Time // the newest refusal that counted as an event

	accepted, refused, crowded int64
}

// pass is held by a request from its admission to its answer.
type pass struct{ start time.Time }

func newGate(o Options) *gate {
	g := &gate{opts: o, lim: rate.NewLimiter(rate.Inf, 1)}
	if o.MaxRate > 0 {
		g.lim = rate.NewLimiter(rate.Limit(o.MaxRate), max(1, int(10*o.MaxRate)))
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
				return pass{start: now}, nil
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
	if g.inFlight >= g.opts.Concurrency {
		return forever
	}
	if g.lim.AllowN(now, 1) {
		return 0
	}
	missing := 1 - g.lim.TokensAt(now)
	return time.Duration(missing/float64(g.lim.Limit())*float64(time.Second)) + time.Nanosecond
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
	if s.Crowded {
		g.crowded++
	}
	if !s.Refused {
		g.accepted++
		g.pause.row = 0
		return
	}
	g.refuse(now, p, s)
}

// refuse shuts the gate. Requests that were in flight when the first refusal
// came belong to the same event: they may lengthen the pause, no more.
func (g *gate) refuse(now time.Time, p pass, s Signal) {
	g.refused++
	event := p.start.After(g.last)
	if event {
		g.last = now
	}
	d := s.RetryAfter
	if d <= 0 && !event {
		return
	}
	if d <= 0 {
		d = g.pause.backoff()
	}
	g.pause.extend(now, d, g.opts.MaxPause)
	if g.pause.err(now) != nil {
		for e := g.line.Front(); e != nil; e = e.Next() {
			wake(e)
		}
	}
}
