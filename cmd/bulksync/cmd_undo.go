package main

import (
	"cmp"
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/execute/rundir"
	"bulksync/internal/atomicfile"
	"bulksync/plan"
	"bulksync/report"
)

// undoOptions are the flags of bulksync undo.
type undoOptions struct {
	dir string
	// out is the file to save the plan in; empty for the one in the run folder.
	out string
}

func undoCommand(c *commandLine) *cobra.Command {
	var o undoOptions
	cmd := &cobra.Command{
		Use:   "undo RUN_DIR",
		Short: "Create a plan that reverts a run",
		Long: `Creates the plan that reverts what the run did, from the values that were
there before it. It is a plan like any other: read it with bulksync show, run
it with bulksync apply.`,
		Example: "  bulksync undo bulksync-runs/20261122T020000Z-1f3c5a7b9d0e --out undo.json\n  bulksync apply undo.json",
		Args:    takes(1, 1),
		RunE: c.verb(func(e *env, args []string) error {
			o.dir = args[0]
			return o.run(c.stops, e)
		}),
	}
	cmd.Flags().StringVar(&o.out, "out", "", "`FILE.json`: file to save the plan in (default RUN_DIR/undo.json)")
	return cmd
}

const hintElsewhere = "save the plan elsewhere with --out FILE"

func (o undoOptions) run(stops execute.Stops, e *env) error {
	dir, err := rundir.Open(o.dir)
	if err != nil {
		return err
	}
	lock := dir.Share()
	defer dir.Release()
	switch {
	case errors.Is(lock, rundir.ErrBusy):
		return lock
	case lock != nil && o.out == "":
		return &exit{codeOf(lock), lock, hintElsewhere}
	}
	if err := e.checkOutputs(stops.Soft, []output{{undoFile, o.out}}); err != nil {
		return err
	}
	return e.keepUndo(stops.Soft, dir, cmp.Or(o.out, dir.File(undoName)))
}

// keepUndo creates the plan, saves it and shows it.
func (e *env) keepUndo(ctx context.Context, dir *rundir.Dir, out string) error {
	p, log, err := e.load(ctx, dir)
	if err != nil {
		return err
	}
	r := log.Result()
	undo, err := undoPlan(dir, p, r)
	if err != nil {
		return err
	}
	var kept atomicfile.Created
	if out == dir.File(undoName) {
		if err = dir.Write(undoName, undo.Encode); isReadOnly(err) {
			err = hinted(err, hintElsewhere)
		}
	} else {
		err = e.writeNew(ctx, &kept, out, planText(out, undo))
	}
	if err != nil {
		return err
	}
	dir.Release()
	if err := e.print(func(w io.Writer) error { return report.Plan(w, undo, e.format, e.pageOptions()) }); err != nil {
		kept.Remove()
		return err
	}
	e.noteUndo(out, dir.Path(), undo, r)
	return nil
}

// noteUndo says how to apply an undo, and what to know first.
func (e *env) noteUndo(out, run string, undo *plan.Plan, r *journal.Result) {
	if r.Totals.CutShort() > 0 {
		open := ""
		if r.Totals.Of(journal.Indeterminate) > 0 {
			open = ", and sends again what was left open"
		}
		e.note("the run in %s is not finished and can be resumed; if it is resumed after the undo, it holds what was reverted%s", run, open)
	}
	if undo.Summary.Writes() == 0 {
		e.note("the run changed nothing, so there is nothing to revert")
		return
	}
	e.noteKept(undo, out, e.address.onHostOf(undo))
}
