package execute

import (
	"errors"
	"fmt"

	"bulksync/graph"
)

// errDeadline is what a run ends with whose Settings.Deadline came.
var errDeadline = errors.New("the deadline came")

// The numbers of changes in a row after which a run stops by itself.
const (
	maxForbidden = 10
	maxLost      = 5
)

// answered watches for answers that will not spare the next change either. A
// nil err is a write that was accepted.
func (r *runner) answered(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost = 0
	if !errors.Is(err, graph.Forbidden) {
		r.forbidden = 0
	} else {
		r.forbidden++
	}
	switch {
	case errors.Is(err, graph.Unauthorized):
		r.stopNow(fmt.Errorf("the token is not accepted: %w", err))
	case r.forbidden >= maxForbidden:
		r.stopNow(fmt.Errorf("%d changes in a row were refused: %w", r.forbidden, err))
	}
}

// unanswered counts a change that ended without a word from Graph, neither to
// the write nor to the question what became of it.
func (r *runner) unanswered(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lost++; r.lost >= maxLost {
		r.stopNow(fmt.Errorf("no answer for %d changes in a row: %w", r.lost, err))
	}
}

// spend counts an outcome against the budget of failures. The lock is held.
func (r *runner) spend(o *Outcome) {
	if o.Status != Failed && o.Status != Indeterminate {
		return
	}
	if r.failures++; r.failures == r.set.StopAfterFailures {
		r.stopNow(fmt.Errorf("%d changes did not succeed, which is the limit; the last was change %d: %s", r.failures, o.Seq, o.Message))
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
	for i := range r.log.outcomes {
		if o, unknown := r.log.outcome(i + 1); unknown || o.Status == NotAttempted {
			return true
		}
	}
	return false
}
