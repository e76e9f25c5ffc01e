package execute

import (
	"fmt"

	"bulksync/plan"
)

// worker works on one partner at a time.
type worker struct {
	*runner
	// late holds outcomes that are on their way to the disk. They become durable
	// with the next intent, so a worker need not wait for them by themselves.
	late []ticket
}

func (w *worker) run(queue <-chan []*plan.Change) error {
	for group := range queue {
		if err := w.partner(group); err != nil {
			return err
		}
	}
	return w.tellLate()
}

// partner runs the changes of one partner in order. A step that did not
// succeed skips the rest.
func (w *worker) partner(group []*plan.Change) error {
	failed := 0
	for i, c := range group {
		if w.soft.Err() != nil {
			return nil // what was not begun stays not-attempted
		}
		if o, _ := w.outcome(c); o.Status.Done() {
			continue
		}
		if failed != 0 {
			w.record(Outcome{Seq: c.Seq, Status: Skipped, Message: fmt.Sprintf("change %d of this partner did not succeed", failed)})
			continue
		}
		o, err := w.change(group[:i], c)
		if err != nil {
			return err
		}
		w.record(o)
		if o.Status == NotAttempted {
			return nil
		}
		if !o.Status.Done() {
			failed = c.Seq
		}
	}
	return nil
}

func (w *worker) record(o Outcome) {
	w.late = append(w.late, w.Journal.add(Entry{Outcome: &o}))
}

// tellLate waits for the outcomes that are on their way and tells of them.
func (w *worker) tellLate() error {
	for _, t := range w.late {
		if err := w.commit(t); err != nil {
			return err
		}
	}
	w.late = w.late[:0]
	return nil
}
