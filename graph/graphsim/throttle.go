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
func (q Quota) interval() time.Duration { return q.Per / time.Duration(q.Units) }

func (q Quota) burst() time.Duration { return q.interval() * time.Duration(q.Units) }

// debt is the time until the bucket is full again.
func (b *bucket) debt(now time.Time) time.Duration { return max(b.full.Sub(now), 0) }

// wait returns how long it takes until n tokens are there; 0 when they are.
func (b *bucket) wait(now time.Time, n int) time.Duration {
	return max(b.debt(now)+b.quota.interval()*time.Duration(n)-b.quota.burst(), 0)
}

// take takes n tokens. The debt of one that was refused stops at twice the
// bucket, so that a client that hammers still gets out of it.
func (b *bucket) take(now time.Time, n int) {
	debt := b.debt(now) + b.quota.interval()*time.Duration(n)
	b.full = now.Add(min(debt, 2*b.quota.burst()))
}

// used is how much of the bucket is gone: 1 is all, more is debt.
func (b *bucket) used(now time.Time) float64 {
	return float64(b.debt(now)) / float64(b.quota.burst())
}

// scope is one limit that a request counts against.
type scope struct {
	name  string // as in x-ms-throttle-scope
	info  string // as in x-ms-throttle-information
	quota Quota
	units int
}

func (s *Sim) scopes(c *call) []scope {
	home := c.claims.Appid + "/" + s.cfg.HomeTenant
	all := []scope{{"Tenant_Application/Read/" + home, "ResourceUnitLimitExceeded", s.readQuota, c.units()}}
	if isWrite(c.method) {
		all = []scope{
			{"Tenant_Application/Write/" + home, "WriteLimitExceeded", s.writeQuota, 1},
			{"Tenant/Write/" + home, "WriteLimitExceeded", s.tenantQuota, 1},
		}
	}
	return all
}

// charge takes the request's tokens. It returns the headers that tell how near
// the limit is, or the refusal.
func (s *Sim) charge(c *call) (http.Header, *answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.readQuota.Units == 0 && s.writeQuota.Units == 0 && s.tenantQuota.Units == 0 {
		return nil, nil
	}
	scopes := s.scopes(c)
	for _, sc := range scopes {
		if b := s.bucket(sc); b != nil && b.wait(c.now, sc.units) > 0 {
			return nil, s.throttle(c, sc, scopes)
		}
	}
	used := s.take(c, scopes)
	if used <= 0.8 {
		return nil, nil
	}
	return http.Header{"X-Ms-Throttle-Limit-Percentage": {percentage(used)}}, nil
}

// take charges all scopes and returns how much is used of the fullest.
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
	s.cfg.RetryAfter.set(a.header, c.now, b.wait(c.now, sc.units))
	return &a
}

func throttled() *odataError {
	return &odataError{status: http.StatusTooManyRequests, code: codeThrottled, message: "Please retry again later."}
}

// percentage is the header's form: a ratio, from 0.8 to 1.8.
func percentage(used float64) string { return strconv.FormatFloat(min(used, 1.8), 'f', 2, 64) }

// bucket returns the bucket of a scope, or nil where there is no limit. The
// tenant's own bucket is shared by all apps, whatever its name says.
func (s *Sim) bucket(sc scope) *bucket {
	if sc.quota.Units == 0 {
		return nil
	}
	name := sc.name
	if sc.name[:7] == "Tenant/" {
		name = "Tenant/Write"
	}
	b, ok := s.buckets[name]
	if !ok {
		b = &bucket{quota: sc.quota}
		s.buckets[name] = b
	}
	if b.quota != sc.quota { // changed in mid-run: what was used stays used
		now := time.Now()
		used := float64(b.debt(now)) / float64(b.quota.interval())
		b.quota = sc.quota
		b.full = now.Add(min(time.Duration(used*float64(b.quota.interval())), b.quota.burst()))
	}
	return b
}

// SetWriteQuota changes the quota of each app for writes, from now on. Tokens
// that were used stay used.
func (s *Sim) SetWriteQuota(q Quota) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writeQuota = q
}

// SetReadQuota changes the quota of each app for reads, from now on.
func (s *Sim) SetReadQuota(q Quota) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readQuota = q
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
