package graphsim

import (
	"slices"
	"time"
)

// Request is one request as the simulator saw it.
type Request struct {
	Method          string
	Path            string // without the query
	Query           string // as sent
	Body            string
	UserAgent       string
	AppID           string
	ClientRequestID string
	RequestID       string
	At              time.Time // of arrival

	Decided   bool   // its answer is final, and so are the fields below
	Status    int    // as sent; 0 if nothing is sent
	Code      string // of the error, if any
	Committed bool   // it changed the state, whatever the client was told
}

// IsWrite reports whether the request could change something.
func (r Request) IsWrite() bool { return isWrite(r.Method) }

// arrive opens the entry of a request. The caller holds the mutex.
func (s *Sim) arrive(c *call) {
	if s.cfg.NoHistory {
		return
	}
	c.entry = &Request{
		Method: c.method, Path: c.path, Query: c.rawQuery, Body: string(c.body), UserAgent: c.header.Get("User-Agent"),
		ClientRequestID: c.header.Get("client-request-id"), RequestID: c.id, At: time.Now(),
	}
	s.journal = append(s.journal, c.entry)
}

// complete adds the headers and closes the entry.
func (s *Sim) complete(c *call, a *answer) {
	a.header = c.headers(a)
	if c.entry == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := c.entry
	e.Decided = true
	if a.sent() {
		e.Status = a.status
	}
	if c.claims != nil {
		e.AppID = c.claims.Appid
	}
	if a.refusal != nil {
		e.Code = a.refusal.code
	}
	e.Committed = a.committed
}

// Requests returns every request so far, in the order of arrival.
func (s *Sim) Requests() []Request { return s.requests(func(Request) bool { return true }) }

// Writes returns the requests other than GET, whether or not they succeeded.
func (s *Sim) Writes() []Request { return s.requests(Request.IsWrite) }

func (s *Sim) requests(want func(Request) bool) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Request
	for _, r := range s.journal {
		if want(*r) {
			all = append(all, *r)
		}
	}
	return slices.Clip(all)
}

// ResetRequests empties the journal and resets MaxInFlight.
func (s *Sim) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journal = nil
	s.maxInFlight = s.inFlight
}
