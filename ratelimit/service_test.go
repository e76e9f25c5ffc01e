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

// form is how a service writes Retry-After.
type form string

const (
	integer form = "integer"
	decimal form = "decimal"
	dated   form = "dated"
	absent  form = "absent"
)

// change is a quota that applies from some time on.
type change struct {
	at               time.Duration
	perSecond, burst float64
}

// service stands in for Graph: a token bucket, full at the start, behind a
// round trip. The zero value has no quota and answers at once.
type service struct {
	perSecond, burst float64
	latency, jitter  time.Duration // a round trip takes latency and up to jitter more
	form             form
	ask              time.Duration // Retry-After to send; 0 = time to the next token
	skew             time.Duration // how far ahead its clock is, in dates
	costs            bool          // a refused request costs quota too
	reports          bool          // sends x-ms-throttle-limit-percentage
	crowd            int           // requests it can handle at a time; 0 = any number
	changes          []change

	mu              sync.Mutex
	began, last     time.Time
	tokens          float64
	sent            []time.Time // when each request left the gate
	accepted        int
	refused         int
	flying          int
	shut            time.Time // the pause that clients were told of
	told            time.Time // when they were last told
	early, collided int       // requests sent despite it; answers 409
}

// RoundTrip judges a request half a round trip after it was sent.
func (s *service) RoundTrip(req *http.Request) (*http.Response, error) {
	took := s.leave()
	defer s.land()
	if err := nap(req, took/2); err != nil {
		return nil, err
	}
	res := s.judge(req)
	if err := nap(req, took-took/2); err != nil {
		return nil, err
	}
	s.tell(res)
	return res, nil
}

func (s *service) leave() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if now.After(s.told) && now.Before(s.shut) {
		s.early++
	}
	s.sent = append(s.sent, now)
	s.flying++
	if s.jitter > 0 {
		return s.latency + rand.N(s.jitter)
	}
	return s.latency
}

func (s *service) land() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flying--
}

// tell notes that a client knows about a pause from now on.
func (s *service) tell(res *http.Response) {
	if sig := read(res); sig.Refused && sig.RetryAfter > 0 {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.told = time.Now()
		if until := s.told.Add(sig.RetryAfter); until.After(s.shut) {
			s.shut = until
		}
	}
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
	now := time.Now()
	s.refill(now)
	res := &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody, Request: req}
	switch {
	case s.crowd > 0 && s.flying > s.crowd:
		s.collided++
		res.StatusCode = http.StatusConflict
	case s.burst == 0 || s.tokens >= 1-1e-9:
		s.tokens--
		s.accepted++
	default:
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
		s.flow(s.began.Add(c.at))
		s.perSecond, s.burst, s.changes = c.perSecond, c.burst, s.changes[1:]
	}
	s.flow(now)
}

func (s *service) flow(now time.Time) {
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
		res.Header.Set("Retry-After", now.Add(d+s.skew).UTC().Format(http.TimeFormat))
	}
}

// read does what package graph does for the real service.
func read(res *http.Response) ratelimit.Signal {
	var s ratelimit.Signal
	s.Refused = res.StatusCode == http.StatusTooManyRequests
	s.ConcurrencyConflict = res.StatusCode == http.StatusConflict
	s.QuotaUsed, _ = strconv.ParseFloat(res.Header.Get("x-ms-throttle-limit-percentage"), 64)
	v := res.Header.Get("Retry-After")
	if sec, err := strconv.ParseFloat(v, 64); err == nil {
		s.RetryAfter = time.Duration(sec * float64(time.Second))
	} else if at, err := http.ParseTime(v); err == nil {
		s.RetryAfter = time.Until(at)
	}
	return s
}
