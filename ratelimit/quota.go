package ratelimit

import (
	"time"

	"golang.org/x/time/rate"
)

// quota is a limit in the form of a token bucket.
type quota struct{ perSecond, burst float64 }

// The limits Graph documents for one app in one tenant: 3,000 writes per
// 150 s, and 3,500 resource units (a read costs one) per 10 s in the smallest
// tenants (Microsoft Graph service-specific throttling limits, identity and
// access).
var (
	documentedWrites = quota{perSecond: 20, burst: 3000}
	documentedReads  = quota{perSecond: 350, burst: 3500}
)

// share is that part of q.
func (q quota) share(part float64) quota { return quota{q.perSecond * part, q.burst * part} }

// limiter is q as a full bucket.
func limiter(q quota) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(q.perSecond), max(1, int(q.burst)))
}

// until is the time until lim holds a token. It takes none: the caller may
// find another reason to wait.
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

// seconds is s as a Duration, cut off where sums of times would overflow: a
// limiter that is told next to nothing asks for ages.
func seconds(s float64) time.Duration {
	if d := s * float64(time.Second); d < float64(endless) {
		return time.Duration(d)
	}
	return endless
}

// freshness is how long a reported load is taken for the present one.
const freshness = 2 * time.Second

// load is the used share of the quota as the service last reported it.
type load struct {
	told  bool // it was ever reported
	value float64
	seen  time.Time
}

func (l *load) note(now time.Time, value float64) {
	if value > 0 {
		l.told = true
	}
	l.value, l.seen = value, now
}

// at is the load now; 0 when nothing recent is known.
func (l *load) at(now time.Time) float64 {
	if now.Sub(l.seen) > freshness {
		return 0
	}
	return l.value
}
