//go:build unix

package main

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"bulksync/graph/graphsim"
	"bulksync/internal/fleet"
)

// fleetRecipe is a recipe that audits many home tenants.
type fleetRecipe struct {
	*recipe
	*graphsim.Farm
	names []string
}

// newFleetRecipe serves twelve home tenants, whose partner synchronizes as the CSV of
// all says, and writes their manifest into a folder of the recipe.
func newFleetRecipe(t *testing.T, folder string) *fleetRecipe {
	t.Helper()
	r := &fleetRecipe{recipe: newRecipe(t), Farm: graphsim.NewFarm(graphsim.FarmOf(graphsim.Config{Seed: 1}, 12))}
	server := httptest.NewServer(r.Farm)
	t.Cleanup(server.Close)
	manifest := "defaults:\n  csv: partners.csv\n  graphUrl: " + server.URL + "\ntenants:\n"
	for i, sim := range r.Sims() {
		r.names = append(r.names, fmt.Sprintf("adatum-%02d", i))
		r.synchronize(i, true)
		manifest += fmt.Sprintf("  - name: %s\n    tenantId: %s\n    accessTokenEnv: TOKEN_%d\n", r.names[i], sim.HomeTenant(), i)
		r.env = append(r.env, fmt.Sprintf("TOKEN_%d=%s", i, sim.Token(canRead)))
	}
	at := filepath.Join(r.dir, folder)
	err := errors.Join(os.MkdirAll(at, 0o700), os.WriteFile(filepath.Join(at, "fleet.yaml"), []byte(manifest), 0o600),
		os.WriteFile(filepath.Join(at, "partners.csv"), []byte("tenantId,isSyncAllowed,inboundConsent\n"+adatum+",true,true\n"), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// synchronize lets the partner of a home tenant synchronize, or not.
func (r *fleetRecipe) synchronize(i int, allowed bool) {
	p := graphsim.Partner{TenantID: adatum, IdentitySynchronization: graphsim.SyncAllowed("Adatum", allowed)}
	p.AutomaticUserConsentSettings.InboundAllowed = &allowed
	r.Sims()[i].SetPartner(p)
}

// inShard are two of the tenants of a shard of four.
func (r *fleetRecipe) inShard(shard int) (first, second int) {
	r.t.Helper()
	var own []int
	for i, sim := range r.Sims() {
		if fleet.ShardOf(sim.HomeTenant(), 4) == shard {
			own = append(own, i)
		}
	}
	if len(own) < 2 {
		r.t.Fatalf("shard %d has %d tenants", shard, len(own))
	}
	return own[0], own[1]
}

// hasAudits requires that the store of each tenant below a folder has a number of audits.
func (r *fleetRecipe) hasAudits(dir string, want int) {
	r.t.Helper()
	for _, name := range r.names {
		if n := len(r.audits(filepath.Join(dir, "tenants", name, "evidence"))); n != want {
			r.t.Errorf("%s has %d audits, want %d", name, n, want)
		}
	}
}

// index runs a pod of the Indexed Job.
func (r *fleetRecipe) index(s step, i, want int) ran {
	r.t.Helper()
	env := r.env
	defer func() { r.env = env }()
	r.env = append(env[:len(env):len(env)], fmt.Sprint("JOB_COMPLETION_INDEX=", i))
	return r.run(s, want)
}

// killed starts a pod, and kills it when it has asked a tenant.
func (r *fleetRecipe) killed(s step, i int, asked *graphsim.Sim) {
	r.t.Helper()
	cmd := exec.Command(s.args[0], s.args[1:]...)
	cmd.Env = append(append(os.Environ(), noCache, fmt.Sprint("JOB_COMPLETION_INDEX=", i)), r.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	for len(asked.Requests()) == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
		r.t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
}

// unitCommand is what an instance of the template unit runs, as systemd reads it.
func (r *fleetRecipe) unitCommand(instance string) step {
	r.t.Helper()
	line := regexp.MustCompile("(?m)^ExecStart=/bin/sh -c '(.*)'$").FindStringSubmatch(readRepo(r.t, "samples/schedule/bulksync-fleet@.service"))
	if line == nil {
		r.t.Fatal("the unit runs no shell")
	}
	command := strings.NewReplacer("%i", instance, "%%", "%", "$$", "$", "/etc/bulksync/", "etc/", "/var/lib/", "").Replace(line[1])
	return step{args: []string{"/bin/sh", "-c", command}}
}

// The instances of the unit audit their shards, and what is started again on the same
// day goes on: a finding stays new.
func TestTheInstancesOfTheUnitAudit(t *testing.T) {
	r := newFleetRecipe(t, "etc")
	r.sh(".", `mkdir -p bin; printf '#!/bin/sh\n[ "$1" = +%%F ] && echo 2026-11-30\n' > bin/date; chmod 700 bin/date`) // no test ends at midnight
	differs, unread := r.inShard(0)
	r.synchronize(differs, false)
	r.Sims()[unread].Revoke()
	r.run(r.unitCommand("0"), exitIncomplete)
	r.env = append(r.env, fmt.Sprintf("TOKEN_%d=%s", unread, r.Sims()[unread].Token(canRead)))
	for i := range 4 {
		want := exitDone
		if i == 0 {
			want = exitDiffers
		}
		r.run(r.unitCommand(fmt.Sprint(i)), want)
	}
	r.run(step{args: []string{"bulksync", "fleet", "collect", "bulksync-fleet"}}, exitDiffers)
	r.hasAudits("bulksync-fleet", 1)
}
