package execute

import (
	"errors"
	"fmt"
	"time"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/plan"
)

// attemptsPerChange bounds the writes of one change in one session that count
// against it.
const attemptsPerChange = 6

// step is one change on its way to its outcome: look, judge, write, and again
// where the answer leaves the state open.
//
// Outcome.Open is set from the first attempt on whose answer does not prove what
// became of it, and never taken back: what is as wanted from then on may be this
// run's doing.
type step struct {
	*worker
	c      *plan.Change
	before group // the partner's changes before this one
	req    *plan.Request
	out    journal.Outcome
	tries  int // writes sent in this session that count
	heard  int // runner.answers when the last one was counted
	late   int // turns that came too late

	// alone: the object is read by itself, a list is too old to tell.
	alone bool
	// asOf is when the reading began that the step leans on.
	asOf time.Time
	// cause is what Graph said to the last write, where reading has to tell what
	// that means.
	cause error
	// refused: that was a no, which the object itself may not explain.
	refused bool
	// final: that was a no for good, and only an attempt before it can have landed.
	final bool
	// doubt is since when no reading has shown what became of an open attempt;
	// zero where one has, or where there was none.
	doubt time.Time
	// looks counts the readings in vain.
	looks int
	// notice is what else somebody changed of the object.
	notice string
}

// next is what a step does next.
type next int

const (
	end next = iota
	write
	lookAgain
)

// change brings one change to its outcome. An error means that the journal is
// lost.
func (w *worker) change(before group, c *plan.Change) (journal.Outcome, error) {
	s := &step{worker: w, c: c, before: before, req: c.Request, out: journal.Outcome{Seq: c.Seq}}
	// A partner goes with everything that hangs on it, and the list shows but a
	// part of that.
	s.alone = c.Object == plan.PartnerConfiguration && c.Action == plan.Delete
	s.inherit()
	for {
		live, err := s.look()
		if err != nil {
			s.unread(err)
			return s.out, nil
		}
		next := s.judge(live)
		if next == write {
			if next, err = s.write(); err != nil {
				return s.out, err
			}
		}
		if next == end {
			return s.out, nil
		}
	}
}

// inherit takes up what an earlier session left open. That process ended before
// this one began, whatever its clock said.
func (s *step) inherit() {
	o, unknown := s.outcome(s.c)
	s.out.Open = unknown || o.Open
	if o.Open {
		s.out.Found = o.Found // undo goes back to that, whenever it landed
	}
	if !unknown {
		return
	}
	s.out = o
	s.out.Open, s.out.Reason, s.out.Message, s.out.Live = true, "", "", nil
	s.alone, s.doubt = true, s.began
	s.cause = errors.New("an earlier session did not learn the answer")
}

// look returns what is there now, with what this run did to the partner a
// moment ago: a reading may not show that yet.
func (s *step) look() (live plan.Live, err error) {
	if s.alone {
		live, s.asOf, err = s.Reading.Object(s.hard, s.c)
	} else {
		live, s.asOf, err = s.Reading.Live(s.soft, s.c, s.clock.age, s.set.MaxAge)
	}
	if p := live.Partner; err == nil && p != nil && p.Problem != "" && !s.alone {
		s.alone = true // asked for by itself it may be told otherwise
		return s.look()
	}
	return s.withOwn(live), err
}

// withOwn is withDone for what may not have been told yet.
func (s *step) withOwn(live plan.Live) plan.Live {
	for _, c := range s.before {
		if s.isDone(c) {
			live = c.Apply(live)
		}
	}
	return live
}

// unreadObject begins what is said of an object that could not be read.
const unreadObject = "the object could not be read: "

// unread ends a change whose object could not be read. An answer that cannot be
// read speaks of this object alone; where there is none, the run ends.
func (s *step) unread(err error) {
	why := unreadObject + reason(err)
	whole := errors.As(err, new(*graph.ListError))
	if errors.As(err, new(*stopCause)) {
		why = "the run stopped before that was settled"
	}
	switch {
	case s.stopped():
	case errors.Is(err, graph.Unreadable) && !whole && !s.out.Open && s.cause == nil:
		s.out.Status, s.out.Reason, s.out.Message = journal.Held, journal.ReasonUnreadable, why
		return
	case errors.Is(err, graph.Unreadable) && !whole:
	default:
		s.stopNow(fmt.Errorf("the tenant could not be read again: %w", err))
	}
	s.leaveOff(why)
}

// leaveOff ends a change in the middle, and says what that leaves behind.
func (s *step) leaveOff(why string) {
	switch {
	case s.out.Open:
		s.out.Status, s.out.Message = journal.Indeterminate, why
		if s.cause != nil {
			s.out.Message = reason(s.cause) + "; " + why
		}
	case s.cause != nil:
		s.out.Status, s.out.Message = journal.Failed, reason(s.cause)
	default:
		s.out.Status, s.out.Message = journal.NotAttempted, ""
	}
}

// fits holds the change against what is there. After it was rerouted it fits
// what was found then, too.
func (s *step) fits(live plan.Live) (plan.Fit, string) {
	verdict, why := s.c.CheckDrift(live)
	if verdict != plan.Drifted {
		return verdict, why
	}
	req := s.c.WithOtherVerb(live)
	switch {
	case req == nil, s.req == s.c.Request && s.out.Found == nil, s.req != s.c.Request && s.req.Method != req.Method,
		!s.out.Finds(s.c, live):
		return verdict, why
	}
	s.req = req
	return plan.Applies, ""
}

// judge decides by what is there.
func (s *step) judge(live plan.Live) next {
	verdict, why := s.fits(live)
	if verdict != plan.Drifted && s.cause == nil {
		s.notice = s.c.Beside(live)
	}
	switch {
	case verdict == plan.Unknown:
		s.unread(fmt.Errorf("%w: %s", graph.Unreadable, why))
	case verdict == plan.AsWanted && s.out.Open:
		s.out.Status, s.out.Message = journal.Succeeded, "the answer was lost or not clear; the object was read, and is as wanted"
	case verdict == plan.AsWanted:
		s.out.Status, s.out.Message = journal.Unchanged, s.notice
	case verdict == plan.Drifted && s.out.Open:
		s.leaveOff("something else is there now: " + why)
		s.out.Live = live.Object(s.c.Object)
	case verdict == plan.Drifted && s.cause != nil && s.reroute(live):
		return write
	case verdict == plan.Drifted && live.Partner == nil && live.Template == nil && !s.alone:
		s.alone = true // a list can miss what moves between its pages
		return lookAgain
	case verdict == plan.Drifted:
		s.hold(live, why)
	case s.cause != nil && s.stopped():
		s.leaveOff("the run stopped before that was settled")
	case !s.doubt.IsZero():
		return s.settle()
	case s.final, s.cause != nil && s.tries >= attemptsPerChange:
		s.giveUp()
	case s.refused:
		return s.insist()
	default:
		return write
	}
	return end
}

// giveUp ends a change that was tried often enough.
func (s *step) giveUp() {
	s.out.Status, s.out.Message = journal.Failed, reason(s.cause)
	if !s.final && errors.Is(s.cause, graph.Forbidden) {
		s.answered(s.c.Object, s.cause) // now it counts
	}
}

// hold leaves alone what somebody changed since the plan.
func (s *step) hold(live plan.Live, why string) {
	s.out = held(s.out, s.c, live, journal.ReasonDrifted, "changed since the plan: "+why)
	if s.set.OnDrift == journal.StopOnDrift && !s.stopped() {
		s.stopNow(fmt.Errorf("change %d is held: its object %s", s.c.Seq, s.out.Message))
	}
}

// reroute turns a create into an update and the other way round, once, when
// Graph says that the object is there after all, or is not.
func (s *step) reroute(live plan.Live) bool {
	req := s.c.WithOtherVerb(live)
	if req == nil || req.Method == s.req.Method || s.req != s.c.Request || s.stopped() {
		return false
	}
	s.req, s.out.Found = req, journal.FoundIn(s.c, live)
	return true
}

// write makes the intent durable and sends the write.
func (s *step) write() (next, error) {
	intent := journal.Intent{Seq: s.c.Seq, Method: s.req.Method, Path: s.req.Path, ClientRequestID: graph.NewRequestID(), Found: s.out.Found}
	if err := s.commit(s.Journal.Add(journal.Entry{Intent: &intent})); err != nil {
		return end, err
	}
	if err := s.tellLate(); err != nil { // durable already, with the intent
		return end, err
	}
	if !s.crew.take(s.soft) {
		s.leaveOff("the run stopped")
		return end, nil
	}
	if s.out.StartedAt.IsZero() {
		s.out.StartedAt = journal.Now()
	}
	s.out.ClientRequestID = intent.ClientRequestID
	sent := time.Now()
	resp, err := s.send(intent.ClientRequestID)
	s.out.Elapsed = max(0, time.Since(s.out.StartedAt)) // a clock can have been set back
	s.crew.release()
	if errors.Is(err, graph.ErrPrecondition) {
		return s.tooLate(), nil
	}
	if err != nil {
		return s.afterFault(err), nil
	}
	s.answered(s.c.Object, nil)
	s.out.Status, s.out.Message, s.out.HTTPStatus, s.out.RequestID = journal.Succeeded, s.notice, resp.Status, resp.RequestID
	s.out.GraphCode, s.out.Kind = "", ""
	if s.req != s.c.Request {
		s.out.Message = fmt.Sprintf("sent as %s, since Graph answered so to %s", s.req.Method, s.c.Request.Method)
	}
	s.count(resp.Attempts, false)
	s.wasAccepted(sent)
	return end, nil
}
