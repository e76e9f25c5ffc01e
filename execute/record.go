package execute

import (
	"sync"

	"bulksync/execute/journal"
	"bulksync/plan"
)

// record is what the run knows of itself: the journal, and the log of what is
// durable in it. It tells of an outcome only when that is durable. Its methods
// are safe for concurrent use.
type record struct {
	journal *journal.Writer
	// deferSync waits a moment for company before a sync (see writeQueue).
	deferSync func()
	control   *control
	observe   func(journal.Outcome)

	mu  sync.Mutex
	log *journal.Log
}

// commit waits until entries are durable, and takes each in and tells of it.
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

// withDone returns live with what this run did to the partner before: a reading
// may not show that yet.
func (r *record) withDone(before partnerChanges, live plan.Live) plan.Live {
	return laidOver(live, before, func(c *plan.Change) bool {
		o, _ := r.outcome(c)
		return o.Status.Done()
	})
}

// cutShort reports whether something was left undone or in doubt.
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

// recorder is the record in the hands of one worker. It holds back what becomes
// durable soon anyway, and is for one goroutine.
type recorder struct {
	record *record
	// pending are outcomes on their way to the disk. They become durable with the
	// next intent, so the worker need not wait for each.
	pending []journal.Receipt
}

// maxPending bounds what is held back where there is no next intent.
const maxPending = 64

// outcome adds an outcome, to be told with the next intent.
func (r *recorder) outcome(o journal.Outcome) { r.pending = append(r.pending, r.record.add(o)) }

// intent returns when an intent is durable, and with it all that was pending.
func (r *recorder) intent(in journal.Intent) error {
	if err := r.record.commit(r.record.journal.Add(journal.Entry{Intent: &in})); err != nil {
		return err
	}
	return r.flush()
}

// flush waits for the pending outcomes and tells of them.
func (r *recorder) flush() error {
	err := r.record.commit(r.pending...)
	r.pending = r.pending[:0]
	return err
}

// flushMany is flush where enough is pending to be worth a wait.
func (r *recorder) flushMany() error {
	if len(r.pending) < maxPending {
		return nil
	}
	return r.flush()
}

// isDone reports whether a change of the worker's partner is done, told or not.
func (r *recorder) isDone(c *plan.Change) bool {
	for _, receipt := range r.pending {
		if o := receipt.Outcome(); o.Seq == c.Seq {
			return o.Status.Done()
		}
	}
	o, _ := r.record.outcome(c)
	return o.Status.Done()
}

// withDone is record.withDone for what may not have been told yet, too.
func (r *recorder) withDone(before partnerChanges, live plan.Live) plan.Live {
	return laidOver(live, before, r.isDone)
}

// laidOver is live with those of the changes that are done.
func laidOver(live plan.Live, changes partnerChanges, isDone func(*plan.Change) bool) plan.Live {
	for _, c := range changes {
		if isDone(c) {
			live = c.Onto(live)
		}
	}
	return live
}
