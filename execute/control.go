package execute

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/internal/words"
	"bulksync/plan"
)

// ErrCannotSee means that Graph answers as if synchronization policies exist
// but shows this identity none. By the page "List partners", the roles that see
// partners without their policies are Teams Administrator and Global Secure
// Access Administrator.
var ErrCannotSee = errors.New("this identity cannot see synchronization policies")

// After these numbers of changes a run stops by itself.
const (
	maxForbidden = 10
	maxUnseen    = 3
)

// control owns what the changes of a run learn from each other, and decides
// when the run stops. It has no access to the wire, the journal or the log; its
// methods are safe for concurrent use.
type control struct {
	ends    ends
	endSoft context.CancelCauseFunc
	// maxFailures is Settings.StopAfterFailures.
	maxFailures int

	mu sync.Mutex
	// forbidden counts, per kind of object, the consecutive changes refused
	// with 403: an identity may be allowed to add partners but not to touch
	// their policies.
	forbidden map[plan.Object]int
	// failures counts the changes of this session that did not succeed.
	failures int
	// unseen holds the creates that Graph refused because the object exists,
	// while no reading shows one.
	unseen map[int]bool
	// answers counts Graph's answers to writes. If other changes get answers
	// and one does not, the fault is its own.
	answers int
	// own marks the changes accepted in this session, by index.
	own []bool
	// disrupted is when this session last made a disruptive change of each partner.
	disrupted map[string]time.Time
	// accepted is the last write that was accepted: whether a reading shows it
	// says how far readings can be trusted.
	accepted accepted
	lag      lag
}

// accepted is a change that Graph accepted, and when its write was sent.
type accepted struct {
	change *plan.Change
	sent   time.Time
}

// lag is an upper bound on how far readings lag behind writes, and when it was
// found.
type lag struct {
	below   time.Duration
	foundAt time.Time
	// longest is the longest lag seen in this session.
	longest time.Duration
}

func newControl(e ends, endSoft context.CancelCauseFunc, changes, maxFailures int) *control {
	return &control{
		ends: e, endSoft: endSoft, maxFailures: maxFailures, own: make([]bool, changes),
		forbidden: map[plan.Object]int{}, unseen: map[int]bool{}, disrupted: map[string]time.Time{},
	}
}

// stop ends waits and new attempts; only the first cause is reported.
func (c *control) stop(err error) { c.endSoft(&stopCause{err}) }

// cause is why no more writes are sent; nil while the run continues.
func (c *control) cause() error {
	cause := context.Cause(c.ends.soft)
	if own := (*stopCause)(nil); errors.As(cause, &own) {
		return own.hidden
	}
	return cause
}

// stopped reports whether no more writes are to be sent.
func (c *control) stopped() bool { return c.ends.soft.Err() != nil }

// interrupted reports whether a person or the system asked for an end.
func (c *control) interrupted() bool { return c.ends.asked.Err() != nil }

// noteAnswer watches for answers that the next change to the same kind of
// object would get too. A nil err is an accepted write.
func (c *control) noteAnswer(o plan.Object, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers++
	if c.forbidden[o]++; !errors.Is(err, graph.Forbidden) {
		c.forbidden[o] = 0
	}
	switch {
	case err == nil:
		clear(c.unseen)
	case errors.Is(err, graph.Unauthorized):
		c.stop(fmt.Errorf("the token is not accepted: %w", err))
	case c.forbidden[o] >= maxForbidden:
		c.stop(fmt.Errorf("%d changes in a row were refused: %w", c.forbidden[o], err))
	}
}

// answered is the number of answers so far.
func (c *control) answered() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answers
}

// noteUnseen notes a create that Graph refused because the object exists, while
// no reading shows any object of that kind. After a few of them it is clear
// that this identity cannot see such objects, so no change can be checked
// against them.
func (c *control) noteUnseen(seq int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unseen[seq] = true; len(c.unseen) >= maxUnseen {
		c.stop(fmt.Errorf("%w: %d partners have a synchronization policy by Graph's answer (%w), but no reading shows one",
			ErrCannotSee, len(c.unseen), err))
	}
}

// noteOutcome counts an outcome against the failure limit.
func (c *control) noteOutcome(o *journal.Outcome) {
	if o.Status.Info().Severity != journal.Bad {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failures++; c.failures == c.maxFailures {
		c.stop(fmt.Errorf("%s did not succeed, which is the limit; the last was change %d: %s",
			words.Count(c.failures, "change"), o.Seq, o.Message))
	}
}

// noteOwn notes that a change was made in this session, as shown by an answer
// or a reading.
func (c *control) noteOwn(change *plan.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.own[change.Seq-1] = true
	if isDisruptive(change) {
		c.disrupted[change.Partner.TenantID] = time.Now()
	}
}

// isOwn reports whether a change was made in this session.
func (c *control) isOwn(change *plan.Change) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.own[change.Seq-1]
}

// isDisruptive reports whether servers that do not know of a change yet may refuse
// the next ones of its partner: it adds the partner, or removes the policy that keeps
// it from being removed.
func isDisruptive(c *plan.Change) bool {
	return c.Object == plan.PartnerConfiguration && c.Action == plan.Create || c.Object == plan.IdentitySynchronization && c.Action == plan.Delete
}

// disruptedAt is when this session made a disruptive change of a partner, if it did.
func (c *control) disruptedAt(tenantID string) (at time.Time, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, known = c.disrupted[tenantID]
	return at, known
}

// noteAccepted remembers the last accepted write and when it was sent. It took
// effect at some time after that; counting from the answer would make the lag
// look too short when the answer was slow.
func (c *control) noteAccepted(change *plan.Change, sent time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accepted = accepted{change, sent}
}

// lastAccepted is the last accepted write, and what is known of the lag.
func (c *control) lastAccepted() (accepted, lag) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.accepted, c.lag
}

// noteShown notes that a reading shows a write: the lag is at most the time
// since it was sent. The write may have been visible long before, so the lags
// already seen are a bound too.
func (c *control) noteShown(w accepted) (below time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lag.below, c.lag.foundAt = min(time.Since(w.sent), max(unknownLag, 2*c.lag.longest)), time.Now()
	return c.lag.below
}

// noteNotShown notes that a reading that began at asOf does not show a write.
func (c *control) noteNotShown(w accepted, asOf time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lag.longest = max(c.lag.longest, asOf.Sub(w.sent))
}
