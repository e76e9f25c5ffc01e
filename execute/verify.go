package execute

import (
	"context"
	"errors"
	"time"

	"bulksync/plan"
)

// verify reads the tenant back by pages until everything that was accepted is
// visible, or the wait for it is over. Nothing is decided by one look alone
// where something else is there: a replica may be behind.
func (r *runner) verify() error {
	waiting := r.accepted()
	if len(waiting) == 0 || r.set.VerifyWait < 0 {
		return nil
	}
	deadline := time.Now().Add(r.set.VerifyWait)
	strikes := map[int]int{}
	for pause := time.Second; ; pause *= 2 {
		if err := r.Reading.renew(r.hard); err != nil {
			return r.unverified(waiting, "accepted; reading back did not work: "+err.Error())
		}
		var err error
		if waiting, err = r.readBack(waiting, strikes); err != nil || len(waiting) == 0 {
			return err
		}
		left := time.Until(deadline)
		if left <= 0 || !sleep(r.hard, min(pause, left)) {
			return r.unverified(waiting, "accepted; not yet visible after "+r.set.VerifyWait.String())
		}
	}
}

// accepted lists the changes that were accepted and not read back.
func (r *runner) accepted() []*plan.Change {
	r.mu.Lock()
	defer r.mu.Unlock()
	var cs []*plan.Change
	for i := range r.Plan.Changes {
		if r.log.outcomes[i].Status == Succeeded {
			cs = append(cs, &r.Plan.Changes[i])
		}
	}
	return cs
}

// maxStrikes is how many readings in a row must show something else before a
// change counts as overwritten by somebody.
const maxStrikes = 3

// readBack judges each change by the newest reading and returns those that are
// still waited for.
func (r *runner) readBack(waiting []*plan.Change, strikes map[int]int) ([]*plan.Change, error) {
	var still []*plan.Change
	var tickets []ticket
	for _, c := range waiting {
		r.Reading.mu.Lock()
		live, _ := r.Reading.look(c)
		r.Reading.mu.Unlock()
		o, _ := r.outcome(c)
		switch verdict, why := c.Judge(live); {
		case verdict == plan.AsWanted:
			o.Status = Verified
		case verdict == plan.Moved && strikes[c.Seq]+1 >= maxStrikes:
			o.Status, o.Message, o.Live = Failed, "accepted, but something else is there now: "+why, live.Object(c.Object)
		case verdict == plan.Moved:
			strikes[c.Seq]++
			still = append(still, c)
			continue
		default:
			still = append(still, c)
			continue
		}
		tickets = append(tickets, r.Journal.add(Entry{Outcome: &o}))
	}
	return still, r.commitAll(tickets)
}

// unverified says in words why what was accepted is not called verified.
func (r *runner) unverified(waiting []*plan.Change, why string) error {
	var tickets []ticket
	for _, c := range waiting {
		o, _ := r.outcome(c)
		o.Message = why
		tickets = append(tickets, r.Journal.add(Entry{Outcome: &o}))
	}
	return r.commitAll(tickets)
}

func (r *runner) commitAll(tickets []ticket) error {
	var errs []error
	for _, t := range tickets {
		errs = append(errs, r.commit(t))
	}
	return errors.Join(errs...)
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
