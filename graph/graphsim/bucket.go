package graphsim

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// bucket is a token bucket, kept as the moment at which it will be full again.
// Counting in whole nanoseconds, a client that waits exactly as long as it was
// told finds its token there.
type bucket struct {
	quota Quota
	full  time.Time
}

// interval is the time in which one token comes back.
func (q Quota) interval() time.Duration { return max(q.Per/time.Duration(q.Units), 1) }

func (q Quota) burst() time.Duration { return q.interval() * time.Duration(q.Units) }

// debt is the time until the bucket is full again.
func (b *bucket) debt(now time.Time) time.Duration { return max(b.full.Sub(now), 0) }

// cost is what n tokens add to the debt. A request dearer than the whole bucket
// costs the whole bucket, or it would wait for ever.
func (b *bucket) cost(n int) time.Duration {
	return b.quota.interval() * time.Duration(min(n, b.quota.Units))
}

// wait returns how long it takes until n tokens are there; 0 when they are.
func (b *bucket) wait(now time.Time, n int) time.Duration {
	return max(b.debt(now)+b.cost(n)-b.quota.burst(), 0)
}

// take takes n tokens. The debt of one that was refused stops at twice the
// bucket, so that a client that hammers still gets out of it.
func (b *bucket) take(now time.Time, n int) {
	b.full = now.Add(min(b.debt(now)+b.cost(n), 2*b.quota.burst()))
}

// used is how much of the bucket is gone: 1 is all, more is debt.
func (b *bucket) used(now time.Time) float64 {
	return float64(b.debt(now)) / float64(b.quota.burst())
}

// resize gives the bucket another quota; what was used stays used.
func (b *bucket) resize(q Quota, now time.Time) {
	if b.quota == q {
		return
	}
	used := float64(b.debt(now)) / float64(b.quota.interval())
	b.quota = q
	b.full = now.Add(min(time.Duration(used*float64(q.interval())), q.burst()))
}

// set writes the header in this form. It never tells less than the true time.
func (f RetryAfterForm) set(h http.Header, now time.Time, wait time.Duration) {
	switch f {
	case RetryAfterDecimal:
		h["Retry-After"] = []string{strconv.FormatFloat(math.Ceil(wait.Seconds()*1000)/1000, 'f', 3, 64)}
	case RetryAfterDate:
		at := now.Add(wait)
		if t := at.Truncate(time.Second); t.Before(at) {
			at = t.Add(time.Second)
		}
		h["Retry-After"] = []string{at.UTC().Format(http.TimeFormat)}
	case RetryAfterAbsent:
	default:
		h["Retry-After"] = []string{strconv.Itoa(int(math.Ceil(wait.Seconds())))}
	}
}
