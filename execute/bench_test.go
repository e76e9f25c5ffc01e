package execute_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
)

// BenchmarkReplay reads the journal of a run of 100,000 changes: an intent and
// an outcome each.
func BenchmarkReplay(b *testing.B) {
	const n = 100_000
	r := newRig(b, graphsim.Config{NoHistory: true, PageSize: 1000})
	r.with(n, nil)
	p := r.plan(rows(n, "Fabrikam,yes,,,"), "")
	f := newTape()
	res := r.mustRun(session{plan: p, tape: f, settings: journal.Settings{NoReadBack: true}})
	if res.Totals.Of(journal.Succeeded) != n {
		b.Fatalf("%+v", res.Totals)
	}
	b.SetBytes(int64(len(f.data)))
	for b.Loop() {
		if _, err := journal.Replay(p, bytes.NewReader(f.data)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(bytes.Count(f.data, []byte("\n")))*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

// noDisk is a journal that stores nothing.
type noDisk struct{}

func (noDisk) Write(p []byte) (int, error) { return len(p), nil }
func (noDisk) Sync() error                 { return nil }

// slowDisk takes a while to sync.
type slowDisk struct {
	*os.File
	sync time.Duration
}

func (d slowDisk) Sync() error {
	time.Sleep(d.sync)
	return d.File.Sync()
}

// BenchmarkRun writes to a Graph with 20 ms latency, 16 writes in flight, with
// a journal on disk and without one. The ratio is that of their speeds.
func BenchmarkRun(b *testing.B) {
	for _, disk := range []struct {
		name string
		sync time.Duration
	}{{"disk", 0}, {"disk of 10 ms", 10 * time.Millisecond}} {
		b.Run(disk.name, func(b *testing.B) {
			var with, without time.Duration
			for b.Loop() {
				f, err := os.Create(filepath.Join(b.TempDir(), "journal.jsonl"))
				if err != nil {
					b.Fatal(err)
				}
				without += timed(b, noDisk{}, nil)
				with += timed(b, slowDisk{f, disk.sync}, nil)
				f.Close()
			}
			b.ReportMetric(runSize*float64(b.N)/with.Seconds(), "writes/s")
			b.ReportMetric(without.Seconds()/with.Seconds(), "of-speed-without")
		})
	}
}

// BenchmarkResets is a run in which one write in twenty ends in a reset, half
// of those after they took effect.
func BenchmarkResets(b *testing.B) {
	var calm, stormy time.Duration
	for b.Loop() {
		calm += timed(b, noDisk{}, nil)
		stormy += timed(b, noDisk{}, []graphsim.Fault{
			{Kind: graphsim.FaultResetBefore, Method: "WRITE", P: 0.025}, {Kind: graphsim.FaultResetAfter, Method: "WRITE", P: 0.025},
		})
	}
	b.ReportMetric(stormy.Seconds()/calm.Seconds(), "of-calm-time")
}

const runSize = 2000

// timed runs a plan of runSize changes and returns how long the writes took.
func timed(b *testing.B, f journal.File, faults []graphsim.Fault) time.Duration {
	r := newRig(b, graphsim.Config{NoHistory: true, PageSize: 1000, Latency: 20 * time.Millisecond})
	r.with(runSize, nil)
	p := r.plan(rows(runSize, "Fabrikam,yes,,,"), "")
	r.Inject(faults...)
	c := r.client()
	reading, err := execute.Prepare(b.Context(), c, p)
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	res, err := execute.Run(execute.Stops{Hard: b.Context()}, execute.Config{
		Client: c, Plan: p, Reading: reading, Journal: journal.New(f, ""),
		Header: journal.Run{Settings: journal.Settings{NoReadBack: true}},
	})
	took := time.Since(began)
	if err != nil || res.Totals.Of(journal.Succeeded) != runSize {
		b.Fatalf("%+v, %v", res, err)
	}
	return took
}

// BenchmarkJournal appends from 48 goroutines, each of which waits until its
// entry is durable.
func BenchmarkJournal(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "journal.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	execute.BenchAppend(b, f, 48)
}
