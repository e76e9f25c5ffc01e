package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/execute/rundir"
	"bulksync/graph"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/report"
)

// outageOfRun is how long a run waits while Graph does not answer: it is in the
// middle of something. A command that only reads can be run again.
const outageOfRun = 5 * time.Minute

// applyOptions are the flags of bulksync apply, as typed.
type applyOptions struct {
	paceOptions
	decisionOptions
	policyOptions
	plan               string // the file, "-" for standard input
	yes                bool
	approve, dir       string
	priority           string
	maxAge, verifyWait time.Duration
	onDrift, failures  string
}

// newApplyOptions are the defaults of apply.
func newApplyOptions() applyOptions {
	return applyOptions{
		paceOptions: newPaceOptions(), priority: "low", onDrift: string(journal.HoldDrift),
		maxAge: journal.DefaultMaxAge, verifyWait: journal.DefaultVerifyWait,
	}
}

func applyCommand(c *commandLine) *cobra.Command {
	o := newApplyOptions()
	cmd := &cobra.Command{
		Use:   "apply plan.json",
		Short: "Apply a reviewed plan",
		Long: `Applies the plan: the changes of one partner in order, partners concurrently,
as fast as Graph allows. A change whose object has changed since the plan is
held, not overwritten. The run folder records everything that happens. The
first Ctrl-C lets requests in flight finish, the second stops at once;
bulksync resume continues the run.`,
		Example: "  bulksync apply plan.json\n  bulksync apply plan.json --approve sha256:1f3c…\n  bulksync apply plan.json --decision plan.decision-ada.json",
		Args:    takes(1, 1),
	}
	o.register(cmd.Flags())
	c.flags.registerAll(cmd.Flags())
	cmd.RunE = c.verb(func(e *env, args []string) error {
		o.plan, o.given = args[0], givenOf(cmd.Flags())
		return o.run(c.stops, e)
	})
	return cmd
}

func (o *applyOptions) register(fl *pflag.FlagSet) {
	o.paceOptions.register(fl)
	o.decisionOptions.register(fl)
	o.policyOptions.register(fl)
	fl.BoolVar(&o.yes, "yes", o.yes, "apply without asking")
	fl.StringVar(&o.approve, "approve", o.approve, "`FINGERPRINT`: fingerprint of the approved plan; any other plan is refused")
	fl.StringVar(&o.dir, "run-dir", o.dir, "`DIR`: folder for the run (default bulksync-runs/<time>-<fingerprint>)")
	choiceVar(fl, &o.priority, "throttle-priority", o.priority, choiceOf(graph.Priorities()), "priority of the requests: low is refused first when the tenant is short of quota")
	fl.DurationVar(&o.maxAge, "max-age", o.maxAge, "`AGE`: maximum age of the data a write relies on")
	fl.DurationVar(&o.verifyWait, "verify-wait", o.verifyWait, "`TIME`: longest wait until changes can be read back; 0 does not read them back")
	choiceVar(fl, &o.onDrift, "on-drift", o.onDrift, choiceOf(wordsOf(journal.HoldDrift, journal.StopOnDrift)), "hold a change whose object has changed since the plan and continue, or stop the run")
	fl.StringVar(&o.failures, "stop-after-failures", o.failures, "`N|P%`: changes that may fail before the run stops; P% is of the plan's writes")
}

func (o applyOptions) run(stops execute.Stops, e *env) error {
	p, err := e.readProven(stops.Soft, o.plan)
	if err != nil {
		return err
	}
	defer p.Close()
	now := time.Now()
	settings, allowed, err := o.admit(stops.Soft, e, p.Plan, now)
	if err != nil {
		return err
	}
	dirPath := cmp.Or(o.dir, rundir.Default(p.Plan, now))
	if err := rundir.Check(dirPath); err != nil {
		return e.refusedDir(dirPath, err)
	}
	approved, err := o.approved(stops.Soft, e, p.Plan, now)
	if err != nil {
		return err
	}
	still := func() error { return e.stillAdmitted(p.Plan, o.plan, &approved, settings, time.Now()) }
	t, reading, err := e.prepare(stops.Soft, p.Plan, settings, still)
	if err != nil {
		return err
	}
	e.noteEstimate(t, p.Plan)
	e.noteDeadline(settings)
	dir, file, err := rundir.Create(dirPath, p.text, approved.kept()...)
	if err != nil {
		return e.refusedDir(dirPath, err)
	}
	p.Close()
	defer dir.Release()
	defer file.Close()
	return e.carryOut(stops, dir, t, execute.Config{
		Client: t.Client(), Plan: p.Plan, Reading: reading, Journal: journal.New(file, ""),
		Header: journal.Run{
			RunID: uuid.NewString(), Tool: tool(), Identity: who(t.Identity()), Settings: settings,
			ApprovedWith: approved.with, Approvals: approved.approvals, Allowed: allowed,
		},
	})
}

// admit asks the policy of the plan whether it may be applied now, and how: the
// settings of the run, and the limits that were lifted.
func (o applyOptions) admit(ctx context.Context, e *env, p *plan.Plan, now time.Time) (journal.Settings, []plan.LimitName, error) {
	settings, err := o.settings(p, now)
	if err == nil && len(o.decisions) > 0 && (o.yes || o.approve != "") {
		err = errors.New("--decision takes the place of --yes and --approve: give one of them")
	}
	if err != nil {
		return settings, nil, err
	}
	settings.Outage = cmp.Or(e.outage, outageOfRun)
	a, err := o.check(ctx, e, p, now)
	a.bound(&settings, now)
	return settings, a.allowed, err
}

// refusedDir says what to do about a folder that no run can begin in.
func (e *env) refusedDir(path string, err error) error {
	if !errors.Is(err, rundir.ErrNotEmpty) {
		return err
	}
	hint := "name a new folder"
	if rundir.Begun(path) {
		hint += "; to continue the run in this one: " + e.address.command("resume", path)
	}
	return refused(hint, "%w", err)
}

// approved makes sure that people approved exactly this plan.
func (o applyOptions) approved(ctx context.Context, e *env, p *plan.Plan, now time.Time) (consent, error) {
	switch {
	case len(o.decisions) > 0:
		return e.decide(ctx, p, o.plan, o.decisions, now)
	case p.Policy.NeedsApproval() && p.Summary.Writes() > 0:
		return consent{}, e.needsDecisions(p, o.plan)
	case o.approve != "":
		if !sameFingerprint(o.approve, p.Fingerprint) {
			return consent{}, refused("apply the plan that was approved, or have this one approved",
				"the plan's fingerprint is %s, and %s was approved", p.Fingerprint, o.approve)
		}
		return consent{with: "--approve"}, nil
	case o.yes:
		return consent{with: "--yes"}, nil
	case p.Summary.Writes() == 0:
		return consent{}, nil
	case !e.canAsk(o.plan):
		return consent{}, refused(e.toRead(o.plan)+", then pass --approve "+p.Fingerprint+", or --yes",
			"the plan was not approved, and %s", e.cannotAsk(""))
	default:
		return consent{with: "prompt"}, e.ask(ctx, p)
	}
}

// ask shows a plan and asks whether to apply it.
func (e *env) ask(ctx context.Context, p *plan.Plan) error {
	if err := report.Plan(e.stderr, p, report.Text, e.optionsFor(e.stderr)); err != nil {
		return err
	}
	where := string(p.HomeTenant.Cloud)
	if p.HomeTenant.Name != "" {
		where = p.HomeTenant.Name + ", " + where
	}
	if !e.confirm(ctx, fmt.Sprintf("\nApply %s to home tenant %s (%s)?", words.Count(p.Summary.Writes(), "change"), p.HomeTenant.ID, edge(where))) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return refused("nothing was changed", "not approved")
	}
	return nil
}

// toRead says how to read the plan from path again. A plan from a pipe cannot
// be read again.
func (e *env) toRead(path string) string {
	if !isKept(path) {
		return "save the plan to a file and read it with bulksync show FILE"
	}
	return "read it with " + e.address.command("show", path)
}

// sameFingerprint accepts the whole fingerprint, with or without its prefix.
func sameFingerprint(given, fingerprint string) bool {
	given = strings.ToLower(strings.TrimSpace(given))
	return given == fingerprint || "sha256:"+given == fingerprint
}

// settings turns what was typed into the settings that the journal of the run
// keeps.
func (o *applyOptions) settings(p *plan.Plan, now time.Time) (journal.Settings, error) {
	s := journal.Settings{
		Concurrency: o.concurrency, Capacity: 1,
		MaxAge: o.maxAge, VerifyWait: o.verifyWait, NoReadBack: o.verifyWait == 0, OnDrift: journal.DriftPolicy(o.onDrift),
	}
	var err error
	if s.Priority, err = graph.ParsePriority(o.priority); err != nil {
		return s, fmt.Errorf("--throttle-priority: %w", err)
	}
	switch {
	case o.maxAge < time.Second:
		return s, fmt.Errorf("--max-age: %s is too short: give a second or more", o.maxAge)
	case o.verifyWait < 0:
		return s, fmt.Errorf("--verify-wait: %s is negative", o.verifyWait)
	case s.OnDrift != journal.HoldDrift && s.OnDrift != journal.StopOnDrift:
		return s, fmt.Errorf("--on-drift: %q is neither hold nor stop", o.onDrift)
	}
	if s.StopAfterFailures, err = parseFailures(o.failures, p.Summary.Writes()); err != nil {
		return s, fmt.Errorf("--stop-after-failures: %w", err)
	}
	return s, o.over(&s, now)
}

// parseFailures reads a number, or a percentage of the plan's writes, which
// allows at least one. Empty means no limit.
func parseFailures(s string, writes int) (int, error) {
	if s == "" {
		return 0, nil
	}
	if share, err := parsePercent(s); err == nil && share > 0 && share <= 1 {
		return max(1, int(share*float64(writes))), nil
	}
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return n, nil
	}
	return 0, fmt.Errorf("%q is neither a number above 0 nor a share up to 100%%", s)
}
