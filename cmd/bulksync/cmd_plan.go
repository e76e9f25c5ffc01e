package main

import (
	"cmp"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulksync/execute"
	"bulksync/internal/atomicfile"
	"bulksync/internal/names"
	"bulksync/plan"
	"bulksync/plan/approval"
	"bulksync/report"
)

// planOptions are the flags of bulksync plan.
type planOptions struct {
	wanted
	policyOptions
	names namesFlag
	// out is the file to save the plan in; empty for none.
	out string
	// detailed makes a difference exit code 2.
	detailed bool
}

func planCommand(c *commandLine) *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use:   "plan [FILE.csv]",
		Short: "Show what would change; with --out, save it as a plan",
		Long: `Reads the CSV ("-" is standard input) and the tenant, and shows what would
change. Nothing is written to the tenant. With --out the plan is saved to a
file, and bulksync apply runs exactly that plan.`,
		Example: "  bulksync plan partners.csv --out plan.json\n  bulksync plan --template template.json\n  bulksync plan partners.csv --limit 5 --out pilot.json",
		Args:    takes(0, 1),
		RunE: c.verb(func(e *env, args []string) error {
			o.takeFile(args)
			return o.run(c.stops, e)
		}),
	}
	o.register(cmd.Flags())
	c.flags.registerAll(cmd.Flags())
	return cmd
}

func (o *planOptions) register(fl *pflag.FlagSet) {
	o.wanted.register(fl)
	o.selection.register(fl)
	o.registerPolicy(fl)
	o.names.register(fl)
	fl.StringVar(&o.out, "out", "", "`FILE.json`: file to save the plan in")
	fl.BoolVar(&o.createPartners, "create-partners", false, "add partner configurations that do not exist")
	fl.BoolVar(&o.detailed, "detailed-exitcode", false, "exit with code 2 if something differs")
}

// build makes the plan. It reads the policy first, which needs no tenant.
func (o planOptions) build(ctx context.Context, e *env) (*plan.Plan, error) {
	policy, err := o.policyOptions.read(ctx, e)
	if err != nil {
		return nil, err
	}
	c, err := e.compare(ctx, o.wanted)
	if err != nil {
		return nil, err
	}
	wanted, current := c.take()
	head := c.head()
	head.Policy = policy
	var shown names.Shown
	shown.First, shown.Rest = plan.Shown(wanted, current, head.HomeTenant.Cloud)
	if head.Names, err = e.resolveNames(ctx, o.names.Mode, c.tenant, shown); err != nil {
		return nil, err
	}
	p, err := plan.Build(head, wanted, current)
	if err != nil {
		return nil, err
	}
	e.noteIdle(p.IdleRows(current))
	return p, nil
}

// run makes the plan, and shows it.
func (o planOptions) run(stops execute.Stops, e *env) error {
	p, kept, err := o.perform(stops.Soft, e)
	if err != nil {
		return err
	}
	return o.tell(e, p, kept)
}

// perform makes the plan, and saves it if that is asked for. It shows nothing.
func (o planOptions) perform(ctx context.Context, e *env) (p *plan.Plan, kept atomicfile.Created, err error) {
	if err := e.checkOutputs(ctx, []output{{planFile, o.out}}, append(o.selection.files(), o.csv, o.template, o.file(e))...); err != nil {
		return nil, nil, err
	}
	if p, err = o.build(ctx, e); err != nil {
		return nil, nil, err
	}
	e.noteBare(p.BareRows())
	if o.out != "" {
		if err = e.writeNew(ctx, &kept, o.out, planText(o.out, p)); err == nil {
			e.warnDecided(ctx, o.out, p)
		}
	}
	return p, kept, err
}

// warnDecided tells of decisions about a plan that a new one took the place of: each
// plan has a fingerprint of its own, so they do not count for it.
func (e *env) warnDecided(ctx context.Context, out string, p *plan.Plan) {
	dir, begin := filepath.Split(besidePlan(out))
	files, err := os.ReadDir(cmp.Or(dir, "."))
	if err != nil {
		return
	}
	for _, f := range files {
		if name := f.Name(); !strings.HasPrefix(name, begin) || !strings.HasSuffix(name, ".json") {
			continue
		}
		at := filepath.Join(dir, f.Name())
		text, err := readSmall(ctx, at)
		if err != nil {
			continue
		}
		if d, err := approval.Decode(text); err == nil && d.PlanFingerprint != p.Fingerprint {
			e.warn("%s is about an earlier plan, and does not count for this one", at)
		}
	}
}

// tell shows the plan, and says what to do with it.
func (o planOptions) tell(e *env, p *plan.Plan, kept atomicfile.Created) error {
	page := e.pageOptions()
	page.File = o.out
	if err := e.page(func(w io.Writer) error { return report.Plan(w, p, e.format, page) }); err != nil {
		kept.Remove()
		return err
	}
	switch {
	case o.out != "" && p.Summary.Writes() > 0:
		e.noteKept(p, o.out, e.address)
	case p.Summary.Writes() > 0:
		e.note("the plan was not saved; with --out plan.json it can be reviewed and applied")
	}
	if o.detailed && p.Summary.Differs() {
		return exitWith(exitDiffers)
	}
	return nil
}
