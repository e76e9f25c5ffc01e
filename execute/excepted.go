package execute

import (
	"bulksync/execute/journal"
	"bulksync/plan"
)

// excepted ends the changes of a partner that a decision leaves out. Nothing is
// written to it. What an earlier session did to it, or may have done, is still
// this run's: that keeps its outcome, and where the answer is not known the
// object is read.
func (w *worker) excepted(p partnerChanges, why string) error {
	for i, c := range p {
		switch o, unknown := w.rec.record.outcome(c); {
		case w.control.stopped():
			return nil
		case unknown:
			if _, err := w.carryOut(c, p[:i]); err != nil {
				return err
			}
		case o.Status.Done(), o.MayHaveLanded():
		default:
			w.rec.outcome(journal.Outcome{Seq: c.Seq, Status: journal.Skipped, Reason: journal.ReasonExcepted, Message: why})
		}
	}
	return nil
}

// exceptedBecause says why a decision leaves a change out; empty if none does.
func (e *env) exceptedBecause(c *plan.Change) string { return e.excepted[c.Partner.TenantID] }
