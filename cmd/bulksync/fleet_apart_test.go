//go:build unix

package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bulksync/graph/graphsim"
	"bulksync/internal/fleet"
	"bulksync/plan/audit/evidence"
)

// A store that another process holds is the row of its tenant also when a run goes on:
// the others neither wait for it nor are done again.
func TestFleetGoesOnBesideAStoreInUse(t *testing.T) {
	r := newFleetRig(t)
	r.tenant("good", true, graphsim.Config{})
	r.tenant("held", true, graphsim.Config{})
	r.manifest()
	args := []string{"fleet", "audit", "fleet.yaml", "--out-dir", "out", "--run", "monday", "--tenant-timeout", "1s"}
	r.run(exitDone, args...)
	store, err := evidence.Open(t.Context(), filepath.Join(fleet.TenantDir("out", "held"), evidenceDir), func() {})
	if err != nil {
		t.Fatal(err)
	}
	cmd := r.command(args...)
	free := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	r.ended(cmd.Run(), exitIncomplete)
	free.Stop()
	store.Close()
	rows := r.rollup("out")
	if rows["good"].Status != fleet.AsWanted || rows["held"].Status != fleet.Failed || !strings.Contains(rows["held"].Problem, "it was not done in 1s") {
		t.Errorf("%+v", rows)
	}
	if said := r.err.String(); !strings.Contains(said, "1 of 2 tenants is done") || !strings.Contains(said, "held: waiting for another audit") {
		t.Error(said)
	}
	r.run(exitDone, args...)
	rows = r.rollup("out")
	r.complete("out", rows["good"], rows["held"])
}

// A panic while a store is looked at is no end of the process: the tenant is done again.
func TestFleetPanicOverAStore(t *testing.T) {
	r := newFleetRig(t)
	r.tenant("good", true, graphsim.Config{})
	o, e, _ := r.fleetOf("out")
	o.name = "monday"
	plans := fleetPlanOptions{shardOptions: *o}
	w := fleetWork{verb: "plan", do: plans.plan, earlier: func(context.Context, *member, time.Time) (fleet.Row, bool) { panic("a fault") }}
	for range 2 {
		if err := o.work(always(t), e, w); err != nil {
			t.Fatal(err)
		}
	}
	if row := r.rollup("out")["good"]; row.Status != fleet.AsWanted {
		t.Errorf("%+v", row)
	}
}

// An audit that nobody signed is not what a run with a key asks for.
func TestFleetGoesOnWithAKey(t *testing.T) {
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("there is no ssh-keygen")
	}
	r := newFleetRig(t)
	r.tenant("good", true, graphsim.Config{})
	r.manifest()
	if said, err := exec.Command(keygen, "-q", "-t", "ed25519", "-N", "", "-f", "key").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	args := []string{"fleet", "audit", "fleet.yaml", "--out-dir", "out", "--run", "monday"}
	r.run(exitDone, args...)
	for _, done := range []string{"0 of 1 tenant ", "1 of 1 tenant "} {
		r.run(exitDone, append(args, "--sign", "key")...)
		if !strings.Contains(r.err.String(), done) {
			t.Errorf("%s, want %q", r.err.String(), done)
		}
	}
	at := filepath.Join(fleet.TenantDir("out", "good"), evidenceDir, r.rollup("out")["good"].Audit.Bundle, "manifest.json.sig")
	if _, err := os.Stat(at); err != nil {
		t.Error(err)
	}
}

// The connections of a tenant end with it: a thousand tenants hold no more than a few.
func TestFleetKeepsNoConnections(t *testing.T) {
	r := newFleetRig(t)
	var open atomic.Int64
	server := httptest.NewUnstartedServer(r.farm)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	r.url = server.URL
	for _, name := range []string{"first", "second", "third"} {
		r.tenant(name, true, graphsim.Config{})
	}
	o, e, _ := r.fleetOf("out")
	plans := fleetPlanOptions{shardOptions: *o}
	if err := o.work(always(t), e, fleetWork{verb: "plan", do: plans.plan}); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(10 * time.Second); open.Load() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("%d connections are open", open.Load())
		}
	}
}

// A roll-up that could not be kept is shown, and no page is named that is not there.
func TestFleetWithoutAPage(t *testing.T) {
	r := newFleetRig(t)
	r.tenant("good", true, graphsim.Config{})
	o, e, said := r.fleetOf("out")
	plans := fleetPlanOptions{shardOptions: *o}
	err := o.work(always(t), e, fleetWork{verb: "plan", do: func(ctx context.Context, m *member) (fleet.Row, error) {
		if err := os.Mkdir(filepath.Join("out", fleet.IndexName), 0o700); err != nil {
			t.Error(err)
		}
		return plans.plan(ctx, m)
	}})
	if codeOf(err) != exitCannotRun || !strings.Contains(err.Error(), "writing out/index.html") {
		t.Error(err)
	}
	if strings.Contains(said.String(), "the roll-up is in") {
		t.Error(said.String())
	}
}

// A page that could not be written does not leave that of the plan before, which would
// be reviewed in place of the new one.
func TestFleetPlanWithoutAPage(t *testing.T) {
	prlimit, err := exec.LookPath("prlimit")
	if err != nil {
		t.Skip("there is no prlimit")
	}
	r := newFleetRig(t)
	r.tenant("differs", false, graphsim.Config{})
	r.manifest()
	args := []string{"fleet", "plan", "fleet.yaml", "--out-dir", "out"}
	r.run(exitDiffers, args...)
	page := filepath.Join(fleet.TenantDir("out", "differs"), fleetPlanPage)
	before, err := os.ReadFile(page)
	if err != nil || len(before) < 20_000 {
		t.Fatalf("%d bytes, %v", len(before), err)
	}
	cmd := r.command(args...)
	cmd.Path, cmd.Args = prlimit, append([]string{"prlimit", "--fsize=16384"}, cmd.Args...) // bytes of a file
	r.ended(cmd.Run(), exitCannotRun)                                                       // the page of the fleet is too large as well
	if !strings.Contains(r.err.String(), "differs: error: writing "+page) {
		t.Error(r.err.String())
	}
	if _, err := os.Stat(page); !os.IsNotExist(err) {
		t.Errorf("the page of the plan before is there: %v", err)
	}
}

// A host that takes a notification and never answers costs no audit.
func TestFleetNotifiesInTime(t *testing.T) {
	r := newFleetRig(t)
	r.tenant("differs", false, graphsim.Config{})
	r.manifest()
	end := make(chan struct{})
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-end }))
	t.Cleanup(hook.Close)
	t.Cleanup(func() { close(end) })
	r.run(exitDiffers, "fleet", "audit", "fleet.yaml", "--out-dir", "out", "--tenant-timeout", "3s", "--notify", hook.URL)
	if !strings.Contains(r.err.String(), "differs: warning: the notification was not sent: no answer in ") {
		t.Error(r.err.String())
	}
	r.complete("out", r.rollup("out")["differs"])
}

// A wait for another shard that draws the roll-up ends at a signal, and the next process
// goes on: what was new is still told.
func TestFleetStopsBeforeTheRollup(t *testing.T) {
	r := newFleetRig(t)
	r.tenant("differs", false, graphsim.Config{})
	r.manifest()
	free, err := fleet.Lock(t.Context(), "out", fleet.LockName, nil)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"fleet", "audit", "fleet.yaml", "--out-dir", "out", "--fail-on", "new"}
	cmd, said := r.command(args...), &lockedBuffer{}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for !strings.Contains(said.String(), "waiting for another shard that draws the roll-up") {
		time.Sleep(time.Millisecond)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	end := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	r.ended(cmd.Wait(), exitInterrupted)
	end.Stop()
	if !strings.Contains(said.String(), "the run is not complete: start it again with the same command\n") {
		t.Error(said.String())
	}
	free()
	r.run(exitDiffers, args...)
	r.complete("out", r.rollup("out")["differs"])
}

// A run that has ended is not gone on with because a later one, of other shards, took its
// place in the roll-up: what was found minutes ago is not what is there now.
func TestFleetBeginsAnewAfterALaterRun(t *testing.T) {
	r := newFleetRig(t)
	r.tenant("good", true, graphsim.Config{})
	r.manifest()
	args := []string{"fleet", "audit", "fleet.yaml", "--out-dir", "out"}
	r.run(exitDone, args...)
	rec, err := fleet.ReadRecord("out", fleet.WholeFleet)
	if err != nil {
		t.Fatal(err)
	}
	rec.StartedAt, rec.FinishedAt = rec.StartedAt.Add(-time.Minute), rec.FinishedAt.Add(-time.Minute)
	if err := rec.Write("out"); err != nil {
		t.Fatal(err)
	}
	r.run(exitDone, append(args, "--shard", fleet.Shard{Index: fleet.ShardOf(rec.Rows[0].TenantID, 2), Count: 2}.String())...)
	r.run(exitDone, args...)
	if strings.Contains(r.err.String(), "goes on") {
		t.Error(r.err.String())
	}
}
