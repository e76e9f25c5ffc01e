package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bulksync/execute"
	"bulksync/graph/graphsim"
	"bulksync/internal/atomicfile"
	"bulksync/plan/audit/evidence"
)

func demoCommand(c *commandLine) *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Take a complete tour; needs no account and no network",
		Long: `Runs a complete tour against a built-in Graph: a plan, decisions on it, the run,
audits with evidence and its proof, each as the command that you would type. It
needs no account and no network, and leaves a folder to look around in.`,
		Example: "  bulksync demo",
		Args:    takes(0, 0),
		RunE:    c.verb(func(e *env, _ []string) error { return newDemoOptions().run(c.stops, e) }),
	}
}

// demoOptions describe the tenant of the tour.
type demoOptions struct {
	partners int
	quota    graphsim.Quota
	latency  time.Duration
}

// newDemoOptions describe a tenant small enough to read, with a quota that the
// run reaches.
func newDemoOptions() demoOptions {
	return demoOptions{partners: 200, quota: graphsim.Quota{Units: 20, Per: 4 * time.Second}, latency: 20 * time.Millisecond}
}

// run runs the commands of the README against a built-in Graph, through the
// code that runs them when typed.
func (o demoOptions) run(stops execute.Stops, e *env) error {
	sim := graphsim.New(graphsim.Config{
		Partners: o.partners, Seed: 7, PageSize: 50, Latency: o.latency, WriteQuota: o.quota,
		Tenants: []graphsim.Tenant{
			{TenantID: demoFabrikam, DisplayName: "Fabrikam, Inc.", DefaultDomainName: "fabrikam.example"},
			{TenantID: demoWingtip, DisplayName: "Wingtip Toys", DefaultDomainName: "wingtiptoys.example"},
		},
	})
	redeem(sim)
	url, stop, err := serve(sim, "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer stop()
	dir, err := atomicfile.MkdirTemp(os.TempDir(), "bulksync-demo-*")
	if err != nil {
		return atomicfile.PathError(err)
	}
	t := &tour{process: &e.process, stops: stops, dir: dir, url: url, token: sim.Token(graphsim.TokenOptions{Permissions: []string{
		graphsim.PermissionWrite, graphsim.PermissionTenantInfo, graphsim.PermissionAudit,
	}})}
	partners := t.file("partners.csv")
	if err := e.writeFile(stops.Hard, partners, func(w io.Writer) error { return demoCSV(w, sim) }); err != nil {
		return err
	}
	t.say("A built-in Graph is running at %s: %d partners, %d writes per %s.\nThe spreadsheet of the change is %s.",
		url, len(sim.Partners()), o.quota.Units, o.quota.Per, partners)
	if err := t.board(stops.Hard, e); err != nil {
		return err
	}
	t.step("What would change? Nothing is written.", exitDone, "plan", partners, "--out", t.file("plan.json"), "--create-partners", "--policy", t.file("policy.yaml"))
	t.decide()
	t.audit(partners, sim)
	return t.end()
}

// redeem turns inbound consent on for the partners that synchronize, which cannot
// work without it, and leaves it unset for the others.
func redeem(sim *graphsim.Sim) {
	for _, p := range sim.Partners() {
		p.AutomaticUserConsentSettings.InboundAllowed = nil
		if _, allowed := demoSync(p); allowed == "true" {
			p.AutomaticUserConsentSettings.InboundAllowed = new(true)
		}
		sim.SetPartner(p)
	}
}

// tour runs command lines one after the other and stops at the first unexpected
// exit code.
type tour struct {
	process         *process
	stops           execute.Stops
	dir, url, token string
	err             error
}

func (t *tour) file(name string) string { return filepath.Join(t.dir, name) }

func (t *tour) say(format string, args ...any) { fmt.Fprintf(t.process.out, format+"\n", args...) }

// step shows a command line and runs it. The exit codes are part of the tour.
func (t *tour) step(why string, want int, args ...string) { t.run(why, "", t.process.out, want, args) }

// stepInto is a step whose output a shell would send to a file.
func (t *tour) stepInto(out, why string, args ...string) {
	var page bytes.Buffer
	t.run(why, " > "+shellQuote(out), &page, exitDone, args)
	if t.err == nil {
		t.err = t.process.writeFile(t.stops.Hard, out, func(w io.Writer) error { _, err := page.WriteTo(w); return err })
	}
}

func (t *tour) run(why, into string, out io.Writer, want int, args []string) {
	if t.err != nil {
		return
	}
	typed := make([]string, len(args))
	for i, arg := range args {
		typed[i] = shellQuote(arg)
	}
	t.say("\n── %s\n$ bulksync %s%s", why, strings.Join(typed, " "), into)
	sub := &process{in: strings.NewReader(""), out: out, messages: t.process.messages, getenv: t.getenv}
	if code := sub.run(t.stops, append(append(args, "--graph-url", t.url), t.process.flags()...)); code != want {
		t.err = fmt.Errorf("the tour expected exit code %d here, not %d", want, code)
	} else {
		t.say("(exit code %d)", code)
	}
	if t.stops.Soft.Err() != nil {
		t.err = context.Cause(t.stops.Soft)
	}
}

// board sets up who decides: two people with keys, and a policy that asks for
// both.
func (t *tour) board(ctx context.Context, e *env) error {
	signers := ""
	for _, who := range []string{"ada", "bob"} {
		line, err := makeKey(t.file(who + ".key"))
		if err != nil {
			return err
		}
		signers += who + " " + line + "\n"
	}
	const policy = `# A plan needs the signed approvals of two people, and may stop few partners.
limits:
  stopped: [10, 30%]
  consentOff: [10, 30%]
approvals:
  required: 2
  signers: allowed_signers
`
	for name, text := range map[string]string{"allowed_signers": signers, "policy.yaml": policy} {
		if err := e.writeFile(ctx, t.file(name), func(w io.Writer) error { _, err := io.WriteString(w, text); return err }); err != nil {
			return err
		}
	}
	t.say("The policy is %s: a board of two, ada and bob, whose keys were made just now.", t.file("policy.yaml"))
	return nil
}

// decide shows a board that decides with files. It leaves a partner out, and
// approves it later.
func (t *tour) decide() {
	plan, ada, bob, later := t.file("plan.json"), t.file("plan.decision-ada.json"), t.file("plan.decision-bob.json"), t.file("later.json")
	t.stepInto(t.file("plan.html"), "The board reads one page. It needs no account, and nothing installed.", "show", plan, "--format", "html")
	t.step("Ada approves the plan, offline, with her key.", exitDone, "approve", plan, "--as", "ada", "--key", t.file("ada.key"), "--ticket", "CHG0042")
	t.step("Bob approves all but one partner.", exitDone, "approve", plan, "--as", "bob", "--key", t.file("bob.key"), "--except", "Wingtip Toys=contract not signed yet")
	t.step("Without both of them nothing is applied.", exitRefused, "apply", plan, "--yes", "--run-dir", t.file("run"))
	t.step("Apply exactly that plan, without the partner; Graph will throttle.", exitUnfinished,
		"apply", plan, "--decision", ada, "--decision", bob, "--run-dir", t.file("run"))
	t.step("The contract is signed. Bob approves everything.", exitDone, "approve", plan, "--as", "bob", "--key", t.file("bob.key"), "--out", later)
	t.step("The run goes on with what was left out.", exitDone, "resume", t.file("run"), "--decision", ada, "--decision", later)
}

// audit shows two audits that keep evidence, and that nobody can alter it in
// secret.
func (t *tour) audit(partners string, sim *graphsim.Sim) {
	store, copied := t.file("evidence"), t.file("evidence-altered")
	t.step("Is everything as the file says? The audit never writes to the tenant, and keeps all that it read.", exitDone,
		"audit", partners, "--evidence", store)
	changed := t.tamper(sim)
	t.step("Somebody has just switched "+changed+" off in the portal. The next audit finds it, and says that it is new.", exitDiffers,
		"audit", partners, "--evidence", store, "--fail-on", "new", "--who")
	t.step("An auditor proves the evidence, offline: the findings are computed again from what Graph answered.", exitDone, "verify", store)
	if t.err == nil {
		t.err = alter(store, copied)
	}
	t.step("In a copy, one byte of an answer of Graph is another. It is noticed.", exitRefused, "verify", copied)
}

// alter copies a store and changes one byte of its first page.
func alter(store, copied string) error {
	if err := copyPrivately(store, copied); err != nil {
		return atomicfile.PathError(err)
	}
	pages, err := filepath.Glob(filepath.Join(copied, "*", evidence.GraphDir, "page-0001.json"))
	if err != nil || len(pages) == 0 {
		return fmt.Errorf("no page in %s: %w", copied, err)
	}
	text, err := os.ReadFile(pages[0])
	if err != nil {
		return atomicfile.PathError(err)
	}
	text[len(text)/2] ^= 1
	return atomicfile.PathError(os.WriteFile(pages[0], text, 0o600))
}

// copyPrivately copies a folder, for its owner alone.
func copyPrivately(from, to string) error {
	return filepath.WalkDir(from, func(path string, e os.DirEntry, err error) error {
		at := to + strings.TrimPrefix(path, from)
		if err != nil {
			return err
		}
		if e.IsDir() {
			return atomicfile.Mkdir(at)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return atomicfile.Replace(at, func(w io.Writer) error { _, err := w.Write(text); return err })
	})
}

// getenv is the environment of the tour, with the tour's own token.
func (t *tour) getenv(name string) string {
	if name == "BULKSYNC_ACCESS_TOKEN" {
		return t.token
	}
	switch name {
	case "NO_PAGER":
		return "1" // the tour goes on
	case policyVariable, notifyVariable, "BULKSYNC_AUTH", "BULKSYNC_TENANT", "BULKSYNC_CLOUD":
		return "" // the tour has its own
	}
	return t.process.getenv(name)
}

// tamper edits a partner behind the tool's back and returns its name.
func (t *tour) tamper(sim *graphsim.Sim) (name string) {
	for _, p := range sim.Partners() {
		s := p.IdentitySynchronization
		if s == nil || s.DisplayName == nil || s.UserSyncInbound == nil || s.UserSyncInbound.IsSyncAllowed == nil || !*s.UserSyncInbound.IsSyncAllowed {
			continue
		}
		name = *s.DisplayName
		sim.Edit(p.TenantID, func(p *graphsim.Partner) {
			p.IdentitySynchronization = graphsim.SyncAllowed(name, false)
		})
		return name
	}
	return "nobody"
}

func (t *tour) end() error {
	if t.err != nil {
		return t.err
	}
	t.say("\nThe files of the tour:")
	err := filepath.WalkDir(t.dir, func(path string, e os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && isEvidence(path):
			t.say("  %s%c", path, filepath.Separator)
			return filepath.SkipDir
		case !e.IsDir() && e.Name() != ".lock":
			t.say("  %s", path)
		}
		return nil
	})
	t.say("\nOpen %s in a browser: it is what a change board reads before it decides.\nAfter the run, %s is the same page with the outcomes.\n%s is what an auditor reads.",
		t.file("plan.html"), filepath.Join(t.dir, "run", "report.html"), filepath.Join(t.dir, "evidence", "index.html"))
	return err
}

// isEvidence reports whether a folder is an audit of a store, which has many files.
func isEvidence(path string) bool {
	_, err := os.Stat(filepath.Join(path, evidence.ManifestName))
	return err == nil
}

// The tenants that the tour adds as partners.
const (
	demoFabrikam = "90e29127-71ad-49c7-9ce8-db3f41ea06f1"
	demoWingtip  = "7c1d0a52-5b6e-4f7b-9d3e-0f64f7f0a1c2"
)

// demoCSV writes the spreadsheet of the tour. Most rows say what is already
// there, as in a real one; every sixth asks for a change, and one of these has the
// name of another company.
func demoCSV(w io.Writer, sim *graphsim.Sim) error {
	directory := map[string]string{}
	for _, t := range sim.State().Tenants {
		directory[t.TenantID] = t.DisplayName
	}
	wrong := 1
	out := csv.NewWriter(w)
	write := func(cells ...string) { _ = out.Write(cells) } // the writer remembers its error
	write("tenantId", "displayName", "isSyncAllowed", "inboundConsent", "ensure", "note")
	off := 2
	for i, p := range sim.Partners() {
		name, allowed := demoSync(p)
		switch {
		case allowed == "true" && i > 20 && off > 0:
			off--
			write(p.TenantID, name, "false", "", "", "CHG0042 on hold")
		case p.TenantID == graphsim.SupportTenant:
			continue // Microsoft adds this partner by itself, and nobody may change it
		case i%6 != 0:
			write(p.TenantID, name, allowed, "", "", "")
		case i%60 == 30:
			write(p.TenantID, name, "", "", "absent", "CHG0042 contract ended")
		case name == "" && wrong > 0:
			wrong--
			write(p.TenantID, "Tailspin Toys", "true", "true", "", "CHG0042")
		case name == "":
			write(p.TenantID, directory[p.TenantID], "true", "true", "", "CHG0042")
		default:
			write(p.TenantID, name, "true", "true", "", "CHG0042")
		}
	}
	write(demoFabrikam, "Fabrikam", "true", "true", "", "CHG0042 new")
	write(demoWingtip, "Wingtip Toys", "true", "true", "", "CHG0042 new")
	out.Flush()
	return out.Error()
}

// demoSync returns a partner's name and whether it synchronizes, as cells.
func demoSync(p graphsim.Partner) (name, allowed string) {
	s := p.IdentitySynchronization
	if s == nil {
		return "", ""
	}
	if s.DisplayName != nil {
		name = *s.DisplayName
	}
	if s.UserSyncInbound != nil && s.UserSyncInbound.IsSyncAllowed != nil {
		allowed = strconv.FormatBool(*s.UserSyncInbound.IsSyncAllowed)
	}
	return name, allowed
}
