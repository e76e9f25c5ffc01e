package journal

import (
	"cmp"
	"slices"
	"time"

	"bulksync/internal/seal"
	"bulksync/plan"
	"bulksync/plan/approval"
)

// Log is the state of a run: its plan folded with the entries of its journal.
// The running engine and Replay fold the same way.
type Log struct {
	plan     *plan.Plan
	outcomes []Outcome
	// intents holds the changes whose last write has no outcome yet.
	intents map[int]openIntent

	// first began the run; session is the current session.
	first    Run
	session  Run
	started  time.Time
	last     time.Time
	idle     time.Duration // between sessions
	ended    bool
	end      End
	requests Requests
	pace     Pace
	// approvals and allowed are those of all sessions.
	approvals []approval.Approval
	allowed   []plan.LimitName
	// tally counts the requests that the outcomes of the current session show;
	// its end entry has the full count.
	tally Requests

	// chain is after the last whole line.
	chain seal.Chain
	// Size is where the last whole line of a replayed journal ends; anything
	// after it is a line torn when the process died.
	Size int64
}

// openIntent is an intent without an outcome.
type openIntent struct {
	Intent
	at time.Time
}

// NewLog returns a run before its first entry: what the plan alone says.
func NewLog(p *plan.Plan) *Log {
	l := &Log{plan: p, outcomes: make([]Outcome, len(p.Changes)), intents: map[int]openIntent{}}
	for i := range p.Changes {
		c := &p.Changes[i]
		o := Outcome{Seq: c.Seq, Status: NotAttempted}
		switch c.Action {
		case plan.NoOp:
			o.Status = Unchanged
		case plan.Blocked:
			o.Status, o.Reason, o.Message = Skipped, ReasonBlocked, c.Reason
		}
		l.outcomes[i] = o
	}
	return l
}

// Take folds in an entry that is durable.
func (l *Log) Take(t Receipt) { l.fold(&t.entry) }

// LastSum is the sum of the last whole line of a replayed journal: appended
// lines follow it.
func (l *Log) LastSum() string { return l.chain.Sum }

// fold folds in one entry.
func (l *Log) fold(e *Entry) {
	switch {
	case e.Run != nil:
		if l.started.IsZero() {
			l.first, l.started = *e.Run, e.At
		} else {
			l.idle += max(0, e.At.Sub(l.last))
		}
		l.session = *e.Run
		l.approve(e.Run)
		l.forgetExceptions()
		l.requests, l.tally, l.ended = l.counted(), Requests{}, false
	case e.Intent != nil:
		l.intents[e.Intent.Seq] = openIntent{Intent: *e.Intent, at: e.At}
	case e.Outcome != nil:
		o := &l.outcomes[e.Outcome.Seq-1]
		l.tally.Writes += max(0, e.Outcome.Attempts-o.Attempts)
		*o = *e.Outcome
		delete(l.intents, e.Outcome.Seq)
	case e.End != nil:
		l.ended, l.end = true, *e.End
		l.requests, l.tally = l.requests.plus(e.End.Requests), Requests{}
		l.pace = l.pace.plus(e.End.Pace)
	}
	l.last = e.At
}

// approve adds what a session relies on.
func (l *Log) approve(r *Run) {
	for _, a := range r.Approvals {
		if !slices.ContainsFunc(l.approvals, func(known approval.Approval) bool { return known.SHA256 == a.SHA256 }) {
			l.approvals = append(l.approvals, a)
		}
	}
	for _, name := range r.Allowed {
		if !slices.Contains(l.allowed, name) {
			l.allowed = append(l.allowed, name)
		}
	}
}

// forgetExceptions takes back what an earlier session left out: the decisions of
// this one count.
func (l *Log) forgetExceptions() {
	for i := range l.outcomes {
		if o := &l.outcomes[i]; o.Reason == ReasonExcepted {
			*o = Outcome{Seq: o.Seq, Status: NotAttempted}
		}
	}
}

// Session is the entry that began the last session: a resumption continues with
// its settings.
func (l *Log) Session() Run { return l.session }

// Ended reports whether the last session wrote its end: it is neither still
// running nor was it killed.
func (l *Log) Ended() bool { return l.ended }

// counted is how many requests there were, as far as the entries show. For a
// session that was killed, that is only the writes that were answered.
func (l *Log) counted() Requests {
	all := l.requests.plus(l.tally)
	all.Incomplete = all.Incomplete || !l.ended && !l.last.IsZero()
	return all
}

func (r Requests) plus(s Requests) Requests {
	return Requests{r.Reads + s.Reads, r.Writes + s.Writes, r.Throttled + s.Throttled, r.Retried + s.Retried, r.Incomplete || s.Incomplete}
}

// plus adds a later session: its counts are added, its findings replace the
// older ones.
func (p Pace) plus(s Pace) Pace {
	return Pace{
		WritesPerSecond: cmp.Or(s.WritesPerSecond, p.WritesPerSecond), Burst: cmp.Or(s.Burst, p.Burst),
		Refusals: p.Refusals + s.Refusals, Pauses: p.Pauses + s.Pauses, PausedMs: p.PausedMs + s.PausedMs,
	}
}

// Outcome is the last known outcome of a change. If a write was begun and its
// answer is not known, unknown is true and the outcome names that write.
func (l *Log) Outcome(seq int) (o Outcome, unknown bool) {
	o = l.outcomes[seq-1]
	in, open := l.intents[seq]
	if open {
		o.Status, o.Reason, o.Message = Indeterminate, ReasonProcessEnded, "the process ended before the answer came; resume reads the object and decides"
		o.ClientRequestID, o.Open = in.ClientRequestID, true
		if o.StartedAt.IsZero() {
			o.StartedAt = in.at
		}
		if in.Found != nil {
			o.Found = in.Found
		}
	}
	return o, o.Status == Indeterminate
}

// Result is the run as it stands. Where no write is open it shares the outcomes,
// which are as large as the rest of a run, so the log takes no entry after it.
func (l *Log) Result() *Result {
	r := &Result{
		PlanFingerprint: l.plan.Fingerprint, HomeTenant: l.plan.HomeTenant, Tool: l.first.Tool, Identity: l.first.Identity,
		StartedAt: l.started, FinishedAt: l.last, Idle: l.idle, Rows: l.plan.Input.Rows, Changes: len(l.plan.Changes),
		Requests: l.counted(), Pace: l.pace, Outcomes: l.outcomes,
		ApprovedWith: l.first.ApprovedWith, Approvals: l.approvals, InForce: l.session.Approvals, Allowed: l.allowed,
	}
	if len(l.intents) > 0 {
		r.Outcomes = slices.Clone(l.outcomes)
	}
	for seq := range l.intents {
		r.Outcomes[seq-1], _ = l.Outcome(seq)
	}
	for i := range r.Outcomes {
		r.Totals.Add(r.Outcomes[i].Status, 1)
	}
	r.Stopped, r.Interrupted = l.end.Stopped, l.end.Interrupted
	if !l.ended {
		r.Stopped, r.Interrupted = "the process ended before the run did", true
	}
	return r
}

// CutShort reports whether some change was left undone or uncertain.
func (l *Log) CutShort() bool {
	for i := range l.outcomes {
		if o, unknown := l.Outcome(i + 1); unknown || o.Status.Info().CutShort {
			return true
		}
	}
	return false
}

// Complete reports whether the run is over: its last session ran to its end,
// and everything that the plan does not block is done and was read back.
func (l *Log) Complete() bool {
	if !l.ended || l.end.Stopped != "" || l.end.Interrupted || len(l.intents) > 0 {
		return false
	}
	for i := range l.outcomes {
		o := &l.outcomes[i]
		settled := o.Status == Verified || o.Status == Unchanged || o.Reason == ReasonBlocked
		if !settled || o.Unseen || o.Unread {
			return false
		}
	}
	return true
}
