package bench

import (
	"context"
	"testing"
	"time"

	"bulksync/graph/graphsim"
)

// BenchmarkResume kills a run of 100,000 changes halfway and measures the time
// from the start of bulksync resume to its first write: it reads the plan, the
// journal and the whole tenant, in pages of a thousand.
func BenchmarkResume(b *testing.B) {
	const partners, before = 100_000, 20_000
	program := build(b)
	for b.Loop() {
		s, sim := stageHere(b, program, graphsim.Config{PageSize: 1000}, partners)
		plan, err := s.plan(b.Context(), s.partners)
		if err != nil {
			b.Fatal(err)
		}
		s.killAfter(b, sim, before, "apply", plan, "--yes", "--run-dir", plan+".run")
		sim.ResetRequests()
		b.ReportMetric(s.killAfter(b, sim, 1, "resume", plan+".run").Seconds(), "s-to-first-write")
	}
}

// killAfter runs the program until that many writes have arrived, and returns
// how long that took.
func (s *stage) killAfter(b *testing.B, sim *graphsim.Sim, writes int, args ...string) time.Duration {
	b.Helper()
	ctx, kill := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	began := time.Now()
	go func() {
		_, err := s.run(ctx, s.token, append(args, "--quiet")...)
		ended <- err
	}()
	for len(sim.Writes()) < writes {
		select {
		case err := <-ended:
			b.Fatalf("the run ended by itself: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
	took := time.Since(began)
	kill()
	<-ended
	return took
}
