package journal

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"bulksync/internal/seal"
	"bulksync/plan"
)

// The errors that a caller distinguishes from a broken journal.
var (
	// ErrFormat means that another version wrote the journal.
	ErrFormat = errors.New("the journal has another format version")
	// ErrOtherPlan means that the journal belongs to another plan.
	ErrOtherPlan = errors.New("the journal belongs to another plan")
	// ErrNeverBegan means that the process died before the first entry was
	// durable, and so before anything was sent.
	ErrNeverBegan = errors.New("the journal has no first entry, so the run never began")
)

var errNoKind = errors.New("an entry of no known kind")

// Replay reads a journal and returns the state of its run. A last line that was
// torn when the process died is ignored; any other damage is an error that
// names the line.
func Replay(p *plan.Plan, journal io.Reader) (*Log, error) {
	l := NewLog(p)
	open := map[int]json.RawMessage{}
	in := bufio.NewReaderSize(journal, 1<<16)
	for n := 0; ; {
		lines, end := l.readLines(in)
		entries := decodeAll(lines)
		for i := range lines {
			n++
			if err := l.replay(entries[i], open); err != nil {
				return nil, fmt.Errorf("journal line %d: %w", n, err)
			}
		}
		if end == io.EOF {
			break
		}
		if end != nil {
			return nil, fmt.Errorf("journal line %d: %w", n+1, end)
		}
	}
	if l.started.IsZero() {
		return nil, ErrNeverBegan
	}
	if err := l.readIntents(open); err != nil {
		return nil, err
	}
	return l, nil
}

// Session is how a session of a run began, and whether it ran to its end. One
// that was stopped or killed did not.
type Session struct {
	Run
	Finished bool
}

// LastSession reads the last session of a journal: what is run, for whom and
// with what settings. It is fast because it proves only the first line; Replay
// proves the rest.
func LastSession(journal io.Reader) (*Session, error) {
	in := bufio.NewReaderSize(journal, 1<<16)
	first, err := firstSession(in)
	if err != nil {
		return nil, err
	}
	last := &Session{Run: *first}
	var end []byte
	for n := 2; ; n++ {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			last.Finished = isFinished(end)
			return last, nil
		}
		if err != nil {
			return nil, err
		}
		end = line
		if !isSession(line) {
			continue
		}
		run, err := laterSession(line)
		if err != nil {
			return nil, fmt.Errorf("journal line %d: %w", n, err)
		}
		last.Run = *run
	}
}

// isFinished reports whether the last line, which is not proved, ends a session
// that nothing stopped.
func isFinished(line []byte) bool {
	var e Entry
	return json.Unmarshal(line, &e) == nil && e.End != nil && e.End.Stopped == "" && !e.End.Interrupted
}

// laterSession reads a line that begins a session, which is not proved.
func laterSession(line []byte) (*Run, error) {
	var e Entry
	if err := json.Unmarshal(line, &e); err != nil {
		return nil, fmt.Errorf("not a journal entry: %w", err)
	}
	if e.Run == nil {
		return nil, errNoKind
	}
	return e.Run, checkFormat(e.Run.FormatVersion)
}

func firstSession(in *bufio.Reader) (*Run, error) {
	line, err := in.ReadBytes('\n')
	if err == io.EOF {
		return nil, ErrNeverBegan
	}
	if err == nil {
		err = checkVersion(line)
	}
	var e Entry
	if err == nil {
		var p proven
		if p, err = prove(&seal.Chain{}, line); err == nil {
			e, _, err = p.decode()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("journal line 1: %w", err)
	}
	return e.Run, nil
}

// linesAtOnce is how many lines are decoded together, on all processors.
const linesAtOnce = 4096

// readLines reads and proves the next lines. Its error says why there are no
// more: io.EOF, or damage. Trailing bytes without a newline are torn, and not
// read.
func (l *Log) readLines(in *bufio.Reader) (lines []proven, end error) {
	for len(lines) < linesAtOnce {
		line, err := in.ReadBytes('\n')
		if err == nil && l.Size == 0 {
			err = checkVersion(line)
		}
		if err != nil {
			return lines, err
		}
		p, err := prove(&l.chain, line)
		if err != nil {
			return lines, err
		}
		l.Size += int64(len(line))
		lines = append(lines, p)
	}
	return lines, nil
}

// decoded is an entry, or why there is none; see proven.decode.
type decoded struct {
	entry  Entry
	intent json.RawMessage
	err    error
}

func decodeAll(lines []proven) []decoded {
	entries := make([]decoded, len(lines))
	var all sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), 1+len(lines)/64)
	for w := range workers {
		all.Go(func() {
			for i := w * len(lines) / workers; i < (w+1)*len(lines)/workers; i++ {
				d := &entries[i]
				d.entry, d.intent, d.err = lines[i].decode()
			}
		})
	}
	all.Wait()
	return entries
}

// replay folds in an entry, and keeps the unread rest of open intents.
func (l *Log) replay(d decoded, open map[int]json.RawMessage) error {
	if d.err != nil {
		return d.err
	}
	if err := l.check(&d.entry); err != nil {
		return err
	}
	l.fold(&d.entry)
	switch e := d.entry; {
	case e.Intent != nil:
		open[e.Intent.Seq] = d.intent
	case e.Outcome != nil:
		delete(open, e.Outcome.Seq)
	}
	return nil
}

// readIntents reads the rest of each intent that has no outcome.
func (l *Log) readIntents(open map[int]json.RawMessage) error {
	for seq, object := range open {
		if object == nil {
			continue // read already
		}
		in := l.intents[seq]
		if err := json.Unmarshal(object, &in.Intent); err != nil {
			return fmt.Errorf("the intent of change %d: not a journal entry: %w", seq, err)
		}
		l.intents[seq] = in
	}
	return nil
}

// checkVersion checks the version in the first line before the line is proved:
// a newer program may chain its lines differently.
func checkVersion(line []byte) error {
	var first struct {
		Run *struct{ FormatVersion int }
	}
	if err := json.Unmarshal(line, &first); err != nil || first.Run == nil {
		return errors.New("the journal does not begin with a run")
	}
	return checkFormat(first.Run.FormatVersion)
}

func checkFormat(v int) error {
	if v != FormatVersion {
		return fmt.Errorf("%w: it has %d, this program reads %d", ErrFormat, v, FormatVersion)
	}
	return nil
}

// check refuses an entry that this program would not have written for the plan.
func (l *Log) check(e *Entry) error {
	switch {
	case e.Run != nil:
		if e.Run.PlanFingerprint != l.plan.Fingerprint {
			return fmt.Errorf("%w: to %s, not to %s", ErrOtherPlan, e.Run.PlanFingerprint, l.plan.Fingerprint)
		}
		return checkFormat(e.Run.FormatVersion) // another program may have gone on with it
	case e.Intent != nil:
		return l.knows(e.Intent.Seq)
	case e.Outcome != nil:
		if !e.Outcome.Status.Known() {
			return fmt.Errorf("no such status: %q", e.Outcome.Status)
		}
		return l.knows(e.Outcome.Seq)
	case e.End != nil:
		return nil
	default:
		return errNoKind
	}
}

func (l *Log) knows(seq int) error {
	if seq < 1 || seq > len(l.outcomes) {
		return fmt.Errorf("change %d is not in the plan", seq)
	}
	return nil
}
