package execute

import (
	"sync"

	"bulksync/execute/journal"
	"bulksync/plan"
)

// record is the run's knowledge of itself: the journal, and the log of what is
// durable in it. It reports an outcome only once that is durable. Its methods
// are safe for concurrent use.
type record struct {
	journal *journal.Writer
	// deferSync waits briefly for other entries before a sync (see writeQueue).
	deferSync func()
	control   *control
	observe   func(journal.Outcome)

	mu  sync.Mutex
	log *journal.Log
}

// commit waits until entries are durable, then folds in and reports each.
func (r *record) commit(receipts ...journal.Receipt) error {
	for _, receipt := range receipts {
		if err := receipt.Wait(r.deferSync); err != nil {
			r.control.stop(err)
			return err
		}
		r.take(receipt)
	}
	return nil
}

func (r *record) take(receipt journal.Receipt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log.Take(receipt)
	if o := receipt.Outcome(); o != nil {
		r.control.noteOutcome(o)
		if r.observe != nil {
			r.observe(*o)
		}
	}
}

// add puts an outcome on its way to the disk.
func (r *record) add(o journal.Outcome) journal.Receipt {
	return r.journal.Add(journal.Entry{Outcome: &o})
}

// outcome is the last known outcome of a change; see journal.Log.Outcome.
func (r *record) outcome(c *plan.Change) (o journal.Outcome, unknown bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Outcome(c.Seq)
}

// withDone returns live with this run's earlier changes to the partner laid
// over it: a reading may not show them yet.
func (r *record) withDone(before partnerChanges, live plan.Live) plan.Live {
	return laidOver(live, before, func(c *plan.Change) bool {
		o, _ := r.outcome(c)
		return o.Status.Done()
	})
}

// cutShort reports whether some change was left undone or uncertain.
func (r *record) cutShort() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.CutShort()
}

func (r *record) result() *journal.Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Result()
}

// recorder is one worker's access to the record. It holds back outcomes that
// become durable soon anyway, and is for one goroutine.
type recorder struct {
	record *record
	// pending are outcomes on their way to the disk. The next intent makes them
	// durable, so the worker need not wait for each.
	pending []journal.Receipt
}

// maxPending bounds what is held back when no intent follows.
const maxPending = 64

// outcome adds an outcome, to be reported with the next intent.
func (r *recorder) outcome(o journal.Outcome) { r.pending = append(r.pending, r.record.add(o)) }

// intent returns when an intent and everything pending are durable.
func (r *recorder) intent(in journal.Intent) error {
	if err := r.record.commit(r.record.journal.Add(journal.Entry{Intent: &in})); err != nil {
		return err
	}
	return r.flush()
}

// flush waits for the pending outcomes and reports them.
func (r *recorder) flush() error {
	err := r.record.commit(r.pending...)
	r.pending = r.pending[:0]
	return err
}

// flushMany is flush if enough is pending to be worth a wait.
func (r *recorder) flushMany() error {
	if len(r.pending) < maxPending {
		return nil
	}
	return r.flush()
}

// isDone reports whether a change of the worker's partner is done, reported or
// not.
func (r *recorder) isDone(c *plan.Change) bool {
	for _, receipt := range r.pending {
		if o := receipt.Outcome(); o.Seq == c.Seq {
			return o.Status.Done()
		}
	}
	o, _ := r.record.outcome(c)
	return o.Status.Done()
}

// withDone is record.withDone, including outcomes not reported yet.
func (r *recorder) withDone(before partnerChanges, live plan.Live) plan.Live {
	return laidOver(live, before, r.isDone)
}

// laidOver is live with the done changes applied.
func laidOver(live plan.Live, changes partnerChanges, isDone func(*plan.Change) bool) plan.Live {
	for _, c := range changes {
		if isDone(c) {
			live = c.Apply(live)
		}
	}
	return live
}
