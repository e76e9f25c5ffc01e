package execute

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"time"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/plan"
)

// send sends the write, unless no reading supports it any more when its turn
// comes.
func (r *changeRun) send(id string) (*graph.Response, error) {
	if !r.isSupported() {
		return nil, graph.ErrPrecondition // before it takes a turn from another
	}
	resp, err := r.env.client.Do(r.env.ends.soft, graph.Request{
		Method: r.req.Method, Path: r.req.Path, Body: r.req.Body, ClientRequestID: id,
		MaxAttempts: max(1, maxAttempts-r.attempts), Precondition: r.isSupported, InFlight: r.env.ends.hard, Repeats: r.out.Attempts > 0,
	})
	if e := (*graph.Error)(nil); errors.As(err, &e) {
		r.count(e.Attempts, e.Answered)
		if e.Attempts > 0 && !errors.Is(err, graph.ErrPrecondition) {
			r.out.HTTPStatus, r.out.GraphCode, r.out.Kind, r.out.RequestID = e.Status, e.Code, e.Kind, e.RequestID
		}
	}
	return resp, err
}

// isSupported reports whether a reading supports the write now that its turn
// has come. If the reading became too old in a long queue, the object is read
// on the spot: giving the turn back would waste it. Nothing is read if the
// newest reading will do.
func (r *changeRun) isSupported() bool {
	if r.env.pastDeadline() { // a timer stops while the machine sleeps
		r.control.stop(errDeadline)
		return false
	}
	if r.isFresh() {
		return true
	}
	var live plan.Live
	var err error
	if !r.readDirectly {
		live, r.asOf = r.env.reading.newest(r.change)
		live = r.rec.withDone(r.before, live)
	}
	if !r.isFresh() {
		live, err = r.look()
	}
	verdict, _ := r.fits(live)
	return err == nil && verdict == plan.Applies && r.isFresh()
}

func (r *changeRun) isFresh() bool { return r.env.clock.age(r.asOf) <= r.env.set.MaxAge }

// maxStaleTurns is how often the turn of a change may come too late before it
// is clear that no reading will be new enough.
const maxStaleTurns = 3

// staleTurn has the change judged again, because no reading supported the write
// when its turn came.
func (r *changeRun) staleTurn() todo {
	if r.control.stopped() {
		r.abandon("the run stopped before it was sent again")
		return finish
	}
	if r.staleTurns++; r.staleTurns == maxStaleTurns {
		r.control.stop(fmt.Errorf("reading the tenant takes longer than the maximum age of a reading, %s: allow an older one",
			r.env.set.MaxAge.Round(time.Second)))
	}
	return lookAgain
}

// count adds the attempts of a request. They count against the change only if
// it, or others in the meantime, got an answer from Graph: an outage is bounded
// by time, not by attempts.
func (r *changeRun) count(attempts int, answered bool) {
	r.out.Attempts += attempts
	answers := r.control.answered()
	if answered || r.attempts == 0 || answers != r.answersSeen {
		r.attempts += attempts
	}
	r.answersSeen = answers
}

// afterFault decides what a failed write means: an outcome, or another look.
func (r *changeRun) afterFault(err error) todo {
	var e *graph.Error
	if !errors.As(err, &e) { // the run stopped before anything was sent
		r.abandon("the run stopped before it was sent again")
		return finish
	}
	switch {
	case e.Kind == graph.Indeterminate:
		r.cause, r.readDirectly, r.out.Open, r.uncertainSince = err, true, true, time.Now()
		if errors.Is(err, graph.Outage) {
			r.control.stop(err)
		}
		return r.recheckAfter(r.recheckDelay())
	case e.Kind == graph.Outage, e.Kind == graph.Unreachable:
		r.control.stop(err)
		r.abandon("the run stopped before it was sent again")
		return finish
	case e.Kind == graph.Throttled && e.RetryAfter > graph.MaxRetryAfter:
		r.control.stop(fmt.Errorf("asked for a pause of %s, longer than the maximum wait of %s: %w",
			e.RetryAfter.Round(time.Second), graph.MaxRetryAfter, err))
	case r.attempts < maxAttempts && mayPass(e.Kind) && r.isJustDisrupted():
		r.cause, r.readDirectly, r.refused = err, true, true
		return lookAgain
	}
	r.control.noteAnswer(r.change.Object, err)
	return r.afterRefusal(e, err)
}

// afterRefusal decides what a refusal means.
func (r *changeRun) afterRefusal(e *graph.Error, err error) todo {
	switch {
	case e.Kind == graph.Conflict, e.Kind == graph.NotFound:
		r.cause, r.readDirectly, r.refused = err, true, true
		return lookAgain
	case e.Attempts == 0, (e.Kind == graph.Throttled || e.Kind == graph.Transient) && r.control.stopped():
		r.abandon("the run stopped before it was sent again")
	case r.out.Open: // an earlier attempt may have landed all the same
		r.cause, r.readDirectly, r.final = err, true, true
		return lookAgain
	default:
		r.out.Status, r.out.Message = journal.Failed, reasonOf(err)
	}
	return finish
}

// mayPass reports whether Graph may give such an answer for a while about
// what follows a disruptive change of a partner.
func mayPass(k graph.Kind) bool {
	return k == graph.Invalid || k == graph.Forbidden || k == graph.NotFound
}

// isJustDisrupted reports whether this run added the partner configuration less
// than a minute ago, or removed the policy that keeps it from being removed: until
// then Graph may refuse what comes next, in several ways. When an earlier session
// did so is known only by that session's clock.
func (r *changeRun) isJustDisrupted() bool {
	for _, c := range r.before {
		matters := c.Object == plan.PartnerConfiguration || r.change.Object == plan.PartnerConfiguration
		if !isDisruptive(c) || !matters || !r.rec.isDone(c) {
			continue
		}
		at, known := r.control.disruptedAt(c.Partner.TenantID)
		if !known {
			at = r.env.began
		}
		return time.Since(at) < maxUncertainty
	}
	return false
}

// These bound how long an open write is followed up.
const (
	// unknownLag is how long after the attempt a reading that does not show it
	// is believed, when nothing is known about how far readings lag behind.
	unknownLag = 2 * time.Second
	// lagHolds is how long a finding about the lag is believed.
	lagHolds = 5 * time.Second
	// maxUncertainty is when an open write is given up: readings lag by more
	// than the run waits for.
	maxUncertainty = time.Minute
)

// settle decides about an open write when a reading shows the object as it was
// before. Readings lag behind writes, so that alone does not prove that the
// write did not land. But a reading that shows a write accepted at that time or
// later would show this one too.
func (r *changeRun) settle() todo {
	since := r.asOf.Sub(r.uncertainSince)
	switch trusted := r.isLagBelow(since); {
	case trusted && !r.isFresh():
		return lookAgain // finding out took so long that a write needs another look
	case trusted:
		r.uncertainSince, r.rechecks = time.Time{}, 0
		if r.attempts >= maxAttempts {
			r.giveUp()
			return finish
		}
		return sendWrite
	case since > maxUncertainty:
		r.abandon(fmt.Sprintf("reading the object for %s did not settle it", maxUncertainty))
		return finish
	default:
		return r.recheckAfter(r.recheckDelay())
	}
}

// isLagBelow reports whether readings lag behind writes by less than d, as far
// as known: by how soon a reading showed the last accepted write.
func (r *changeRun) isLagBelow(d time.Duration) bool {
	last, known := r.control.lastAccepted()
	if time.Since(known.foundAt) < lagHolds && known.below <= d {
		return true
	}
	if last.change == nil {
		return d >= unknownLag
	}
	live, asOf, err := r.env.reading.object(r.env.ends.hard, last.change)
	if err != nil {
		return false
	}
	if verdict, _ := last.change.CheckDrift(live); verdict != plan.AsWanted {
		r.control.noteNotShown(last, asOf)
		return d > maxUncertainty && time.Since(last.sent) < maxUncertainty // too young to show such a lag
	}
	return r.control.noteShown(last) <= d
}

// retryRefused waits before a refused write is sent again, when no reading
// explains the refusal: a partner that was just created is not found yet, or an
// object that was just deleted is still in the way. Both pass within a minute.
func (r *changeRun) retryRefused() todo {
	r.rechecks++
	if r.rechecks > 1 && r.change.Action == plan.Create && errors.Is(r.cause, graph.Conflict) &&
		r.change.Object == plan.IdentitySynchronization && !r.env.reading.showsSync(r.env.ends.soft) {
		r.control.noteUnseen(r.change.Seq, r.cause)
	}
	if graph.Sleep(r.env.ends.soft, jitter(time.Second<<r.rechecks)) != nil {
		r.abandon("the run stopped before that was settled")
		return finish
	}
	r.refused = false
	return lookAgain
}

// recheckDelay is how long to wait before looking for an open write again.
func (r *changeRun) recheckDelay() time.Duration {
	r.rechecks++
	return jitter(min(100*time.Millisecond<<min(r.rechecks-1, 6), 5*time.Second))
}

// recheckAfter has the object read again after d. A stop of the run shortens
// the wait, and leaves time for one reading.
func (r *changeRun) recheckAfter(d time.Duration) todo {
	if graph.Sleep(r.env.ends.soft, d) != nil && graph.Sleep(r.env.ends.hard, lastRecheck) != nil {
		r.abandon("the run stopped before that was settled")
		return finish
	}
	return lookAgain
}

// lastRecheck is how long after a stop an open write is looked for.
const lastRecheck = 100 * time.Millisecond

// found is the object in the form that Outcome.Found keeps; null if there is
// none.
func found(c *plan.Change, live plan.Live) json.RawMessage {
	if object := live.Object(c.Object); len(object) > 0 {
		return object
	}
	return json.RawMessage("null")
}

// isFound reports whether the object is the one found when the other verb was
// chosen.
func isFound(o *journal.Outcome, c *plan.Change, live plan.Live) bool {
	return o.Found != nil && reflect.DeepEqual(ownMembers(found(c, live)), ownMembers(o.Found))
}

// ownMembers is an object without the members that the protocol adds, which
// differ between a list and a single read; nil if there is none.
func ownMembers(object json.RawMessage) map[string]any {
	var members map[string]any
	_ = json.Unmarshal(object, &members) // it was read before
	maps.DeleteFunc(members, func(name string, _ any) bool { return strings.HasPrefix(name, "@") })
	return members
}

// reasonOf says what the other members of an outcome do not.
func reasonOf(err error) string {
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
