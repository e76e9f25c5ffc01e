package execute

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"bulksync/execute/journal"
	"bulksync/internal/words"
	"bulksync/plan"
)

// work goes through the waves: each is written and read back before the next
// begins.
func (r *runner) work() error {
	partners, excepted := r.env.partners()
	if err := r.dispatch(excepted); err != nil || r.control.interrupted() {
		return err
	}
	if r.env.set.OnDrift == journal.StopOnDrift {
		if err := r.holdDrift(partners); err != nil {
			return err
		}
	}
	waves := r.waves(partners)
	for i, wave := range waves {
		if r.control.stopped() {
			break
		}
		if err := r.dispatch(wave); err != nil || r.control.interrupted() {
			return err
		}
		if i == len(waves)-1 {
			break // the final reading follows
		}
		if err := r.verify(wave, false); err != nil {
			return err
		}
		if bad := r.unsettled(wave); bad > 0 {
			r.control.stop(fmt.Errorf("wave %d of %d: %s not as wanted", i+1, len(waves), words.Count(bad, "change")))
		}
	}
	if r.control.interrupted() {
		return nil
	}
	return r.verify(append(partners, excepted...), true)
}

// partnerChanges are the changes of one partner, in their order.
type partnerChanges []*plan.Change

// partners lists what the plan writes, grouped by partner in plan order: what the
// run may write, and what a decision leaves out.
func (e *env) partners() (partners, excepted []partnerChanges) {
	at := map[string]int{}
	for i := range e.plan.Changes {
		c := &e.plan.Changes[i]
		if !c.Writes() {
			continue
		}
		n, ok := at[c.Partner.TenantID]
		if !ok {
			n = len(partners)
			at[c.Partner.TenantID] = n
			partners = append(partners, nil)
		}
		partners[n] = append(partners[n], c)
	}
	isExcepted := func(p partnerChanges) bool { return e.exceptedBecause(p[0]) != "" }
	for _, p := range partners {
		if isExcepted(p) {
			excepted = append(excepted, p)
		}
	}
	return slices.DeleteFunc(partners, isExcepted), excepted
}

// waves splits the partners as Settings.Waves says. What an earlier session
// left unknown comes last in its wave: by then it is known how soon a reading
// shows a write.
func (r *runner) waves(partners []partnerChanges) [][]partnerChanges {
	var waves [][]partnerChanges
	for _, n := range r.env.set.Waves {
		if n = min(max(n, 0), len(partners)); n > 0 {
			waves = append(waves, partners[:n:n])
			partners = partners[n:]
		}
	}
	if len(partners) > 0 {
		waves = append(waves, partners)
	}
	for _, wave := range waves {
		slices.SortStableFunc(wave, func(a, b partnerChanges) int { return r.hasUnknown(a) - r.hasUnknown(b) })
	}
	return waves
}

// hasUnknown is 1 where an earlier session left a change unknown, else 0.
func (r *runner) hasUnknown(p partnerChanges) int {
	for _, c := range p {
		if _, unknown := r.record.outcome(c); unknown {
			return 1
		}
	}
	return 0
}

// dispatch hands the partners of a wave to the workers.
func (r *runner) dispatch(wave []partnerChanges) error {
	if len(wave) == 0 {
		return nil
	}
	handed := make(chan partnerChanges)
	workers, failed := errgroup.WithContext(context.WithoutCancel(r.env.ends.hard))
	workers.Go(func() error {
		defer close(handed)
		for _, p := range wave {
			select {
			case handed <- p:
			case <-r.env.ends.soft.Done():
				return nil
			case <-failed.Done(): // a worker lost the journal
				return nil
			}
		}
		return nil
	})
	r.queue.start(len(wave), func() {
		w := &worker{env: r.env, control: r.control, queue: r.queue, rec: &recorder{record: r.record}}
		workers.Go(func() error { return w.run(handed) })
	})
	return workers.Wait()
}

// unsettled counts the changes of a wave that keep the next one from beginning.
// Changes held for drift do not count: Settings.OnDrift decides about those.
func (r *runner) unsettled(wave []partnerChanges) int {
	n := 0
	for _, p := range wave {
		for _, c := range p {
			o, _ := r.record.outcome(c)
			switch info := o.Status.Info(); {
			case info.Severity == journal.Bad, info.CutShort, o.Applied,
				o.Status == journal.Succeeded && !r.env.set.NoReadBack:
				n++
			}
		}
	}
	return n
}

// holdDrift looks for drift before anything is written. If it finds any, it
// holds those changes and stops the run.
func (r *runner) holdDrift(partners []partnerChanges) error {
	var receipts []journal.Receipt
	for _, p := range partners {
		for i, c := range p {
			live, _ := r.env.reading.newest(c)
			live = laidOver(live, p[:i], func(*plan.Change) bool { return true })
			o, unknown := r.record.outcome(c)
			if verdict, why := c.CheckDrift(live); verdict == plan.Drifted && !unknown && !o.Applied && !o.Status.Done() {
				receipts = append(receipts, r.record.add(held(o, c, live, journal.ReasonDrifted, "changed since the plan: "+why)))
			}
		}
	}
	if len(receipts) > 0 {
		nothing := "nothing"
		if r.env.resumed {
			nothing = "nothing more"
		}
		r.control.stop(fmt.Errorf("%s held because objects changed since the plan, and %s was written", words.Count(len(receipts), "change"), nothing))
	}
	return r.record.commit(receipts...)
}
