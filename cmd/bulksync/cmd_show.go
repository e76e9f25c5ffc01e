package main

import (
	"io"
	"time"

	"github.com/spf13/cobra"

	"bulksync/execute"
	"bulksync/plan/approval"
	"bulksync/report"
)

// showOptions are the arguments of bulksync show.
type showOptions struct {
	decisionOptions
	plan string
}

func showCommand(c *commandLine) *cobra.Command {
	var o showOptions
	cmd := &cobra.Command{
		Use:   "show plan.json",
		Short: "Show a saved plan, offline and without credentials",
		Long: `Shows a saved plan as it is in its file, with the decisions on it that
--decision names. Nothing is sent.`,
		Example: "  bulksync show plan.json --format html > plan.html  # for a change board",
		Args:    takes(1, 1),
		RunE: c.verb(func(e *env, args []string) error {
			o.plan = args[0]
			return o.run(c.stops, e)
		}),
	}
	c.flags.registerAll(cmd.Flags())
	o.register(cmd.Flags())
	return cmd
}

func (o showOptions) run(stops execute.Stops, e *env) error {
	p, err := e.readPlan(stops.Soft, o.plan)
	if err != nil {
		return err
	}
	page := e.pageOptions()
	page.File = o.plan
	files, err := e.readDecisions(stops.Soft, o.decisions)
	if err == nil {
		page.Approvals, err = approval.Inspect(p, files, time.Now())
	}
	if err != nil {
		return e.undecided(p, o.plan, err)
	}
	return e.page(func(w io.Writer) error { return report.Plan(w, p, e.format, page) })
}
