package execute

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/internal/words"
	"bulksync/plan"
)

// errDeadline is what a run ends with whose Settings.Deadline came.
var errDeadline = errors.New("the deadline came")

// ErrCannotSee means that Graph answers as if there were synchronization
// policies, and shows this identity none. The roles that see partners without
// their policies are those of the page "List partners": Teams Administrator and
// Global Secure Access Administrator.
var ErrCannotSee = errors.New("this identity cannot see synchronization policies")

// The numbers of changes after which a run stops by itself.
const (
	maxForbidden = 10
	maxUnseen    = 3
)

// stopCause is why a run stopped itself. It hides what it was made of: whatever
// waits when the run stops ends with it, and Graph's answer to one request is
// not its answer to the others.
type stopCause struct{ hidden error }

func (s *stopCause) Error() string { return s.hidden.Error() }

// stopNow ends waits and new attempts; the first cause is the one that is told.
func (r *runner) stopNow(err error) { r.cancel(&stopCause{err}) }

// stopCause is why no further write is sent; nil while they are.
func (r *runner) stopCause() error {
	cause := context.Cause(r.soft)
	if own := (*stopCause)(nil); errors.As(cause, &own) {
		return own.hidden
	}
	return cause
}

// pastDeadline reports whether no further write may be begun.
func (r *runner) pastDeadline() bool {
	return !r.set.Deadline.IsZero() && !r.clock.wall().Before(r.set.Deadline)
}

// watchDeadline stops the run at its deadline, which is a time of day. It looks
// at the clock now and then, as a timer stands still while a machine sleeps.
func (r *runner) watchDeadline() {
	for !r.pastDeadline() {
		if graph.Sleep(r.soft, min(r.set.Deadline.Sub(r.clock.wall()), time.Second)) != nil {
			return
		}
	}
	r.stopNow(errDeadline)
}

// answered watches for answers that will not spare the next change of such an
// object either. A nil err is a write that was accepted.
func (r *runner) answered(o plan.Object, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers++
	if r.forbidden[o]++; !errors.Is(err, graph.Forbidden) {
		r.forbidden[o] = 0
	}
	switch {
	case err == nil:
		clear(r.unseen)
	case errors.Is(err, graph.Unauthorized):
		r.stopNow(fmt.Errorf("the token is not accepted: %w", err))
	case r.forbidden[o] >= maxForbidden:
		r.stopNow(fmt.Errorf("%d changes in a row were refused: %w", r.forbidden[o], err))
	}
}

// cannotSee notes a create that Graph refused as the object is there, while no
// reading shows it. Where the tenant shows not one object of the kind, this
// identity cannot see them, and no change can be held against what is there.
func (r *runner) cannotSee(c *plan.Change, err error) {
	if c.Object != plan.IdentitySynchronization || r.Reading.showsSync() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.unseen[c.Seq] = true; len(r.unseen) >= maxUnseen {
		r.stopNow(fmt.Errorf("%w: %d partners have a synchronization policy by Graph's answer (%w), and no reading shows one",
			ErrCannotSee, len(r.unseen), err))
	}
}

// spend counts an outcome against the budget of failures. The lock is held.
func (r *runner) spend(o *journal.Outcome) {
	if o.Status != journal.Failed && o.Status != journal.Indeterminate {
		return
	}
	if r.failures++; r.failures == r.set.StopAfterFailures {
		r.stopNow(fmt.Errorf("%s did not succeed, which is the limit; the last was change %d: %s", words.Count(r.failures, "change"), o.Seq, o.Message))
	}
}

// interrupted reports whether a person or the system asked for an end.
func (r *runner) interrupted() bool { return r.asked.Err() != nil }

// stopped reports whether no further write is to be sent.
func (r *runner) stopped() bool { return r.soft.Err() != nil }

// cutShort reports whether something was left undone or in doubt.
func (r *runner) cutShort() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.log.Outcomes {
		if o, unknown := r.log.Outcome(i + 1); unknown || o.Status == journal.NotAttempted {
			return true
		}
	}
	return false
}
