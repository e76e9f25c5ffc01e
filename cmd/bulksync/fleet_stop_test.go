//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulksync/execute"
	"bulksync/graph/graphsim"
	"bulksync/internal/fleet"
	"bulksync/report"
)

// A signal stops a fleet at once. Nothing is on standard output, the record is not
// finished, and the next process goes on.
func TestFleetStopsAtASignal(t *testing.T) {
	r := newFleetRig(t)
	r.tenant("good", true, graphsim.Config{})
	hanging := r.tenant("hanging", true, graphsim.Config{})
	hanging.Inject(graphsim.Fault{Kind: graphsim.FaultSilent, Times: 99})
	r.manifest()
	args := []string{"fleet", "audit", "fleet.yaml", "--out-dir", "out", "--parallel", "1"}
	cmd := r.command(args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for len(hanging.Requests()) == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	r.ended(cmd.Wait(), exitInterrupted)
	if said := r.err.String(); r.out.Len() > 0 || !strings.Contains(said, "bulksync: the run is not complete: start it again with the same command\nbulksync: error: interrupted\n") {
		t.Errorf("%s%s", r.out.String(), said)
	}
	if rec, err := fleet.ReadRecord("out", fleet.WholeFleet); err != nil || rec == nil || !rec.FinishedAt.IsZero() {
		t.Errorf("%+v: %v", rec, err)
	}
	r.run(exitIncomplete, "fleet", "collect", "out")
	hanging.ClearFaults()
	r.run(exitDone, args...)
	if !strings.Contains(r.err.String(), "1 of 2 tenants is done") {
		t.Error(r.err.String())
	}
	rows := r.rollup("out")
	r.complete("out", rows["good"], rows["hanging"])
}

// fleetOf are the options and the surroundings of a fleet of which the work is given.
func (r *fleetRig) fleetOf(dir string) (*shardOptions, *env, *lockedBuffer) {
	r.manifest()
	var said lockedBuffer
	p := &process{in: strings.NewReader(""), out: &bytes.Buffer{}, messages: messages{stderr: &said}, getenv: func(name string) string {
		for _, v := range r.env {
			if value, ok := strings.CutPrefix(v, name+"="); ok {
				return value
			}
		}
		return ""
	}}
	o := &shardOptions{manifest: "fleet.yaml", dir: dir, parallel: 2, timeout: time.Hour, console: p, shard: fleet.WholeFleet}
	own := *p
	own.stderr = &errorLines{to: &said}
	return o, &env{process: own, globals: globals{format: report.Text, log: slog.New(slog.DiscardHandler)}}, &said
}

// The second signal does not wait for work that does not stop.
func TestFleetStopsAtTheSecondSignal(t *testing.T) {
	r := newFleetRig(t)
	r.tenant("deaf", true, graphsim.Config{})
	o, e, _ := r.fleetOf("out")
	begun, end := make(chan struct{}), make(chan struct{})
	hard, kill := context.WithCancelCause(t.Context())
	soft, stop := context.WithCancelCause(hard)
	go func() {
		<-begun
		stop(execute.ErrInterrupted)
		kill(execute.ErrInterrupted)
	}()
	err := o.work(execute.Stops{Soft: soft, Hard: hard}, e, fleetWork{verb: "plan", do: func(context.Context, *member) (fleet.Row, error) {
		close(begun)
		<-end
		return fleet.Row{}, errors.New("late")
	}})
	close(end)
	if codeOf(err) != exitInterrupted {
		t.Error(err)
	}
}

// A panic is the row of its tenant, and its stack is told with the tenant's name.
func TestFleetPanic(t *testing.T) {
	r := newFleetRig(t)
	r.tenant("good", true, graphsim.Config{})
	r.tenant("faulty", true, graphsim.Config{})
	o, e, said := r.fleetOf("out")
	plans := fleetPlanOptions{shardOptions: *o}
	err := o.work(always(t), e, fleetWork{verb: "plan", do: func(ctx context.Context, m *member) (fleet.Row, error) {
		if m.Name == "faulty" {
			panic("a fault\x1b[31m")
		}
		return plans.plan(ctx, m)
	}})
	rows := r.rollup("out")
	if codeOf(err) != exitIncomplete || rows["good"].Status != fleet.AsWanted || rows["faulty"].Status != fleet.Failed {
		t.Errorf("%v: %+v", err, rows)
	}
	for line := range strings.Lines(said.String()) {
		if !strings.HasPrefix(line, "bulksync: good: ") && !strings.HasPrefix(line, "bulksync: faulty: ") && !strings.HasPrefix(line, "faulty: ") && !strings.HasPrefix(line, "bulksync: the roll-up is in ") {
			t.Errorf("no tenant is named in %q", line)
		}
	}
	if s := said.String(); !strings.Contains(s, "bulksync: faulty: error: a fault in bulksync itself: a fault") || strings.Contains(s, "\x1b") || !strings.Contains(s, "faulty: goroutine ") {
		t.Error(s)
	}
}

// Without a reader of standard output the work is done all the same.
func TestFleetWithoutAReader(t *testing.T) {
	r := newFleetRig(t)
	r.tenant("differs", false, graphsim.Config{})
	r.manifest()
	read, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	read.Close()
	cmd := r.command("fleet", "audit", "fleet.yaml", "--out-dir", "out")
	cmd.Stdout, cmd.Stderr = out, out
	err = cmd.Run()
	out.Close()
	r.ended(err, exitDiffers)
	r.complete("out", r.rollup("out")["differs"])
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full")
	}
	defer full.Close()
	cmd = r.command("fleet", "audit", "fleet.yaml", "--out-dir", "out")
	cmd.Stdout = full
	r.ended(cmd.Run(), exitCannotRun)
	if !strings.Contains(r.err.String(), "error: writing the result: no space left on device") {
		t.Error(r.err.String())
	}
}

// A disk that is full for one tenant is the row of that tenant.
func TestFleetOnAFullDisk(t *testing.T) {
	r := newFleetRig(t)
	r.tenant("small", true, graphsim.Config{})
	r.tenant("large", true, graphsim.Config{Partners: 9000, PageSize: 9000})
	r.manifest()
	prlimit, err := exec.LookPath("prlimit")
	if err != nil {
		t.Skip("there is no prlimit")
	}
	cmd := r.command("fleet", "audit", "fleet.yaml", "--out-dir", "out")
	cmd.Path, cmd.Args = prlimit, append([]string{"prlimit", "--fsize=2097152"}, cmd.Args...) // bytes of a file
	r.ended(cmd.Run(), exitIncomplete)
	rows := r.rollup("out")
	if row := rows["large"]; row.Status != fleet.Failed || !strings.Contains(row.Problem, "file too large") {
		t.Errorf("large: %+v", row)
	}
	if rows["small"].Status != fleet.AsWanted {
		t.Errorf("small: %+v", rows["small"])
	}
	left, err := filepath.Glob(filepath.Join(fleet.TenantDir("out", "large"), evidenceDir, "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
