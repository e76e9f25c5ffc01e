package bench

import (
	"cmp"
	"context"
	"flag"
	"net/http"
	"sync"
	"testing"
	"time"

	"bulksync/graph/graphsim"
)

var plotTo = flag.String("plot", "", "write the plot of BenchmarkPace to this file")

// The quota of the pacing benchmarks, and the minimum time of a run that starts
// with a full bucket.
const (
	paceWrites  = 600
	paceMinimum = 50 * time.Second
)

func tenPerSecond() graphsim.Config {
	return graphsim.Config{Latency: 20 * time.Millisecond, WriteQuota: graphsim.Quota{Units: 100, Per: 10 * time.Second}}
}

// paceCase is one run against a limited Graph.
type paceCase struct {
	name    string
	graph   func(*graphsim.Config)
	flags   []string
	writes  int           // of this app, default paceWrites
	minimum time.Duration // default paceMinimum
	// client does the writes; the default is bulksync apply.
	client func(context.Context, *paceRun) error
	// beside runs while the client works, from its first write on.
	beside func(context.Context, *paceRun)
}

// paceCases are the rows of the promise, and for comparison a plain client
// against the same Graph.
func paceCases() []paceCase {
	form := func(f graphsim.RetryAfterForm) func(*graphsim.Config) {
		return func(c *graphsim.Config) { c.RetryAfter = f }
	}
	costs := func(c *graphsim.Config) { c.RefusalsCost = true }
	shared := func(c *graphsim.Config) { c.TenantWriteQuota, c.WriteQuota = c.WriteQuota, graphsim.Quota{} }
	return []paceCase{
		{name: "retryablehttp", client: plainClient},
		{name: "retryablehttp-refusals-cost", client: plainClient, graph: costs},
		{name: "half-to-another-bulksync", graph: shared, minimum: 110 * time.Second, client: twoApps},
		{name: "three-processes", writes: 2 * paceWrites, minimum: 110 * time.Second, client: threeProcesses},
		{name: "half-to-a-steady-client", graph: shared, minimum: 100 * time.Second, beside: takeHalf},
		{name: "seconds"},
		{name: "decimal", graph: form(graphsim.RetryAfterDecimal)},
		{name: "dated", graph: form(graphsim.RetryAfterDate)},
		{name: "absent", graph: form(graphsim.RetryAfterAbsent)},
		{name: "refusals-cost", graph: costs},
		{name: "one-a-second", writes: 100, minimum: 99 * time.Second, graph: func(c *graphsim.Config) {
			c.WriteQuota, c.RefusalsCost = graphsim.Quota{Units: 1, Per: time.Second}, true
		}},
		{name: "told", flags: []string{"--max-rate", "100/10s"}},
		// 250 writes go through before the cut, 75 while it lasts, and 50 at
		// once when the bucket grows again: spent tokens stay spent.
		{name: "halved-then-doubled", minimum: 52500 * time.Millisecond, beside: halveThenDouble},
	}
}

// A client is stopped after this many times its minimum.
const stopAfter = 4

// startGap is the time between two starts, so that the first bursts of two runs
// do not coincide.
const startGap = 2 * time.Second

// BenchmarkPace measures whole runs against a Graph that has a quota: bulksync
// apply as it is shipped, over HTTP on loopback, its journal on disk. The runs
// mostly wait, so they run side by side, each with its own Graph. The time
// measured is from the start of the process to its end.
func BenchmarkPace(b *testing.B) {
	program := build(b)
	var all sync.WaitGroup
	defer all.Wait()
	var runs []*paceRun
	for i, c := range paceCases() {
		r := stagePace(b, program, c)
		all.Go(func() { r.run(b.Context(), time.Duration(i)*startGap) })
		runs = append(runs, r)
	}
	for _, r := range runs {
		b.Run(r.name, func(b *testing.B) {
			for b.Loop() {
				<-r.done
			}
			r.report(b)
		})
	}
}

// paceRun is one run of a case, with its figures at the end.
type paceRun struct {
	paceCase
	*stage
	sim   *graphsim.Sim
	token string // of the client; another app works at the same time

	done     chan struct{}
	took     time.Duration
	err      error
	share    float64 // the other client got this share of what it asked for
	hasShare bool
}

func stagePace(b *testing.B, program string, c paceCase) *paceRun {
	cfg := tenPerSecond()
	if c.graph != nil {
		c.graph(&cfg)
	}
	c.writes, c.minimum = cmp.Or(c.writes, paceWrites), cmp.Or(c.minimum, paceMinimum)
	if c.client == nil {
		c.client = applyAll
	}
	s, sim := stageHere(b, program, cfg, 2*paceWrites)
	return &paceRun{paceCase: c, stage: s, sim: sim, token: s.token, done: make(chan struct{})}
}

// run starts the client when it is its turn, and waits for it.
func (r *paceRun) run(ctx context.Context, turn time.Duration) {
	defer close(r.done)
	time.Sleep(turn)
	ctx, cancel := context.WithTimeout(ctx, stopAfter*r.minimum)
	defer cancel()
	var others sync.WaitGroup
	if r.beside != nil {
		others.Go(func() { r.awaitFirst(ctx); r.beside(ctx, r) })
	}
	r.err = r.client(ctx, r)
	cancel()
	others.Wait()
}

// awaitFirst returns when the first write has arrived.
func (r *paceRun) awaitFirst(ctx context.Context) {
	for r.arrived.Load() == 0 && pause(ctx, time.Millisecond) {
	}
}

// applyAll is bulksync itself, on the first partners.
func applyAll(ctx context.Context, r *paceRun) error {
	plan, err := r.plan(ctx, r.partners[:r.writes])
	if err != nil {
		return err
	}
	got, err := r.apply(ctx, r.token, plan, r.flags...)
	r.took = got.wall
	return err
}

// report reports the figures of the case and judges none of them.
func (r *paceRun) report(b *testing.B) {
	if r.err != nil {
		b.Logf("%s: %v", r.name, r.err)
	}
	refused, left := 0, r.writes
	for _, w := range r.sim.Writes() {
		if w.AppID != graphsim.DefaultAppID {
			continue
		}
		if w.Status == http.StatusTooManyRequests {
			refused++
		}
		if w.Committed {
			left--
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(r.took.Seconds(), "s")
	b.ReportMetric(r.took.Seconds()/r.minimum.Seconds(), "of-minimum")
	b.ReportMetric(float64(refused), "refused")
	b.ReportMetric(float64(left), "left")
	if r.hasShare {
		b.ReportMetric(r.share, "of-other's-half")
	}
	if r.name == "seconds" && *plotTo != "" {
		if err := writePlot(*plotTo, r.sim.Writes()); err != nil {
			b.Error(err)
		}
	}
}

// pause waits and reports whether the whole time passed.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
