package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"bulksync/execute"
	"bulksync/execute/rundir"
	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/internal/session"
	"bulksync/plan/audit"
	"bulksync/plan/desired"
	"bulksync/report"
)

// always are stops that do not end before the test.
func always(t *testing.T) execute.Stops { return execute.Stops{Soft: t.Context(), Hard: t.Context()} }

// home is a home tenant with its own Graph and folder, and what a command needs
// to work in it.
type home struct {
	*env
	sim *graphsim.Sim
	dir string
	// stdout and stderr are what was written to each.
	stdout *bytes.Buffer
	stderr *lockedBuffer
	// interrupted are stops whose Soft ends when stopAt writes have been
	// answered.
	interrupted execute.Stops
	stopAt      atomic.Int64
}

// lockedBuffer is a buffer for several goroutines.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func newHome(t *testing.T, cfg graphsim.Config) *home {
	t.Helper()
	sim := graphsim.New(cfg)
	soft, stop := context.WithCancelCause(t.Context())
	h := &home{sim: sim, dir: t.TempDir(), stdout: &bytes.Buffer{}, stderr: &lockedBuffer{}, interrupted: execute.Stops{Soft: soft, Hard: t.Context()}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sim.ServeHTTP(w, r)
		if n := h.stopAt.Load(); n > 0 && int64(len(sim.Writes())) >= n {
			stop(execute.ErrInterrupted)
		}
	}))
	t.Cleanup(server.Close)
	token := sim.Token(graphsim.TokenOptions{})
	h.env = &env{
		process: process{in: strings.NewReader(""), out: h.stdout, messages: messages{stderr: h.stderr}, getenv: func(name string) string {
			return map[string]string{"BULKSYNC_ACCESS_TOKEN": token}[name]
		}},
		globals: globals{
			format: report.Text, log: slog.New(slog.DiscardHandler),
			address: address{graphURL: server.URL, auth: "default"},
		},
		verb: "test",
	}
	return h
}

// write writes a text to a file.
func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (h *home) file(name string) string { return filepath.Join(h.dir, name) }

// csv writes a file that gives these partners a policy, and returns its path.
func (h *home) csv(t *testing.T, partners ...string) string {
	t.Helper()
	write(t, h.file("partners.csv"), "tenantId,isSyncAllowed\n"+strings.Join(partners, ",true\n")+",true\n")
	return h.file("partners.csv")
}

// plan makes a plan that gives these partners a policy, and returns its path.
func (h *home) plan(t *testing.T, partners ...string) string {
	t.Helper()
	for _, id := range partners {
		h.sim.SetPartner(graphsim.Partner{TenantID: id})
	}
	o := planOptions{wanted: wanted{csv: h.csv(t, partners...)}, out: h.file("plan.json")}
	if err := o.run(always(t), h.env); err != nil {
		t.Fatal(err)
	}
	return o.out
}

// allowed requires that each of these partners synchronizes.
func (h *home) allowed(t *testing.T, partners ...string) {
	t.Helper()
	for _, id := range partners {
		p, _ := h.sim.Partner(id)
		s := p.IdentitySynchronization
		if s == nil || s.UserSyncInbound == nil || s.UserSyncInbound.IsSyncAllowed == nil || !*s.UserSyncInbound.IsSyncAllowed {
			t.Errorf("partner %s of %s is left out", id, h.sim.HomeTenant())
		}
	}
}

// Without the command line a plan is saved, shown and counted in the same way.
func TestPlanOptions(t *testing.T) {
	h := newHome(t, graphsim.Config{})
	path := h.plan(t, killTenant(1), killTenant(2))
	p, err := h.readPlan(t.Context(), path)
	if err != nil || p.Summary.Writes() != 2 || !strings.Contains(h.stdout.String(), killTenant(2)) {
		t.Errorf("%+v: %v\n%s", p, err, h.stdout)
	}
	if !strings.Contains(h.stderr.String(), "to apply exactly this plan: bulksync apply "+path+" --graph-url http://127.0.0.1:") {
		t.Error(h.stderr)
	}
	o := planOptions{wanted: wanted{csv: h.file("partners.csv")}, detailed: true}
	if err := o.run(always(t), h.env); codeOf(err) != exitDiffers {
		t.Errorf("a plan that differs: %v", err)
	}
	o.out = o.csv
	if err := o.run(always(t), h.env); codeOf(err) != exitRefused {
		t.Errorf("over its own input: %v", err)
	}
	write(t, o.csv, "tenantId\nfabrikam\n")
	var rows desired.RowErrors
	if err := (planOptions{wanted: o.wanted}).run(always(t), h.env); !errors.As(err, &rows) || len(rows) != 1 {
		t.Errorf("rows at fault: %v", err)
	}
	if err := (planOptions{}).run(always(t), h.env); codeOf(err) != exitCannotRun || h.hintOf(err) == "" {
		t.Errorf("no file: %v", err)
	}
}

// A plan is applied if it was approved, in its own folder, and to the tenant
// that it was made for.
func TestApplyOptions(t *testing.T) {
	h := newHome(t, graphsim.Config{})
	o := newApplyOptions()
	o.plan, o.dir = h.plan(t, killTenant(1)), h.file("run")
	if err := o.run(always(t), h.env); codeOf(err) != exitRefused || !strings.Contains(h.hintOf(err), "--approve sha256:") {
		t.Errorf("nobody agreed: %v", err)
	}
	p, err := h.readPlan(t.Context(), o.plan)
	if err != nil {
		t.Fatal(err)
	}
	o.approve = "sha256:0"
	if err := o.run(always(t), h.env); codeOf(err) != exitRefused {
		t.Errorf("another plan was approved: %v", err)
	}
	if o.approve = p.Fingerprint; len(h.sim.Writes()) > 0 {
		t.Errorf("%d writes without an approval", len(h.sim.Writes()))
	}
	other := newHome(t, graphsim.Config{HomeTenant: killTenant(9)})
	if err := o.run(always(t), other.env); codeOf(err) != exitRefused {
		t.Errorf("in another tenant: %v", err)
	}
	if err := o.run(always(t), h.env); err != nil {
		t.Fatal(err)
	}
	h.allowed(t, killTenant(1))
	if !strings.Contains(h.stdout.String(), "1 verified") {
		t.Error(h.stdout)
	}
	if err := o.run(always(t), h.env); !errors.Is(err, rundir.ErrNotEmpty) || !strings.Contains(h.hintOf(err), "bulksync resume "+o.dir) {
		t.Errorf("in a folder in use: %v", err)
	}
	o.dir, o.priority = h.file("other"), "highest"
	if err := o.run(always(t), h.env); codeOf(err) != exitCannotRun || !strings.HasPrefix(err.Error(), "--throttle-priority: ") {
		t.Errorf("a wrong choice: %v", err)
	}
}

// An audit reports differences by its exit code, and saves its findings.
func TestAuditOptions(t *testing.T) {
	h := newHome(t, graphsim.Config{})
	h.sim.SetPartner(graphsim.Partner{
		TenantID: killTenant(1), IdentitySynchronization: graphsim.SyncAllowed("One", true), AutomaticUserConsentSettings: graphsim.Consent{InboundAllowed: new(true)},
	})
	o := auditOptions{
		wanted: wanted{csv: h.csv(t, killTenant(1))}, dir: h.file("audit"),
		scope: string(audit.ScopeAll), newsOptions: newsOptions{failOnText: string(audit.FailOnAny), notifyFormat: string(report.Generic)},
	}
	if err := o.run(always(t), h.env); err != nil {
		t.Error(err)
	}
	for _, f := range auditFiles() {
		if _, err := os.Stat(filepath.Join(o.dir, f.name)); err != nil {
			t.Error(err)
		}
	}
	h.sim.Edit(killTenant(1), func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("One", false) })
	if err := o.run(always(t), h.env); codeOf(err) != exitDiffers {
		t.Errorf("a partner was switched off: %v", err)
	}
	h.sim.Inject(graphsim.Fault{Kind: "403"})
	if err := o.run(always(t), h.env); codeOf(err) != exitIncomplete {
		t.Errorf("a tenant that may not be read: %v", err)
	}
	if len(h.sim.Writes()) > 0 {
		t.Error("an audit wrote")
	}
}

// A run that was stopped continues with its settings, except for those typed
// again.
func TestResumeOptions(t *testing.T) {
	h := newHome(t, graphsim.Config{WriteQuota: graphsim.Quota{Units: 1, Per: 4 * time.Minute}})
	partners := []string{killTenant(1), killTenant(2)}
	a := newApplyOptions()
	a.plan, a.dir, a.yes, a.concurrency = h.plan(t, partners...), h.file("run"), true, 2
	h.stopAt.Store(2)
	if err := a.run(h.interrupted, h.env); codeOf(err) != exitInterrupted {
		t.Fatalf("the run was not stopped: %v", err)
	}
	h.sim.SetWriteQuota(graphsim.Quota{})
	o := resumeOptions{paceOptions: newPaceOptions(), dir: a.dir}
	o.capacity, o.given = "0%", map[string]bool{"capacity": true}
	if err := o.run(always(t), h.env); err == nil || !strings.HasPrefix(err.Error(), "--capacity: ") {
		t.Errorf("a wrong choice: %v", err)
	}
	o.capacity = "50%"
	if err := o.run(always(t), h.env); err != nil {
		t.Fatal(err)
	}
	h.allowed(t, partners...)
	journal, err := os.ReadFile(filepath.Join(a.dir, rundir.JournalName))
	if err != nil || !bytes.Contains(journal, []byte(`"concurrency":2,`)) || !bytes.Contains(journal, []byte(`"capacity":0.5,`)) {
		t.Errorf("%v\n%s", err, journal)
	}
	if err := (resumeOptions{dir: h.dir}).run(always(t), h.env); !errors.Is(err, rundir.ErrNotARun) {
		t.Errorf("no run folder: %v", err)
	}
}

// The tour runs to its end, and each step ends with the code that it shows.
func TestDemo(t *testing.T) {
	h := newHome(t, graphsim.Config{})
	t.Setenv("TMPDIR", h.dir)
	if err := (demoOptions{partners: 200}).run(always(t), h.env); err != nil {
		t.Fatalf("%v\n%s%s", err, h.stdout, h.stderr)
	}
	for _, want := range []string{"$ bulksync plan ", "$ bulksync approve ", "$ bulksync apply ", "--except 'Wingtip Toys=contract not signed yet'",
		"excepted by bob: contract not signed yet", "(exit code 4)", "$ bulksync resume ", "Audit: clean", "Audit: drift", "News: 1 new", "someone.else@home.example",
		"(exit code 2)", "the store is proved", "the store is ALTERED", "undo.json", "index.html"} {
		if !strings.Contains(h.stdout.String(), want) {
			t.Errorf("the tour does not show %q", want)
		}
	}
	if !strings.Contains(h.stdout.String(), "partners.csv --evidence") || strings.Contains(h.stdout.String(), "eyJ") {
		t.Error(h.stdout)
	}
}

// A simulated Graph serves what it prints until it is ended, and continues from
// the state that it saved.
func TestSimulate(t *testing.T) {
	h := newHome(t, graphsim.Config{})
	o := newSimulateOptions()
	o.partners, o.state, o.faults, o.seed = 3, h.file("state.json"), []string{"503,nth=1000"}, 2
	other := graphsim.HomeOf(2)
	h.env.cloud = graph.USGov
	for ; o.partners < 5; o.partners++ { // the second time the state says how many, and whose they are
		said, end := h.simulate(t, o)
		m := regexp.MustCompile(`^Graph of home tenant ` + other.TenantID + ` \(Adatum Corporation 2\), 3 partners, at (http://127.0.0.1:\d+)\n(?s:.*)BULKSYNC_ACCESS_TOKEN` + typedHere(`=(\S+)`, ` = '(\S+)'`) + `\n  bulksync doctor --cloud usgov --graph-url http://127.0.0.1:\d+\n`).FindStringSubmatch(said)
		if m == nil {
			t.Fatalf("it says:\n%s: %v", said, end())
		}
		o.seed = 1
		s, err := session.Open(t.Context(), session.Options{GraphURL: m[1], Token: m[2], Cloud: graph.USGov})
		if err == nil {
			err = s.Client().ListPartners(t.Context(), func(graph.Page) error { return nil })
		}
		if err := errors.Join(err, end()); err != nil {
			t.Error(err)
		}
	}
	for want, o := range map[string]simulateOptions{
		"--listen ": {pageSize: 1, listen: "0.0.0.0:0"}, "--fault ": {pageSize: 1, faults: []string{"word"}},
		"--write-quota: ": {writeQuota: "many"}, "--read-quota: ": {readQuota: "1/never"}, "--partners ": {partners: -1},
		"--token-lifetime ": {pageSize: 1, tokenLifetime: time.Hour},
		"--window: ":        {window: "40"}, "--sliding-window: ": {slidingWindow: "x/s"}, "--queue: ": {queue: "5ms"}, "--inflight-quota ": {inflightQuota: -1},
	} {
		if err := o.run(always(t), h.env); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	write(t, o.state, `{"homeTenant":"Contoso"}`)
	if err := o.run(always(t), h.env); err == nil || !strings.HasSuffix(err.Error(), `homeTenant "Contoso" is not a GUID`) {
		t.Error(err)
	}
}

// The help of simulate says how to take the quota of writes away.
func TestSimulateWithoutAQuota(t *testing.T) {
	o := newSimulateOptions()
	if c, _, err := o.config(); err != nil || c.WriteQuota == (graphsim.Quota{}) {
		t.Errorf("by default: %v, %v", c.WriteQuota, err)
	}
	o.writeQuota = "none"
	if c, _, err := o.config(); err != nil || c.WriteQuota != (graphsim.Quota{}) {
		t.Errorf("with none: %v, %v", c.WriteQuota, err)
	}
	if !strings.Contains(simulateHelp, "--write-quota none") {
		t.Error("the help does not say so")
	}
}

// The help of simulate lists every kind of fault; those with -after stand for
// themselves or beside the kind without it.
func TestTheHelpOfSimulateListsEveryFault(t *testing.T) {
	words := strings.FieldsFunc(simulateHelp, func(r rune) bool { return r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, kind := range graphsim.FaultKinds() {
		name := string(kind)
		if !slices.Contains(words, name) && !slices.Contains(words, strings.TrimSuffix(name, "-after")) {
			t.Errorf("bulksync simulate --help does not list %s", name)
		}
	}
}

// One process can work on two home tenants at the same time, each with its own
// Graph, pace and folders, without mixing them.
func TestTwoHomeTenantsAtOnce(t *testing.T) {
	const partners = 40
	quotas := []graphsim.Quota{{}, {Units: 10, Per: time.Second}}
	homes := make([]*home, len(quotas))
	var atWork sync.WaitGroup
	for i, quota := range quotas {
		h := newHome(t, graphsim.Config{HomeTenant: killTenant(900 + i), WriteQuota: quota})
		homes[i] = h
		o := newApplyOptions()
		o.plan, o.dir, o.yes = h.plan(t, killTenants(100*i, partners)...), h.file("run"), true
		atWork.Go(func() {
			if err := o.run(always(t), h.env); err != nil {
				t.Errorf("home tenant %d: %v\n%s", i, err, h.stderr)
			}
		})
	}
	atWork.Wait()
	for i, h := range homes {
		h.allowed(t, killTenants(100*i, partners)...)
		refused := 0
		for _, w := range h.sim.Writes() {
			if w.Status == http.StatusTooManyRequests {
				refused++
			}
		}
		if n := len(h.sim.Writes()) - refused; n != partners || (refused > 0) != (quotas[i].Units > 0) {
			t.Errorf("home tenant %d: %d writes and %d refusals", i, n, refused)
		}
		if _, has := h.sim.Partner(killTenant(100 * (1 - i))); has {
			t.Errorf("home tenant %d has a partner of the other", i)
		}
		journal, err := os.ReadFile(filepath.Join(h.file("run"), rundir.JournalName))
		if err != nil || !bytes.Contains(journal, []byte(h.sim.HomeTenant())) || bytes.Contains(journal, []byte(killTenant(900+1-i))) {
			t.Errorf("home tenant %d: a journal of another: %v", i, err)
		}
	}
}

// killTenants are n partners, starting at number from.
func killTenants(from, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = killTenant(from + i)
	}
	return all
}
