package bench

import (
	"testing"
	"time"

	"bulksync/graph/graphsim"
)

// BenchmarkResets holds a run in which one write in twenty ends with a reset
// connection, half of them after they took effect, against the same run
// without.
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
