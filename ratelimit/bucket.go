package ratelimit

import (
	"math"
	"time"

	"golang.org/x/time/rate"
)

// bucket is the gate's copy of the service's token bucket.
//
// One thing is certain about the original: it is empty when it refuses. So
// what it accepted between two refusals, over the time between them, is its
// refill; and what it accepted before the first is its size. Between
// refusals the copy is a rate.Limiter that refills with the original, also
// while the gate is shut, so a pause costs nothing: its tokens wait behind
// it.
type bucket struct {
	share float64 // of the refill to use
	told  quota   // to believe before one is measured; 0 = none

	copy *rate.Limiter // what the service has left for us
	base float64       // refill found, per second; 0 = not known yet
	gulp float64       // taken before the first refusal
	peak float64       // largest base found
	cost float64       // tokens a refused request takes, 0 or 1

	opening time.Duration // how long the first gulp took
	emptied bool          // there has been a refusal
	present stretch       // since the last one
	first   *stretch      // kept while it is open what a refusal costs
	probe   probe
}

func newBucket(share float64, told quota) *bucket {
	return &bucket{share: share, told: told, copy: rate.NewLimiter(rate.Inf, 1)}
}

// known reports whether the refill has been found.
func (b *bucket) known() bool { return b.base > 0 }

// size is how many tokens a full bucket holds: what was taken before the
// first refusal, less what flowed in meanwhile. A bucket found empty, as a
// resumed run finds it, tells nothing; Graph's buckets hold ten seconds or more.
func (b *bucket) size() float64 {
	if b.gulp == 0 {
		return max(1, b.base*statedWindow)
	}
	return max(1, b.gulp-b.base*b.opening.Seconds())
}

// rate is the pace at present, per second; 0 while it is not limited.
func (b *bucket) rate() float64 {
	if !b.known() {
		return 0
	}
	return float64(b.copy.Limit())
}

// left is how many tokens the copy holds; endless while nothing is known.
func (b *bucket) left(now time.Time) float64 {
	if !b.known() {
		return math.Inf(1)
	}
	return b.copy.TokensAt(now)
}

// drain starts a new copy, empty, whose tokens begin to flow a little late:
// a margin of one token, or less where that is much of the bucket.
func (b *bucket) drain(now time.Time) {
	burst := max(1, int(b.size()*b.share)-1)
	b.copy = rate.NewLimiter(rate.Limit(b.base*b.share), burst)
	margin := min(1, b.size()/10) / (b.base * b.share)
	b.copy.ReserveN(now.Add(seconds(margin)), burst)
}

// rest is how long to leave the service alone after a refusal, even where it
// asks for less: long enough to tell its refill, never so long that a full
// bucket runs over.
func (b *bucket) rest() time.Duration {
	if !b.known() {
		return time.Second
	}
	return min(time.Second, seconds(b.size()/2/b.base))
}

// debit notes a further refusal of the event.
func (b *bucket) debit(now time.Time) {
	b.present.refused++
	if b.known() && b.cost > 0 {
		b.copy.ReserveN(now, 1)
	}
}

// credit notes a request accepted after the last refusal.
func (b *bucket) credit(now time.Time) { b.present.credit(now) }

// late notes one that was sent before the last refusal and accepted after it.
func (b *bucket) late() {
	if !b.known() && b.first == nil && b.gulp > 0 {
		b.gulp++
	}
}

// probeUp raises the rate a little while requests wait for tokens.
func (b *bucket) probeUp(now time.Time, l load) {
	if !b.known() {
		return
	}
	top := b.base * b.probe.factor(now, b.base*b.share, b.copy.TokensAt(now) < 1, l)
	if b.share < 1 {
		top = min(top, b.peak)
	}
	b.copy.SetLimitAt(now, rate.Limit(top*b.share))
}
