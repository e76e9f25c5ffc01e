package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bulksync/graph/graphsim"
	"bulksync/internal/fleet"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
)

// fleetRig is the program in a folder of its own, over many home tenants.
type fleetRig struct {
	*farm
	t   *testing.T
	url string
	// entries are the tenants of the manifest, as YAML, and env what a process gets.
	entries, env []string
	// canaries must be in no output and in no file.
	canaries []string
	out, err bytes.Buffer
}

func newFleetRig(t *testing.T) *fleetRig {
	t.Helper()
	r := &fleetRig{farm: newFarm(), t: t, env: []string{noCache}}
	server := httptest.NewServer(r.farm)
	t.Cleanup(server.Close)
	r.url = server.URL
	t.Chdir(t.TempDir())
	write(t, "partners.csv", "tenantId,isSyncAllowed\n"+killTenant(0)+",true\n")
	return r
}

// tenant adds a home tenant whose partner synchronizes or does not. more are further
// members of its entry.
func (r *fleetRig) tenant(name string, synchronizes bool, cfg graphsim.Config, more ...string) *graphsim.Sim {
	sim := r.add(name, cfg)
	for i := range max(cfg.Partners, 1) {
		p := graphsim.Partner{TenantID: killTenant(i), IdentitySynchronization: graphsim.SyncAllowed("Adatum", synchronizes)}
		p.AutomaticUserConsentSettings.InboundAllowed = &synchronizes
		sim.SetPartner(p)
	}
	variable := strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_TOKEN"
	token := sim.Token(graphsim.TokenOptions{})
	r.env, r.canaries = append(r.env, variable+"="+token), append(r.canaries, strings.Split(token, ".")...)
	members := map[string]string{"accessTokenEnv": variable, "csv": "partners.csv", "graphUrl": "'" + r.url + "'"}
	entry := fmt.Sprintf("  - name: %s\n    tenantId: %s\n", name, sim.HomeTenant())
	for _, m := range more {
		key, _, _ := strings.Cut(m, ":")
		delete(members, key)
		entry += "    " + m + "\n"
	}
	for key, value := range members {
		entry += fmt.Sprintf("    %s: %s\n", key, value)
	}
	r.entries = append(r.entries, entry)
	return sim
}

// manifest writes the manifest.
func (r *fleetRig) manifest() {
	r.t.Helper()
	write(r.t, "fleet.yaml", "defaults:\n  scope: file\ntenants:\n"+strings.Join(r.entries, ""))
}

// command is the program with the secrets of the tenants.
func (r *fleetRig) command(args ...string) *exec.Cmd {
	cmd := exec.Command("bulksync", args...)
	cmd.Env = append(os.Environ(), r.env...)
	r.out.Reset()
	r.err.Reset()
	cmd.Stdout, cmd.Stderr = &r.out, &r.err
	return cmd
}

// run requires an exit code, and that nothing holds a secret.
func (r *fleetRig) run(want int, args ...string) {
	r.t.Helper()
	r.ended(r.command(args...).Run(), want)
}

func (r *fleetRig) ended(err error, want int) {
	r.t.Helper()
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		r.t.Fatal(err)
	}
	if got != want {
		r.t.Errorf("exit code %d, want %d\n%s%s", got, want, r.out.String(), r.err.String())
	}
	r.secretsStay()
}

// hasNoSecret requires that a text holds no secret.
func (r *fleetRig) hasNoSecret(what, text string) {
	r.t.Helper()
	for _, secret := range r.canaries {
		if strings.Contains(text, secret) {
			r.t.Errorf("a secret is in %s:\n%.3000s", what, text)
		}
	}
}

// secretsStay requires that no secret is in the output, or in a file.
func (r *fleetRig) secretsStay() {
	r.t.Helper()
	r.hasNoSecret("the output", r.out.String()+r.err.String())
	err := filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		r.hasNoSecret(path, string(text))
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.t.Error(err)
	}
}

// rollup reads the roll-up in a folder, and requires each tenant exactly once.
func (r *fleetRig) rollup(dir string) map[string]fleet.Row {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, fleet.RollupName))
	var all fleet.Rollup
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	rows := map[string]fleet.Row{}
	for _, row := range all.Rows {
		if _, twice := rows[row.Name]; twice {
			r.t.Errorf("%s is there twice", row.Name)
		}
		rows[row.Name] = row
	}
	if len(rows) != len(r.entries) {
		r.t.Errorf("%d of %d tenants are in the roll-up", len(rows), len(r.entries))
	}
	return rows
}

// complete requires that the store of each row has one complete audit, which is the one
// of the row, and that it can be proved.
func (r *fleetRig) complete(dir string, rows ...fleet.Row) {
	r.t.Helper()
	args := []string{"verify"}
	for _, row := range rows {
		args = append(args, filepath.Join(fleet.TenantDir(dir, row.Name), evidenceDir))
		r.hasOneAudit(args[len(args)-1], row)
	}
	r.run(0, args...)
}

func (r *fleetRig) hasOneAudit(store string, row fleet.Row) {
	r.t.Helper()
	history, err := evidence.ReadHistory(r.t.Context(), store)
	if err != nil {
		r.t.Fatal(err)
	}
	history = slices.DeleteFunc(history, func(e evidence.Entry) bool { return e.Manifest != nil && e.Manifest.Result == audit.Incomplete })
	if len(history) != 1 || row.Audit == nil || history[0].Folder != row.Audit.Bundle || history[0].SHA256 != row.Audit.SHA256 {
		r.t.Errorf("%s has %d complete audits, and the row %+v", row.Name, len(history), row.Audit)
	}
}
