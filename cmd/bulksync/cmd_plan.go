package main

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"bulksync/internal/atomicfile"
	"bulksync/internal/session"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/report"
)

func (a *app) planCommand() *cobra.Command {
	var w wanted
	var out string
	var detailed bool
	cmd := &cobra.Command{
		Use:   "plan [FILE.csv]",
		Short: "Show what would change, and write it down with --out",
		Long: `Reads the CSV ("-" is standard input) and the tenant, and shows what would change. Nothing is
written to the tenant. With --out the plan is kept in a file, which is what bulksync apply runs.`,
		Example: "  bulksync plan partners.csv --out plan.json\n  bulksync plan --template template.json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				w.csv = args[0]
			}
			return a.plan(gentle(cmd.Context()), w, out, detailed)
		},
	}
	w.flags(cmd)
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to keep the plan in")
	cmd.Flags().BoolVar(&w.createPartners, "create-partners", false, "add partner configurations that do not exist")
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit 2 when something differs")
	return cmd
}

func (a *app) plan(ctx context.Context, w wanted, out string, detailed bool) error {
	if out != "" {
		if err := a.checkOutput(out, w.csv, w.template); err != nil {
			return err
		}
	}
	c, err := a.compare(ctx, w)
	if err != nil {
		return err
	}
	p, err := plan.Build(c.head(), c.desired, c.current)
	if err != nil {
		return err
	}
	var kept atomicfile.Created
	a.noteBare(p.BareRows())
	if out != "" {
		if err := writeNew(ctx, &kept, out, p.Encode); err != nil {
			return err
		}
	}
	if err := a.print(func(w io.Writer) error { return report.Plan(w, p, a.format, a.reportOptions()) }); err != nil {
		kept.Remove()
		return err
	}
	a.noteEstimate(c.tenant, p)
	switch {
	case out != "" && p.Summary.Writes() > 0:
		a.noteKept(out)
	case p.Summary.Writes() > 0:
		a.note("nothing was kept; with --out plan.json the plan can be reviewed and applied")
	}
	if detailed && p.Summary.Differs() {
		return exitWith(exitDiffers)
	}
	return nil
}

// noteEstimate says how long the writes of a plan may take, as a range: the pace
// of the tenant is not known before it is met. The latency is that of reading.
func (a *app) noteEstimate(t *session.Session, p *plan.Plan) {
	if p.Summary.Writes() == 0 {
		return
	}
	low, high := t.Estimate(p.Summary.Writes())
	a.note("applying %s takes about %s; how fast the tenant lets writes through is found on the way", words.Count(p.Summary.Writes(), "change"), span(low, high))
}

func (c *compared) head() plan.Head {
	return plan.Head{Tool: tool(), CreatedAt: time.Now(), HomeTenant: c.tenant.Home()}
}

func (a *app) showCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show plan.json",
		Short: "Show a plan again, offline and without credentials",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := a.readPlan(gentle(cmd.Context()), args[0])
			if err != nil {
				return err
			}
			return a.print(func(w io.Writer) error { return report.Plan(w, p, a.format, a.reportOptions()) })
		},
	}
}
