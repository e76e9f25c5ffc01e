package execute

import (
	"slices"
	"time"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/plan"
)

// maxMismatches is how many consecutive readings must show something else
// before a change counts as overwritten. One is not enough, because a replica
// may be behind.
const maxMismatches = 3

// watched is a change that is compared with readings.
type watched struct {
	change *plan.Change
	before partnerChanges // of the same partner, before this one
	// own: its write was accepted in this session, so readings may lag.
	own bool
	// mismatches counts the consecutive readings that showed something else.
	mismatches int
}

// verify reads the tenant back by pages until everything accepted is visible,
// the wait is over, or the run is asked to end. At the end of a run it compares
// everything that the run calls done, earlier sessions included, with the last
// reading. It reads nothing if nothing is waited for and nothing differs.
func (r *runner) verify(partners []partnerChanges, all bool) error {
	list := r.watch(partners, all)
	deadline := time.Now().Add(r.env.set.VerifyWait)
	readings := 0
	for pause := time.Second; ; pause *= 2 {
		if r.isWaiting(list) {
			if err := r.env.reading.renew(r.env.ends.asked); err != nil {
				return r.endUnconfirmed(list, readings, "reading back failed: "+reasonOf(err))
			}
			readings++
			if all {
				list = r.watchNoOps(list)
			}
		}
		last := readings >= maxMismatches && !time.Now().Before(deadline)
		var err error
		if list, err = r.readBack(list, last); err != nil || len(list) == 0 {
			return err
		}
		if last {
			return r.endUnconfirmed(list, readings, "not yet visible after "+r.env.set.VerifyWait.String())
		}
		if readings > 0 && graph.Sleep(r.env.ends.asked, min(pause, max(time.Until(deadline), shortestPause))) != nil {
			return r.endUnconfirmed(list, readings, "the run was interrupted before it could be read back")
		}
	}
}

// shortestPause is the time between two readings when the wait is over but
// another look is needed.
const shortestPause = 100 * time.Millisecond

// watch lists what to compare with readings: for a wave what was accepted, for
// a whole run everything that is called done.
func (r *runner) watch(partners []partnerChanges, all bool) []watched {
	list := make([]watched, 0, len(partners))
	for _, p := range partners {
		for i, c := range p {
			o, _ := r.record.outcome(c)
			own := r.control.isOwn(c)
			switch {
			case o.Status == journal.Succeeded && r.env.set.NoReadBack && own:
			case o.Status == journal.Succeeded, all && o.Status.Done(), all && o.Status == journal.Held && o.MayHaveLanded():
				list = append(list, watched{change: c, before: p[:i], own: own})
			}
		}
	}
	if all {
		list = r.watchNoOps(list)
	}
	return list
}

// watchNoOps adds the no-ops that the newest reading shows as different, and
// those already held because an earlier one did.
func (r *runner) watchNoOps(list []watched) []watched {
	known := map[*plan.Change]bool{}
	for _, w := range list {
		if w.change.Action == plan.NoOp {
			known[w.change] = true
		}
	}
	for i := range r.env.plan.Changes {
		c := &r.env.plan.Changes[i]
		if c.Action != plan.NoOp {
			continue
		}
		o, _ := r.record.outcome(c)
		_, is := r.env.reading.lostNoOp(c)
		if !is && o.Status == journal.Unchanged || is && o.Status == journal.Held {
			continue
		}
		if !known[c] {
			list = append(list, watched{change: c})
		}
	}
	return list
}

// isWaiting reports whether another reading is needed.
func (r *runner) isWaiting(list []watched) bool {
	return slices.ContainsFunc(list, func(w watched) bool {
		o, _ := r.record.outcome(w.change)
		return o.Status == journal.Succeeded || w.mismatches > 0
	})
}

// readBack judges each change by the newest reading and returns those still
// waited for. A change counts as overwritten after maxMismatches readings, or
// by the last one.
func (r *runner) readBack(list []watched, last bool) ([]watched, error) {
	still := list[:0]
	var receipts []journal.Receipt
	for _, w := range list {
		before, _ := r.record.outcome(w.change)
		o := before
		if r.isOpen(&w, &o, last) {
			still = append(still, w)
			continue
		}
		if o.Status == before.Status {
			continue // nothing new
		}
		if receipts = append(receipts, r.record.add(o)); len(receipts) == syncedTogether {
			if err := r.record.commit(receipts...); err != nil {
				return nil, err
			}
			receipts = receipts[:0]
		}
	}
	return still, r.record.commit(receipts...)
}

// isOpen compares a change with the newest reading, and reports whether to
// leave the decision to the next reading. Otherwise o becomes its outcome.
func (r *runner) isOpen(w *watched, o *journal.Outcome, last bool) bool {
	live, verdict, why := r.compare(w)
	switch {
	case verdict == plan.AsWanted:
		becomesVerified(o, w.change)
		return false
	case verdict == plan.Unknown && (w.own || o.Status == journal.Succeeded): // its outcome stays
		return o.Status == journal.Succeeded || w.mismatches > 0
	case verdict == plan.Applies && o.Status == journal.Succeeded && (w.own || !last):
		w.mismatches = 0
		return true // not visible yet
	case o.Status == journal.Held:
		return false
	}
	if w.mismatches++; w.mismatches < maxMismatches && !last {
		return true
	}
	becomesHeld(o, w.change, live, why)
	return false
}

// compare judges a change by the newest reading.
func (r *runner) compare(w *watched) (plan.Live, plan.Fit, string) {
	if w.change.Action == plan.NoOp {
		if m, is := r.env.reading.lostNoOp(w.change); is {
			return m.live, m.verdict, m.why
		}
		return plan.Live{}, plan.AsWanted, ""
	}
	live, _ := r.env.reading.newest(w.change)
	laid := r.record.withDone(w.before, live)
	verdict, why := w.change.CheckDrift(laid)
	if o, _ := r.record.outcome(w.change); verdict == plan.Drifted && isFound(&o, w.change, laid) {
		return live, plan.Applies, "" // what this run replaced
	}
	return live, verdict, why
}

// becomesVerified removes the explanation of why the change was not verified. A
// no-op, which was never sent, becomes unchanged.
func becomesVerified(o *journal.Outcome, c *plan.Change) {
	if o.Status == journal.Unchanged {
		return
	}
	if o.Status == journal.Held || o.Unseen || o.Unread {
		o.Reason, o.Message, o.Live, o.Applied, o.Overwritten = "", "", nil, false, false
	}
	if o.Status, o.Unseen, o.Unread = journal.Verified, false, false; c.Action == plan.NoOp {
		o.Status = journal.Unchanged
	}
}

// acceptedBut begins the message of a change that was accepted but not seen.
const acceptedBut = "accepted; "

// becomesHeld says that the object is no longer as the change left it.
func becomesHeld(o *journal.Outcome, c *plan.Change, live plan.Live, why string) {
	neverSeen := why == "" && o.Status == journal.Succeeded && !o.Open
	switch unwanted := c.Unwanted(live); {
	case why == "":
		why = "it is as it was before the change"
	case unwanted != "":
		why = unwanted
	}
	reason, then := journal.ReasonReplaced, "made by this run, different now: "
	switch {
	case live.Partner != nil && live.Partner.Problem != "":
		reason, then, why = journal.ReasonUnreadable, unreadObject, live.Partner.Problem
	case c.Action == plan.NoOp:
		reason, then = journal.ReasonNoOpLost, "as wanted when the plan was made, different now: "
	case neverSeen:
		reason, then = journal.ReasonNeverSeen, "accepted by Graph, never seen there: "
	case !o.MayHaveLanded():
		reason, then = journal.ReasonMatchLost, "as wanted when this run first looked, different now: "
	}
	*o = held(*o, c, live, reason, then+why)
	o.Unseen, o.Unread = false, false
}

// syncedTogether is how many outcomes of a reading share a sync. More would
// save little time and use memory.
const syncedTogether = 256

// endUnconfirmed says why accepted changes are not called verified. What the
// last reading showed to be different is not called done.
func (r *runner) endUnconfirmed(list []watched, readings int, why string) error {
	var receipts []journal.Receipt
	for _, w := range list {
		o, _ := r.record.outcome(w.change)
		live, verdict, problem := r.compare(&w)
		switch {
		case o.Status == journal.Succeeded && verdict == plan.Unknown:
			o.Message, o.Unseen, o.Unread = acceptedBut+"the object could not be read back: "+problem, false, true
		case w.mismatches > 0:
			becomesHeld(&o, w.change, live, "the last reading shows something else")
		case o.Status == journal.Succeeded:
			o.Message, o.Unseen, o.Unread = acceptedBut+why, readings > 0, readings == 0
		default:
			continue
		}
		receipts = append(receipts, r.record.add(o))
	}
	return r.record.commit(receipts...)
}
