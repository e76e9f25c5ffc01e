package execute

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"bulksync/graph"
	"bulksync/plan"
)

// attemptsPerChange bounds the writes of one change, over all its requests.
const attemptsPerChange = 6

// step is one change on its way to its outcome: look, judge, write, and again
// where the answer leaves the state open.
type step struct {
	*worker
	c      *plan.Change
	before []*plan.Change // the partner's changes before this one
	out    Outcome
	req    *plan.Request
	// begun: a write of this change may have reached Graph.
	begun bool
	// settle: look at the object by itself, the list is too old to tell.
	settle bool
	// reroute: Graph answered that the object is not as the verb needs it.
	reroute, rerouted bool
	// cause is why the last write has to be settled.
	cause error
	waits int
}

// change brings one change to its outcome. An error means that the journal is
// lost.
func (w *worker) change(before []*plan.Change, c *plan.Change) (Outcome, error) {
	s := &step{worker: w, c: c, before: before, req: c.Request, out: Outcome{Seq: c.Seq}}
	_, s.begun = w.outcome(c)
	s.settle = s.begun
	for {
		live, asOf, err := s.look()
		if err != nil {
			s.unread(err)
			return s.out, nil
		}
		if s.judge(live) {
			return s.out, nil
		}
		again, err := s.write(asOf)
		if err != nil || !again {
			return s.out, err
		}
	}
}

// look returns what is there now, with what this run did to the partner a
// moment ago: a reading may not show that yet.
func (s *step) look() (plan.Live, time.Time, error) {
	var live plan.Live
	var asOf time.Time
	var err error
	if s.settle {
		live, asOf, err = s.Reading.Object(s.hard, s.c)
	} else {
		live, asOf, err = s.Reading.Live(s.soft, s.c, s.set.MaxAge)
	}
	if err != nil {
		return live, asOf, err
	}
	for _, c := range s.before {
		if o, _ := s.doneHere(c); o {
			live = c.Onto(live)
		}
	}
	return live, asOf, nil
}

// doneHere reports whether a change of this partner is done, told or not.
func (s *step) doneHere(c *plan.Change) (bool, Status) {
	for _, t := range s.late {
		if t.entry.Outcome.Seq == c.Seq {
			return t.entry.Outcome.Status.Done(), t.entry.Outcome.Status
		}
	}
	o, _ := s.outcome(c)
	return o.Status.Done(), o.Status
}

// unread ends a change whose object could not be read.
func (s *step) unread(err error) {
	s.describe(err)
	switch {
	case s.begun:
		s.out.Status = Indeterminate
		s.out.Message = "sent, and the object could not be read since: " + err.Error()
	default:
		s.out.Status = NotAttempted
		if s.soft.Err() == nil {
			s.stopNow(fmt.Errorf("the tenant could not be read again: %w", err))
		}
	}
}

// judge holds the change against what is there and reports whether that ends
// it.
func (s *step) judge(live plan.Live) bool {
	verdict, why := s.c.Judge(live)
	switch {
	case verdict == plan.AsWanted && s.begun:
		s.out.Status = Succeeded
		if s.out.Message == "" {
			s.out.Message = "read back as wanted"
		}
	case verdict == plan.AsWanted:
		s.out.Status = Unchanged
	case verdict == plan.Moved && s.reroute && !s.rerouted && s.otherVerb(live):
		return false
	case verdict == plan.Moved:
		s.out.Status, s.out.Message, s.out.Live = Held, "changed since the plan: "+why, live.Object(s.c.Object)
	case s.cause != nil && s.soft.Err() != nil:
		s.out.Status, s.out.Message = Indeterminate, "the run stopped before this was settled: "+s.cause.Error()
	case s.cause != nil && s.out.Attempts >= attemptsPerChange:
		s.out.Status, s.out.Message = Failed, s.cause.Error()
	default:
		return false
	}
	return true
}

// otherVerb turns a create into an update and the other way round, once, when
// Graph says that the object is there after all, or is not.
func (s *step) otherVerb(live plan.Live) bool {
	req := s.c.Rerouted(live)
	if req == nil {
		return false
	}
	s.req, s.rerouted = req, true
	s.out.Message = fmt.Sprintf("sent as %s, since Graph answered %d to %s", req.Method, s.out.HTTPStatus, s.c.Request.Method)
	s.out.Live = live.Object(s.c.Object)
	return true
}

// write makes the intent durable and sends the write. It reports whether the
// change has to be looked at again.
func (s *step) write(asOf time.Time) (again bool, err error) {
	intent := Intent{Seq: s.c.Seq, Method: s.req.Method, Path: s.req.Path, ClientRequestID: graph.NewRequestID()}
	if err := s.commit(s.Journal.add(Entry{Intent: &intent})); err != nil {
		return false, err
	}
	if err := s.tellLate(); err != nil { // durable already, with the intent
		return false, err
	}
	if s.out.StartedAt.IsZero() {
		s.out.StartedAt = time.Now().UTC()
	}
	resp, err := s.Client.Do(s.soft, graph.Request{
		Method: s.req.Method, Path: s.req.Path, Body: s.req.Body, ClientRequestID: intent.ClientRequestID,
		MaxAttempts: max(1, attemptsPerChange-s.out.Attempts), NotAfter: asOf.Add(s.set.MaxAge), OnWire: s.hard,
	})
	s.out.Elapsed = time.Since(s.out.StartedAt)
	s.out.ClientRequestID = intent.ClientRequestID
	if err != nil {
		s.describe(err)
		return s.failed(err), nil
	}
	s.noteKind(nil)
	s.out.Status, s.out.HTTPStatus, s.out.RequestID = Succeeded, resp.Status, resp.RequestID
	s.out.GraphCode, s.out.Attempts = "", s.out.Attempts+resp.Attempts
	return false, nil
}

// describe copies what Graph said into the outcome.
func (s *step) describe(err error) {
	var e *graph.Error
	if !errors.As(err, &e) || e.Method == "GET" {
		return
	}
	s.out.Attempts += e.Attempts
	s.out.HTTPStatus, s.out.GraphCode, s.out.RequestID = e.Status, e.Code, e.RequestID
}

// failed decides what a write that did not succeed means: an outcome, or
// another look.
func (s *step) failed(err error) (again bool) {
	if errors.Is(err, graph.ErrTooLate) {
		s.settle = false // the turn came too late for the reading: renew it
		return true
	}
	s.noteKind(err)
	s.out.Status, s.out.Message = Failed, err.Error()
	var e *graph.Error
	if !errors.As(err, &e) { // the context ended before anything was sent
		s.out.Status, s.out.Message = NotAttempted, ""
		return false
	}
	switch e.Kind {
	case graph.Indeterminate:
		s.begun = true
		return s.settleLater(err)
	case graph.Conflict, graph.NotFound:
		s.begun, s.reroute = true, true
		return s.settleLater(err)
	case graph.Throttled:
		if e.RetryAfter > graph.MaxRetryAfter {
			s.out.Status = NotAttempted
			s.stopNow(fmt.Errorf("Graph asks for a pause of %s, longer than the %s that are waited for: %w",
				e.RetryAfter.Round(time.Second), graph.MaxRetryAfter, err))
		}
	case graph.Unreachable:
		s.out.Message = "never sent: " + err.Error()
	}
	return false
}

// settleLater waits a moment, so that what was written can be seen, and has
// the object itself looked at.
func (s *step) settleLater(err error) bool {
	s.settle, s.cause = true, err
	wait := 200 * time.Millisecond << min(s.waits, 5)
	s.waits++
	t := time.NewTimer(wait/2 + rand.N(wait/2))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.hard.Done():
		s.out.Status = Indeterminate
		s.out.Message = fmt.Sprintf("stopped before this was settled: %v", context.Cause(s.hard))
		if !errors.Is(err, graph.Indeterminate) {
			s.out.Status, s.out.Message = Failed, err.Error()
		}
		return false
	}
}
