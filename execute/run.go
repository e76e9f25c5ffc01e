package execute

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"bulksync/graph"
	"bulksync/plan"
)

// ErrInterrupted is the cause to cancel Config.Stop with when a person or the
// system asks for an end.
var ErrInterrupted = errors.New("interrupted")

// Config is what a run is made of.
type Config struct {
	Client  *graph.Client
	Plan    *plan.Plan
	Reading *Reading
	Journal *Journal
	// Prior is the replayed journal of a run that is resumed; nil for a new run.
	Prior *Log
	// Header begins the journal. Run fills in what the plan knows.
	Header RunEntry
	// Stop ends dispatch: no further write is sent, those in flight finish within
	// Settings.Grace. Nil means never.
	Stop context.Context
	// Pace tells at the end what pacing learned; nil where there is none.
	Pace func() Pace
	// Observe is told of each outcome once it is durable, from one goroutine at a
	// time; nil for none.
	Observe func(Outcome)
}

// Run carries the plan out and returns how every change ended. The end of ctx
// ends it at once, the end of Config.Stop ends it well; both leave a whole
// journal and a complete Result. The error is not nil only if the journal could
// not be written: then nothing more was sent, and Result tells what was in
// flight.
func Run(ctx context.Context, cfg Config) (*Result, error) {
	r := newRunner(cfg)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.hard = ctx
	stop := cfg.Stop
	if stop == nil {
		stop = context.Background()
	}
	soft, stopNow := context.WithCancelCause(stop)
	defer stopNow(nil)
	defer context.AfterFunc(ctx, func() { stopNow(ErrInterrupted) })()
	r.soft, r.stopNow = soft, stopNow
	defer context.AfterFunc(soft, r.graceThen(cancel))()

	err := r.begin()
	if err == nil {
		err = r.work()
	}
	if err == nil && !r.interrupted() {
		err = r.verify()
	}
	if err == nil {
		err = r.finish()
	}
	return r.log.Result(), err
}

type runner struct {
	Config
	set     Settings
	hard    context.Context // ends requests on the wire
	soft    context.Context // ends waits and new attempts
	stopNow context.CancelCauseFunc
	// counted is what the client had sent before this run.
	counted graph.Requests

	mu  sync.Mutex
	log *Log
	// forbidden and lost count changes in a row that were refused with 403 or
	// that no answer came for.
	forbidden, lost int
}

func newRunner(cfg Config) *runner {
	r := &runner{Config: cfg, set: cfg.Header.Settings.withDefaults(), log: cfg.Prior}
	if r.log == nil {
		r.log = newLog(cfg.Plan)
	}
	return r
}

// graceThen gives requests in flight their time once the run is to stop.
func (r *runner) graceThen(cancel context.CancelFunc) func() {
	return func() {
		t := time.NewTimer(r.set.Grace)
		defer t.Stop()
		select {
		case <-t.C:
			cancel()
		case <-r.hard.Done():
		}
	}
}

func (r *runner) begin() error {
	h := r.Header
	h.FormatVersion, h.PlanFingerprint, h.HomeTenant = JournalVersion, r.Plan.Fingerprint, r.Plan.HomeTenant
	h.Settings, h.Resumed = r.set, r.Prior != nil
	return r.commit(r.Journal.add(Entry{Run: &h}))
}

// work hands the partners out to the workers, in the order of the plan.
func (r *runner) work() error {
	groups := r.groups()
	queue := make(chan []*plan.Change)
	g, gctx := errgroup.WithContext(context.WithoutCancel(r.hard))
	g.Go(func() error {
		defer close(queue)
		for _, group := range groups {
			select {
			case queue <- group:
			case <-r.soft.Done():
				return nil
			case <-gctx.Done(): // a worker lost the journal
				return nil
			}
		}
		return nil
	})
	for range min(r.set.Concurrency, len(groups)) {
		g.Go(func() error { return (&worker{runner: r}).run(queue) })
	}
	return g.Wait()
}

// groups lists what is left to do: the changes of one partner together, in
// their order, the partners in the order of the plan.
func (r *runner) groups() [][]*plan.Change {
	var groups [][]*plan.Change
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

// commit waits until an entry is durable, then takes it in and tells of it.
func (r *runner) commit(t ticket) error {
	if err := t.wait(); err != nil {
		r.stopNow(err)
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.log.fold(&t.entry); err != nil {
		return err
	}
	if t.entry.Outcome != nil && r.Observe != nil {
		r.Observe(*t.entry.Outcome)
	}
	return nil
}

// outcome is the last known outcome of a change, and whether a write of it was
// begun whose answer nobody knows.
func (r *runner) outcome(c *plan.Change) (o Outcome, begun bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, begun = r.log.intents[c.Seq]
	return r.log.outcomes[c.Seq-1], begun || r.log.outcomes[c.Seq-1].Status == Indeterminate
}

// The numbers of changes in a row after which a run stops by itself.
const (
	maxForbidden = 10
	maxLost      = 5
)

// noteKind watches for faults that will not spare the next change either.
func (r *runner) noteKind(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	count := func(n int, kinds ...graph.Kind) int {
		for _, k := range kinds {
			if errors.Is(err, k) {
				return n + 1
			}
		}
		return 0
	}
	r.forbidden = count(r.forbidden, graph.Forbidden)
	r.lost = count(r.lost, graph.Unreachable, graph.Indeterminate)
	switch {
	case errors.Is(err, graph.Unauthorized):
		r.stopNow(fmt.Errorf("the token is not accepted: %w", err))
	case r.forbidden >= maxForbidden:
		r.stopNow(fmt.Errorf("%d changes in a row were refused: %w", r.forbidden, err))
	case r.lost >= maxLost:
		r.stopNow(fmt.Errorf("no answer for %d changes in a row: %w", r.lost, err))
	}
}

func (r *runner) interrupted() bool { return errors.Is(context.Cause(r.soft), ErrInterrupted) }

func (r *runner) finish() error {
	now := r.Client.Requests()
	end := EndEntry{Requests: Requests{Reads: now.Reads, Writes: now.Writes, Throttled: now.Throttled, Retried: now.Retried}}
	if r.Pace != nil {
		end.Pace = r.Pace()
	}
	if cause := context.Cause(r.soft); cause != nil {
		end.Stopped, end.Interrupted = cause.Error(), r.interrupted()
	}
	return r.commit(r.Journal.add(Entry{End: &end}))
}
