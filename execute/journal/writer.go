package journal

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"
)

// File is where a journal is kept: an append-only file.
type File interface {
	io.Writer
	// Sync returns when everything written is on stable storage.
	Sync() error
}

// Writer appends entries durably. Its methods are safe for concurrent use;
// appenders that wait at the same time share one write and one sync. The first
// failure sticks: a journal that lost a line takes no other.
type Writer struct {
	file File
	// turn holds the one right to write.
	turn chan struct{}

	mu   sync.Mutex
	prev string
	open *batch
	err  error
	// spare is the room that the batch before took, for the next one.
	spare []byte
}

// batch is what the next write will carry.
type batch struct {
	text bytes.Buffer
	done chan struct{}
	err  error
}

// New returns a journal that appends to file. A resumed journal goes on
// from the sum of its last line (see Log.LastHash); a new one from "".
func New(file File, lastHash string) *Writer {
	j := &Writer{file: file, turn: make(chan struct{}, 1), prev: lastHash, open: newBatch()}
	j.turn <- struct{}{}
	return j
}

// maxSpare is the most room that is kept: a batch of a run fits, and the one
// that is read back in the end is let go.
const maxSpare = 64 << 10

func newBatch() *batch { return &batch{done: make(chan struct{})} }

// ticket stands for an entry that is on its way to the disk.
type Receipt struct {
	j     *Writer
	b     *batch
	Entry Entry
}

// add puts e in line and returns at once; ticket.wait returns when e is
// durable. Entries become durable in the order in which they were added.
func (j *Writer) Add(e Entry) Receipt {
	j.mu.Lock()
	defer j.mu.Unlock()
	e.Prev, e.At = j.prev, Now()
	e.AppendLine(&j.open.text)
	j.open.text.WriteByte('\n')
	j.prev = e.Sum
	return Receipt{j, j.open, e}
}

// now is a time that reads back from a journal as it is.
func Now() time.Time { return time.Now().UTC().Round(0) }

// wait returns when the entry is on stable storage, or when it cannot be put
// there. Whoever has the turn writes for everybody that waits, and lingers
// first if there is no hurry: what is added meanwhile goes with it.
func (t Receipt) Wait(linger func()) error {
	select {
	case <-t.b.done:
		return t.b.err
	case <-t.j.turn:
		select {
		case <-t.b.done:
		default:
			linger()
			t.j.flush()
		}
		t.j.turn <- struct{}{}
		return t.b.err
	}
}

func (j *Writer) flush() {
	j.mu.Lock()
	b, err := j.open, j.err
	j.open = newBatch()
	j.open.text, j.spare = *bytes.NewBuffer(j.spare), nil
	j.mu.Unlock()
	if err == nil {
		err = j.write(b.text.Bytes())
	}
	j.mu.Lock()
	j.err = err
	if b.text.Cap() <= maxSpare {
		j.spare = b.text.Bytes()[:0]
	}
	j.mu.Unlock()
	b.err = err
	close(b.done)
}

func (j *Writer) write(text []byte) error {
	if _, err := j.file.Write(text); err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("syncing the journal: %w", err)
	}
	return nil
}
