package execute

import (
	"bytes"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"bulksync/execute/journal"
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
	var b bytes.Buffer
	for line := range bytes.Lines(text) {
		var e journal.Entry
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		if e.At = e.At.Add(by); e.Outcome != nil && !e.Outcome.StartedAt.IsZero() {
			e.Outcome.StartedAt = e.Outcome.StartedAt.Add(by)
		}
		e.AppendLine(&b)
		b.WriteByte('\n')
	}
	return Reseal(b.Bytes())
}

// Reseal gives each line of a journal the sums that it would have if it had
// been written so, to get past them.
func Reseal(text []byte) []byte {
	var b bytes.Buffer
	prev := ""
	for line := range bytes.Lines(text) {
		var e journal.Entry
		if !bytes.HasSuffix(line, []byte("\n")) || json.Unmarshal(line, &e) != nil {
			b.Write(line)
			continue
		}
		e.Prev = prev
		e.AppendLine(&b)
		b.WriteByte('\n')
		prev = e.Sum
	}
	return b.Bytes()
}

// Plain is an outcome as it reads back from a journal.
func Plain(o journal.Outcome) journal.Outcome { return o.Plain() }
