package ratelimit_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"bulksync/ratelimit"
)

// form is how a service words Retry-After.
type form string

const (
	integer form = "integer"
	decimal form = "decimal"
	dated   form = "dated"
	absent  form = "absent"
)

// change is a quota that holds from some time on.
type change struct {
	at               time.Duration
	perSecond, burst float64
}

// service is a stand-in for Graph: a token bucket behind a round trip.
type service struct {
	perSecond, burst float64 // 0 perSecond and 0 burst: no quota
	latency          time.Duration
	jitter           time.Duration // up to so much more latency
	form             form
	costs            bool          // a refused request costs quota too
	reports          bool          // sends x-ms-throttle-limit-percentage
	ask              time.Duration // Retry-After to send, instead of the time to the next token
	changes          []change

	mu             sync.Mutex
	began          time.Time
	last           time.Time
	tokens         float64
	sent           []time.Time // arrivals of all attempts
	refused        int
	ok             int
	flying, widest int
}

// RoundTrip takes a request half a latency after it was sent.
func (s *service) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.sent = append(s.sent, time.Now())
	s.flying++
	s.widest = max(s.widest, s.flying)
	lat := s.latency
	if s.jitter > 0 {
		lat += rand.N(s.jitter)
	}
	s.mu.Unlock()
	defer func() { s.mu.Lock(); s.flying--; s.mu.Unlock() }()
	if err := nap(req, lat/2); err != nil {
		return nil, err
	}
	res := s.judge(req)
	if err := nap(req, lat/2); err != nil {
		return nil, err
	}
	return res, nil
}

func nap(req *http.Request, d time.Duration) error {
	if d <= 0 {
		return req.Context().Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-req.Context().Done():
		return req.Context().Err()
	}
}

func (s *service) judge(req *http.Request) *http.Response {
	s.mu.Lock()
	defer s.mu.Unlock()
	res := &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody, Request: req}
	now := time.Now()
	s.refill(now)
	if s.burst == 0 {
		s.ok++
		return res
	}
	if s.tokens >= 1-1e-9 {
		s.tokens--
		s.ok++
	} else {
		s.refused++
		if s.costs {
			s.tokens--
		}
		res.StatusCode = http.StatusTooManyRequests
		s.say(res, now)
	}
	if load := 1 - s.tokens/s.burst; s.reports && load > 0.8 {
		res.Header.Set("x-ms-throttle-limit-percentage", strconv.FormatFloat(min(load, 1.8), 'f', 3, 64))
	}
	return res
}

func (s *service) refill(now time.Time) {
	if s.began.IsZero() {
		s.began, s.last, s.tokens = now, now, s.burst
	}
	for len(s.changes) > 0 && now.Sub(s.began) >= s.changes[0].at {
		c := s.changes[0]
		s.fill(s.began.Add(c.at))
		s.perSecond, s.burst, s.changes = c.perSecond, c.burst, s.changes[1:]
	}
	s.fill(now)
}

func (s *service) fill(now time.Time) {
	s.tokens = min(s.burst, s.tokens+now.Sub(s.last).Seconds()*s.perSecond)
	s.last = now
}

func (s *service) say(res *http.Response, now time.Time) {
	d := s.ask
	if d == 0 {
		d = time.Duration((1 - s.tokens) / s.perSecond * float64(time.Second))
	}
	switch s.form {
	case integer:
		res.Header.Set("Retry-After", strconv.Itoa(int(math.Ceil(d.Seconds()))))
	case decimal:
		res.Header.Set("Retry-After", fmt.Sprintf("%.3f", d.Seconds()+0.0005))
	case dated:
		res.Header.Set("Retry-After", now.Add(d).UTC().Format(http.TimeFormat))
	}
}

// read is what package graph does for the real service.
func read(res *http.Response) ratelimit.Signal {
	var s ratelimit.Signal
	s.Refused = res.StatusCode == http.StatusTooManyRequests
	s.Crowded = res.StatusCode == http.StatusConflict
	s.Load, _ = strconv.ParseFloat(res.Header.Get("x-ms-throttle-limit-percentage"), 64)
	v := res.Header.Get("Retry-After")
	if sec, err := strconv.ParseFloat(v, 64); err == nil {
		s.RetryAfter = time.Duration(sec * float64(time.Second))
	} else if at, err := http.ParseTime(v); err == nil {
		s.RetryAfter = time.Until(at)
	}
	return s
}
