package graphsim

import (
	"net/http"
	"strconv"
	"time"
)

// scope is one limit that a request counts against.
type scope struct {
	bucket string // whose bucket it is
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

// charge takes the request's tokens. It returns the headers that tell how near
// the limit is, or the refusal.
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

// fullest returns the scope that makes the request wait longest, if any does.
func (s *Sim) fullest(c *call, scopes []scope) (worst scope, isFull bool) {
	var longest time.Duration
	for _, sc := range scopes {
		if b := s.bucket(sc); b != nil && b.wait(c.now, sc.units) > longest {
			longest, worst, isFull = b.wait(c.now, sc.units), sc, true
		}
	}
	return worst, isFull
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
	s.cfg.RetryAfter.set(a.header, c.date, b.wait(c.now, sc.units))
	return &a
}

func throttled() *odataError {
	return &odataError{status: http.StatusTooManyRequests, code: codeThrottled, message: "Please retry again later."}
}

// percentage is the header's form: a ratio, from 0.8 to 1.8.
func percentage(used float64) string { return strconv.FormatFloat(min(used, 1.8), 'f', 2, 64) }

// bucket returns the bucket of a scope, or nil where there is no limit.
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

// SetWriteQuota changes the quota of each app for writes, from now on. Tokens
// that were used stay used.
func (s *Sim) SetWriteQuota(q Quota) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writeQuota = q
}
