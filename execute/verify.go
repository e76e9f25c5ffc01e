package execute

import (
	"context"
	"time"

	"bulksync/plan"
)

// verify reads the tenant back by pages until everything of a wave that was
// accepted is visible, or the wait for it is over, or somebody asks for an end.
// Nothing is decided by one look alone where something else is there: a replica
// may be behind.
func (r *runner) verify(wave []group) error {
	waiting := r.unverified(wave)
	if len(waiting) == 0 || r.set.VerifyWait < 0 {
		return nil
	}
	deadline := time.Now().Add(r.set.VerifyWait)
	strikes := map[int]int{}
	for pause := time.Second; ; pause *= 2 {
		last := !time.Now().Before(deadline)
		if err := r.Reading.renew(r.asked); err != nil {
			return r.giveUpOn(waiting, "accepted; reading back did not work: "+err.Error())
		}
		var err error
		if waiting, err = r.readBack(waiting, strikes, last); err != nil || len(waiting) == 0 {
			return err
		}
		if last {
			return r.giveUpOn(waiting, "accepted; not yet visible after "+r.set.VerifyWait.String())
		}
		if !sleep(r.asked, min(pause, time.Until(deadline))) {
			return r.giveUpOn(waiting, "accepted; the run was interrupted before it could be read back")
		}
	}
}

// unverified lists the changes that were accepted and not read back.
func (r *runner) unverified(wave []group) []*plan.Change {
	var cs []*plan.Change
	for _, g := range wave {
		for _, c := range g {
			if o, _ := r.outcome(c); o.Status == Succeeded {
				cs = append(cs, c)
			}
		}
	}
	return cs
}

// maxStrikes is how many readings in a row must show something else before a
// change counts as overwritten by somebody.
const maxStrikes = 3

// readBack judges each change by the newest reading and returns those that are
// still waited for. The last reading decides about what others may have
// overwritten.
func (r *runner) readBack(waiting []*plan.Change, strikes map[int]int, last bool) ([]*plan.Change, error) {
	var still []*plan.Change
	var tickets []ticket
	for _, c := range waiting {
		live, _ := r.Reading.now(c)
		o, _ := r.outcome(c)
		switch verdict, why := c.Judge(live); verdict {
		case plan.AsWanted:
			o.Status = Verified
		case plan.Moved:
			if strikes[c.Seq]++; strikes[c.Seq] < maxStrikes && !last {
				still = append(still, c)
				continue
			}
			o.Status, o.Message, o.Live = Failed, "accepted, but something else is there now: "+why, live.Object(c.Object)
		default:
			strikes[c.Seq] = 0
			still = append(still, c)
			continue
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

// syncedTogether is how many outcomes of a reading share a sync. More would
// save no time to speak of, and take memory.
const syncedTogether = 512

// giveUpOn says in words why what was accepted is not called verified.
func (r *runner) giveUpOn(waiting []*plan.Change, why string) error {
	var tickets []ticket
	for _, c := range waiting {
		o, _ := r.outcome(c)
		o.Message = why
		tickets = append(tickets, r.put(o))
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
