package main

import (
	"io"

	"github.com/spf13/cobra"

	"bulksync/execute"
	"bulksync/report"
)

// showOptions are the arguments of bulksync show.
type showOptions struct{ plan string }

func showCommand(c *commandLine) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show plan.json",
		Short: "Show a saved plan, offline and without credentials",
		Args:  cobra.ExactArgs(1),
		RunE: c.verb(func(e *env, args []string) error {
			return showOptions{plan: args[0]}.run(c.stops, e)
		}),
	}
	c.flags.registerAll(cmd.Flags())
	return cmd
}

func (o showOptions) run(stops execute.Stops, e *env) error {
	p, err := e.readPlan(stops.Soft, o.plan)
	if err != nil {
		return err
	}
	page := e.pageOptions()
	page.File = o.plan
	return e.print(func(w io.Writer) error { return report.Plan(w, p, e.format, page) })
}
