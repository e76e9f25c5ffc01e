package execute

import (
	"fmt"

	"bulksync/execute/journal"
	"bulksync/plan"
)

// worker works on one partner at a time.
type worker struct {
	*runner
	// late holds outcomes that are on their way to the disk. They become durable
	// with the next intent, so a worker need not wait for them by themselves.
	late []journal.Receipt
}

// maxLate bounds what a worker holds back where there is no next intent.
const maxLate = 64

func (w *worker) run(queue <-chan group) error {
	for g := range queue {
		if err := w.partner(g); err != nil {
			return err
		}
		if len(w.late) >= maxLate {
			if err := w.tellLate(); err != nil {
				return err
			}
		}
	}
	return w.tellLate()
}

// partner runs the changes of one partner in order. A step that did not
// succeed skips the rest.
func (w *worker) partner(g group) error {
	failed := 0
	for i, c := range g {
		if w.stopped() {
			return nil // what was not begun stays not-attempted
		}
		switch o, _ := w.outcome(c); {
		case o.Status.Done():
			continue
		case o.MayHaveLanded() && (failed != 0 || o.Status == journal.Held):
			// What was made is not made again over somebody's change, and what may
			// have been made is not said to have been skipped.
			if failed == 0 {
				failed = c.Seq
			}
			continue
		}
		if failed != 0 {
			w.late = append(w.late, w.put(journal.Outcome{
				Seq: c.Seq, Status: journal.Skipped, Reason: journal.ReasonPredecessor,
				Message: fmt.Sprintf("change %d of this partner did not succeed", failed),
			}))
			continue
		}
		o, err := w.change(g[:i], c)
		if err != nil {
			return err
		}
		if o.Status == journal.Succeeded {
			w.setOwn(c)
		}
		w.late = append(w.late, w.put(o))
		if o.Status == journal.NotAttempted {
			return nil
		}
		if !o.Status.Done() {
			failed = c.Seq
		}
	}
	return nil
}

// tellLate waits for the outcomes that are on their way and tells of them.
func (w *worker) tellLate() error {
	err := w.commitAll(w.late)
	w.late = w.late[:0]
	return err
}

// withDone returns live with what this run did to the partner before: a reading
// may not show that yet.
func (r *runner) withDone(before group, live plan.Live) plan.Live {
	for _, c := range before {
		if o, _ := r.outcome(c); o.Status.Done() {
			live = c.Apply(live)
		}
	}
	return live
}

// isDone reports whether a change of this partner is done, told or not.
func (w *worker) isDone(c *plan.Change) bool {
	for _, t := range w.late {
		if t.Entry.Outcome.Seq == c.Seq {
			return t.Entry.Outcome.Status.Done()
		}
	}
	o, _ := w.outcome(c)
	return o.Status.Done()
}
