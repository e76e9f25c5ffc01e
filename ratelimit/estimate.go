package ratelimit

import "time"

// reportedRate is what users report for objects near the partner settings,
// in writes per second: the pessimist's assumption.
const reportedRate = 1.0

// Once the rate is found the run keeps between this part of it and all of it.
const usual = 0.8

// Estimate says how long so many more writes will take, as an honest range.
// Before anything is learned, low is the limit Graph documents (3,000 writes
// per 150 s, all of its burst unused) and high is one write a second. A told
// rate bounds both; the first refusals narrow them to the rate found. Neither
// is below what the concurrency allows when a write takes latency, for which
// the measured one is taken when there is one.
func (t *Transport) Estimate(writes int, latency time.Duration) (low, high time.Duration) {
	return t.writes.estimate(float64(max(0, writes)), latency)
}

func (g *gate) estimate(n float64, latency time.Duration) (low, high time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if g.width.latency > 0 {
		latency = g.width.latency
	}
	best := documentedWrites.share(g.opts.Capacity)
	best.burst = max(0, best.burst-float64(g.accepted))
	worst := min(best.perSecond, reportedRate)
	if g.bucket.known() {
		best = quota{g.bucket.base * g.opts.Capacity, max(0, g.bucket.left(now))}
		worst = best.perSecond * usual
	}
	if told := float64(g.bound.Limit()); told < best.perSecond || g.opts.MaxRate > 0 {
		best = quota{min(best.perSecond, told), min(best.burst, max(0, g.bound.TokensAt(now)))}
		worst = min(worst, told)
	}
	floor := seconds(n / float64(g.opts.Concurrency) * latency.Seconds())
	low = seconds(max(0, n-best.burst) / best.perSecond)
	high = seconds(n / worst)
	shut := g.pause.left(now)
	return shut + max(low, floor), shut + max(high, floor)
}
