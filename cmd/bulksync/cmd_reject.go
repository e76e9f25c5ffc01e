package main

import (
	"github.com/spf13/cobra"

	"bulksync/plan"
	"bulksync/plan/approval"
)

func rejectCommand(c *commandLine) *cobra.Command {
	var o verdictOptions
	cmd := &cobra.Command{
		Use:   "reject plan.json --as NAME",
		Short: "Reject a plan, offline: write a decision that apply obeys",
		Long: `Proves the plan and writes a decision about it that refuses every run to which
it is given, whatever others decided. Nothing is sent.`,
		Example: "  bulksync reject plan.json --as bob --comment \"not before the audit\"",
		Args:    takes(1, 1),
		RunE: c.verb(func(e *env, args []string) error {
			o.plan = args[0]
			return o.decide(c.stops, e, func(_ *plan.Plan, d *approval.Decision) error {
				d.Decision = approval.Reject
				return nil
			})
		}),
	}
	o.register(cmd.Flags())
	return cmd
}
