package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/execute/rundir"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/report"
)

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
	f.register(cmd.Flags())
	return cmd
}

func (a *app) apply(cmd *cobra.Command, path string, f applyFlags) error {
	ctx := cmd.Context()
	p, err := a.readProven(gentle(ctx), path)
	if err != nil {
		return err
	}
	settings, err := f.settings(cmd.Flags(), p.Plan, time.Now())
	if err != nil {
		return err
	}
	settings.Outage = a.outage(outageOfRun)
	if f.dir == "" {
		f.dir = rundir.Default(p.Plan, time.Now())
	}
	if err := rundir.Check(f.dir); err != nil {
		return a.refusedDir(f.dir, err)
	}
	if err := a.approved(gentle(ctx), path, p.Plan, f); err != nil {
		return err
	}
	t, reading, err := a.prepare(gentle(ctx), p.Plan, settings)
	if err != nil {
		return err
	}
	a.noteEstimate(t, p.Plan)
	a.noteDeadline(settings, time.Now())
	dir, file, err := rundir.Create(f.dir, p.raw)
	if err != nil {
		return a.refusedDir(f.dir, err)
	}
	p.raw = nil // as large as the plan, and in the folder now
	defer dir.Release()
	defer file.Close()
	return a.run(ctx, dir, t, execute.Config{
		Client: t.Client(), Plan: p.Plan, Reading: reading, Journal: journal.New(file, ""),
		Header: journal.Run{RunID: uuid.NewString(), Tool: tool(), Identity: who(t.Identity()), Settings: settings},
	})
}

// refusedDir says what to do about a folder that no run can begin in.
func (a *app) refusedDir(path string, err error) error {
	if !errors.Is(err, rundir.ErrNotEmpty) {
		return err
	}
	hint := "name a new folder"
	if rundir.Begun(path) {
		hint += "; to go on with the run in this one: " + a.commandLine("resume", path)
	}
	return refused(hint, "%w", err)
}

// approved makes sure that a person agreed to this very plan.
func (a *app) approved(ctx context.Context, path string, p *plan.Plan, f applyFlags) error {
	switch {
	case f.approve != "":
		if !sameFingerprint(f.approve, p.Fingerprint) {
			return refused("apply the plan that was approved, or have this one approved",
				"the plan's fingerprint is %s, and %s was approved", p.Fingerprint, f.approve)
		}
		return nil
	case f.yes, p.Summary.Writes() == 0:
		return nil
	case !a.canAsk(path):
		return refused(a.toRead(path)+", then pass --approve "+p.Fingerprint+", or --yes",
			"the plan was not approved, and there is no terminal to ask at")
	}
	if err := report.Plan(a.err, p, report.Text, a.optionsFor(a.err)); err != nil {
		return err
	}
	if !a.confirm(ctx, fmt.Sprintf("\nApply %s to home tenant %s (%s)?", words.Count(p.Summary.Writes(), "change"), p.HomeTenant.ID, p.HomeTenant.Cloud)) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return refused("nothing was changed", "not approved")
	}
	return nil
}

// toRead says how to read a plan that came from path. What came through a pipe
// is gone.
func (a *app) toRead(path string) string {
	if !isKept(path) {
		return "keep the plan in a file and read it with bulksync show FILE"
	}
	return "read it with " + a.commandLine("show", path)
}

// sameFingerprint accepts the whole fingerprint, with or without its prefix.
func sameFingerprint(given, fingerprint string) bool {
	given = strings.ToLower(strings.TrimSpace(given))
	return given == fingerprint || "sha256:"+given == fingerprint
}
