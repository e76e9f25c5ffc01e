package execute

import (
	"bytes"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"bulksync/execute/journal"
	"bulksync/internal/seal"
)

// BenchAppend makes workers append intents to f at the same time.
func BenchAppend(b *testing.B, f journal.File, workers int) {
	j := journal.New(f, "")
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := w; i < b.N; i += workers {
				if err := j.Add(journal.Entry{Intent: &journal.Intent{Seq: i, Method: "PUT", Path: "/policies"}}).Wait(func() {}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
}

// Reclock moves every time of a journal, as if its process had had another clock.
func Reclock(text []byte, by time.Duration) []byte {
	return rewrite(text, func(e *journal.Entry) {
		if e.At = e.At.Add(by); e.Outcome != nil && !e.Outcome.StartedAt.IsZero() {
			e.Outcome.StartedAt = e.Outcome.StartedAt.Add(by)
		}
	})
}

// rewrite edits each entry of a journal, and gives each line the sum that it
// would have as written.
func rewrite(text []byte, edit func(*journal.Entry)) []byte {
	var b bytes.Buffer
	var c seal.Chain
	for line := range bytes.Lines(text) {
		var e journal.Entry
		if !bytes.HasSuffix(line, []byte("\n")) || json.Unmarshal(line, &e) != nil {
			b.Write(line)
			continue
		}
		edit(&e)
		object, err := seal.Marshal(e)
		if err != nil {
			panic(err)
		}
		c.Append(&b, func(b *bytes.Buffer) { b.Write(object[1 : len(object)-1]) })
		b.WriteByte('\n')
	}
	return b.Bytes()
}
