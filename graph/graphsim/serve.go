package graphsim

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"bulksync/graph"
)

// answer is decided before anything is delivered, so that delivery over a connection and in process
// cannot differ.
type answer struct {
	status    int
	header    http.Header
	body      []byte
	padding   int64 // spaces in the body, before its last byte
	refusal   *odataError
	committed bool
	foreign   bool // not Graph's, so without Graph's headers
	cut       cut
	delay     time.Duration // for cutSlow
}

// set sets a header.
func (a *answer) set(name, value string) {
	if a.header == nil {
		a.header = make(http.Header, 12)
	}
	a.header[name] = []string{value}
}

// setType sets the content type; "" removes it.
func (a *answer) setType(media string) {
	a.set("Content-Type", media)
	if media == "" {
		a.header["Content-Type"] = nil
	}
}

// cut is how the delivery of an answer fails.
type cut int

const (
	whole        cut = iota
	cutReset         // the connection is reset, nothing was sent
	cutRefused       // the connection is not made
	cutTruncated     // the connection ends in the middle of the answer
	cutSlow          // the second half comes after a delay
	cutSilent        // nothing comes, and the connection stays open
)

// sent reports whether the client sees the status.
func (a answer) sent() bool {
	return a.cut == whole || a.cut == cutSlow || a.cut == cutTruncated && len(a.body) > 0
}

func refuse(e *odataError) answer { return answer{status: e.status, refusal: e} }

func noContent() answer { return answer{status: http.StatusNoContent, committed: true} }

func ok(body []byte) answer { return answer{status: http.StatusOK, body: body} }

// serve decides the answer to one request and records it. It fails only if ctx ends while it waits;
// the request may have taken effect by then.
func (s *Sim) serve(ctx context.Context, c *call) (answer, error) {
	s.enter(c)
	if err := graph.Sleep(ctx, s.cfg.Latency/2); err != nil {
		return answer{}, err
	}
	if err := s.queue(ctx, c); err != nil {
		return answer{}, err
	}
	c.now = time.Now()
	c.date = c.now.Add(s.cfg.DateOffset)
	a := s.decide(c)
	if a.refusal != nil && a.body == nil {
		a.body = c.appendError(nil, a.refusal)
	}
	s.complete(c, &a)
	return a, graph.Sleep(ctx, s.cfg.Latency-s.cfg.Latency/2)
}

// enter counts the request in and picks the fault that strikes it, if any.
func (s *Sim) enter(c *call) {
	c.route = parseRoute(c.path)
	c.national = !s.cfg.Cloud.HasTemplates()
	if c.national && (c.route.noun == nounTemplates || c.route.noun == nounTemplate || c.route.noun == nounPartnerTemplate) {
		c.route = route{unknown: "templates"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.id = s.newGUID()
	c.clientID = cmp.Or(c.header.Get("client-request-id"), c.id)
	s.inFlight++
	s.maxInFlight = max(s.maxInFlight, s.inFlight)
	if isWrite(c.method) {
		s.writesInFlight++
		c.conflicting = s.cfg.MaxConcurrentWrites > 0 && s.writesInFlight > s.cfg.MaxConcurrentWrites
		c.crowding = s.cfg.InflightQuota > 0 && s.writesInFlight > s.cfg.InflightQuota
	}
	s.arrive(c)
	c.strike = s.strike(c)
}

// leave counts the request out, once its answer was delivered or abandoned.
func (s *Sim) leave(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
	if isWrite(c.method) {
		s.writesInFlight--
	}
}

func (s *Sim) decide(c *call) answer {
	if c.strike != nil {
		return s.faulty(c)
	}
	return s.process(c)
}

// process is the service itself: who asks, whether they may, and then the operation.
func (s *Sim) process(c *call) answer {
	if bad := s.authenticate(c); bad != nil {
		return refuse(bad)
	}
	if c.route.unknown != "" {
		return refuse(noSegment(c.route.unknown))
	}
	if !c.allowed() {
		return refuse(c.denied())
	}
	if c.conflicting {
		return refuse(concurrency())
	}
	if c.crowding || !s.admit(c) {
		return refuse(throttled())
	}
	limit, refused := s.charge(c)
	if refused != nil {
		return *refused
	}
	a := s.operate(c)
	if a.header == nil {
		a.header = limit
	}
	return a
}

func (s *Sim) operate(c *call) answer {
	op := c.route.operation(c.method)
	if op == nil {
		return refuse(noMethod())
	}
	if id := c.route.id; (c.route.noun == nounPartner || c.route.noun == nounSync) && !isGUID(id) {
		return refuse(badRequest("Invalid object identifier '" + id + "'."))
	}
	if c.hidesSync() {
		return refuse(s.hiddenSync(c))
	}
	if bad := s.tooNew(c); bad != nil {
		return refuse(bad)
	}
	return op(s, c)
}
