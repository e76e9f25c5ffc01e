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
// one is begun.
func (r *runner) work() error {
	groups := r.groups()
	if r.set.OnDrift == journal.StopOnDrift {
		if err := r.holdDrift(groups); err != nil {
			return err
		}
	}
	waves := r.waves(groups)
	for i, wave := range waves {
		if r.stopped() {
			break
		}
		if err := r.dispatch(wave); err != nil || r.interrupted() {
			return err
		}
		if i == len(waves)-1 {
			break // the last reading is that of the run
		}
		if err := r.verify(wave, false); err != nil {
			return err
		}
		if bad := r.unwell(wave); bad > 0 {
			r.stopNow(fmt.Errorf("wave %d of %d: %s of it not as wanted", i+1, len(waves), words.Count(bad, "change")))
		}
	}
	if r.interrupted() {
		return nil
	}
	return r.verify(groups, true)
}

// group is the changes of one partner, in their order.
type group []*plan.Change

// groups lists what the run may write, the partners in the order of the plan.
func (r *runner) groups() []group {
	var groups []group
	at := map[string]int{}
	for i := range r.Plan.Changes {
		c := &r.Plan.Changes[i]
		if !c.Writes() {
			continue
		}
		g, ok := at[c.Partner.TenantID]
		if !ok {
			g = len(groups)
			at[c.Partner.TenantID] = g
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], c)
	}
	return groups
}

// waves cuts the groups as Settings.Waves says. Within a wave comes last what
// an earlier session left unknown: by then it has been seen how soon a reading
// shows a write.
func (r *runner) waves(groups []group) [][]group {
	var waves [][]group
	for _, n := range r.set.Waves {
		if n = min(max(n, 0), len(groups)); n > 0 {
			waves = append(waves, groups[:n:n])
			groups = groups[n:]
		}
	}
	if len(groups) > 0 {
		waves = append(waves, groups)
	}
	for _, wave := range waves {
		slices.SortStableFunc(wave, func(a, b group) int { return r.doubts(a) - r.doubts(b) })
	}
	return waves
}

func (r *runner) doubts(g group) int {
	for _, c := range g {
		if _, unknown := r.outcome(c); unknown {
			return 1
		}
	}
	return 0
}

// dispatch hands the partners of a wave out to the workers.
func (r *runner) dispatch(wave []group) error {
	queue := make(chan group)
	g, failed := errgroup.WithContext(context.WithoutCancel(r.hard))
	g.Go(func() error {
		defer close(queue)
		for _, group := range wave {
			select {
			case queue <- group:
			case <-r.soft.Done():
				return nil
			case <-failed.Done(): // a worker lost the journal
				return nil
			}
		}
		return nil
	})
	r.crew.start(len(wave), func() {
		g.Go(func() error { return (&worker{runner: r}).run(queue) })
	})
	return g.Wait()
}

// unwell counts the changes of a wave that argue against the next one. What was
// left alone as somebody had changed it is no argument: Settings.OnDrift decides
// about that.
func (r *runner) unwell(wave []group) int {
	bad := 0
	for _, g := range wave {
		for _, c := range g {
			o, _ := r.outcome(c)
			switch o.Status {
			case journal.Failed, journal.Indeterminate, journal.NotAttempted:
				bad++
			case journal.Held:
				if o.MayHaveLanded() {
					bad++
				}
			case journal.Succeeded:
				if r.set.VerifyWait >= 0 {
					bad++
				}
			}
		}
	}
	return bad
}

// holdDrift looks for drift before anything is written, and stops the run over
// it.
func (r *runner) holdDrift(groups []group) error {
	var tickets []journal.Receipt
	for _, g := range groups {
		var before group
		for _, c := range g {
			live, _ := r.Reading.now(c)
			for _, b := range before {
				live = b.Apply(live)
			}
			before = append(before, c)
			o, unknown := r.outcome(c)
			if verdict, why := c.CheckDrift(live); verdict == plan.Drifted && !unknown && !o.Status.Done() {
				tickets = append(tickets, r.put(held(o, c, live, journal.ReasonDrifted, "changed since the plan: "+why)))
			}
		}
	}
	if len(tickets) > 0 {
		nothing := "nothing"
		if r.Prior != nil {
			nothing = "nothing more"
		}
		r.stopNow(fmt.Errorf("%s held, as objects changed since the plan, and %s was written", words.Count(len(tickets), "change"), nothing))
	}
	return r.commitAll(tickets)
}

// held is an outcome of a change whose object is not what was seen before. What
// is known of the writes of the change is kept.
func held(o journal.Outcome, c *plan.Change, live plan.Live, reason journal.Reason, why string) journal.Outcome {
	o.Overwritten = o.MayHaveLanded()
	o.Status, o.Reason, o.Message, o.Live = journal.Held, reason, why, live.Object(c.Object)
	return o
}
