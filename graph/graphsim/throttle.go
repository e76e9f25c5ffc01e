package graphsim

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// scope is one limit that a request counts against.
type scope struct {
	bucket string // the key of its bucket
	name   string // as in x-ms-throttle-scope
	info   string // as in x-ms-throttle-information
	quota  Quota
	units  int
}

func (s *Sim) scopes(c *call) []scope {
	app := c.claims.Appid
	home := app + "/" + s.cfg.HomeTenant
	all := []scope{{"read " + app, "Tenant_Application/Read/" + home, "ResourceUnitLimitExceeded", s.cfg.ReadQuota, c.units()}}
	if isWrite(c.method) {
		all = []scope{
			{"write " + app, "Tenant_Application/Write/" + home, "WriteLimitExceeded", s.writeQuota, 1},
			{"tenant", "Tenant/Write/" + home, "WriteLimitExceeded", s.cfg.TenantWriteQuota, 1},
		}
	}
	return all
}

// charge takes the request's tokens. It returns headers that say how near the limit is, or the
// refusal.
func (s *Sim) charge(c *call) (http.Header, *answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cfg.ReadQuota.Units == 0 && s.writeQuota.Units == 0 && s.cfg.TenantWriteQuota.Units == 0 {
		return nil, nil
	}
	scopes := s.scopes(c)
	if sc, isFull := s.fullest(c, scopes); isFull {
		return nil, s.throttle(c, sc, scopes)
	}
	used := s.take(c, scopes)
	if used <= 0.8 {
		return nil, nil
	}
	return http.Header{"X-Ms-Throttle-Limit-Percentage": {percentage(used)}}, nil
}

// fullest returns the scope that makes the request wait longest, if any.
func (s *Sim) fullest(c *call, scopes []scope) (worst scope, isFull bool) {
	var longest time.Duration
	for _, sc := range scopes {
		if b := s.bucket(sc); b != nil && b.wait(c.now, sc.units) > longest {
			longest, worst, isFull = b.wait(c.now, sc.units), sc, true
		}
	}
	return worst, isFull
}

// take charges all scopes, and returns the used share of the fullest.
func (s *Sim) take(c *call, scopes []scope) (used float64) {
	for _, sc := range scopes {
		if b := s.bucket(sc); b != nil {
			b.take(c.now, sc.units)
			used = max(used, b.used(c.now))
		}
	}
	return used
}

func (s *Sim) throttle(c *call, sc scope, scopes []scope) *answer {
	if s.cfg.RefusalsCost {
		s.take(c, scopes)
	}
	b := s.bucket(sc)
	a := refuse(throttled())
	a.header = http.Header{
		"X-Ms-Throttle-Scope":            {sc.name},
		"X-Ms-Throttle-Information":      {sc.info},
		"X-Ms-Throttle-Limit-Percentage": {percentage(max(b.used(c.now), 1))},
	}
	s.cfg.RetryAfter.set(a.header, c.date, b.wait(c.now, sc.units))
	return &a
}

func throttled() *odataError {
	return &odataError{status: http.StatusTooManyRequests, code: codeThrottled, message: "Please retry again later."}
}

// percentage is the header's form: a ratio, from 0.8 to 1.8.
func percentage(used float64) string { return strconv.FormatFloat(min(used, 1.8), 'f', 2, 64) }

// bucket returns the bucket of a scope, or nil if there is no limit.
func (s *Sim) bucket(sc scope) *bucket {
	if sc.quota.Units == 0 {
		return nil
	}
	b, ok := s.buckets[sc.bucket]
	if !ok {
		b = &bucket{quota: sc.quota}
		s.buckets[sc.bucket] = b
	}
	b.resize(sc.quota, time.Now())
	return b
}

// SetWriteQuota changes the write quota of each app from now on. Used tokens stay used.
func (s *Sim) SetWriteQuota(q Quota) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writeQuota = q
}

// bucket is a token bucket, kept as the time at which it will be full again. It counts in whole
// nanoseconds, so that a client that waits exactly as long as it was told finds its token.
type bucket struct {
	quota Quota
	full  time.Time
}

// interval is the time in which one token comes back.
func (q Quota) interval() time.Duration { return max(q.Per/time.Duration(q.Units), 1) }

func (q Quota) burst() time.Duration { return q.interval() * time.Duration(q.Units) }

// debt is the time until the bucket is full again.
func (b *bucket) debt(now time.Time) time.Duration { return max(b.full.Sub(now), 0) }

// cost is what n tokens add to the debt. A request that costs more than the whole bucket pays the
// whole bucket, or it would wait forever.
func (b *bucket) cost(n int) time.Duration {
	return b.quota.interval() * time.Duration(min(n, b.quota.Units))
}

// wait returns how long it takes until there are n tokens; 0 if there are.
func (b *bucket) wait(now time.Time, n int) time.Duration {
	return max(b.debt(now)+b.cost(n)-b.quota.burst(), 0)
}

// take takes n tokens. Refused requests raise the debt to twice the bucket at most, so that a
// client that hammers can recover.
func (b *bucket) take(now time.Time, n int) {
	b.full = now.Add(min(b.debt(now)+b.cost(n), 2*b.quota.burst()))
}

// used is how much of the bucket is used up: 1 is all, more is debt.
func (b *bucket) used(now time.Time) float64 {
	return float64(b.debt(now)) / float64(b.quota.burst())
}

// resize gives the bucket another quota; used tokens stay used.
func (b *bucket) resize(q Quota, now time.Time) {
	if b.quota == q {
		return
	}
	used := float64(b.debt(now)) / float64(b.quota.interval())
	b.quota = q
	b.full = now.Add(min(time.Duration(used*float64(q.interval())), q.burst()))
}

// set writes the header in this form. It never says less than the true time.
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
