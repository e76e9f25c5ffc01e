package execute

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"bulksync/plan"
)

// JournalVersion is the version of the journal format, in its first entry.
const JournalVersion = 1

// Entry is one line of journal.jsonl. Exactly one of the pointers is set.
type Entry struct {
	// Prev is the hex SHA-256 of the line before, so that a journal that was
	// altered, or that lost a line, is noticed; empty in the first.
	Prev string    `json:"prev"`
	At   time.Time `json:"at"`
	// Run begins a journal, and each resumption of it.
	Run *RunEntry `json:"run,omitempty"`
	// Intent is durable before its write is sent.
	Intent *Intent `json:"intent,omitempty"`
	// Outcome is how a change ended; a later one replaces an earlier one.
	Outcome *Outcome `json:"outcome,omitempty"`
	// End closes a session that ended by itself.
	End *EndEntry `json:"end,omitempty"`
}

// RunEntry says what is run, on what, by whom and how.
type RunEntry struct {
	FormatVersion   int             `json:"formatVersion"`
	RunID           string          `json:"runId"`
	PlanFingerprint string          `json:"planFingerprint"`
	Tool            plan.Tool       `json:"tool"`
	HomeTenant      plan.HomeTenant `json:"homeTenant"`
	// Identity is the app or user of the token.
	Identity string `json:"identity"`
	// Settings are those that a resumption goes on with.
	Settings Settings `json:"settings"`
	Resumed  bool     `json:"resumed,omitempty"`
}

// Intent is a write that is about to be sent.
type Intent struct {
	Seq             int    `json:"seq"`
	Method          string `json:"method"`
	Path            string `json:"path"`
	ClientRequestID string `json:"clientRequestId"`
}

// EndEntry is the last word of a session.
type EndEntry struct {
	Stopped     string   `json:"stopped,omitempty"`
	Interrupted bool     `json:"interrupted,omitempty"`
	Requests    Requests `json:"requests"`
	Pace        Pace     `json:"pace"`
}

// File is where a journal is kept: an append-only file.
type File interface {
	io.Writer
	// Sync returns when everything written is on stable storage.
	Sync() error
}

// Journal appends entries durably. Its methods are safe for concurrent use;
// appenders that wait at the same time share one write and one sync. The first
// failure sticks: a journal that lost a line takes no other.
type Journal struct {
	file File
	// turn holds the one right to write.
	turn chan struct{}

	mu   sync.Mutex
	prev string
	open *batch
	err  error
}

// batch is what the next write will carry.
type batch struct {
	text bytes.Buffer
	done chan struct{}
	err  error
}

// NewJournal returns a journal that appends to file. A resumed journal goes on
// from the hash of its last line (see Log.LastHash); a new one from "".
func NewJournal(file File, lastHash string) *Journal {
	j := &Journal{file: file, turn: make(chan struct{}, 1), prev: lastHash, open: newBatch()}
	j.turn <- struct{}{}
	return j
}

func newBatch() *batch { return &batch{done: make(chan struct{})} }

// ticket stands for an entry that is on its way to the disk.
type ticket struct {
	j     *Journal
	b     *batch
	entry Entry
}

// add puts e in line and returns at once; ticket.wait returns when e is
// durable. Entries become durable in the order in which they were added.
func (j *Journal) add(e Entry) ticket {
	j.mu.Lock()
	defer j.mu.Unlock()
	e.Prev = j.prev
	e.At = time.Now().UTC()
	line, err := json.Marshal(e)
	if err != nil {
		panic(fmt.Sprintf("execute: a journal entry does not encode: %v", err))
	}
	sum := sha256.Sum256(line)
	j.prev = hex.EncodeToString(sum[:])
	j.open.text.Write(line)
	j.open.text.WriteByte('\n')
	return ticket{j, j.open, e}
}

// wait returns when the entry is on stable storage, or when it cannot be put
// there. Whoever has the turn writes for everybody that waits.
func (t ticket) wait() error {
	select {
	case <-t.b.done:
		return t.b.err
	case <-t.j.turn:
		select {
		case <-t.b.done:
		default:
			t.j.flush()
		}
		t.j.turn <- struct{}{}
		return t.b.err
	}
}

func (j *Journal) flush() {
	j.mu.Lock()
	b, err := j.open, j.err
	j.open = newBatch()
	j.mu.Unlock()
	if err == nil {
		err = j.write(b.text.Bytes())
	}
	j.mu.Lock()
	j.err = err
	j.mu.Unlock()
	b.err = err
	close(b.done)
}

func (j *Journal) write(text []byte) error {
	if _, err := j.file.Write(text); err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("syncing the journal: %w", err)
	}
	return nil
}
