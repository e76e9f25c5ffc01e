package bench

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// service limits writes in another way than Graph does.
type service struct {
	name   string
	flags  []string // of bulksync simulate
	writes int
	least  time.Duration // that any client needs; 0 for what the best of the widths does
	widths []int         // of bare loops that know the service
}

// services are the kinds of limit that simulate can set. Of the fifteen windows
// that 600 writes need, fourteen must pass; the first begins with the run.
func services() []service {
	const windows = 14 * windowLength
	return []service{
		{name: "inflight", flags: []string{"--latency", "50ms", "--inflight-quota", "4"}, writes: 1600, least: 20 * time.Second, widths: []int{4}},
		{name: "window", flags: []string{"--latency", "50ms", "--window", "40/4s"}, writes: 600, least: windows},
		{name: "sliding-window", flags: []string{"--latency", "50ms", "--sliding-window", "40/4s"}, writes: 600, least: windows},
		{name: "queue", flags: []string{"--latency", "20ms", "--queue", "5ms,10%"}, writes: 2000, widths: []int{2, 3, 4, 5, 6, 8}},
	}
}

const windowLength = 4 * time.Second

// BenchmarkLimits measures whole runs against such services, each a process of
// its own for each client. The runs mostly wait, so they run side by side.
func BenchmarkLimits(b *testing.B) {
	program := build(b)
	var trials []*trial
	for _, s := range services() {
		trials = append(trials, newTrial(b, program, s))
	}
	time.Sleep(time.Until(time.Now().Truncate(windowLength).Add(windowLength)))
	var all sync.WaitGroup
	defer all.Wait()
	for _, t := range trials {
		all.Go(func() { t.run(b.Context()) })
	}
	for _, t := range trials {
		b.Run(t.name, func(b *testing.B) {
			for b.Loop() {
				<-t.done
			}
			t.report(b)
		})
	}
}

// trial is one service with its clients.
type trial struct {
	service
	apply, retry *stage
	fixed        []*stage
	plan         string

	done     chan struct{}
	took     *spent
	err      error
	plain    time.Duration // of go-retryablehttp alone
	left     int           // partners that it gave up on
	best     time.Duration // of the bare loops
	bestWide int
}

func newTrial(b *testing.B, program string, s service) *trial {
	b.Helper()
	serve := func() *stage { return stageApart(b, program, s.writes, append(s.flags, "--page-size", "1000")...) }
	t := &trial{service: s, apply: serve(), retry: serve(), done: make(chan struct{})}
	for range s.widths {
		t.fixed = append(t.fixed, serve())
	}
	var err error
	if t.plan, err = t.apply.plan(b.Context(), t.apply.partners); err != nil {
		b.Fatal(err)
	}
	return t
}

func (t *trial) run(ctx context.Context) {
	defer close(t.done)
	var clients sync.WaitGroup
	clients.Go(func() { t.took, t.err = t.apply.apply(ctx, t.apply.token, t.plan) })
	clients.Go(func() {
		began := time.Now()
		t.left, _ = retryLoop(ctx, t.retry.url, t.retry.token, t.retry.partners, workers)
		t.plain = time.Since(began)
	})
	clients.Go(func() {
		for i, s := range t.fixed {
			began := time.Now()
			left, _ := bareLoop(ctx, s.url, s.token, s.partners, t.widths[i])
			if took := time.Since(began); left == 0 && (t.best == 0 || took < t.best) {
				t.best, t.bestWide = took, t.widths[i]
			}
		}
	})
	clients.Wait()
}

// report reports the figures of the service and judges none of them.
func (t *trial) report(b *testing.B) {
	if t.err != nil {
		b.Fatal(t.err)
	}
	least := t.least
	if least == 0 {
		least = t.best
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(t.took.wall.Seconds(), "s")
	b.ReportMetric(t.took.wall.Seconds()/least.Seconds(), "of-least")
	b.ReportMetric(t.refused(b), "refused")
	b.ReportMetric(t.plain.Seconds()/least.Seconds(), "retryablehttp-of-least")
	b.ReportMetric(float64(t.left), "retryablehttp-left")
	if t.best > 0 {
		b.ReportMetric(float64(t.bestWide), "best-width")
		b.ReportMetric(t.best.Seconds()/least.Seconds(), "best-width-of-least")
	}
}

// refused is the number of refusals as the run's summary has it.
func (t *trial) refused(b *testing.B) float64 {
	b.Helper()
	var summary struct{ Requests struct{ Throttled float64 } }
	text, err := os.ReadFile(filepath.Join(t.plan+".run", "summary.json"))
	if err == nil {
		err = json.Unmarshal(text, &summary)
	}
	if err != nil {
		b.Fatal(err)
	}
	return summary.Requests.Throttled
}
