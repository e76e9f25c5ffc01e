package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"bulksync/execute/journal"
	"bulksync/plan"
	"bulksync/report"
)

func (a *app) reportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "report RUN_DIR",
		Short: "Show a run again and rewrite its reports, offline",
		Long: `Shows a run from its plan and journal, and writes its reports again. A run that is still going is
shown as it stands, and nothing is written. Exit 0: all is done; 3: something is left.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.report(gentle(cmd.Context()), args[0]) },
	}
}

func (a *app) report(ctx context.Context, path string) error {
	dir, err := openRunDir(path)
	if err != nil {
		return err
	}
	lock := dir.share()
	defer dir.release()
	p, log, err := a.load(ctx, dir)
	if err != nil {
		return err
	}
	r, o := log.Result(), a.reportOptions()
	o.ExitCode = codeOfRun(r)
	code := o.ExitCode
	if code == exitInterrupted {
		code = exitUnfinished // this process was not
	}
	switch {
	case errors.Is(lock, errBusy) && !log.Ended():
		o.Running = true
		code, o.ExitCode = exitUnfinished, exitUnfinished
		a.note("the run is still going: this is how it stands, and nothing was written")
	case lock != nil:
		a.note("the reports were not written again: %v", lock)
	default:
		code = a.rewrite(dir, p, r, code, o.ExitCode)
	}
	dir.release() // whoever reads the report may take long, as in a pager
	if err := a.print(func(w io.Writer) error { return report.Run(w, p, r, a.format, o) }); err != nil {
		return err
	}
	return exitWith(code)
}

// rewrite writes the reports of a run that has ended, and returns the exit code.
// A folder that was put away to be kept can still be looked at.
func (a *app) rewrite(dir *runDir, p *plan.Plan, r *journal.Result, code, ofRun int) int {
	switch err := dir.writeReports(p, r, ofRun); {
	case err == nil:
		return code
	case isReadOnly(err):
		a.note("the reports were not written again: %s is read-only", dir.path)
		return code
	default:
		a.sayError(err)
		return max(code, exitUnfinished)
	}
}

func (a *app) undoCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "undo RUN_DIR",
		Short: "Create a plan that reverts a run",
		Long: `Writes the plan that takes back what the run did, from the values that were there before it. It is
a plan like any other: read it with bulksync show, run it with bulksync apply.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.undo(gentle(cmd.Context()), args[0], out) },
	}
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to keep the plan in (default RUN_DIR/undo.json)")
	return cmd
}

const hintElsewhere = "keep the plan elsewhere with --out FILE"

func (a *app) undo(ctx context.Context, path, out string) error {
	dir, err := openRunDir(path)
	if err != nil {
		return err
	}
	lock := dir.share()
	defer dir.release()
	switch {
	case errors.Is(lock, errBusy):
		return lock
	case lock != nil && out == "":
		return &exit{codeOf(lock), lock, hintElsewhere}
	case out == "":
		out = dir.file(undoName)
	}
	if err := a.checkOutput(out); err != nil {
		return err
	}
	return a.keepUndo(ctx, dir, out)
}

// keepUndo makes the plan, keeps and shows it.
func (a *app) keepUndo(ctx context.Context, dir *runDir, out string) error {
	p, log, err := a.load(ctx, dir)
	if err != nil {
		return err
	}
	r := log.Result()
	undo, err := dir.undoPlan(p, r)
	if err != nil {
		return err
	}
	var kept added
	if out == dir.file(undoName) {
		if err = dir.write(undoName, undo.Encode); isReadOnly(err) {
			err = hinted(err, hintElsewhere)
		}
	} else {
		err = kept.write(ctx, out, undo.Encode)
	}
	if err != nil {
		return err
	}
	dir.release()
	if err := a.print(func(w io.Writer) error { return report.Plan(w, undo, a.format, a.reportOptions()) }); err != nil {
		kept.remove()
		return err
	}
	a.noteUndo(out, dir.path, undo, r)
	return nil
}

// noteUndo says what to do with an undo, and what stands against it.
func (a *app) noteUndo(out, run string, undo *plan.Plan, r *journal.Result) {
	if r.Totals.CutShort() > 0 {
		open := ""
		if r.Totals.Of(journal.Indeterminate) > 0 {
			open = ", and sends again what it had left open"
		}
		a.note("the run in %s is not finished and can be resumed; resumed after the undo, it holds what was taken back%s", run, open)
	}
	if undo.Summary.Writes() == 0 {
		a.note("the run changed nothing, so there is nothing to take back")
		return
	}
	a.onHostOf(undo)
	a.noteKept(out)
}
