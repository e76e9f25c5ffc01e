package main

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/execute/rundir"
	"bulksync/plan"
	"bulksync/report"
)

// reportOptions are the arguments of bulksync report.
type reportOptions struct{ dir string }

func reportCommand(c *commandLine) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "report RUN_DIR",
		Short: "Show a run and write its reports again, offline",
		Long: `Shows a run from its plan and journal, and writes its reports again. A run
that is still going is shown as it is now, and nothing is written. Exit 0:
everything is done; 3: something is left.`,
		Example: "  bulksync report bulksync-runs/20261122T020000Z-1f3c5a7b9d0e --all",
		Args:    takes(1, 1),
		RunE: c.verb(func(e *env, args []string) error {
			return reportOptions{dir: args[0]}.run(c.stops, e)
		}),
	}
	c.flags.registerAll(cmd.Flags())
	return cmd
}

func (o reportOptions) run(stops execute.Stops, e *env) error {
	dir, err := rundir.Open(o.dir)
	if err != nil {
		return err
	}
	lock := dir.Share()
	defer dir.Release()
	p, log, err := e.load(stops.Soft, dir)
	if err != nil {
		return err
	}
	r, page := log.Result(), e.pageOptions()
	page.ExitCode = codeOfRun(r)
	code := page.ExitCode
	if code == exitInterrupted {
		code = exitUnfinished // the run was interrupted, this process was not
	}
	switch {
	case errors.Is(lock, rundir.ErrBusy) && !log.Ended():
		page.Running = true
		code, page.ExitCode = exitUnfinished, exitUnfinished
		e.note("the run is still going: this is its state so far, and nothing was written")
	case lock != nil:
		e.note("the reports were not written again: %v", lock)
	default:
		code = e.rewrite(dir, p, r, code, page.ExitCode)
	}
	dir.Release() // reading the report may take long, for example in a pager
	if err := e.page(func(w io.Writer) error { return report.Run(w, p, r, e.format, page) }); err != nil {
		return err
	}
	return exitWith(code)
}

// rewrite writes the reports of a run that has ended, and returns the exit
// code. A run in an archived, read-only folder can still be shown.
func (e *env) rewrite(dir *rundir.Dir, p *plan.Plan, r *journal.Result, code, ofRun int) int {
	switch err := writeReports(dir, p, r, ofRun); {
	case err == nil:
		return code
	case isReadOnly(err):
		e.note("the reports were not written again: %s is read-only", dir.Path())
		return code
	default:
		e.sayError(err)
		return max(code, exitUnfinished)
	}
}
