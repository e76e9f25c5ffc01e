package execute

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"bulksync/plan"
)

// ErrJournalVersion means that a journal was written by a newer program.
var ErrJournalVersion = errors.New("the journal has another format version")

// Log is the state of a run: its plan folded with the entries of its journal.
// The running engine and Replay fold the same way.
type Log struct {
	plan     *plan.Plan
	outcomes []Outcome
	// intents marks the changes whose last write has no outcome yet.
	intents map[int]Intent

	// First is the entry that began the run.
	First    RunEntry
	started  time.Time
	last     time.Time
	ended    bool
	end      EndEntry
	requests Requests
	pace     Pace

	// LastHash and Size say where the whole part of the journal ends; what comes
	// after is a line that was torn when the process died.
	LastHash string
	Size     int64
}

// newLog is a run before its first entry: what the plan alone says.
func newLog(p *plan.Plan) *Log {
	l := &Log{plan: p, outcomes: make([]Outcome, len(p.Changes)), intents: map[int]Intent{}}
	for i := range p.Changes {
		c := &p.Changes[i]
		o := Outcome{Seq: c.Seq, Status: NotAttempted}
		switch c.Action {
		case plan.NoOp:
			o.Status = Unchanged
		case plan.Blocked:
			o.Status, o.Message = Skipped, c.Reason
		}
		l.outcomes[i] = o
	}
	return l
}

// fold takes one entry in.
func (l *Log) fold(e *Entry) error {
	l.last = e.At
	switch {
	case e.Run != nil:
		if l.started.IsZero() {
			l.First, l.started = *e.Run, e.At
		}
		l.ended = false
	case e.Intent != nil:
		if err := l.knows(e.Intent.Seq); err != nil {
			return err
		}
		l.intents[e.Intent.Seq] = *e.Intent
	case e.Outcome != nil:
		if err := l.knows(e.Outcome.Seq); err != nil {
			return err
		}
		l.outcomes[e.Outcome.Seq-1] = *e.Outcome
		delete(l.intents, e.Outcome.Seq)
	case e.End != nil:
		l.ended, l.end = true, *e.End
		l.requests = l.requests.plus(e.End.Requests)
		l.pace = l.pace.plus(e.End.Pace)
	default:
		return errors.New("an entry of no known kind")
	}
	return nil
}

func (l *Log) knows(seq int) error {
	if seq < 1 || seq > len(l.outcomes) {
		return fmt.Errorf("change %d is not in the plan", seq)
	}
	return nil
}

func (r Requests) plus(s Requests) Requests {
	return Requests{r.Reads + s.Reads, r.Writes + s.Writes, r.Throttled + s.Throttled, r.Retried + s.Retried}
}

func (p Pace) plus(s Pace) Pace {
	sum := Pace{WritesPerSecond: s.WritesPerSecond, Pauses: p.Pauses + s.Pauses, PausedMs: p.PausedMs + s.PausedMs}
	if sum.WritesPerSecond == 0 {
		sum.WritesPerSecond = p.WritesPerSecond
	}
	return sum
}

// Result tells the run as it stands.
func (l *Log) Result() *Result {
	r := &Result{
		PlanFingerprint: l.plan.Fingerprint, HomeTenant: l.plan.HomeTenant, Tool: l.First.Tool, Identity: l.First.Identity,
		StartedAt: l.started, FinishedAt: l.last, Rows: l.plan.Input.Rows, Changes: len(l.plan.Changes),
		Requests: l.requests, Pace: l.pace, Outcomes: make([]Outcome, len(l.outcomes)),
	}
	copy(r.Outcomes, l.outcomes)
	for seq := range l.intents {
		o := &r.Outcomes[seq-1]
		o.Status, o.Message = Indeterminate, "the process ended before the answer came; resume reads the object and decides"
		o.ClientRequestID = l.intents[seq].ClientRequestID
	}
	for i := range r.Outcomes {
		r.Totals.count(r.Outcomes[i].Status)
	}
	r.Stopped, r.Interrupted = l.end.Stopped, l.end.Interrupted
	if !l.ended {
		r.Stopped, r.Interrupted = "the process ended before the run did", true
	}
	return r
}

func (t *Totals) count(s Status) {
	switch s {
	case Verified:
		t.Verified++
	case Succeeded:
		t.Succeeded++
	case Unchanged:
		t.Unchanged++
	case Held:
		t.Held++
	case Skipped:
		t.Skipped++
	case Failed:
		t.Failed++
	case Indeterminate:
		t.Indeterminate++
	case NotAttempted:
		t.NotAttempted++
	default:
		panic("execute: no status " + string(s))
	}
}

// valid reports whether s is one of the statuses.
func (s Status) valid() bool {
	switch s {
	case Verified, Succeeded, Unchanged, Held, Skipped, Failed, Indeterminate, NotAttempted:
		return true
	default:
		return false
	}
}

// Replay reads a journal and returns the state of its run. A last line that was
// torn when the process died is left out; any other damage is an error that
// names the line.
func Replay(p *plan.Plan, journal io.Reader) (*Log, error) {
	l := newLog(p)
	in := bufio.NewReaderSize(journal, 1<<16)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			break // what is left has no newline: torn, or nothing
		}
		if err != nil {
			return nil, err
		}
		if err := l.replayLine(line); err != nil {
			return nil, fmt.Errorf("journal line %d: %w", n, err)
		}
	}
	if l.started.IsZero() {
		return nil, errors.New("the journal has no first entry, so the run never began")
	}
	return l, nil
}

func (l *Log) replayLine(line []byte) error {
	text := bytes.TrimSuffix(line, []byte("\n"))
	var e Entry
	if err := json.Unmarshal(text, &e); err != nil {
		return fmt.Errorf("not a journal entry: %w", err)
	}
	if e.Prev != l.LastHash {
		return errors.New("it does not follow from the line before: the journal was altered")
	}
	if e.Run != nil {
		if e.Run.FormatVersion != JournalVersion {
			return fmt.Errorf("%w: it has %d, this program reads %d", ErrJournalVersion, e.Run.FormatVersion, JournalVersion)
		}
		if e.Run.PlanFingerprint != l.plan.Fingerprint {
			return fmt.Errorf("it belongs to the plan %s, not to %s", e.Run.PlanFingerprint, l.plan.Fingerprint)
		}
	} else if l.started.IsZero() {
		return errors.New("the journal does not begin with a run")
	}
	if e.Outcome != nil && !e.Outcome.Status.valid() {
		return fmt.Errorf("no such status: %q", e.Outcome.Status)
	}
	if err := l.fold(&e); err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	l.LastHash = hex.EncodeToString(sum[:])
	l.Size += int64(len(line))
	return nil
}
