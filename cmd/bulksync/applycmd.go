package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"bulksync/execute"
	"bulksync/plan"
	"bulksync/ratelimit"
	"bulksync/report"
)

// applyFlags are the choices of an apply.
type applyFlags struct {
	yes         bool
	approve     string
	dir         string
	concurrency int
	maxRate     float64
	capacity    string
	priority    string
	maxAge      time.Duration
	verifyWait  time.Duration
}

func (a *app) applyCommand() *cobra.Command {
	var f applyFlags
	cmd := &cobra.Command{
		Use:   "apply plan.json",
		Short: "Run a plan, exactly as it was read",
		Long: `Runs the plan: changes of one partner in order, partners concurrently, as fast as Graph allows.
A change whose object moved since the plan is held, not overwritten. Everything that happens is in the
run folder. The first Ctrl-C lets requests in flight finish, the second stops at once; bulksync
resume goes on.`,
		Example: "  bulksync apply plan.json\n  bulksync apply plan.json --approve sha256:1f3c…",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.apply(cmd, args[0], f)
		},
	}
	fl := cmd.Flags()
	fl.BoolVar(&f.yes, "yes", false, "do not ask")
	fl.StringVar(&f.approve, "approve", "", "`FINGERPRINT` of the plan that was approved; any other plan is refused")
	fl.StringVar(&f.dir, "run-dir", "", "`DIR` of the run (default bulksync-runs/<time>-<fingerprint>)")
	fl.IntVar(&f.concurrency, "concurrency", execute.DefaultConcurrency, "`N` partners at once, at most")
	fl.Float64Var(&f.maxRate, "max-rate", 0, "`WRITES_PER_S` at most; without it the pace is found")
	fl.StringVar(&f.capacity, "capacity", "100%", "`SHARE` of the quota to use, as 50%; the rest is left to other apps")
	fl.StringVar(&f.priority, "throttle-priority", "low", "`low|normal|high`: who is refused first when the tenant is short of quota")
	fl.DurationVar(&f.maxAge, "max-age", execute.DefaultMaxAge, "`AGE` at most of the reading that a write leans on")
	fl.DurationVar(&f.verifyWait, "verify-wait", execute.DefaultVerifyWait, "`TIME` at most to wait until changes can be read back; 0 does not read back")
	return cmd
}

// pace turns the flags into options, with errors in the words of the flags.
func (f *applyFlags) pace(cmd *cobra.Command) (ratelimit.Options, error) {
	o := ratelimit.Options{Concurrency: f.concurrency, MaxRate: f.maxRate}
	if err := ratelimit.CheckConcurrency(f.concurrency); err != nil {
		return o, fmt.Errorf("--concurrency: %w", err)
	}
	if cmd.Flags().Changed("max-rate") {
		if err := ratelimit.CheckMaxRate(f.maxRate); err != nil {
			return o, fmt.Errorf("--max-rate: %w", err)
		}
	}
	share, err := parseShare(f.capacity)
	if err == nil {
		err = ratelimit.CheckCapacity(share)
	}
	if err != nil {
		return o, fmt.Errorf("--capacity: %w", err)
	}
	o.Capacity = share
	if !slices.Contains([]string{"low", "normal", "high"}, f.priority) {
		return o, fmt.Errorf("--throttle-priority: %q is none of low, normal, high", f.priority)
	}
	if f.maxAge < time.Second {
		return o, fmt.Errorf("--max-age: %s is too short for a reading to be of use: give a second or more", f.maxAge)
	}
	if f.verifyWait < 0 {
		return o, fmt.Errorf("--verify-wait: %s lies in the past", f.verifyWait)
	}
	return o, nil
}

func parseShare(s string) (float64, error) {
	var percent float64
	var rest string
	n, _ := fmt.Sscanf(s, "%g%s", &percent, &rest)
	if n < 1 || rest != "%" {
		return 0, fmt.Errorf("%q is no share: write it as 50%%", s)
	}
	return percent / 100, nil
}

func (f *applyFlags) settings(capacity float64) execute.Settings {
	s := execute.Settings{Concurrency: f.concurrency, MaxRate: f.maxRate, Capacity: capacity, Priority: f.priority, MaxAge: f.maxAge, VerifyWait: f.verifyWait}
	if s.VerifyWait == 0 {
		s.VerifyWait = -1
	}
	return s
}

func (a *app) apply(cmd *cobra.Command, path string, f applyFlags) error {
	ctx := cmd.Context()
	pace, err := f.pace(cmd)
	if err != nil {
		return err
	}
	p, err := a.readPlan(path)
	if err != nil {
		return err
	}
	if f.dir == "" {
		f.dir = defaultRunDir(p, time.Now())
	}
	if err := checkRunDir(f.dir); err != nil {
		return err
	}
	if err := a.approved(gentle(ctx), p, f); err != nil {
		return err
	}
	if a.cloud == "" {
		a.cloud = p.HomeTenant.Cloud
	}
	t, err := a.connect(gentle(ctx), pace, f.priority)
	if err != nil {
		return err
	}
	if err := t.checkPlan(p); err != nil {
		return err
	}
	reading, err := execute.Prepare(gentle(ctx), t.client, p)
	if err != nil {
		return unread(err, t.client.Requests().Reads-1)
	}
	a.noteEstimate(t, p)
	dir, journal, err := createRunDir(f.dir, p)
	if err != nil {
		return err
	}
	defer dir.release()
	defer journal.Close()
	return a.run(ctx, dir, t, execute.Config{
		Client: t.client, Plan: p, Reading: reading, Journal: execute.NewJournal(journal, ""),
		Header: execute.RunEntry{RunID: uuid.NewString(), Tool: tool(), Identity: who(t.id), Settings: f.settings(pace.Capacity)},
	})
}

// approved makes sure that a person agreed to this very plan.
func (a *app) approved(ctx context.Context, p *plan.Plan, f applyFlags) error {
	switch {
	case f.approve != "":
		if !sameFingerprint(f.approve, p.Fingerprint) {
			return refused("apply the plan that was approved, or have this one approved",
				"the plan's fingerprint is %s, and %s was approved", p.Fingerprint, f.approve)
		}
		return nil
	case f.yes, p.Summary.Writes() == 0:
		return nil
	case !isTerminal(a.in):
		return refused("read it with bulksync show, then pass --approve "+p.Fingerprint+", or --yes",
			"the plan was not approved, and there is no terminal to ask at")
	}
	if err := report.Plan(a.err, p, report.Text, a.reportOptions()); err != nil {
		return err
	}
	if !a.confirm(ctx, fmt.Sprintf("\nApply %s to home tenant %s (%s)?", counted(p.Summary.Writes(), "change"), p.HomeTenant.ID, p.HomeTenant.Cloud)) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return refused("nothing was changed", "not approved")
	}
	return nil
}

// sameFingerprint accepts the whole fingerprint, with or without its prefix.
func sameFingerprint(given, fingerprint string) bool {
	given = strings.ToLower(strings.TrimSpace(given))
	return given == fingerprint || "sha256:"+given == fingerprint
}
