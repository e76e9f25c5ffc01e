package main

import (
	"bytes"
	"context"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"bulksync/execute"
	"bulksync/graph/graphsim"
)

// sayingStep is a command line of TestEveryCommandSaysItsLines.
type sayingStep struct {
	typed string
	want  int
	// faults are those of the Graph meanwhile.
	faults []string
	// silent means that it says its failure on standard output alone.
	silent bool
	// stopped means that somebody interrupts it from the start.
	stopped bool
}

// sayingSteps run every command, and failures of each.
func sayingSteps() []sayingStep {
	return []sayingStep{
		{typed: ""},
		{typed: "nosuch", want: exitCannotRun},
		{typed: "--nosuch", want: exitCannotRun},
		{typed: "help plan"},
		{typed: "help"},
		{typed: "version"},
		{typed: "version --outage 5", want: exitCannotRun},
		{typed: "completion bash"},
		{typed: "doctor partners.csv"},
		{typed: "doctor bad.csv", want: exitCannotRun, silent: true},
		{typed: "doctor --for x", want: exitCannotRun},
		{typed: "validate partners.csv"},
		{typed: "validate bad.csv --faults faults.csv", want: exitCannotRun},
		{typed: "export --out export.csv"},
		{typed: "export --out export.csv x", want: exitCannotRun},
		{typed: "export --out other.csv", want: exitIncomplete, faults: []string{"403,method=GET,path=partners"}},
		{typed: "plan bad.csv", want: exitCannotRun},
		{typed: "plan nosuch.csv", want: exitCannotRun},
		{typed: "plan partners.csv --policy bad.yaml", want: exitCannotRun},
		{typed: "plan partners.csv", want: exitIncomplete, faults: []string{"403,method=GET,path=partners"}},
		{typed: "plan partners.csv --tenant 11111111-2222-3333-4444-555555555555", want: exitRefused},
		{typed: "plan partners.csv --out plan.json", want: exitDone, faults: []string{"503,method=GET,nth=1"}},
		{typed: "show plan.json"},
		{typed: "show partners.csv", want: exitCannotRun},
		{typed: "approve plan.json --as ada --except " + killTenant(1)},
		{typed: "approve plan.json", want: exitCannotRun},
		{typed: "reject plan.json --as bob"},
		{typed: "reject plan.json --as bob", want: exitRefused},
		{typed: "verify plan.json plan.decision-ada.json"},
		{typed: "verify partners.csv nosuch.json", want: exitCannotRun},
		{typed: "apply plan.json --run-dir run", want: exitRefused},
		{typed: "apply plan.json --decision plan.decision-bob.json --run-dir run", want: exitRefused},
		{typed: "apply plan.json --run-dir stopped --yes", want: exitInterrupted, stopped: true},
		{typed: "apply plan.json --decision plan.decision-ada.json --run-dir run --waves 1 --verify-wait 1ms", want: exitUnfinished, silent: true, faults: []string{"400,method=PUT,times=1"}},
		{typed: "apply plan.json --yes --run-dir run", want: exitRefused},
		{typed: "report run", want: exitUnfinished, silent: true},
		{typed: "report partners.csv", want: exitCannotRun},
		{typed: "resume run --decision plan.decision-ada.json", want: exitUnfinished, silent: true},
		{typed: "resume nosuch", want: exitCannotRun},
		{typed: "undo run --out undo.json"},
		{typed: "undo nosuch", want: exitCannotRun},
		{typed: "audit partners.csv --evidence store --metrics audit.prom --suggest-waivers waivers.csv --who", want: exitDiffers, silent: true},
		{typed: "audit bad.csv", want: exitCannotRun},
		{typed: "audit partners.csv --evidence store", want: exitIncomplete, faults: []string{"403,method=GET,path=partners"}},
		{typed: "fleet"},
		{typed: "fleet nosuch", want: exitCannotRun},
		{typed: "fleet audit fleet.yaml --out-dir fleet", want: exitIncomplete},
		{typed: "fleet audit bad.yaml --out-dir fleet", want: exitCannotRun},
		{typed: "fleet plan fleet.yaml --out-dir plans", want: exitIncomplete},
		{typed: "fleet plan fleet.yaml", want: exitCannotRun},
		{typed: "fleet collect fleet", want: exitIncomplete, silent: true},
		{typed: "fleet collect nosuch", want: exitCannotRun},
		{typed: "fleet apply", want: exitCannotRun},
		{typed: "simulate", stopped: true},
		{typed: "simulate --fault nosuch", want: exitCannotRun},
		{typed: "demo x", want: exitCannotRun},
		{typed: "demo", want: exitInterrupted, stopped: true},
	}
}

// sayingRig is a folder with a Graph in which the steps are run.
type sayingRig struct {
	t      *testing.T
	sim    *graphsim.Sim
	url    string
	ran    map[string]bool
	root   *cobra.Command
	online []string
}

func newSayingRig(t *testing.T) *sayingRig {
	t.Helper()
	r := &sayingRig{
		t: t, sim: graphsim.New(graphsim.Config{PageSize: 2}), ran: map[string]bool{}, root: rootCommand(&commandLine{}),
		online: []string{"doctor", "export", "plan", "apply", "resume", "audit"},
	}
	server := httptest.NewServer(r.sim)
	t.Cleanup(server.Close)
	r.url = server.URL
	t.Chdir(t.TempDir())
	for i := range 3 {
		r.sim.SetPartner(graphsim.Partner{TenantID: killTenant(i)})
	}
	write(t, "partners.csv", "tenantId,isSyncAllowed,ensure\n"+killTenant(0)+",true,\n"+killTenant(1)+",true,\n"+killTenant(2)+",,\n"+killTenant(2)+",,\n")
	write(t, "bad.csv", "tenantId,isSyncAllowed\nx,maybe\n")
	write(t, "bad.yaml", "limits:\n  nosuch: 1\n")
	write(t, "fleet.yaml", "defaults:\n  csv: partners.csv\n  graphUrl: '"+r.url+"'\ntenants:\n"+
		"  - {name: contoso, tenantId: "+r.sim.HomeTenant()+", accessTokenEnv: CONTOSO_TOKEN}\n"+
		"  - {name: nobody, tenantId: "+killTenant(9)+", accessTokenEnv: NOBODY_TOKEN}\n")
	return r
}

// run runs a step with further flags, and returns what it says on standard error.
func (r *sayingRig) run(s sayingStep, flags ...string) string {
	r.t.Helper()
	args := strings.Fields(s.typed)
	if cmd, _, err := r.root.Find(args); err == nil {
		r.ran[cmd.CommandPath()] = true
	}
	for _, verb := range r.online {
		if len(args) > 0 && args[0] == verb {
			args = append(args, "--graph-url", r.url)
		}
	}
	inject(r.t, r.sim, s.faults...)
	defer r.sim.ClearFaults()
	soft, stop := context.WithCancelCause(r.t.Context())
	defer stop(nil)
	if s.stopped {
		stop(execute.ErrInterrupted)
	}
	var said bytes.Buffer
	p := &process{in: strings.NewReader(""), out: io.Discard, messages: messages{stderr: &said}, getenv: func(name string) string {
		switch name {
		case "BULKSYNC_ACCESS_TOKEN", "CONTOSO_TOKEN":
			return r.sim.Token(graphsim.TokenOptions{})
		}
		return ""
	}}
	if code := p.run(execute.Stops{Soft: soft, Hard: r.t.Context()}, append(args, flags...)); code != s.want {
		r.t.Errorf("%s %v: exit code %d, want %d\n%s", s.typed, flags, code, s.want, said.String())
	}
	return said.String()
}

// everyCommandRan finds a command that no step runs.
func (r *sayingRig) everyCommandRan() {
	r.t.Helper()
	for _, cmd := range append(r.root.Commands(), ofFleet(r.root)...) {
		if !r.ran[cmd.CommandPath()] && !isTopic(cmd) {
			r.t.Errorf("no step runs %s", cmd.CommandPath())
		}
	}
}

// writerFunc is a function as a writer.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
