package ratelimit

import (
	"time"

	"golang.org/x/time/rate"
)

// quota is a limit in the form of a token bucket.
type quota struct{ perSecond, burst float64 }

// The limits that Graph documents for one app in one tenant: 3,000 writes per 150
// s, and 3,500 resource units (a read costs one) per 10 s in the smallest tenants
// (Microsoft Graph service-specific throttling limits, identity and access).
var (
	documentedWrites = quota{perSecond: 20, burst: 3000}
	documentedReads  = quota{perSecond: 350, burst: 3500}
)

// share is that part of q.
func (q quota) share(part float64) quota { return quota{q.perSecond * part, q.burst * part} }

// limiter is q as a full bucket.
func (q quota) limiter() *rate.Limiter {
	return rate.NewLimiter(rate.Limit(q.perSecond), max(1, int(q.burst)))
}

// untilToken is the time until lim holds a token. It takes none: the caller may
// find another reason to wait.
func untilToken(lim *rate.Limiter, now time.Time) time.Duration {
	if lim.Limit() == rate.Inf {
		return 0
	}
	missing := 1 - lim.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return seconds(missing/float64(lim.Limit())) + time.Nanosecond
}

// maxDuration keeps sums of times from overflowing: a limiter with a tiny rate
// asks for ages.
const maxDuration = 10 * 365 * 24 * time.Hour

// seconds is s as a Duration.
func seconds(s float64) time.Duration {
	return time.Duration(min(s*float64(time.Second), float64(maxDuration)))
}

// usageHolds is how long a reported usage counts as current.
const usageHolds = 2 * time.Second

// usage is the used share of the quota as the service last reported it.
type usage struct {
	reported bool // it was reported at least once
	value    float64
	since    time.Time
}

func (u *usage) report(now time.Time, value float64) {
	if value > 0 {
		u.reported = true
	}
	u.value, u.since = value, now
}

// at is the current usage; 0 if nothing recent is known.
func (u *usage) at(now time.Time) float64 {
	if now.Sub(u.since) > usageHolds {
		return 0
	}
	return u.value
}
