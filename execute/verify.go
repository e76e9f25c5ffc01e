package execute

import (
	"slices"
	"time"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/plan"
)

// mismatches is how many readings in a row must show something else before a
// change counts as overwritten: nothing is decided by one look, as a replica may
// be behind.
const mismatches = 3

// watched is a change that is held against readings.
type watched struct {
	c      *plan.Change
	before group // of the same partner
	// own: its write was accepted in this session, so that readings may lag.
	own bool
	// differs counts the readings in a row that showed something else.
	differs int
}

// verify reads the tenant back by pages until everything that was accepted is
// visible, or the wait for it is over, or somebody asks for an end. At the end of
// a run everything that it or an earlier session of it calls done is held
// against what the last reading shows. Where nothing waits to be seen and
// nothing differs, nothing is read for that.
func (r *runner) verify(groups []group, all bool) error {
	list := r.watch(groups, all)
	deadline := time.Now().Add(max(r.set.VerifyWait, 0))
	looks := 0
	for pause := time.Second; ; pause *= 2 {
		if r.isWaiting(list) {
			if err := r.Reading.renew(r.asked); err != nil {
				return r.giveUpOn(list, looks, "reading back did not work: "+reason(err))
			}
			looks++
			if all {
				list = r.watchNoOps(list)
			}
		}
		last := looks >= mismatches && !time.Now().Before(deadline)
		var err error
		if list, err = r.readBack(list, last); err != nil || len(list) == 0 {
			return err
		}
		if last {
			return r.giveUpOn(list, looks, "not yet visible after "+max(r.set.VerifyWait, 0).String())
		}
		if looks > 0 && graph.Sleep(r.asked, min(pause, max(time.Until(deadline), shortestPause))) != nil {
			return r.giveUpOn(list, looks, "the run was interrupted before it could be read back")
		}
	}
}

// shortestPause is the time between two looks where the wait is over and
// another look is needed all the same.
const shortestPause = 100 * time.Millisecond

// watch lists what is to be held against readings: of a wave what was accepted,
// of a whole run everything that is called done.
func (r *runner) watch(groups []group, all bool) []watched {
	var list []watched
	for _, g := range groups {
		for i, c := range g {
			o, _ := r.outcome(c)
			own := r.isOwn(c)
			switch {
			case o.Status == journal.Succeeded && r.set.VerifyWait < 0 && own:
			case o.Status == journal.Succeeded, all && o.Status.Done(), all && o.Status == journal.Held && o.MayHaveLanded():
				list = append(list, watched{c: c, before: g[:i], own: own})
			}
		}
	}
	if all {
		list = r.watchNoOps(list)
	}
	return list
}

// watchNoOps adds the no-ops that the newest reading shows otherwise, or that
// are held since an earlier one did.
func (r *runner) watchNoOps(list []watched) []watched {
	known := map[*plan.Change]bool{}
	for _, w := range list {
		if w.c.Action == plan.NoOp {
			known[w.c] = true
		}
	}
	for i := range r.Plan.Changes {
		c := &r.Plan.Changes[i]
		if c.Action != plan.NoOp {
			continue
		}
		o, _ := r.outcome(c)
		_, is := r.Reading.movedNow(c)
		if !is && o.Status == journal.Unchanged || is && o.Status == journal.Held {
			continue
		}
		if !known[c] {
			list = append(list, watched{c: c})
		}
	}
	return list
}

// isWaiting reports whether a new reading is needed to tell.
func (r *runner) isWaiting(list []watched) bool {
	return slices.ContainsFunc(list, func(w watched) bool {
		o, _ := r.outcome(w.c)
		return o.Status == journal.Succeeded || w.differs > 0
	})
}

// readBack judges each change by the newest reading and returns those that are
// still waited for. The last reading decides about what others may have
// overwritten.
func (r *runner) readBack(list []watched, last bool) ([]watched, error) {
	still := list[:0]
	var tickets []journal.Receipt
	for _, w := range list {
		before, _ := r.outcome(w.c)
		o := before
		if r.keeps(&w, &o, last) {
			still = append(still, w)
			continue
		}
		if o.Status == before.Status {
			continue // nothing new
		}
		if tickets = append(tickets, r.put(o)); len(tickets) == syncedTogether {
			if err := r.commitAll(tickets); err != nil {
				return nil, err
			}
			tickets = tickets[:0]
		}
	}
	return still, r.commitAll(tickets)
}

// keeps holds a change against the newest reading, and reports whether it is to
// be looked at again. Otherwise o is its outcome.
func (r *runner) keeps(w *watched, o *journal.Outcome, last bool) bool {
	live, verdict, why := r.compare(w)
	switch {
	case verdict == plan.AsWanted:
		becomesVerified(o, w.c)
		return false
	case verdict == plan.Unknown && w.c.Action != plan.NoOp: // what was seen before is not taken back
		return o.Status == journal.Succeeded
	case verdict == plan.Applies && o.Status == journal.Succeeded && (w.own || !last):
		w.differs = 0
		return true // not visible yet
	case o.Status == journal.Held:
		return false
	}
	if w.differs++; w.differs < mismatches && !last {
		return true
	}
	becomesHeld(o, w.c, live, why)
	return false
}

// compare judges a change by the newest reading.
func (r *runner) compare(w *watched) (plan.Live, plan.Fit, string) {
	if w.c.Action == plan.NoOp {
		if m, is := r.Reading.movedNow(w.c); is {
			return m.live, m.verdict, m.why
		}
		return plan.Live{}, plan.AsWanted, ""
	}
	live, _ := r.Reading.now(w.c)
	laid := r.withDone(w.before, live)
	verdict, why := w.c.CheckDrift(laid)
	if o, _ := r.outcome(w.c); verdict == plan.Drifted && o.Finds(w.c, laid) {
		return live, plan.Applies, "" // what this run replaced
	}
	return live, verdict, why
}

// becomesVerified drops the words that said why it was not. What was never sent
// is unchanged.
func becomesVerified(o *journal.Outcome, c *plan.Change) {
	if o.Status == journal.Unchanged {
		return
	}
	if o.Status == journal.Held || o.Unseen || o.Unread {
		o.Reason, o.Message, o.Live, o.Overwritten = "", "", nil, false
	}
	if o.Status, o.Unseen, o.Unread = journal.Verified, false, false; c.Action == plan.NoOp {
		o.Status = journal.Unchanged
	}
}

// acceptedBut begins what is said of a change that was accepted and not seen.
const acceptedBut = "accepted; "

// becomesHeld says that what was done is not what is there now.
func becomesHeld(o *journal.Outcome, c *plan.Change, live plan.Live, why string) {
	switch unwanted := c.Unwanted(live); {
	case why == "" && o.Status == journal.Succeeded && !o.Open:
		why = "it is as it was before the change, which this run never saw there"
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
	case !o.MayHaveLanded():
		reason, then = journal.ReasonMatchLost, "as wanted when it was looked at first, different now: "
	}
	*o = held(*o, c, live, reason, then+why)
	o.Unseen, o.Unread = false, false
}

// syncedTogether is how many outcomes of a reading share a sync. More would
// save no time to speak of, and take memory.
const syncedTogether = 512

// giveUpOn says in words why what was accepted is not called verified. What the
// last reading showed to be different is not called done.
func (r *runner) giveUpOn(list []watched, looks int, why string) error {
	var tickets []journal.Receipt
	for _, w := range list {
		o, _ := r.outcome(w.c)
		live, verdict, problem := r.compare(&w)
		switch {
		case o.Status == journal.Succeeded && verdict == plan.Unknown:
			o.Message, o.Unseen, o.Unread = acceptedBut+"the object could not be read back: "+problem, false, true
		case w.differs > 0:
			becomesHeld(&o, w.c, live, "the last reading shows something else")
		case o.Status == journal.Succeeded:
			o.Message, o.Unseen, o.Unread = acceptedBut+why, looks > 0, looks == 0
		default:
			continue
		}
		tickets = append(tickets, r.put(o))
	}
	return r.commitAll(tickets)
}

func (r *runner) commitAll(tickets []journal.Receipt) error {
	for _, t := range tickets {
		if err := r.commit(t); err != nil {
			return err
		}
	}
	return nil
}
