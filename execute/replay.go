package execute

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"bulksync/plan"
)

// ErrJournalVersion means that a journal was written by a newer program.
var ErrJournalVersion = errors.New("the journal has another format version")

// Replay reads a journal and returns the state of its run. A last line that was
// torn when the process died is left out; any other damage is an error that
// names the line. It reads 200,000 lines in about a second.
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
	if l.started.IsZero() {
		if err := checkVersion(text); err != nil {
			return err
		}
	}
	sum, err := checkLine(text, l.LastHash)
	if err != nil {
		return err
	}
	var e Entry
	if err := json.Unmarshal(text, &e); err != nil {
		return fmt.Errorf("not a journal entry: %w", err)
	}
	if err := l.check(&e); err != nil {
		return err
	}
	l.fold(&e)
	l.LastHash = sum
	l.Size += int64(len(line))
	return nil
}

// checkVersion looks at a first line before anything else is asked of it: a
// newer program may prove its lines in another way.
func checkVersion(line []byte) error {
	var first struct {
		Run *struct{ FormatVersion int }
	}
	if err := json.Unmarshal(line, &first); err != nil || first.Run == nil {
		return errors.New("the journal does not begin with a run")
	}
	if v := first.Run.FormatVersion; v != JournalVersion {
		return fmt.Errorf("%w: it has %d, this program reads %d", ErrJournalVersion, v, JournalVersion)
	}
	return nil
}

// check refuses an entry that this program would not have written for the plan.
func (l *Log) check(e *Entry) error {
	switch {
	case e.Run != nil:
		if e.Run.PlanFingerprint != l.plan.Fingerprint {
			return fmt.Errorf("it belongs to the plan %s, not to %s", e.Run.PlanFingerprint, l.plan.Fingerprint)
		}
		return nil
	case e.Intent != nil:
		return l.knows(e.Intent.Seq)
	case e.Outcome != nil:
		if !e.Outcome.Status.valid() {
			return fmt.Errorf("no such status: %q", e.Outcome.Status)
		}
		return l.knows(e.Outcome.Seq)
	case e.End != nil:
		return nil
	default:
		return errors.New("an entry of no known kind")
	}
}

func (l *Log) knows(seq int) error {
	if seq < 1 || seq > len(l.outcomes) {
		return fmt.Errorf("change %d is not in the plan", seq)
	}
	return nil
}
