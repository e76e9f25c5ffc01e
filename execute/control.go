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

// control owns what the changes of a run learn from each other, and decides when
// the run stops. It has no way to the wire, to the journal or to the log; its
// methods are safe for concurrent use.
type control struct {
	ends    ends
	endSoft context.CancelCauseFunc
	// maxFailures is Settings.StopAfterFailures.
	maxFailures int

	mu sync.Mutex
	// forbidden counts, for each kind of object, the changes in a row that were
	// refused with 403: who may add partners may yet not touch their policies.
	forbidden map[plan.Object]int
	// failures counts the changes of this session that did not succeed.
	failures int
	// unseen holds the creates that Graph refused because the object is there,
	// where no reading shows one.
	unseen map[int]bool
	// answers counts Graph's answers to writes: a change that gets none while the
	// others get theirs is at fault itself.
	answers int
	// own marks the changes that were accepted in this session, by their place.
	own []bool
	// added is when this session added a partner configuration.
	added map[string]time.Time
	// accepted is the write that was accepted last: whether a reading shows it
	// tells how far readings can be trusted.
	accepted accepted
	lag      lag
}

// accepted is a change that Graph accepted, and when its write was sent.
type accepted struct {
	change *plan.Change
	sent   time.Time
}

// lag is a bound on how far readings lag behind writes, and when it was found.
type lag struct {
	below   time.Duration
	foundAt time.Time
	// longest is the longest lag that was seen in this session.
	longest time.Duration
}

func newControl(e ends, endSoft context.CancelCauseFunc, changes, maxFailures int) *control {
	return &control{
		ends: e, endSoft: endSoft, maxFailures: maxFailures, own: make([]bool, changes),
		forbidden: map[plan.Object]int{}, unseen: map[int]bool{}, added: map[string]time.Time{},
	}
}

// stop ends waits and new attempts; the first cause is the one that is told.
func (c *control) stop(err error) { c.endSoft(&stopCause{err}) }

// cause is why no further write is sent; nil while they are.
func (c *control) cause() error {
	cause := context.Cause(c.ends.soft)
	if own := (*stopCause)(nil); errors.As(cause, &own) {
		return own.hidden
	}
	return cause
}

// stopped reports whether no further write is to be sent.
func (c *control) stopped() bool { return c.ends.soft.Err() != nil }

// interrupted reports whether a person or the system asked for an end.
func (c *control) interrupted() bool { return c.ends.asked.Err() != nil }

// noteAnswer watches for answers that will not spare the next change of such an
// object either. A nil err is a write that was accepted.
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

// answered is how many answers there were so far.
func (c *control) answered() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answers
}

// noteUnseen notes a create that Graph refused as the object is there, while no
// reading shows one object of the kind. After a few of them it is plain that
// this identity cannot see them, and that no change can be held against what is
// there.
func (c *control) noteUnseen(seq int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unseen[seq] = true; len(c.unseen) >= maxUnseen {
		c.stop(fmt.Errorf("%w: %d partners have a synchronization policy by Graph's answer (%w), and no reading shows one",
			ErrCannotSee, len(c.unseen), err))
	}
}

// noteOutcome counts an outcome against the budget of failures.
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

// noteOwn notes that a change was made in this session, as an answer or a
// reading told.
func (c *control) noteOwn(change *plan.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.own[change.Seq-1] = true
	if change.Object == plan.PartnerConfiguration && change.Action == plan.Create {
		c.added[change.Partner.TenantID] = time.Now()
	}
}

// isOwn reports whether a change was made in this session.
func (c *control) isOwn(change *plan.Change) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.own[change.Seq-1]
}

// addedAt is when this session added a partner configuration, if it did.
func (c *control) addedAt(tenantID string) (at time.Time, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, known = c.added[tenantID]
	return at, known
}

// noteAccepted remembers the write that was accepted last, and when it was sent:
// it took effect at some time since, and the lag is not to look shorter than it
// is because the answer was slow.
func (c *control) noteAccepted(change *plan.Change, sent time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accepted = accepted{change, sent}
}

// lastAccepted is the write that was accepted last, and what is known of the lag.
func (c *control) lastAccepted() (accepted, lag) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.accepted, c.lag
}

// noteShown notes that a reading shows a write: the lag is no longer than the
// time since it was sent. The write can have been visible for long by then; the
// lags that were seen bound it, too.
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
