package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	"bulksync/graph/graphsim"
)

// BenchmarkCommands runs each command on tenants of many sizes, without waits.
// Every partner is to be changed, and every file is written.
func BenchmarkCommands(b *testing.B) {
	program := build(b)
	for _, partners := range []int{1000, 5000, 10_000, 50_000, 100_000} {
		b.Run(fmt.Sprint(partners), func(b *testing.B) {
			t := &tour{B: b, best: map[string]*spent{}}
			t.stage, t.sim = stageHere(b, program, graphsim.Config{NoHistory: true}, partners)
			for range max(1, min(5, 20_000/partners)) {
				t.whole()
				t.interrupted()
			}
			for _, name := range t.names {
				b.Run(name, func(b *testing.B) { t.best[name].report(b, partners) })
			}
		})
	}
}

// tour runs the commands, one after the other, on one tenant.
type tour struct {
	*testing.B
	*stage
	sim *graphsim.Sim

	names []string // of the commands, in order
	best  map[string]*spent
}

// whole is from the file to the undo of a finished run.
func (t *tour) whole() {
	t.Helper()
	defer t.clear()
	csv, err := t.csv(t.partners)
	if err != nil {
		t.Fatal(err)
	}
	plan, dir := csv+".json", csv+".run"
	t.command("plan", "plan", csv, "--out", plan, "--names", "off")
	t.command("show", "show", plan)
	t.command("audit", "audit", csv, "--out-dir", csv+".audit", "--names", "off")
	t.command("apply", "apply", plan, "--yes", "--run-dir", dir)
	t.command("report", "report", dir)
	t.command("undo", "undo", dir)
	t.command("resume-nothing", "resume", dir)
}

// interrupted is a run that is killed halfway and resumed. Until its first write,
// resume reads the plan, the journal and the whole tenant.
func (t *tour) interrupted() {
	t.Helper()
	defer t.clear()
	plan, err := t.plan(t.Context(), t.partners)
	if err != nil {
		t.Fatal(err)
	}
	dir := plan + ".run"
	t.killAfter(t.B, len(t.partners)/2, "apply", plan, "--yes", "--run-dir", dir)
	first := t.timeFirst()
	t.command("resume-half", "resume", dir)
	select {
	case took := <-first:
		t.best["resume-half"].keepFirst(took)
	case <-time.After(time.Second):
		t.Fatal("nothing was left to resume")
	}
}

// clear takes away all sync policies.
func (t *tour) clear() {
	for _, id := range t.partners {
		t.sim.SetPartner(graphsim.Partner{TenantID: id})
	}
}

// command runs a command and keeps its figures.
func (t *tour) command(name string, args ...string) {
	t.Helper()
	got, err := t.run(t.Context(), t.token, append(args, "--quiet")...)
	if err != nil && !(args[0] == "audit" && got.exit == 2) {
		t.Fatal(err)
	}
	t.keep(name, got)
}

// keep keeps the best figures of all rounds: other work on the machine can only
// add to them.
func (t *tour) keep(name string, got *spent) {
	switch was := t.best[name]; {
	case got == nil: // there is no such program here
	case was == nil:
		t.names, t.best[name] = append(t.names, name), got
	default:
		was.keep(got)
	}
}

// killAfter runs the program until that many writes have arrived.
func (s *stage) killAfter(b *testing.B, writes int, args ...string) {
	b.Helper()
	ctx, kill := context.WithCancel(b.Context())
	defer kill()
	ended := make(chan error, 1)
	s.arrived.Store(0)
	go func() {
		_, err := s.run(ctx, s.token, append(args, "--quiet")...)
		ended <- err
	}()
	for s.arrived.Load() < int64(writes) {
		select {
		case err := <-ended:
			b.Fatalf("the run ended by itself: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	kill()
	<-ended
}

// timeFirst sends the time from now to the next write.
func (s *stage) timeFirst() <-chan time.Duration {
	took := make(chan time.Duration, 1)
	began := time.Now()
	s.arrived.Store(0)
	go func() {
		for s.arrived.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		took <- time.Since(began)
	}()
	return took
}
