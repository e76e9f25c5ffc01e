package journal

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"

	"bulksync/internal/seal"
)

// File is the file of a journal; it only grows.
type File interface {
	io.Writer
	// Sync returns when everything written is on stable storage.
	Sync() error
}

// Writer appends entries durably. Its methods are safe for concurrent use;
// appenders that wait at the same time share one write and one sync. The first
// failure is permanent: a journal that lost a line accepts no more.
type Writer struct {
	file File
	// turn holds the one token that permits writing.
	turn chan struct{}

	mu    sync.Mutex
	chain seal.Chain
	open  *batch
	err   error
	// spare is the memory of the previous batch, for the next one.
	spare []byte
}

// batch is what the next write will carry.
type batch struct {
	text bytes.Buffer
	done chan struct{}
	err  error
}

// New returns a journal that appends to file. A resumed journal continues from
// the sum of its last line (see Log.LastSum), a new one from "".
func New(file File, lastSum string) *Writer {
	j := &Writer{file: file, turn: make(chan struct{}, 1), chain: seal.Chain{Sum: lastSum}, open: newBatch()}
	j.turn <- struct{}{}
	return j
}

// maxSpare bounds the memory that is kept: enough for a batch of reading back,
// which is larger than any of writes.
const maxSpare = 256 << 10

func newBatch() *batch { return &batch{done: make(chan struct{})} }

// Receipt stands for an entry on its way to the disk.
type Receipt struct {
	j     *Writer
	b     *batch
	entry Entry
}

// Outcome is the outcome in the entry, as the journal will give it back; nil if
// the entry holds something else.
func (t Receipt) Outcome() *Outcome { return t.entry.Outcome }

// Add stamps e with the time, queues it and returns at once; Receipt.Wait
// returns when it is durable. Entries become durable in the order in which they
// were added. What e points to belongs to the journal from then on.
func (j *Writer) Add(e Entry) Receipt {
	j.mu.Lock()
	defer j.mu.Unlock()
	e.At = time.Now()
	e.makePlain()
	j.chain.Append(&j.open.text, e.encode)
	j.open.text.WriteByte('\n')
	return Receipt{j, j.open, e}
}

// Wait returns when the entry is on stable storage, or cannot be put there. One
// of the waiters has the turn and writes for all. It first calls deferSync,
// which may block briefly: entries added meanwhile are written too.
func (t Receipt) Wait(deferSync func()) error {
	select {
	case <-t.b.done:
		return t.b.err
	case <-t.j.turn:
		select {
		case <-t.b.done:
		default:
			deferSync()
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
