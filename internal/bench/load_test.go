package bench

import (
	"os/exec"
	"slices"
	"testing"
	"time"

	"bulksync/graph/graphsim"
)

// BenchmarkWriteRate compares the writes per second of bulksync apply with
// those of a bare loop of net/http with as many workers, limited only by
// latency.
func BenchmarkWriteRate(b *testing.B) {
	const partners = 1000
	const latency = 50 * time.Millisecond
	program := build(b)
	for b.Loop() {
		cfg := graphsim.Config{Latency: latency}
		s, sim := stageHere(b, program, cfg, partners)
		if err := bareLoop(b.Context(), s.url, s.token, s.partners); err != nil {
			b.Fatal(err)
		}
		bare := rates(sim.Writes(), latency)

		s, sim = stageHere(b, program, cfg, partners)
		applyEvery(b, s)
		ours := rates(sim.Writes(), latency)
		b.ReportMetric(bare.overall, "bare/s")
		b.ReportMetric(ours.overall, "writes/s")
		b.ReportMetric(ours.overall/bare.overall, "of-bare")
		b.ReportMetric(ours.ramped/bare.ramped, "of-bare-after-ramp")
	}
}

// applyEvery plans and applies a sync policy for every partner.
func applyEvery(b *testing.B, s *stage) *spent {
	b.Helper()
	plan, err := s.plan(b.Context(), s.partners)
	if err != nil {
		b.Fatal(err)
	}
	got, err := s.apply(b.Context(), s.token, plan)
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
