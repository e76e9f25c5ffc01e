package execute

import (
	"slices"

	"bulksync/execute/journal"
	"bulksync/plan"
)

// heldAhead looks at a partner that is about to be removed before the first of its
// changes is written. If its configuration is not as it was when the plan was made,
// the removal is held now: what goes first, such as its policy, would leave half a
// partner behind. It returns the number of the change that was held, or 0; settled
// means that nothing else is to be done about the partner.
//
// Once some of the changes may have landed, they go on as planned. An undo takes
// back what the run did, and leaves what others added.
func (w *worker) heldAhead(p partnerChanges) (held int, settled bool) {
	last, before := p[len(p)-1], p[:len(p)-1]
	removes := last.Object == plan.PartnerConfiguration && last.Action == plan.Delete
	if !removes || last.Reverts() || len(before) == 0 || w.control.stopped() || slices.ContainsFunc(p, w.hasBegun) {
		return 0, false
	}
	r := w.begin(last, before)
	live, err := r.look()
	if err != nil {
		r.endUnread(err)
	} else {
		live = laidOver(live, before, func(*plan.Change) bool { return true })
		switch fit, why := last.CheckDrift(live); fit {
		case plan.Drifted:
			r.hold(live, why)
		case plan.Unknown:
			r.out.Status, r.out.Reason, r.out.Message = journal.Held, journal.ReasonUnreadable, unreadObject+why
		default:
			return 0, false
		}
	}
	if r.out.Status != journal.Held {
		return 0, true // the run stopped; what has not begun stays not attempted
	}
	w.rec.outcome(r.out)
	return last.Seq, false
}

// hasBegun reports whether a change is done, or may have landed.
func (w *worker) hasBegun(c *plan.Change) bool {
	o, unknown := w.rec.record.outcome(c)
	return unknown || o.Status.Done() || o.MayHaveLanded()
}
