package execute

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"bulksync/execute/journal"
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
	Journal *journal.Writer
	// Prior is the replayed journal of a run that is resumed; nil for a new run.
	Prior *journal.Log
	// Header begins the journal. Run fills in what the plan knows.
	Header journal.Run
	// Stop ends dispatch: no further write is sent, those in flight finish within
	// Settings.Grace. Nil means never.
	Stop context.Context
	// Pace tells at the end what pacing learned; nil where there is none.
	Pace func() journal.Pace
	// Observe is told of each outcome once it is durable, from one goroutine at a
	// time; nil for none.
	Observe func(journal.Outcome)
	// Wall tells the time of day; nil means time.Now. While a machine sleeps the
	// clock that measures intervals stands still, and this one does not.
	Wall func() time.Time
}

// Run carries the plan out and returns how every change ended. The end of ctx
// ends it at once, the end of Config.Stop ends it well; both leave a whole
// journal and a complete Result. A run that stopped for another reason says so
// in Result.Stopped. The error is not nil only if the journal could not be
// written: then nothing more was sent, and Result tells what was in flight.
func Run(ctx context.Context, cfg Config) (*journal.Result, error) {
	r := newRunner(cfg)
	defer r.open(ctx)()
	err := r.begin()
	if err == nil {
		err = r.work()
	}
	if err == nil {
		err = r.finish()
	}
	result := r.log.Result()
	if err != nil {
		result.Stopped, result.Interrupted = err.Error(), false
	}
	return result, err
}

// runner is a run under way. Its contexts end one after the other.
type runner struct {
	Config
	set journal.Settings
	// soft ends waits and new attempts: somebody asked, or the run stops itself.
	soft   context.Context
	cancel context.CancelCauseFunc
	// asked ends when a person or the system asks for an end.
	asked context.Context
	// hard ends requests on the wire.
	hard context.Context

	crew *crew

	// began is when this process began the run, or took it up again.
	began time.Time
	clock *clock

	mu  sync.Mutex
	log *journal.Log
	// forbidden counts, for each kind of object, the changes in a row that were
	// refused with 403: who may add partners may yet not touch their policies.
	forbidden map[plan.Object]int
	// failures counts the changes of this session that did not succeed.
	failures int
	// unseen holds the creates that Graph refused because the object is there,
	// where no reading shows one.
	unseen map[int]bool
	// answers counts what Graph said to writes: while the others get through, a
	// change that does not is at fault itself.
	answers int
	// own marks the changes that were accepted in this session, by their place.
	own []bool
	// added is when this session added a partner configuration.
	added map[string]time.Time
	// shown is the write that was accepted last: whether a reading shows it tells
	// how far readings can be trusted.
	shown accepted
	lag   lag
}

// lag is a bound on how far readings lag behind writes, and when it was seen.
type lag struct {
	below time.Duration
	at    time.Time
	// seen is the longest lag that was seen in this session.
	seen time.Duration
}

// accepted is a change that Graph accepted, and when its write was sent.
type accepted struct {
	change *plan.Change
	at     time.Time
}

func newRunner(cfg Config) *runner {
	r := &runner{
		Config: cfg, set: cfg.Header.Settings.WithDefaults(), log: cfg.Prior, began: time.Now(), clock: newClock(cfg.Wall),
		own: make([]bool, len(cfg.Plan.Changes)), unseen: map[int]bool{}, forbidden: map[plan.Object]int{}, added: map[string]time.Time{},
	}
	if r.log == nil {
		r.log = journal.NewLog(cfg.Plan)
	}
	if r.Prior != nil && r.pastDeadline() {
		r.set.Deadline = time.Time{} // that window is closed; whoever resumes has opened another
	}
	r.crew = newCrew(r.set.Concurrency)
	return r
}

// open makes the contexts of the run and returns what closes them.
func (r *runner) open(ctx context.Context) (shut func()) {
	stop := r.Stop
	if stop == nil {
		stop = context.Background()
	}
	hard, cancelHard := context.WithCancel(ctx)
	asked, ask := context.WithCancelCause(stop)
	unask := context.AfterFunc(ctx, func() { ask(ErrInterrupted) })
	soft, cancel := context.WithCancelCause(asked)
	r.hard, r.asked, r.soft, r.cancel = hard, asked, soft, cancel
	var watch sync.WaitGroup
	watch.Go(func() {
		<-soft.Done()
		_ = graph.Sleep(hard, r.set.Grace) // either way it is over
		cancelHard()
	})
	if !r.set.Deadline.IsZero() {
		watch.Go(r.watchDeadline)
	}
	return func() {
		unask()
		cancel(nil)
		ask(nil)
		cancelHard()
		watch.Wait()
	}
}

func (r *runner) begin() error {
	h := r.Header
	h.FormatVersion, h.PlanFingerprint, h.HomeTenant = journal.FormatVersion, r.Plan.Fingerprint, r.Plan.HomeTenant
	h.Settings, h.Resumed = r.set, r.Prior != nil
	return r.commit(r.Journal.Add(journal.Entry{Run: &h}))
}

// commit waits until an entry is durable, then takes it in and tells of it.
func (r *runner) commit(t journal.Receipt) error {
	if err := t.Wait(func() { r.crew.linger(r.soft) }); err != nil {
		r.stopNow(err)
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log.Fold(&t.Entry)
	if o := t.Entry.Outcome; o != nil {
		r.spend(o)
		if r.Observe != nil {
			r.Observe(*o)
		}
	}
	return nil
}

// put adds an outcome to the journal.
func (r *runner) put(o journal.Outcome) journal.Receipt {
	o = o.Plain()
	return r.Journal.Add(journal.Entry{Outcome: &o})
}

// outcome is the last known outcome of a change; see Log.outcome.
func (r *runner) outcome(c *plan.Change) (o journal.Outcome, unknown bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Outcome(c.Seq)
}

// setOwn notes that a change was made in this session, by an answer or by what
// was read back.
func (r *runner) setOwn(c *plan.Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.own[c.Seq-1] = true
	if c.Object == plan.PartnerConfiguration && c.Action == plan.Create {
		r.added[c.Partner.TenantID] = time.Now()
	}
}

func (r *runner) isOwn(c *plan.Change) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.own[c.Seq-1]
}

func (r *runner) finish() error {
	n := r.Client.Requests()
	end := journal.End{Requests: journal.Requests{Reads: n.Reads, Writes: n.Writes, Throttled: n.Throttled, Retried: n.Retried}}
	if r.Pace != nil {
		end.Pace = r.Pace()
	}
	end.Interrupted = r.interrupted()
	if cause := r.stopCause(); cause != nil && (end.Interrupted || r.cutShort() || errors.Is(cause, ErrCannotSee)) {
		end.Stopped = strings.ToValidUTF8(cause.Error(), "\ufffd") // as it reads back
	}
	return r.commit(r.Journal.Add(journal.Entry{End: &end}))
}
