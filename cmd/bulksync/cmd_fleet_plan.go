package main

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"bulksync/execute"
	"bulksync/internal/atomicfile"
	"bulksync/internal/fleet"
	"bulksync/plan"
	"bulksync/report"
)

// fleetPlanOptions are the flags of bulksync fleet plan.
type fleetPlanOptions struct {
	shardOptions
	names          namesFlag
	createPartners bool
}

func fleetPlanCommand(c *commandLine) *cobra.Command {
	o := fleetPlanOptions{shardOptions: shardOptions{console: c.process}}
	cmd := &cobra.Command{
		Use:   "plan FLEET.yaml",
		Short: "Make a plan for each home tenant of a manifest",
		Long: `Makes a plan for each home tenant of a manifest: DIR/tenants/NAME/plan.json and
plan.html. The roll-up in DIR/index.html, fleet.json and junit.xml has the
command that applies each of them. Nothing is written to any tenant. Give it
another folder than fleet audit: a folder has one roll-up, the newest. Exit 0:
nothing would change; 2: something would; 5: nothing is known of a tenant.`,
		Example: "  bulksync fleet plan fleet.yaml --out-dir fleet-plan",
		Args:    takes(1, 1),
		RunE: c.fleetVerb(func(e *env, args []string) error {
			o.manifest = args[0]
			if err := o.check(e); err != nil {
				return err
			}
			return o.run(c.stops, e)
		}),
	}
	fl := cmd.Flags()
	o.register(fl)
	o.names.register(fl)
	fl.BoolVar(&o.createPartners, "create-partners", false, "add partner configurations that do not exist")
	fl.BoolVar(&c.flags.all, "all", false, "list every tenant in text")
	return cmd
}

// run makes the plans of the shard.
func (o *fleetPlanOptions) run(stops execute.Stops, e *env) error {
	return o.work(stops, e, fleetWork{verb: "plan", do: o.plan})
}

// The files of a plan, in the folder of its tenant.
const (
	fleetPlanName = "plan.json"
	fleetPlanPage = "plan.html"
)

// plan makes the plan of one tenant.
func (o *fleetPlanOptions) plan(ctx context.Context, m *member) (row fleet.Row, err error) {
	if err := m.checkFolder(nil, []string{fleetPlanName, fleetPlanPage}); err != nil {
		return row, err
	}
	made, err := atomicfile.MakeFolders(m.dir)
	defer func() {
		if err != nil {
			made.Remove()
		}
	}()
	if err != nil {
		return row, err
	}
	own := planOptions{
		wanted:        wanted{csv: m.CSV, template: m.Template, createPartners: o.createPartners},
		policyOptions: policyOptions{policy: m.Policy}, names: o.names, out: filepath.Join(m.dir, fleetPlanName),
	}
	p, kept, err := own.perform(ctx, m.env)
	if err != nil {
		return row, err
	}
	page, options := filepath.Join(m.dir, fleetPlanPage), report.Options{Width: 80, File: own.out}
	_ = os.Remove(page) // one that stays beside another plan would be reviewed in its place
	if err = m.writeFile(ctx, page, func(w io.Writer) error { return report.Plan(w, p, report.HTML, options) }); err != nil {
		kept.Remove()
		return row, err
	}
	return m.planned(p, own.out), nil
}

// planned is the row of a plan in a file.
func (m *member) planned(p *plan.Plan, file string) fleet.Row {
	row := fleet.Row{
		Status: fleet.AsWanted, DirectoryName: p.HomeTenant.Name, Partners: p.Read.Partners, Page: m.place(fleetPlanPage),
		Plan: &fleet.PlanRow{Summary: p.Summary, Fingerprint: p.Fingerprint, File: m.place(fleetPlanName)},
	}
	if p.Summary.Differs() {
		row.Status, row.ExitCode, row.Next = fleet.Differs, exitDiffers, m.toApply(p, file)
	}
	return row
}

// toApply is what to do with a plan that would change something.
func (m *member) toApply(p *plan.Plan, file string) string {
	switch {
	case p.Summary.Writes() == 0:
		return "its page says what blocks the changes"
	case len(p.Above()) > 0:
		return liftHint(&p.Policy, p.Above()) + ": " + m.command(m.address.command("apply", file))
	case p.Policy.NeedsApproval():
		return m.toDecide(p, file)
	default:
		return m.command(m.address.command("apply", file))
	}
}
