package main

import (
	"context"
	"fmt"
	"io"
	"os"
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
	s := execute.Settings{Concurrency: f.concurrency, MaxRate: f.maxRate, Capacity: capacity, MaxAge: f.maxAge, VerifyWait: f.verifyWait}
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
	if err := a.approved(p, f); err != nil {
		return err
	}
	if a.cloud == "" {
		a.cloud = p.HomeTenant.Cloud
	}
	t, err := a.connect(gentle(ctx), pace)
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
func (a *app) approved(p *plan.Plan, f applyFlags) error {
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
	if !a.confirm(fmt.Sprintf("\nApply these %d changes to home tenant %s (%s)?", p.Summary.Writes(), p.HomeTenant.ID, p.HomeTenant.Cloud)) {
		return refused("nothing was changed", "not approved")
	}
	return nil
}

// sameFingerprint accepts the whole fingerprint, with or without its prefix.
func sameFingerprint(given, fingerprint string) bool {
	given = strings.ToLower(strings.TrimSpace(given))
	return given == fingerprint || "sha256:"+given == fingerprint
}

// run carries out a new or resumed run, leaves its reports and shows them.
func (a *app) run(ctx context.Context, dir *runDir, t *tenant, cfg execute.Config) error {
	a.note("run folder %s", dir.path)
	progress := a.startProgress(ctx, cfg.Plan, cfg.Prior, t.pace)
	cfg.Stop, cfg.Observe, cfg.Pace = gentle(ctx), progress.observe, t.learned
	result, err := execute.Run(ctx, cfg)
	progress.stop()
	if err != nil {
		// The journal is lost, so nothing that is only in memory is claimed.
		return a.inFlight(dir, result, err)
	}
	// Reports are written even when the second interrupt has come.
	if err := dir.writeReports(cfg.Plan, result); err != nil {
		return err
	}
	o := a.reportOptions()
	o.ExitCode = codeOfRun(result)
	if err := a.print(func(w io.Writer) error { return report.Run(w, cfg.Plan, result, a.format, o) }); err != nil {
		return err
	}
	a.note("reports in %s", dir.path)
	return a.endOf(dir, result)
}

// endOf is the exit code of a run with the next thing to do.
func (a *app) endOf(dir *runDir, r *execute.Result) error {
	code := codeOfRun(r)
	if code != exitDone && r.Totals.NotAttempted+r.Totals.Indeterminate > 0 {
		a.note("hint: to go on with this run: bulksync resume %s", dir.path)
	}
	if code == exitDone {
		return nil
	}
	return &exit{code: code}
}

// inFlight tells what a lost journal leaves open.
func (a *app) inFlight(dir *runDir, r *execute.Result, cause error) error {
	for _, o := range r.Outcomes {
		if o.Status == execute.Indeterminate {
			fmt.Fprintf(a.err, "bulksync: in flight: change %d, client-request-id %s\n", o.Seq, o.ClientRequestID)
		}
	}
	return &exit{exitUnfinished, fmt.Errorf("the run stopped because its journal could not be kept: %w", cause),
		"free the disk, then: bulksync resume " + dir.path}
}

// learned is what pacing found out, for the journal.
func (t *tenant) learned() execute.Pace {
	w := t.pace.Stats().Writes
	return execute.Pace{WritesPerSecond: w.Rate, Pauses: w.Pauses, PausedMs: int64(w.PausedSeconds * 1000)}
}

func (a *app) resumeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "resume RUN_DIR",
		Short: "Go on with a run that was stopped or killed",
		Long: `Goes on with a run, at the pace that it had. What is confirmed is not sent again; what was in
flight when the run ended is read back before anything is decided.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.resume(cmd.Context(), args[0]) },
	}
}

func (a *app) resume(ctx context.Context, path string) error {
	locked := &runDir{path: path}
	if _, err := os.Stat(locked.file("journal.jsonl")); err == nil {
		if err := locked.acquire(); err != nil {
			return err
		}
		defer locked.release()
	}
	dir, p, prior, err := a.load(path)
	if err != nil {
		return err
	}
	set := prior.First.Settings
	if a.cloud == "" {
		a.cloud = p.HomeTenant.Cloud
	}
	t, err := a.connect(gentle(ctx), ratelimit.Options{Concurrency: set.Concurrency, MaxRate: set.MaxRate, Capacity: set.Capacity})
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
	journal, err := dir.reopen(prior)
	if err != nil {
		return err
	}
	defer journal.Close()
	header := prior.First
	header.Tool, header.Identity = tool(), who(t.id)
	return a.run(ctx, dir, t, execute.Config{
		Client: t.client, Plan: p, Reading: reading, Journal: execute.NewJournal(journal, prior.LastHash),
		Prior: prior, Header: header,
	})
}

func (a *app) reportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "report RUN_DIR",
		Short: "Show a run again and rewrite its reports, offline",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir, p, log, err := a.load(args[0])
			if err != nil {
				return err
			}
			r := log.Result()
			if err := dir.writeReports(p, r); err != nil {
				return err
			}
			o := a.reportOptions()
			o.ExitCode = codeOfRun(r)
			return a.print(func(w io.Writer) error { return report.Run(w, p, r, a.format, o) })
		},
	}
}

func (a *app) undoCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "undo RUN_DIR",
		Short: "Make the plan that takes a run back",
		Long: `Writes the plan that takes back what the run did, from the values that were there before it. It is
a plan like any other: read it with bulksync show, run it with bulksync apply.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir, p, log, err := a.load(args[0])
			if err != nil {
				return err
			}
			undo, err := dir.undoPlan(p, log.Result())
			if err != nil {
				return err
			}
			if out == "" {
				out = dir.file("undo.json")
			}
			if err := writeFile(out, undo.Encode); err != nil {
				return err
			}
			if err := a.print(func(w io.Writer) error { return report.Plan(w, undo, a.format, a.reportOptions()) }); err != nil {
				return err
			}
			a.note("plan kept in %s; to run exactly this: bulksync apply %s", out, out)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to keep the plan in (default RUN_DIR/undo.json)")
	return cmd
}
