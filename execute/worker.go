package execute

import (
	"cmp"
	"fmt"

	"bulksync/execute/journal"
	"bulksync/plan"
)

// worker works on one partner at a time. It only reads the run's shared state;
// it writes through its recorder and through control.
type worker struct {
	env     *env
	control *control
	queue   *writeQueue
	rec     *recorder
}

// run works on partners until there are no more, or the journal is lost.
func (w *worker) run(partners <-chan partnerChanges) error {
	for p := range partners {
		if err := w.partner(p); err != nil {
			return err
		}
		if err := w.rec.flushMany(); err != nil {
			return err
		}
	}
	return w.rec.flush()
}

// partner runs the changes of one partner in order. After one that did not
// succeed, or that is held ahead of its turn, the rest are skipped.
func (w *worker) partner(p partnerChanges) error {
	if why := w.env.exceptedBecause(p[0]); why != "" {
		return w.excepted(p, why)
	}
	ahead, settled := w.heldAhead(p)
	if settled {
		return nil
	}
	failed := ahead // the change because of which the rest are skipped
	for i, c := range p {
		if w.control.stopped() {
			return nil // changes not begun stay not-attempted
		}
		switch o, _ := w.rec.record.outcome(c); {
		case o.Status.Done(), c.Seq == ahead:
		case o.MayHaveLanded() && (failed != 0 || o.Status == journal.Held):
			// Nothing that this run made is written again over somebody's change,
			// and nothing that it may have made is called skipped.
			failed = cmp.Or(failed, c.Seq)
		case failed != 0:
			w.rec.outcome(journal.Outcome{
				Seq: c.Seq, Status: journal.Skipped, Reason: journal.ReasonPredecessor,
				Message: fmt.Sprintf("change %d of this partner did not succeed", failed),
			})
		default:
			status, err := w.carryOut(c, p[:i])
			if err != nil || status == journal.NotAttempted {
				return err
			}
			if !status.Done() {
				failed = c.Seq
			}
		}
	}
	return nil
}

// carryOut brings one change to its outcome, and records it.
func (w *worker) carryOut(c *plan.Change, before partnerChanges) (journal.Status, error) {
	o, err := w.begin(c, before).run()
	if err != nil {
		return "", err
	}
	if o.Status == journal.Succeeded {
		w.control.noteOwn(c)
	}
	w.rec.outcome(o)
	return o.Status, nil
}

// begin makes the changeRun of one change.
func (w *worker) begin(c *plan.Change, before partnerChanges) *changeRun {
	planned := c.Request()
	return &changeRun{
		env: w.env, control: w.control, rec: w.rec, queue: w.queue,
		change: c, before: before, planned: planned, req: planned, out: journal.Outcome{Seq: c.Seq},
		// Deleting a partner deletes everything that belongs to it, and the
		// list shows only part of that.
		readDirectly: c.Object == plan.PartnerConfiguration && c.Action == plan.Delete,
	}
}
