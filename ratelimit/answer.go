package ratelimit

import "time"

// failed ends a request that got no answer. Whether it cost a token is unknown;
// the model of the bucket has already paid for it.
func (g *gate) failed(p permit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight.Remove(p.flight)
	g.wakeFirst()
}

// answered ends a request and learns from its answer.
func (g *gate) answered(p permit, s Signal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.wakeFirst()
	now := time.Now()
	g.usage.report(now, s.QuotaUsed)
	switch {
	case s.Refused:
		g.throttled(now, p, s.RetryAfter)
	case s.ConcurrencyConflict:
		g.conflicted(p)
		g.accept(now, p)
	default:
		g.width.grow(now, now.Sub(p.start))
		if p.throttles == g.throttles {
			g.width.ceiling.accepted(p.inFlight, now.Sub(p.start))
		}
		g.accept(now, p)
	}
	g.inFlight.Remove(p.flight)
}

func (g *gate) accept(now time.Time, p permit) {
	g.accepted++
	if p.throttles == g.throttles {
		g.pause.backoffs = 0
		g.bucket.accepted(now)
	}
}

// conflicted narrows the gate, once for all requests of the same collision.
func (g *gate) conflicted(p permit) {
	g.conflictAnswers++
	if p.conflicts < g.conflicts {
		return
	}
	g.conflicts++
	g.width.ceiling.collided(g.inFlight.Len())
}

// throttled shuts the gate. Requests that were in flight at the first refusal
// belong to the same event: their refusals can only lengthen the pause.
func (g *gate) throttled(now time.Time, p permit, retryAfter time.Duration) {
	g.refused++
	if p.throttles < g.throttles {
		g.bucket.refusedAgain()
		g.shut(now, retryAfter)
		return
	}
	g.throttles++
	if retryAfter <= 0 && !g.bucket.known() && g.width.crowded(p.inFlight) {
		return
	}
	g.bucket.refused(now)
	g.width.reset()
	g.shut(now, max(retryAfter, g.pause.shortest(retryAfter)))
}

// shut closes the gate for d.
func (g *gate) shut(now time.Time, d time.Duration) {
	g.pause.extend(now, d, g.opts.MaxPause)
	g.bucket.current.shut = max(0, g.pause.until.Sub(g.bucket.current.since))
}
