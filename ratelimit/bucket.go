package ratelimit

import (
	"time"

	"golang.org/x/time/rate"
)

// bucket is the gate's model of the service's token bucket.
//
// One thing is certain about the service's bucket: it is empty when it refuses.
// So its refill rate is the number of requests it accepted between two refusals,
// divided by the time between them, and its size is the number it accepted before
// the first refusal. Between refusals the model is a rate.Limiter that refills
// along with the service, even while the gate is shut. So a pause costs nothing:
// its tokens are there afterwards.
type bucket struct {
	share float64 // of the refill to use

	limiter    *rate.Limiter // the tokens that the service still has for us
	refillRate float64       // as measured, per second; 0 = not known yet
	peakRate   float64       // the largest refillRate so far
	costs      float64       // tokens that a refused request takes, 0 or 1

	firstBurst float64 // requests accepted before the first refusal
	throttled  bool    // there has been a refusal
	current    window  // since the last refusal
	ambiguous  *window // kept until another window shows what a refusal costs
	probe      probe
}

func newBucket(share float64) *bucket {
	return &bucket{share: share, limiter: rate.NewLimiter(rate.Inf, 1)}
}

// known reports whether the refill rate was found.
func (b *bucket) known() bool { return b.refillRate > 0 }

// size is how many tokens a full bucket holds: the requests accepted before the
// first refusal. If the bucket was empty at the start, as it may be for a resumed
// run, this says nothing; Graph's buckets hold ten seconds' worth or more.
func (b *bucket) size() float64 {
	if b.firstBurst == 0 {
		return max(1, b.refillRate*shortestWindow)
	}
	return b.firstBurst
}

// rate is the current rate, per second; 0 while there is no limit.
func (b *bucket) rate() float64 {
	if !b.known() {
		return 0
	}
	return float64(b.limiter.Limit())
}

// drain starts a new, empty limiter. Its tokens begin to flow slightly late: by a
// margin of one token, or less if one token is a large part of the bucket.
func (b *bucket) drain(now time.Time) {
	burst := max(1, int(b.size()*b.share)-1)
	b.limiter = rate.NewLimiter(rate.Limit(b.refillRate*b.share), burst)
	margin := min(1, b.size()/10) / (b.refillRate * b.share)
	b.limiter.ReserveN(now.Add(seconds(margin)), burst)
}

// refusedAgain notes a further refusal of the same event.
func (b *bucket) refusedAgain() { b.current.refused++ }

// accepted notes a request that was sent and accepted after the last refusal.
func (b *bucket) accepted(now time.Time) { b.current.accept(now) }

// probeUp raises the rate a little while requests wait for tokens.
func (b *bucket) probeUp(now time.Time, u usage) {
	if !b.known() {
		return
	}
	top := b.refillRate * b.probe.factor(now, b.refillRate*b.share, b.limiter.TokensAt(now) < 1, u)
	if b.share < 1 {
		top = min(top, b.peakRate)
	}
	b.limiter.SetLimitAt(now, rate.Limit(top*b.share))
}
