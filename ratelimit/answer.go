package ratelimit

import "time"

// lost takes back the pass of a request that got no answer. Whether it cost a
// token nobody knows; the copy of the bucket has paid for it.
func (g *gate) lost(p pass) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.flying.Remove(p.flight)
	g.nudge()
}

// answered takes the pass back and learns from the answer.
func (g *gate) answered(p pass, s Signal) {
	g.mu.Lock()
	defer g.mu.Unlock()
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
	g.flying.Remove(p.flight)
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
	if p.crowds < g.crowds {
		return
	}
	g.crowds++
	g.width.crowded(g.flying.Len())
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
	g.bucket.present.shut = max(0, g.pause.until.Sub(g.bucket.present.since))
	if g.pause.err(now) == nil {
		return
	}
	for e := g.line.Front(); e != nil; e = e.Next() {
		wake(e)
	}
}
