package execute

import (
	"sync"
	"testing"
)

// BenchAppend makes workers append intents to f at the same time.
func BenchAppend(b *testing.B, f File, workers int) {
	j := NewJournal(f, "")
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := w; i < b.N; i += workers {
				if err := j.add(Entry{Intent: &Intent{Seq: i, Method: "PUT", Path: "/policies"}}).wait(); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
}
