package execute

import (
	"errors"
	"fmt"
	"time"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/plan"
)

// maxAttempts bounds the counted writes of one change in one session.
const maxAttempts = 6

// changeRun takes one change to its outcome: it looks, judges and writes, and
// starts over when the answer leaves the result open. It is for one goroutine.
// It only reads env; beyond itself it changes things only through the methods
// of control, rec and queue.
//
// Outcome.Open is set from the first attempt whose answer proves nothing, and
// is never reset: an object found as wanted after that may be this run's doing.
type changeRun struct {
	env     *env
	control *control
	rec     *recorder
	queue   *writeQueue

	change *plan.Change
	before partnerChanges // the earlier changes of the same partner
	// planned is the request of the plan, and req the one to send: another after
	// the change took the other verb.
	planned, req *plan.Request
	out          journal.Outcome

	// attempts counts the writes of this session that count against the change;
	// answersSeen is control.answered at the last one counted.
	attempts, answersSeen int
	// staleTurns counts the turns that came after the reading had become too
	// old.
	staleTurns int
	// readDirectly: read the object by itself, because a list is not good
	// enough.
	readDirectly bool
	// asOf is when the reading that the change relies on began.
	asOf time.Time
	// cause is Graph's answer to the last write, when a reading has to show
	// what it means.
	cause error
	// refused: the answer was a refusal that the object itself may not explain.
	refused bool
	// final: the refusal is final; only an earlier attempt can have landed.
	final bool
	// uncertainSince is when an open attempt became uncertain; zero once a
	// reading showed what became of it, or if there was none.
	uncertainSince time.Time
	// rechecks counts the readings that settled nothing.
	rechecks int
	// notice says what else in the object changed since the plan.
	notice string
}

// todo says what to do next about a change.
type todo int

const (
	finish todo = iota
	sendWrite
	lookAgain
)

// run brings the change to its outcome. An error means that the journal is lost.
func (r *changeRun) run() (journal.Outcome, error) {
	r.inherit()
	for {
		live, err := r.look()
		if err != nil {
			r.endUnread(err)
			return r.out, nil
		}
		next := r.judge(live)
		if why := r.env.exceptedBecause(r.change); why != "" && next == sendWrite {
			r.abandon(why)
			return r.out, nil
		}
		if next == sendWrite {
			if next, err = r.write(); err != nil {
				return r.out, err
			}
		}
		if next == finish {
			return r.out, nil
		}
	}
}

// inherit takes over what an earlier session left open. That process ended
// before this one began, whatever its clock said.
func (r *changeRun) inherit() {
	o, unknown := r.rec.record.outcome(r.change)
	r.out.Open = unknown || o.Open
	if o.Open {
		r.out.Found = o.Found // undo restores that, whenever it landed
	}
	if !unknown {
		return
	}
	r.out = o
	r.out.Open, r.out.Reason, r.out.Message, r.out.Live = true, "", "", nil
	r.readDirectly, r.uncertainSince = true, r.env.began
	r.cause = errors.New("an earlier session did not learn the answer")
}

// look returns what is there now, with this run's earlier changes to the
// partner laid over it: a reading may not show them yet.
func (r *changeRun) look() (live plan.Live, err error) {
	if r.readDirectly {
		live, r.asOf, err = r.env.reading.object(r.env.ends.hard, r.change)
	} else {
		live, r.asOf, err = r.env.reading.live(r.env.ends.soft, r.change, r.env.clock.age, r.env.set.MaxAge)
	}
	if p := live.Partner; err == nil && p != nil && p.Problem != "" && !r.readDirectly {
		r.readDirectly = true // read by itself it may be readable
		return r.look()
	}
	return r.rec.withDone(r.before, live), err
}

// judge decides from what is there.
func (r *changeRun) judge(live plan.Live) todo {
	verdict, why := r.fits(live)
	if verdict != plan.Drifted && r.cause == nil {
		r.notice = r.change.Beside(live)
	}
	switch {
	case verdict == plan.Unknown:
		r.endUnread(fmt.Errorf("%w: %s", graph.Unreadable, why))
	case verdict == plan.AsWanted && r.out.Open:
		r.out.Status, r.out.Message = journal.Succeeded, "the answer was lost or unclear; the object was read and is as wanted"
	case verdict == plan.AsWanted:
		r.out.Status, r.out.Message = journal.Unchanged, r.notice
	case verdict == plan.Drifted && r.out.Open:
		r.abandon("something else is there now: " + why)
		r.out.Live = live.Object(r.change.Object)
	case verdict == plan.Drifted && r.cause != nil && r.useOtherVerb(live):
		return sendWrite
	case verdict == plan.Drifted && live.Partner == nil && live.Template == nil && !r.readDirectly:
		r.readDirectly = true // a list can miss an object that moves between its pages
		return lookAgain
	case verdict == plan.Drifted:
		r.hold(live, why)
	case r.cause != nil && r.control.stopped():
		r.abandon("the run stopped before that was settled")
	case !r.uncertainSince.IsZero():
		return r.settle()
	case r.final, r.cause != nil && r.attempts >= maxAttempts:
		r.giveUp()
	case r.refused:
		return r.retryRefused()
	default:
		return sendWrite
	}
	return finish
}

// fits compares the change with what is there. Once the change uses the other
// verb, it also fits the object found at that time.
func (r *changeRun) fits(live plan.Live) (plan.Fit, string) {
	verdict, why := r.change.CheckDrift(live)
	if verdict != plan.Drifted {
		return verdict, why
	}
	req, planned := r.change.WithOtherVerb(live), r.req == r.planned
	switch {
	case req == nil, planned && r.out.Found == nil, !planned && r.req.Method != req.Method, !isFound(&r.out, r.change, live):
		return verdict, why
	}
	r.req = req
	return plan.Applies, ""
}

// useOtherVerb turns a create into an update or an update into a create, once,
// when Graph says that the object exists after all, or does not.
func (r *changeRun) useOtherVerb(live plan.Live) bool {
	req := r.change.WithOtherVerb(live)
	if req == nil || req.Method == r.req.Method || r.req != r.planned || r.control.stopped() {
		return false
	}
	r.req, r.out.Found = req, found(r.change, live)
	return true
}

// write makes the intent durable and sends the write.
func (r *changeRun) write() (todo, error) {
	intent := journal.Intent{
		Seq: r.change.Seq, Method: r.req.Method, Path: r.req.Path, ClientRequestID: graph.NewRequestID(), Found: r.out.Found,
	}
	if err := r.rec.intent(intent); err != nil {
		return finish, err
	}
	if !r.queue.take(r.env.ends.soft) {
		r.abandon("the run stopped")
		return finish, nil
	}
	sent, before := time.Now(), r.out.Attempts
	resp, err := r.send(intent.ClientRequestID)
	r.queue.release()
	if err == nil || r.out.Attempts > before {
		r.noteSent(intent.ClientRequestID, sent)
	}
	switch {
	case errors.Is(err, graph.ErrPrecondition):
		return r.staleTurn(), nil
	case err != nil:
		return r.afterFault(err), nil
	}
	r.succeed(resp, sent)
	return finish, nil
}

// noteSent notes that the write was sent. One that only waited for its turn was
// not.
func (r *changeRun) noteSent(id string, at time.Time) {
	if r.out.StartedAt.IsZero() {
		r.out.StartedAt = at.Round(0)
	}
	r.out.ClientRequestID = id
	r.out.ElapsedMs = max(0, time.Since(r.out.StartedAt).Milliseconds()) // the clock may have been set back
}

// succeed ends a change whose write Graph accepted.
func (r *changeRun) succeed(resp *graph.Response, sent time.Time) {
	r.control.noteAnswer(r.change.Object, nil)
	r.out.Status, r.out.Message = journal.Succeeded, r.notice
	r.out.HTTPStatus, r.out.RequestID, r.out.GraphCode, r.out.Kind = resp.Status, resp.RequestID, "", ""
	if r.req != r.planned {
		r.out.Message = fmt.Sprintf("sent as %s because of Graph's answer to %s", r.req.Method, r.planned.Method)
	}
	r.count(resp.Attempts, false)
	r.control.noteAccepted(r.change, sent)
}

// hold leaves an object unchanged that somebody changed since the plan.
func (r *changeRun) hold(live plan.Live, why string) {
	r.out = held(r.out, r.change, live, journal.ReasonDrifted, "changed since the plan: "+why)
	if r.env.set.OnDrift == journal.StopOnDrift && !r.control.stopped() {
		r.control.stop(fmt.Errorf("change %d is held: its object %s", r.change.Seq, r.out.Message))
	}
}

// held is the outcome of a change whose object differs from what was seen
// before. It keeps what is known of the change's writes.
func held(o journal.Outcome, c *plan.Change, live plan.Live, reason journal.Reason, why string) journal.Outcome {
	o.Applied = o.MayHaveLanded()
	// Nobody is known to have changed what cannot be read or was never seen.
	o.Overwritten = o.Applied && reason != journal.ReasonUnreadable && reason != journal.ReasonNeverSeen
	o.Status, o.Reason, o.Message, o.Live = journal.Held, reason, why, live.Object(c.Object)
	return o
}

// giveUp ends a change that has used up its attempts.
func (r *changeRun) giveUp() {
	r.out.Status, r.out.Message = journal.Failed, reasonOf(r.cause)
	if !r.final && errors.Is(r.cause, graph.Forbidden) {
		r.control.noteAnswer(r.change.Object, r.cause) // now it counts
	}
}

// abandon ends a change before it is settled, and says what that leaves behind.
func (r *changeRun) abandon(why string) {
	switch {
	case r.out.Open:
		r.out.Status, r.out.Message = journal.Indeterminate, why
		if r.cause != nil {
			r.out.Message = reasonOf(r.cause) + "; " + why
		}
	case r.cause != nil:
		r.out.Status, r.out.Message = journal.Failed, reasonOf(r.cause)
	default:
		r.out.Status, r.out.Message = journal.NotAttempted, ""
	}
}

// unreadObject begins every message about an object that could not be read.
const unreadObject = "the object could not be read: "

// endUnread ends a change whose object could not be read. An unreadable answer
// ends only this change; no answer at all ends the run.
func (r *changeRun) endUnread(err error) {
	why := unreadObject + reasonOf(err)
	ofList := errors.As(err, new(*graph.ListError))
	if errors.As(err, new(*stopCause)) {
		why = "the run stopped before that was settled"
	}
	switch {
	case r.control.stopped():
	case errors.Is(err, graph.Unreadable) && !ofList && !r.out.Open && r.cause == nil:
		r.out.Status, r.out.Reason, r.out.Message = journal.Held, journal.ReasonUnreadable, why
		return
	case errors.Is(err, graph.Unreadable) && !ofList:
	default:
		r.control.stop(fmt.Errorf("the tenant could not be read again: %w", err))
	}
	r.abandon(why)
}
