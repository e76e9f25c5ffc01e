package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/execute/journal"
	"bulksync/execute/rundir"
	"bulksync/graph/graphsim"
	"bulksync/plan"
	"bulksync/plan/approval"
	"bulksync/plan/desired"
)

// The sample is a policy as it is, and with the lines that ask for approvals.
func TestTheSamplePolicyIsAccepted(t *testing.T) {
	e := &env{process: process{messages: messages{stderr: &bytes.Buffer{}}, getenv: func(string) string { return "" }}}
	p, err := policyOptions{policy: filepath.Join("..", "..", "samples", "policy.yaml")}.read(t.Context(), e)
	if err != nil || len(p.Limits) != 4 || len(p.Protected) != 1 || p.Window == nil || p.PlanMaxAge() != 7*24*time.Hour || len(p.Overridable) != 2 {
		t.Fatalf("%+v, %v", p, err)
	}
	head, asks, found := strings.Cut(readRepo(t, "samples/policy.yaml"), "# approvals:\n")
	if !found {
		t.Fatal("the sample asks for no approvals")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "policy.yaml"), head+"approvals:\n"+strings.ReplaceAll(asks, "#  ", "  "))
	write(t, filepath.Join(dir, "allowed_signers"), "ada ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO299oZjbaiF7Y9hZwhK/lZSatlOvhMbP5JxFPeV9EwK\n")
	p, err = policyOptions{policy: filepath.Join(dir, "policy.yaml")}.read(t.Context(), e)
	if err != nil || p.Approvals == nil || p.Approvals.Required != 2 || p.Approvals.SignersName != "allowed_signers" {
		t.Fatalf("%+v, %v", p, err)
	}
}

// planUnder makes a plan of some partners under a policy.
func (h *home) planUnder(t *testing.T, policy string, partners ...string) *plan.Plan {
	t.Helper()
	write(t, h.file("policy.yaml"), policy)
	o := planOptions{wanted: wanted{csv: h.csv(t, partners...)}, policyOptions: policyOptions{policy: h.file("policy.yaml")}, out: h.file("plan.json")}
	if err := o.run(always(t), h.env); err != nil {
		t.Fatal(err)
	}
	p, err := h.env.readPlan(t.Context(), o.out)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const anyPartner = "0b7b5c1e-5c0f-4f0a-9a51-2f2a4c2f0a01"

// A plan is refused at the wrong time, and its window bounds the run at the right
// one.
func TestThePolicyAsksForTheTime(t *testing.T) {
	h := newHome(t, graphsim.Config{})
	h.sim.SetPartner(graphsim.Partner{TenantID: anyPartner})
	p := h.planUnder(t, "planMaxAge: 2d\nwindow: {days: [sat], from: '22:00', to: '04:00', timezone: Europe/Berlin}\n", anyPartner)
	p.CreatedAt = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) // a Friday
	for _, c := range []struct{ now, refusal, hint, until string }{
		{"2026-11-28T21:30:00Z", "", "", "2026-11-29T04:00:00+01:00"},
		{"2026-11-28T20:30:00Z", "the window of the policy policy.yaml is shut: Saturdays 22:00-04:00 Europe/Berlin", "apply it from 2026-11-28 22:00:00 +01:00 (CET) on", ""},
		{"2026-11-29T12:00:01Z", "the plan is too old: the policy policy.yaml allowed it until 2026-11-29 12:00:00 +00:00 (UTC) (planMaxAge)", "make the plan again", ""},
		{"2026-11-27T11:54:59Z", "the plan was made in the future, at 2026-11-27 12:00:00 +00:00 (UTC)", "set the clock", ""},
		{"2026-11-27T11:55:01Z", "is shut", "", ""},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		a, err := policyOptions{}.check(t.Context(), h.env, p, now)
		again, errAgain := checkAgain(p, now)
		if c.refusal == "" {
			if err != nil || errAgain != nil || a.until.Format(time.RFC3339) != c.until || !a.until.Equal(again.until) {
				t.Errorf("%s: until %s and %s, %v, %v", c.now, a.until, again.until, err, errAgain)
			}
			continue
		}
		for _, err := range []error{err, errAgain} {
			if codeOf(err) != exitRefused || !strings.Contains(err.Error(), c.refusal) || !strings.Contains(h.hintOf(err), c.hint) {
				t.Errorf("%s: %v, hint %s", c.now, err, h.hintOf(err))
			}
		}
	}
}

// The end of the window is the deadline, unless the run has an earlier one that is
// still to come.
func TestTheWindowBoundsTheRun(t *testing.T) {
	now := time.Date(2026, 11, 28, 22, 0, 0, 0, time.UTC)
	end := now.Add(time.Hour)
	for name, c := range map[string]struct{ until, deadline, want time.Time }{
		"no window, no deadline":      {},
		"no window":                   {deadline: end, want: end},
		"no deadline":                 {until: end, want: end},
		"an earlier deadline":         {until: end, deadline: now.Add(time.Minute), want: now.Add(time.Minute)},
		"a later deadline":            {until: end, deadline: end.Add(time.Minute), want: end},
		"the deadline of last night":  {until: end, deadline: now.Add(-24 * time.Hour), want: end},
		"a deadline of this instant":  {until: end, deadline: now, want: end},
		"a past one without a window": {deadline: now.Add(-time.Hour), want: now.Add(-time.Hour)},
	} {
		s := journal.Settings{Deadline: c.deadline}
		admission{until: c.until}.bound(&s, now)
		if !s.Deadline.Equal(c.want) {
			t.Errorf("%s: got %s, want %s", name, s.Deadline, c.want)
		}
	}
}

// The way back is open at any age and above any limit, but not outside the window.
func TestAnUndoIsExemptFromLimitsAndAge(t *testing.T) {
	h := newHome(t, graphsim.Config{})
	h.sim.SetPartner(graphsim.Partner{TenantID: anyPartner})
	h.planUnder(t, "limits: {changes: 1}\nplanMaxAge: 1m\n", anyPartner)
	a := newApplyOptions()
	a.plan, a.yes, a.dir = h.file("plan.json"), true, h.file("run")
	if err := a.run(always(t), h.env); err != nil {
		t.Fatal(err)
	}
	if err := (undoOptions{dir: h.file("run")}).run(always(t), h.env); err != nil {
		t.Fatal(err)
	}
	undo, err := h.env.readPlan(t.Context(), h.file("run/undo.json"))
	if err != nil || undo.Policy.Name != "policy.yaml" {
		t.Fatalf("%+v, %v", undo, err)
	}
	o := policyOptions{policy: h.file("policy.yaml")} // an undo carries the policy of its run
	if err := o.checkFile(t.Context(), h.env, undo); err != nil {
		t.Error(err)
	}
	undo.Policy.Limits[0].Count, o = new(int), policyOptions{}
	if _, err := o.check(t.Context(), h.env, undo, time.Now().Add(time.Hour)); err != nil {
		t.Error(err)
	}
	undo.Policy.Window = &plan.Window{Days: []string{"mon"}, From: "01:00", To: "02:00", Timezone: "UTC"}
	if _, err := o.check(t.Context(), h.env, undo, time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)); codeOf(err) != exitRefused {
		t.Errorf("got %v", err)
	}
}

// daily is a policy whose window is open every day between two times.
func daily(from, to time.Time) string {
	return "window: {days: [mon, tue, wed, thu, fri, sat, sun], timezone: UTC, from: '" +
		from.UTC().Format("15:04") + "', to: '" + to.UTC().Format("15:04") + "'}\n"
}

// A refusal by the policy sends nothing and leaves no folder.
func TestAShutWindowLeavesNothing(t *testing.T) {
	h := newHome(t, graphsim.Config{})
	h.sim.SetPartner(graphsim.Partner{TenantID: anyPartner})
	now := time.Now()
	h.planUnder(t, daily(now.Add(3*time.Hour), now.Add(4*time.Hour)), anyPartner)
	a := newApplyOptions()
	a.plan, a.yes, a.dir = h.file("plan.json"), true, h.file("run")
	if err := a.run(always(t), h.env); codeOf(err) != exitRefused || !strings.Contains(err.Error(), "is shut: every day") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Lstat(h.file("run")); !errors.Is(err, os.ErrNotExist) || len(h.sim.Writes()) != 0 {
		t.Errorf("the refusal left %v and sent %d writes", err, len(h.sim.Writes()))
	}
}

// A resumption asks the window again; its end is the new deadline. A refusal leaves
// the run as it was.
func TestResumeAsksTheWindowAgain(t *testing.T) {
	h := newHome(t, graphsim.Config{})
	partners := []string{anyPartner, "1c8d6e2f-6d1a-4a1b-8b62-3a3b5d3a1b02"}
	for _, id := range partners {
		h.sim.SetPartner(graphsim.Partner{TenantID: id})
	}
	now := time.Now()
	h.planUnder(t, daily(now.Add(-time.Hour), now.Add(2*time.Hour)), partners...)
	a := newApplyOptions()
	a.plan, a.yes, a.dir, a.concurrency, a.given = h.file("plan.json"), true, h.file("run"), 1, map[string]bool{"concurrency": true}
	h.stopAt.Store(1)
	if err := a.run(h.interrupted, h.env); codeOf(err) != exitInterrupted {
		t.Fatalf("got %v", err)
	}
	was, sent := folder(t, a.dir), len(h.sim.Writes())
	resume := resumeOptions{dir: a.dir}
	if err := resume.at(always(t), h.env, now.Add(5*time.Hour)); codeOf(err) != exitRefused || !strings.Contains(err.Error(), "is shut") {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff(was, folder(t, a.dir)); diff != "" || len(h.sim.Writes()) != sent {
		t.Errorf("the refusal changed the run: %s", diff)
	}
	if err := resume.at(always(t), h.env, now); err != nil {
		t.Fatal(err)
	}
	dir, err := rundir.Open(a.dir)
	if err != nil {
		t.Fatal(err)
	}
	last, err := dir.LastSession(t.Context())
	if err != nil || !last.Settings.Deadline.Equal(now.UTC().Add(2*time.Hour).Truncate(time.Minute)) || len(h.sim.Writes()) <= sent {
		t.Errorf("the deadline is %+v, %v", last, err)
	}
}

// folder is what the files of a folder hold.
func folder(t *testing.T, path string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(path), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(path, name))
		files[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// A policy with faults is told line by line, before anything is read.
func TestFaultsOfAPolicyComeFirst(t *testing.T) {
	h := newHome(t, graphsim.Config{})
	write(t, h.file("policy.yaml"), "limts: {}\nplanMaxAge: soon\n")
	o := planOptions{wanted: wanted{csv: h.file("nowhere.csv")}, policyOptions: policyOptions{policy: h.file("policy.yaml")}}
	err := o.run(always(t), h.env)
	var faults desired.RowErrors
	if !errors.As(err, &faults) || len(faults) != 2 || codeOf(err) != exitCannotRun {
		t.Errorf("got %v", err)
	}
}

// What was admitted may not be any more when the person has answered, or the
// tenant was read: then nothing is written, and no folder is made.
func TestWhatTookTooLongIsRefused(t *testing.T) {
	h := newHome(t, graphsim.Config{})
	h.sim.SetPartner(graphsim.Partner{TenantID: anyPartner})
	p := h.planUnder(t, "planMaxAge: 2d\nwindow: {days: [sat], from: '22:00', to: '04:00', timezone: UTC}\n", anyPartner)
	p.CreatedAt = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) // a Friday
	open := time.Date(2026, 11, 29, 3, 59, 0, 0, time.UTC)
	expires := open.Add(30 * time.Second)
	decision := approval.Decision{
		FormatVersion: 1, PlanFingerprint: p.Fingerprint, HomeTenant: p.HomeTenant.ID, Decision: approval.Approve, By: "ada",
		At: open.Add(-time.Hour), ExpiresAt: expires,
	}
	text, err := decision.Encode()
	if err != nil {
		t.Fatal(err)
	}
	decided := consent{files: []approval.File{{Name: "ada.json", Text: text}}}
	until := journal.Settings{Deadline: open.Add(time.Minute)}
	for name, c := range map[string]struct {
		now     time.Time
		set     journal.Settings
		with    consent
		refusal string
	}{
		"still open":            {now: open, set: until, with: decided},
		"the window shut":       {now: open.Add(time.Minute), refusal: "is shut"},
		"the deadline is over":  {now: open, set: journal.Settings{Deadline: open}, refusal: "passed before anything was sent"},
		"the approval expired":  {now: expires, set: until, with: decided, refusal: "ada.json: it expired at"},
		"the plan grew too old": {now: p.CreatedAt.Add(49 * time.Hour), refusal: "too old"},
	} {
		err := h.env.stillAdmitted(p, "plan.json", &c.with, c.set, c.now)
		if c.refusal == "" && err != nil || c.refusal != "" && (codeOf(err) != exitRefused || !strings.Contains(err.Error(), c.refusal)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A run that is refused after the tenant was read leaves nothing.
func TestARefusalAfterTheReading(t *testing.T) {
	h := newHome(t, graphsim.Config{})
	path := h.plan(t, anyPartner)
	p, err := h.env.readPlan(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	_, _, err = h.env.prepare(t.Context(), p, journal.Settings{}, func() error {
		if asked++; asked == 2 {
			return refused("", "late")
		}
		return nil
	})
	if codeOf(err) != exitRefused || asked != 2 {
		t.Errorf("%v, asked %d times", err, asked)
	}
	h.sim.ResetRequests()
	if _, _, err = h.env.prepare(t.Context(), p, journal.Settings{}, func() error { return refused("", "late") }); codeOf(err) != exitRefused || len(h.sim.Requests()) != 0 {
		t.Errorf("%v, %d requests", err, len(h.sim.Requests()))
	}
}

// A plan that names the demanded policy must carry its rules and its signers.
func TestAPlanThatLiesAboutItsPolicy(t *testing.T) {
	h := newHome(t, graphsim.Config{})
	h.sim.SetPartner(graphsim.Partner{TenantID: anyPartner})
	signer := " ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO299oZjbaiF7Y9hZwhK/lZSatlOvhMbP5JxFPeV9EwK\n"
	write(t, h.file("signers"), "ada"+signer)
	const rules = "limits: {stopped: 1, consentOff: 30%}\nprotected: [{tenantId: 1c8d6e2f-6d1a-4a1b-8b62-3a3b5d3a1b02, reason: payroll}]\n" +
		"approvals: {required: 1, signers: signers}\nwindow: {days: [sat], from: '22:00', to: '04:00', timezone: UTC}\nplanMaxAge: 7d\noverridable: []\n"
	o := policyOptions{policy: h.file("policy.yaml")}
	for name, c := range map[string]struct {
		edit    func(p *plan.Policy)
		refusal string
	}{
		"as it is":          {edit: func(*plan.Policy) {}},
		"no approvals":      {func(p *plan.Policy) { p.Approvals = nil }, "other rules"},
		"another name":      {edit: func(p *plan.Policy) { p.Name = "moved.yaml" }},
		"fewer approvals":   {func(p *plan.Policy) { p.Approvals.Required = 0 }, "other rules"},
		"another signer":    {func(p *plan.Policy) { p.Approvals.Signers = "eve" + signer }, "other signers than those in signers"},
		"no limits":         {func(p *plan.Policy) { p.Limits = nil }, "other rules"},
		"no window":         {func(p *plan.Policy) { p.Window = nil }, "other rules"},
		"an older plan":     {func(p *plan.Policy) { p.PlanMaxAgeMs *= 2 }, "other rules"},
		"nothing protected": {func(p *plan.Policy) { p.Protected = nil }, "other rules"},
	} {
		p := h.planUnder(t, rules, anyPartner)
		c.edit(&p.Policy)
		err := o.checkFile(t.Context(), h.env, p)
		if c.refusal == "" && err != nil || c.refusal != "" && (codeOf(err) != exitRefused || !strings.Contains(err.Error(), c.refusal)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := h.planUnder(t, rules, anyPartner)
	write(t, h.file("signers"), "bob"+signer)
	if err := o.checkFile(t.Context(), h.env, p); codeOf(err) != exitRefused || !strings.Contains(err.Error(), "other signers") {
		t.Errorf("the signers were changed: %v", err)
	}
}
