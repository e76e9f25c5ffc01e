package journal_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/execute/journal"
)

func same(t *testing.T, want, got *journal.Result) {
	t.Helper()
	if !reflect.DeepEqual(want, got) { // times to the last bit, which cmp would forgive
		t.Errorf("(-live +replayed):\n%s\nlive:     %+v\nreplayed: %+v", cmp.Diff(want, got), want, got)
	}
}

// An entry is on the disk when Wait returns, and not before it is synced.
func TestWaitReturnsWhenDurable(t *testing.T) {
	var d disk
	w := journal.New(&d, "")
	receipt := w.Add(session(begun))
	if d.Len() != 0 {
		t.Errorf("written before anybody waits: %d bytes", d.Len())
	}
	if err := receipt.Wait(now); err != nil || d.synced == 0 || d.synced != d.Len() {
		t.Errorf("%v, %d of %d bytes are synced", err, d.synced, d.Len())
	}
	if err := receipt.Wait(now); err != nil || d.syncs != 1 {
		t.Errorf("waited for again: %v, %d syncs", err, d.syncs)
	}
}

// Concurrent waiters share one sync, and so does anything added while the sync
// is deferred.
func TestWaitersShareASync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := disk{onSync: func() { time.Sleep(time.Second) }}
		w := journal.New(&d, "")
		var all sync.WaitGroup
		wait := func(r journal.Receipt, deferSync func()) {
			all.Go(func() {
				if err := r.Wait(deferSync); err != nil {
					t.Error(err)
				}
			})
		}
		var deferred sync.Once
		wait(w.Add(session(begun)), func() {
			deferred.Do(func() {
				for seq := 3; seq <= 5; seq++ {
					wait(w.Add(outcome(done(seq))), now)
				}
				time.Sleep(time.Millisecond)
			})
		})
		all.Wait()
		if d.syncs != 1 {
			t.Errorf("%d syncs", d.syncs)
		}
		if r := replayed(t, d.Bytes()).Result(); r.Totals.Of(journal.Succeeded) != 3 {
			t.Errorf("%s", r.Totals)
		}
	})
}

// If there is nothing left to write, no sync is made or deferred.
func TestAWrittenBatchIsNotDeferred(t *testing.T) {
	var d disk
	w := journal.New(&d, "")
	first, second := w.Add(session(begun)), w.Add(intent(3))
	if err := second.Wait(now); err != nil {
		t.Fatal(err)
	}
	if err := first.Wait(func() { t.Error("deferred") }); err != nil || d.syncs != 1 {
		t.Errorf("%v, %d syncs", err, d.syncs)
	}
}

// The first failure is permanent: a journal that lost a line accepts no more.
func TestTheFirstFailureIsPermanent(t *testing.T) {
	for name, fail := range map[string]func(*disk, error){
		"writing the journal: full": func(d *disk, err error) { d.writeErr = err },
		"syncing the journal: full": func(d *disk, err error) { d.syncErr = err },
	} {
		var d disk
		w := journal.New(&d, "")
		full := errors.New("full")
		fail(&d, full)
		if err := w.Add(session(begun)).Wait(now); !errors.Is(err, full) || err.Error() != name {
			t.Errorf("%v, want %s", err, name)
		}
		fail(&d, nil)
		size := d.Len()
		if err := w.Add(intent(3)).Wait(now); !errors.Is(err, full) || d.Len() != size {
			t.Errorf("%s: after that %v, %d more bytes", name, err, d.Len()-size)
		}
	}
}

// A resumed journal continues where the whole part of the old one ends.
func TestAResumedJournalContinues(t *testing.T) {
	text := written(t, session(begun), outcome(done(3)))
	torn := append(bytes.Clone(text), `{"prev":"`...)
	l := replayed(t, torn)
	if l.Size != int64(len(text)) || len(l.LastSum()) != 64 || !bytes.Contains(text, []byte(l.LastSum())) {
		t.Fatalf("%d of %d bytes are whole, the sum is %q", l.Size, len(text), l.LastSum())
	}
	var d disk
	d.Buffer.Write(text)
	w := journal.New(&d, l.LastSum())
	for _, e := range []journal.Entry{session(begun), outcome(done(4)), end(journal.End{})} {
		receipt := w.Add(e)
		if err := receipt.Wait(now); err != nil {
			t.Fatal(err)
		}
		l.Take(receipt)
	}
	same(t, l.Result(), replayed(t, d.Bytes()).Result())
}

// Batches of any size reach the disk whole and in order.
func TestBatchesOfAnySize(t *testing.T) {
	var d disk
	w := journal.New(&d, "")
	var last journal.Receipt
	for _, n := range []int{1, 300, 1, 2000, 3, 1} {
		for range n {
			e := session(begun)
			if last.Outcome() != nil || d.Len() > 0 {
				e = outcome(journal.Outcome{Seq: 3, Status: journal.Failed, Message: strings.Repeat("x", 100)})
			}
			last = w.Add(e)
		}
		if err := last.Wait(now); err != nil {
			t.Fatal(err)
		}
	}
	if n := bytes.Count(d.Bytes(), []byte("\n")); n != 2306 || d.syncs != 6 {
		t.Errorf("%d lines, %d syncs", n, d.syncs)
	}
	replayed(t, d.Bytes())
}
