package execute

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/plan"
)

// send sends the write, unless its turn comes when nothing supports it any more.
func (s *step) send(id string) (*graph.Response, error) {
	if !s.still() {
		return nil, graph.ErrPrecondition // before it takes a turn from another
	}
	resp, err := s.Client.Do(s.soft, graph.Request{
		Method: s.req.Method, Path: s.req.Path, Body: s.req.Body, ClientRequestID: id,
		MaxAttempts: max(1, attemptsPerChange-s.tries), Precondition: s.still, InFlight: s.hard, Repeats: s.out.Attempts > 0,
	})
	if e := (*graph.Error)(nil); errors.As(err, &e) {
		s.count(e.Attempts, e.Answered)
		if e.Attempts > 0 && !errors.Is(err, graph.ErrPrecondition) {
			s.out.HTTPStatus, s.out.GraphCode, s.out.Kind, s.out.RequestID = e.Status, e.Code, e.Kind, e.RequestID
		}
	}
	return resp, err
}

// still reports whether the write has its ground when its turn has come. Where
// the line was so long that the reading is too old by then, the object is
// looked at again on the spot: giving the turn back would waste it. Nothing is
// read for that while the newest reading will do.
func (s *step) still() bool {
	if s.pastDeadline() { // a timer stands still while the machine sleeps
		s.stopNow(errDeadline)
		return false
	}
	if s.isFresh() {
		return true
	}
	var live plan.Live
	var err error
	if !s.alone {
		live, s.asOf = s.Reading.now(s.c)
		live = s.withOwn(live)
	}
	if !s.isFresh() {
		live, err = s.look()
	}
	verdict, _ := s.fits(live)
	return err == nil && verdict == plan.Applies && s.isFresh()
}

func (s *step) isFresh() bool { return s.clock.age(s.asOf) <= s.set.MaxAge }

// maxTooLate is how often a step may come too late before it is plain that no
// reading is young enough.
const maxTooLate = 3

// tooLate has the change judged anew, as it no longer had its ground when its
// turn came.
func (s *step) tooLate() next {
	if s.stopped() {
		s.leaveOff("the run stopped before it was sent again")
		return end
	}
	if s.late++; s.late == maxTooLate {
		s.stopNow(fmt.Errorf("reading the tenant takes longer than the %s that a reading may be old: allow an older one",
			s.set.MaxAge.Round(time.Second)))
	}
	return lookAgain
}

// count takes in the attempts of a request. They count against the change only
// if it, or others meanwhile, got an answer of Graph: an outage is waited out by
// time.
func (s *step) count(attempts int, answered bool) {
	s.out.Attempts += attempts
	s.mu.Lock()
	answers := s.answers
	s.mu.Unlock()
	if answered || s.tries == 0 || answers != s.heard {
		s.tries += attempts
	}
	s.heard = answers
}

// afterFault decides what a write that did not succeed means: an outcome, or
// another look.
func (s *step) afterFault(err error) next {
	var e *graph.Error
	if !errors.As(err, &e) { // the run stopped before anything was sent
		s.leaveOff("the run stopped before it was sent again")
		return end
	}
	switch {
	case e.Kind == graph.Indeterminate:
		s.cause, s.alone, s.out.Open, s.doubt = err, true, true, time.Now()
		if errors.Is(err, graph.Outage) {
			s.stopNow(err)
		}
		return s.lookIn(s.patience())
	case e.Kind == graph.Outage, e.Kind == graph.Unreachable:
		s.stopNow(err)
		s.leaveOff("the run stopped before it was sent again")
		return end
	case e.Kind == graph.Throttled && e.RetryAfter > graph.MaxRetryAfter:
		s.stopNow(fmt.Errorf("asked for a pause of %s, longer than the %s that are waited for: %w",
			e.RetryAfter.Round(time.Second), graph.MaxRetryAfter, err))
	case s.tries < attemptsPerChange && lags(e.Kind) && s.justAdded():
		s.cause, s.alone, s.refused = err, true, true
		return lookAgain
	}
	s.answered(s.c.Object, err)
	switch {
	case e.Kind == graph.Conflict, e.Kind == graph.NotFound:
		s.cause, s.alone, s.refused = err, true, true
		return lookAgain
	case e.Attempts == 0, (e.Kind == graph.Throttled || e.Kind == graph.Transient) && s.stopped():
		s.leaveOff("the run stopped before it was sent again")
	case s.out.Open: // what was sent before may have landed all the same
		s.cause, s.alone, s.final = err, true, true
		return lookAgain
	default:
		s.out.Status, s.out.Message = journal.Failed, reason(err)
	}
	return end
}

// lags reports whether Graph may give such an answer for a while about what
// belongs to a partner configuration that was just added.
func lags(k graph.Kind) bool {
	return k == graph.Invalid || k == graph.Forbidden || k == graph.NotFound
}

// justAdded reports whether this run added the partner configuration less than
// a minute ago: until then Graph may refuse what belongs to it, in several ways.
// Of what an earlier session added only its own clock knows when.
func (s *step) justAdded() bool {
	for _, c := range s.before {
		if c.Object != plan.PartnerConfiguration || c.Action != plan.Create || !s.isDone(c) {
			continue
		}
		s.mu.Lock()
		at, known := s.added[c.Partner.TenantID]
		s.mu.Unlock()
		if !known {
			at = s.began
		}
		return time.Since(at) < maxDoubt
	}
	return false
}

// How long a write that was left open is followed up.
const (
	// blindTrust is how long after the attempt a reading is believed that does not
	// show it, where nothing tells how far readings lag behind.
	blindTrust = 2 * time.Second
	// lagHolds is how long what was seen of the lag is believed.
	lagHolds = 5 * time.Second
	// maxDoubt is after how long it is given up: readings lag by more than is
	// waited for.
	maxDoubt = time.Minute
)

// settle decides about an open write when a reading shows the object as it was
// before. Graph's readings lag behind its writes, so that alone does not mean
// that it did not land; but if they show what was accepted at that time or
// later, they would show this one.
func (s *step) settle() next {
	switch trusted := s.lagBelow(s.asOf.Sub(s.doubt)); {
	case trusted && !s.isFresh():
		return lookAgain // finding out took too long to write now
	case trusted:
		s.doubt, s.looks = time.Time{}, 0
		if s.tries >= attemptsPerChange {
			s.giveUp()
			return end
		}
		return write
	case s.asOf.Sub(s.doubt) > maxDoubt:
		s.leaveOff(fmt.Sprintf("reading the object for %s did not settle it", maxDoubt))
		return end
	default:
		return s.lookIn(s.patience())
	}
}

// lagBelow reports whether readings lag behind writes by less than d, as far as
// can be told: by how soon one showed what was accepted last.
func (s *step) lagBelow(d time.Duration) bool {
	s.mu.Lock()
	w, known := s.shown, s.lag
	s.mu.Unlock()
	if time.Since(known.at) < lagHolds && known.below <= d {
		return true
	}
	if w.change == nil {
		return d >= blindTrust
	}
	live, asOf, err := s.Reading.Object(s.hard, w.change)
	if err != nil {
		return false
	}
	verdict, _ := w.change.CheckDrift(live)
	s.mu.Lock()
	defer s.mu.Unlock()
	if verdict != plan.AsWanted {
		s.lag.seen = max(s.lag.seen, asOf.Sub(w.at))
		return d > maxDoubt && time.Since(w.at) < maxDoubt // young, and no sign of such a lag
	}
	// It can have been visible for long: what was seen of lags bounds it, too.
	s.lag.below, s.lag.at = min(time.Since(w.at), max(blindTrust, 2*s.lag.seen)), time.Now()
	return s.lag.below <= d
}

// wasAccepted remembers the write that was accepted last, and when it was sent:
// it took effect at some time since, and the lag is not to look shorter than it
// is because the answer was slow.
func (s *step) wasAccepted(sent time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown = accepted{s.c, sent}
}

// insist waits before a refused write is sent again, where reading shows nothing
// that would explain the refusal: a partner that was just created is not found
// yet, or one that was just deleted still stands in the way. Either passes
// within a minute.
func (s *step) insist() next {
	s.looks++
	if s.looks > 1 && s.c.Action == plan.Create && errors.Is(s.cause, graph.Conflict) {
		s.cannotSee(s.c, s.cause)
	}
	if graph.Sleep(s.soft, jitter(time.Second<<s.looks)) != nil {
		s.leaveOff("the run stopped before that was settled")
		return end
	}
	s.refused = false
	return lookAgain
}

// patience is how long to wait before the next look for an open write.
func (s *step) patience() time.Duration {
	s.looks++
	return jitter(min(100*time.Millisecond<<min(s.looks-1, 6), 5*time.Second))
}

// lookIn has the object looked at after d. A stop of the run cuts the wait short
// and leaves time for one look.
func (s *step) lookIn(d time.Duration) next {
	if graph.Sleep(s.soft, d) != nil && graph.Sleep(s.hard, lastLook) != nil {
		s.leaveOff("the run stopped before that was settled")
		return end
	}
	return lookAgain
}

// lastLook is how long after a stop an open write is looked for.
const lastLook = 100 * time.Millisecond

func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }

// reason says what is not in the other members of an outcome already.
func reason(err error) string {
	var e *graph.Error
	switch {
	case errors.As(err, &e):
		return e.Reason()
	case errors.Is(err, context.Canceled):
		return ErrInterrupted.Error()
	default:
		return err.Error()
	}
}
