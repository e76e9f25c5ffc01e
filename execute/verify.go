package execute

import (
	"context"
	"strings"
	"time"

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
	o      Outcome
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
		if waiting(list) {
			if err := r.Reading.renew(r.asked); err != nil {
				return r.giveUpOn(list, "reading back did not work: "+reason(err))
			}
			looks++
		}
		last := looks >= mismatches && !time.Now().Before(deadline)
		var err error
		if list, err = r.readBack(list, last); err != nil || len(list) == 0 {
			return err
		}
		if last {
			return r.giveUpOn(list, "not yet visible after "+r.set.VerifyWait.String())
		}
		if looks > 0 && !sleep(r.asked, min(pause, max(time.Until(deadline), shortestPause))) {
			return r.giveUpOn(list, "the run was interrupted before it could be read back")
		}
	}
}

// shortestPause is the time between two looks where the wait is over and
// another look is needed all the same.
const shortestPause = 100 * time.Millisecond

// watch lists what is to be held against readings: of a wave what was accepted,
// of a whole run everything that is called done.
func (r *runner) watch(groups []group, all bool) []*watched {
	var list []*watched
	for _, g := range groups {
		for i, c := range g {
			o, _ := r.outcome(c)
			w := &watched{c: c, before: g[:i], o: o, own: r.isOwn(c)}
			switch {
			case o.Status == Succeeded && r.set.VerifyWait < 0 && w.own:
			case o.Status == Succeeded, all && o.Status.Done(), all && o.Status == Held && o.MayHaveLanded():
				list = append(list, w)
			}
		}
	}
	return list
}

// waiting reports whether a new reading is needed to tell.
func waiting(list []*watched) bool {
	for _, w := range list {
		if w.o.Status == Succeeded || w.differs > 0 {
			return true
		}
	}
	return false
}

// readBack judges each change by the newest reading and returns those that are
// still waited for. The last reading decides about what others may have
// overwritten.
func (r *runner) readBack(list []*watched, last bool) ([]*watched, error) {
	still := list[:0]
	var tickets []ticket
	for _, w := range list {
		live, _ := r.Reading.now(w.c)
		laid := r.withDone(w.before, live)
		verdict, why := w.c.Judge(laid)
		if verdict == plan.Moved && w.o.finds(w.c, laid) {
			verdict, why = plan.Applies, "" // what this run replaced
		}
		if w.keeps(verdict, why, live, last) {
			still = append(still, w)
			continue
		}
		if o, _ := r.outcome(w.c); o.Status == w.o.Status {
			continue // nothing new
		}
		if tickets = append(tickets, r.put(w.o)); len(tickets) == syncedTogether {
			if err := r.commitAll(tickets); err != nil {
				return nil, err
			}
			tickets = tickets[:0]
		}
	}
	return still, r.commitAll(tickets)
}

// keeps takes a verdict in, and reports whether the change is to be looked at
// again.
func (w *watched) keeps(verdict plan.Verdict, why string, live plan.Live, last bool) bool {
	switch {
	case verdict == plan.AsWanted:
		w.becomesVerified()
		return false
	case verdict == plan.Unknown: // the partner could not be read: nothing is said of it
		return w.o.Status == Succeeded
	case verdict == plan.Applies && w.o.Status == Succeeded && (w.own || !last):
		w.differs = 0
		return true // not visible yet
	case w.o.Status == Held:
		return false
	}
	if w.differs++; w.differs < mismatches && !last {
		return true
	}
	w.becomesHeld(why, live)
	return false
}

// becomesVerified drops the words that said why it was not.
func (w *watched) becomesVerified() {
	if w.o.Status == Unchanged {
		return
	}
	if w.o.Status == Held || strings.HasPrefix(w.o.Message, acceptedBut) {
		w.o.Message, w.o.Live = "", nil
	}
	w.o.Status, w.o.Unseen = Verified, false
}

// acceptedBut begins what is said of a change that was accepted and not seen.
const acceptedBut = "accepted; "

// becomesHeld says that what was done is not what is there now.
func (w *watched) becomesHeld(why string, live plan.Live) {
	if why == "" {
		why = "it is as it was before the change"
	}
	then := "made by this run, different now: "
	if !w.o.MayHaveLanded() {
		then = "as wanted when it was looked at first, different now: "
	}
	w.o = w.o.held(w.c, live, then+why)
	w.o.Unseen = false
}

// syncedTogether is how many outcomes of a reading share a sync. More would
// save no time to speak of, and take memory.
const syncedTogether = 512

// giveUpOn says in words why what was accepted is not called verified. What the
// last reading showed to be different is not called done.
func (r *runner) giveUpOn(list []*watched, why string) error {
	var tickets []ticket
	for _, w := range list {
		live, _ := r.Reading.now(w.c)
		switch {
		case w.differs > 0:
			w.becomesHeld("the last reading shows something else", live)
		case w.o.Status == Succeeded:
			w.o.Message, w.o.Unseen = acceptedBut+why, true
		default:
			continue
		}
		tickets = append(tickets, r.put(w.o))
	}
	return r.commitAll(tickets)
}

func (r *runner) commitAll(tickets []ticket) error {
	for _, t := range tickets {
		if err := r.commit(t); err != nil {
			return err
		}
	}
	return nil
}

// sleep waits and reports whether the wait was not cut short.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
