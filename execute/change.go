package execute

import (
	"errors"
	"fmt"
	"time"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/plan"
)

// maxAttempts bounds the writes of one change in one session that count against
// it.
const maxAttempts = 6

// changeRun is one change on its way to its outcome: look, judge, write, and
// again where the answer leaves the state open. It is for one goroutine. It only
// reads env, and changes nothing else than itself but through the methods of
// control, rec and queue.
//
// Outcome.Open is set from the first attempt on whose answer does not prove what
// became of it, and never taken back: what is as wanted from then on may be this
// run's doing.
type changeRun struct {
	env     *env
	control *control
	rec     *recorder
	queue   *writeQueue

	change *plan.Change
	before partnerChanges // the partner's changes before this one
	req    *plan.Request
	out    journal.Outcome

	// attempts counts the writes sent in this session that count against the
	// change, answersSeen is control.answered when the last one was counted.
	attempts, answersSeen int
	// staleTurns counts the turns at which the reading was too old by then.
	staleTurns int
	// readDirectly: the object is read by itself, a list is too old to tell.
	readDirectly bool
	// asOf is when the reading began that the change relies on.
	asOf time.Time
	// cause is what Graph said to the last write, where reading has to tell what
	// that means.
	cause error
	// refused: that was a refusal, which the object itself may not explain.
	refused bool
	// final: that was a refusal for good; only an earlier attempt can have landed.
	final bool
	// uncertainSince is since when no reading has shown what became of an open
	// attempt; zero where one has, or where there was none.
	uncertainSince time.Time
	// rechecks counts the readings in vain.
	rechecks int
	// notice tells what else of the object was changed since the plan.
	notice string
}

// todo is what is to be done next about a change.
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

// inherit takes up what an earlier session left open. That process ended before
// this one began, whatever its clock said.
func (r *changeRun) inherit() {
	o, unknown := r.rec.record.outcome(r.change)
	r.out.Open = unknown || o.Open
	if o.Open {
		r.out.Found = o.Found // undo goes back to that, whenever it landed
	}
	if !unknown {
		return
	}
	r.out = o
	r.out.Open, r.out.Reason, r.out.Message, r.out.Live = true, "", "", nil
	r.readDirectly, r.uncertainSince = true, r.env.began
	r.cause = errors.New("an earlier session did not learn the answer")
}

// look returns what is there now, together with what this run did to the partner
// before: a reading may not show that yet.
func (r *changeRun) look() (live plan.Live, err error) {
	if r.readDirectly {
		live, r.asOf, err = r.env.reading.object(r.env.ends.hard, r.change)
	} else {
		live, r.asOf, err = r.env.reading.live(r.env.ends.soft, r.change, r.env.clock.age, r.env.set.MaxAge)
	}
	if p := live.Partner; err == nil && p != nil && p.Problem != "" && !r.readDirectly {
		r.readDirectly = true // by itself it may be readable
		return r.look()
	}
	return r.rec.withDone(r.before, live), err
}

// judge decides by what is there.
func (r *changeRun) judge(live plan.Live) todo {
	verdict, why := r.fits(live)
	if verdict != plan.Drifted && r.cause == nil {
		r.notice = r.change.Beside(live)
	}
	switch {
	case verdict == plan.Unknown:
		r.endUnread(fmt.Errorf("%w: %s", graph.Unreadable, why))
	case verdict == plan.AsWanted && r.out.Open:
		r.out.Status, r.out.Message = journal.Succeeded, "the answer was lost or not clear; the object was read, and is as wanted"
	case verdict == plan.AsWanted:
		r.out.Status, r.out.Message = journal.Unchanged, r.notice
	case verdict == plan.Drifted && r.out.Open:
		r.abandon("something else is there now: " + why)
		r.out.Live = live.Object(r.change.Object)
	case verdict == plan.Drifted && r.cause != nil && r.useOtherVerb(live):
		return sendWrite
	case verdict == plan.Drifted && live.Partner == nil && live.Template == nil && !r.readDirectly:
		r.readDirectly = true // a list can miss what moves between its pages
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
// verb, it also applies to what was found then.
func (r *changeRun) fits(live plan.Live) (plan.Fit, string) {
	verdict, why := r.change.CheckDrift(live)
	if verdict != plan.Drifted {
		return verdict, why
	}
	req, planned := r.change.WithOtherVerb(live), r.req == r.change.Request
	switch {
	case req == nil, planned && r.out.Found == nil, !planned && r.req.Method != req.Method, !isFound(&r.out, r.change, live):
		return verdict, why
	}
	r.req = req
	return plan.Applies, ""
}

// useOtherVerb turns a create into an update and the other way round, once, when
// Graph says that the object is there after all, or is not.
func (r *changeRun) useOtherVerb(live plan.Live) bool {
	req := r.change.WithOtherVerb(live)
	if req == nil || req.Method == r.req.Method || r.req != r.change.Request || r.control.stopped() {
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

// noteSent notes a write that was sent: what waited for its turn in vain was not.
func (r *changeRun) noteSent(id string, at time.Time) {
	if r.out.StartedAt.IsZero() {
		r.out.StartedAt = at.Round(0)
	}
	r.out.ClientRequestID = id
	r.out.ElapsedMs = max(0, time.Since(r.out.StartedAt).Milliseconds()) // a clock can have been set back
}

// succeed ends a change whose write Graph accepted.
func (r *changeRun) succeed(resp *graph.Response, sent time.Time) {
	r.control.noteAnswer(r.change.Object, nil)
	r.out.Status, r.out.Message = journal.Succeeded, r.notice
	r.out.HTTPStatus, r.out.RequestID, r.out.GraphCode, r.out.Kind = resp.Status, resp.RequestID, "", ""
	if r.req != r.change.Request {
		r.out.Message = fmt.Sprintf("sent as %s, since Graph answered so to %s", r.req.Method, r.change.Request.Method)
	}
	r.count(resp.Attempts, false)
	r.control.noteAccepted(r.change, sent)
}

// hold leaves alone what somebody changed since the plan.
func (r *changeRun) hold(live plan.Live, why string) {
	r.out = held(r.out, r.change, live, journal.ReasonDrifted, "changed since the plan: "+why)
	if r.env.set.OnDrift == journal.StopOnDrift && !r.control.stopped() {
		r.control.stop(fmt.Errorf("change %d is held: its object %s", r.change.Seq, r.out.Message))
	}
}

// held is an outcome of a change whose object is not what was seen before. What
// is known of the writes of the change is kept.
func held(o journal.Outcome, c *plan.Change, live plan.Live, reason journal.Reason, why string) journal.Outcome {
	o.Overwritten = o.MayHaveLanded()
	o.Status, o.Reason, o.Message, o.Live = journal.Held, reason, why, live.Object(c.Object)
	return o
}

// giveUp ends a change that was tried often enough.
func (r *changeRun) giveUp() {
	r.out.Status, r.out.Message = journal.Failed, reasonOf(r.cause)
	if !r.final && errors.Is(r.cause, graph.Forbidden) {
		r.control.noteAnswer(r.change.Object, r.cause) // now it counts
	}
}

// abandon ends a change in the middle, and says what that leaves behind.
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

// unreadObject begins what is said of an object that could not be read.
const unreadObject = "the object could not be read: "

// endUnread ends a change whose object could not be read. An answer that is not
// readable ends this change only; no answer ends the run.
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
