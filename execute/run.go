package execute

import (
	"errors"
	"time"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/plan"
)

// Config is what a run needs.
type Config struct {
	Client  *graph.Client
	Plan    *plan.Plan
	Reading *Reading
	Journal *journal.Writer
	// Prior is the replayed journal of a run that is resumed; nil for a new run.
	Prior *journal.Log
	// Header begins the journal. Run fills in what the plan says. What its
	// approvals leave out is not written.
	Header journal.Run
	// Pace returns at the end what pacing learned; nil if there is none.
	Pace func() journal.Pace
	// Observe is called with each outcome once it is durable, by one goroutine
	// at a time; nil for none.
	Observe func(journal.Outcome)
	// Wall returns the time of day; nil means time.Now. While a machine sleeps,
	// the interval clock stops and this one does not.
	Wall func() time.Time
}

// Run carries the plan out and returns how every change ended. If either of
// stops ends, the journal is whole and the Result complete all the same. A run
// that stopped for another reason says so in Result.Stopped. The error is
// non-nil only if the journal could not be written: then nothing more was sent,
// and Result shows what was in flight.
func Run(stops Stops, cfg Config) (*journal.Result, error) {
	r, shut := newRunner(stops, cfg)
	defer shut()
	err := r.begin(cfg.Header)
	if err == nil {
		err = r.work()
	}
	if err == nil {
		err = r.finish(cfg.Pace)
	}
	result := r.record.result()
	if err != nil {
		result.Stopped, result.Interrupted = err.Error(), false
	}
	return result, err
}

// env is what the changes of a run share and only read. Reading and clock renew
// themselves behind locks of their own.
type env struct {
	client  *graph.Client
	plan    *plan.Plan
	reading *Reading
	set     journal.Settings
	clock   *clock
	ends    ends
	// excepted says of each partner that is not to be written who says so and why.
	excepted map[string]string
	// began is when this process began or resumed the run.
	began time.Time
	// resumed: an earlier session began it.
	resumed bool
}

// runner is a run under way: its parts, and the goroutine that leads it through
// its waves. Only that goroutine starts workers and reads back.
type runner struct {
	env     *env
	control *control
	record  *record
	queue   *writeQueue
}

// newRunner makes the parts of a run; shut ends everything that waits in them.
func newRunner(stops Stops, cfg Config) (r *runner, shut func()) {
	e := &env{
		client: cfg.Client, plan: cfg.Plan, reading: cfg.Reading, set: cfg.Header.Settings.WithDefaults(),
		excepted: cfg.Header.Exceptions(), clock: newClock(cfg.Wall), began: time.Now(), resumed: cfg.Prior != nil,
	}
	phases, endSoft, shut := stops.open(e.set.Grace)
	e.ends = phases
	r = &runner{
		env: e, control: newControl(phases, endSoft, len(cfg.Plan.Changes), e.set.StopAfterFailures),
		queue: newWriteQueue(e.set.Concurrency),
	}
	r.record = &record{
		journal: cfg.Journal, deferSync: func() { r.queue.deferSync(phases.soft) }, control: r.control,
		observe: cfg.Observe, log: cfg.Prior,
	}
	if r.record.log == nil {
		r.record.log = journal.NewLog(cfg.Plan)
	}
	return r, r.withDeadline(shut)
}

// begin writes the first entry of the session.
func (r *runner) begin(h journal.Run) error {
	h.FormatVersion, h.PlanFingerprint, h.HomeTenant = journal.FormatVersion, r.env.plan.Fingerprint, r.env.plan.HomeTenant
	h.Settings, h.Resumed = r.env.set, r.env.resumed
	return r.record.commit(r.record.journal.Add(journal.Entry{Run: &h}))
}

// finish writes the last entry of the session.
func (r *runner) finish(pace func() journal.Pace) error {
	n := r.env.client.Requests()
	end := journal.End{Requests: journal.Requests{Reads: n.Reads, Writes: n.Writes, Throttled: n.Throttled, Retried: n.Retried}}
	if pace != nil {
		end.Pace = pace()
	}
	end.Interrupted = r.control.interrupted()
	if cause := r.control.cause(); cause != nil && (end.Interrupted || r.record.cutShort() || errors.Is(cause, ErrCannotSee)) {
		end.Stopped = cause.Error()
	}
	return r.record.commit(r.record.journal.Add(journal.Entry{End: &end}))
}
