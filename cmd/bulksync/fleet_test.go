//go:build unix

package main

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bulksync/graph/graphsim"
	"bulksync/internal/fleet"
)

// failing adds a tenant that fails in each way, and returns what is to be said of it.
func (r *fleetRig) failing() map[string]failure {
	fault := func(spec string) graphsim.Fault {
		f, err := graphsim.ParseFault(spec)
		if err != nil {
			r.t.Fatal(err)
		}
		return f
	}
	refused, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	refused.Close()
	write(r.t, "waivers.csv", "tenantId,finding\nfabrikam,any\n")
	write(r.t, "policy.yaml", "limits:\n  stoped: 1\n")
	write(r.t, "rows.csv", "tenantId,isSyncAllowed\n"+killTenant(1)+",perhaps\n"+killTenant(2)+",maybe\n")
	r.tenant("no-csv", true, graphsim.Config{}, "csv: nowhere.csv")
	r.tenant("bad-rows", true, graphsim.Config{}, "csv: rows.csv")
	r.tenant("bad-waivers", true, graphsim.Config{}, "waivers: waivers.csv")
	r.tenant("bad-policy", true, graphsim.Config{}, "policy: policy.yaml")
	r.tenant("no-secret", true, graphsim.Config{}, "accessTokenEnv: NOBODY_SET_THIS")
	r.tenant("other-tenant", true, graphsim.Config{}, "accessTokenEnv: NO_CSV_TOKEN")
	r.tenant("forbidden", true, graphsim.Config{}).Inject(fault("403,method=GET,times=9999"))
	r.tenant("unread", true, graphsim.Config{}).Inject(fault("unexpanded,times=9999"))
	r.tenant("slow", true, graphsim.Config{}).Inject(fault("slow,times=9999,delay=1h"))
	r.tenant("refused", true, graphsim.Config{}, "graphUrl: 'http://"+refused.Addr().String()+"'")
	r.tenant("unwritable", true, graphsim.Config{})
	r.tenant("revoked", true, graphsim.Config{}).Revoke()
	return map[string]failure{
		"no-csv":       {fleet.Failed, "nowhere.csv", "put the file there"},
		"bad-rows":     {fleet.Failed, "2 faults in rows.csv, the first: rows.csv:2:", "bulksync validate rows.csv"},
		"bad-waivers":  {fleet.Failed, "waivers.csv:", "correct waivers.csv"},
		"bad-policy":   {fleet.Failed, "policy.yaml:2:", "correct policy.yaml"},
		"no-secret":    {fleet.Failed, "the variable NOBODY_SET_THIS is not set", "put an access token of the tenant in it"},
		"other-tenant": {fleet.Failed, "and the manifest asks for", "give the tenant an identity of its own"},
		"forbidden":    {fleet.Incomplete, "nothing is claimed", "Policy.Read.All"},
		"unread":       {fleet.Incomplete, "nothing is claimed", ""},
		"slow":         {fleet.Failed, "it was not done in ", "--tenant-timeout"},
		"refused":      {fleet.Failed, "refused", "graphUrl"},
		"unwritable":   {fleet.Failed, "is not a folder", "remove it"},
		"revoked":      {fleet.Failed, "401", "REVOKED_TOKEN"},
	}
}

// failure is what is said of a tenant that failed.
type failure struct {
	status        fleet.Status
	problem, next string
}

// Shards as processes, over tenants of which some fail in each way: every tenant is in
// the roll-up once, with its own result, and each failure is told with what to do.
func TestFleetWithEachFailure(t *testing.T) {
	r := newFleetRig(t)
	for i := range 6 {
		r.tenant(fmt.Sprintf("good-%d", i), true, graphsim.Config{})
		r.tenant(fmt.Sprintf("differs-%d", i), false, graphsim.Config{})
	}
	failures := r.failing()
	r.manifest()
	for _, dir := range []string{"out", "plans"} {
		at := filepath.Join(fleet.TenantDir(dir, "unwritable"), evidenceDir)
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, at, "")
	}
	const shards = 3
	var all sync.WaitGroup
	var said [shards][]byte
	var ends [shards]error
	for i := range shards {
		cmd := r.command("fleet", "audit", "fleet.yaml", "--out-dir", "out", "--shard", fmt.Sprintf("%d/%d", i, shards), "--tenant-timeout", "4s", "--outage", "1s", "--log-level", "debug")
		cmd.Stdout, cmd.Stderr = nil, nil
		all.Go(func() { said[i], ends[i] = cmd.CombinedOutput() })
	}
	all.Wait()
	for i, err := range ends {
		r.hasNoSecret("the output of a shard", string(said[i]))
		r.ended(err, exitIncomplete)
	}
	r.run(exitIncomplete, "fleet", "collect", "out")
	rows := r.rollup("out")
	for name, want := range failures {
		if row := rows[name]; row.Status != want.status || !strings.Contains(row.Problem, want.problem) || !strings.Contains(row.Next, want.next) {
			t.Errorf("%s: %s: %s\n  next: %s\nwant %+v", name, row.Status, row.Problem, row.Next, want)
		}
	}
	for i := range 6 {
		good, differs := rows[fmt.Sprintf("good-%d", i)], rows[fmt.Sprintf("differs-%d", i)]
		if good.Status != fleet.AsWanted || differs.Status != fleet.Differs || differs.ExitCode != exitDiffers || differs.Partners != 1 {
			t.Errorf("%+v\n%+v", good, differs)
		}
		r.complete("out", good, differs)
	}
}

// A shard that is killed at any moment and started again loses no audit and makes none
// twice.
func TestFleetSurvivesBeingKilled(t *testing.T) {
	r := newFleetRig(t)
	var asked atomic.Int64
	r.seen = func(*http.Request) { asked.Add(1) }
	slow := graphsim.Config{Partners: 20, PageSize: 5, Latency: 5 * time.Millisecond}
	for i := range 6 {
		r.tenant(fmt.Sprintf("good-%d", i), true, slow)
		r.tenant(fmt.Sprintf("differs-%d", i), false, slow)
	}
	r.manifest()
	kills, wentOn := 0, 0
	for round, until := 0, time.Now().Add(killTime); round < 6 && time.Now().Before(until); round++ {
		dir := fmt.Sprintf("out%d", round)
		r.run(exitDiffers, "fleet", "audit", "fleet.yaml", "--out-dir", dir, "--shard", "0/2", "--parallel", "3", "--run", dir)
		args := []string{"fleet", "audit", "fleet.yaml", "--out-dir", dir, "--shard", "1/2", "--parallel", "3", "--run", dir}
		for !r.startAndKill(&asked, rand.N(250*time.Millisecond), args) {
			kills++
		}
		if strings.Contains(r.err.String(), "goes on with the run of ") {
			wentOn++
		}
		r.run(exitDiffers, "fleet", "collect", dir)
		rows := r.rollup(dir)
		for name, row := range rows {
			if want := map[bool]fleet.Status{true: fleet.AsWanted, false: fleet.Differs}[strings.HasPrefix(name, "good")]; row.Status != want {
				t.Errorf("%s: %s, want %s", name, row.Status, want)
			}
		}
		r.complete(dir, slices.Collect(maps.Values(rows))...)
	}
	t.Logf("%d kills", kills)
	if kills == 0 || wentOn == 0 {
		t.Errorf("%d kills, after which %d runs went on", kills, wentOn)
	}
}

// startAndKill runs the program until it ends or is killed, some time after its first
// request, and reports whether it ended.
func (r *fleetRig) startAndKill(asked *atomic.Int64, after time.Duration, args []string) bool {
	r.t.Helper()
	cmd := r.command(args...)
	before := asked.Load()
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for began := time.Now(); asked.Load() == before && time.Since(began) < 200*time.Millisecond; {
		time.Sleep(time.Millisecond)
	}
	select {
	case err := <-ended:
		r.ended(err, exitDiffers)
		return true
	case <-time.After(after):
		cmd.Process.Kill()
	}
	exit := (*exec.ExitError)(nil)
	if err := <-ended; errors.As(err, &exit) && exit.ExitCode() == -1 {
		return false
	} else {
		r.ended(err, exitDiffers)
		return true
	}
}

// A run that was begun on another day is told with its day.
func TestSinceWords(t *testing.T) {
	now := time.Date(2026, 11, 26, 0, 5, 0, 0, time.UTC)
	for since, want := range map[time.Time]string{
		now.Add(-time.Minute): "00:04 UTC", now.Add(-10 * time.Minute): "2026-11-25 23:55 UTC",
		now.Add(-time.Minute).In(time.FixedZone("west", -3600)): "00:04 UTC",
	} {
		if got := sinceWords(since, now); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
