package bench

import (
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"bulksync/graph/graphsim"
)

// BenchmarkCPU compares the processor time of bulksync apply as a whole with that
// of other clients that do the same writes. Nothing else limits them. Graph is a
// process too, a new one for each client. The best of a few rounds counts: other
// work on the machine can only add to it.
func BenchmarkCPU(b *testing.B) {
	const partners, rounds = 10_000, 3
	program := build(b)
	serve := func() *stage { return stageApart(b, program, partners, "--latency", "0") }
	for b.Loop() {
		t := &tour{B: b, best: map[string]*spent{}}
		for range rounds {
			t.keep("bare", serve().runLoop(b, "bareloop"))
			t.keep("retryablehttp", serve().runLoop(b, "retryablehttp"))
			t.keep("curl", serve().runCurl(b))
			t.keep("apply", applyEvery(b, serve()))
		}
		bare := t.best["bare"].cpu.Seconds()
		b.ReportMetric(bare*1000/partners, "bare-cpu-s/1000")
		for _, name := range t.names[1:] {
			b.ReportMetric(t.best[name].cpu.Seconds()/bare, name+"-of-bare-cpu")
		}
	}
}

// BenchmarkWriteRate compares the writes per second of bulksync apply with
// those of a bare loop of net/http with as many workers, limited only by
// latency.
func BenchmarkWriteRate(b *testing.B) {
	const partners = 1000
	const latency = 50 * time.Millisecond
	program := build(b)
	for _, width := range []int{16, 32} {
		b.Run(strconv.Itoa(width), func(b *testing.B) {
			cfg := graphsim.Config{Latency: latency}
			s, sim := stageHere(b, program, cfg, partners)
			if _, err := bareLoop(b.Context(), s.url, s.token, s.partners, width); err != nil {
				b.Fatal(err)
			}
			bare := rates(sim.Writes(), latency)

			s, sim = stageHere(b, program, cfg, partners)
			applyEvery(b, s, "--concurrency", strconv.Itoa(width))
			ours := rates(sim.Writes(), latency)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(bare.overall, "bare/s")
			b.ReportMetric(ours.overall, "writes/s")
			b.ReportMetric(ours.overall/bare.overall, "of-bare")
			b.ReportMetric(ours.ramped/bare.ramped, "of-bare-after-ramp")
		})
	}
}

// BenchmarkFew applies ten changes in a tenant of 5,000 partners, where each
// answer takes 100 ms and a page holds 100 partners.
func BenchmarkFew(b *testing.B) {
	const partners, changes = 5000, 10
	program := build(b)
	for b.Loop() {
		s, sim := stageHere(b, program, graphsim.Config{Latency: 100 * time.Millisecond, PageSize: 100}, partners)
		plan, err := s.plan(b.Context(), s.partners[:changes])
		if err != nil {
			b.Fatal(err)
		}
		sim.ResetRequests()
		got, err := s.apply(b.Context(), s.token, plan)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(got.wall.Seconds(), "s")
		b.ReportMetric(float64(len(sim.Requests())-len(sim.Writes())), "reads")
	}
}

// applyEvery plans and applies a sync policy for every partner.
func applyEvery(b *testing.B, s *stage, flags ...string) *spent {
	b.Helper()
	plan, err := s.plan(b.Context(), s.partners)
	if err != nil {
		b.Fatal(err)
	}
	got, err := s.apply(b.Context(), s.token, plan, flags...)
	if err != nil {
		b.Fatal(err)
	}
	return got
}

// pacing is the writes per second of a run: of all of it, and after its first
// second.
type pacing struct{ overall, ramped float64 }

func rates(writes []graphsim.Request, latency time.Duration) pacing {
	first, last := writes[0].At, writes[len(writes)-1].At
	early := slices.IndexFunc(writes, func(w graphsim.Request) bool { return w.At.Sub(first) > time.Second })
	return pacing{
		overall: float64(len(writes)) / (last.Sub(first) + latency).Seconds(),
		ramped:  float64(len(writes)-early) / last.Sub(writes[early].At).Seconds(),
	}
}

// BenchmarkStart is the median time of bulksync version in 20 runs.
func BenchmarkStart(b *testing.B) {
	program := build(b)
	for b.Loop() {
		var took []time.Duration
		for range 20 {
			got, err := measure(exec.CommandContext(b.Context(), program, "version"))
			if err != nil {
				b.Fatal(err)
			}
			took = append(took, got.wall)
		}
		slices.Sort(took)
		b.ReportMetric(took[len(took)/2].Seconds()*1000, "ms")
	}
}

// BenchmarkResets compares a run in which one write in twenty ends with a reset
// connection, half of them after the write took effect, with the same run
// without resets.
func BenchmarkResets(b *testing.B) {
	const partners = 1000
	program := build(b)
	for b.Loop() {
		s, _ := stageHere(b, program, graphsim.Config{Latency: 20 * time.Millisecond}, partners)
		calm := applyEvery(b, s)

		s, sim := stageHere(b, program, graphsim.Config{Latency: 20 * time.Millisecond, Seed: 1}, partners)
		sim.Inject(
			graphsim.Fault{Kind: graphsim.FaultResetBefore, Method: "PUT", P: 0.025},
			graphsim.Fault{Kind: graphsim.FaultResetAfter, Method: "PUT", P: 0.025},
		)
		rough := applyEvery(b, s)

		written := map[string]int{}
		twice := 0
		for _, w := range sim.Writes() {
			if w.Committed {
				if written[w.Path]++; written[w.Path] > 1 {
					twice++
				}
			}
		}
		b.ReportMetric(rough.wall.Seconds()/calm.wall.Seconds(), "of-calm")
		b.ReportMetric(float64(twice), "written-twice")
		b.ReportMetric(float64(partners-len(written)), "left")
	}
}
