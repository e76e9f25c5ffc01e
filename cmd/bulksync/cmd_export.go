package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulksync/graph"
	"bulksync/internal/atomicfile"
	"bulksync/internal/session"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/plan/desired"
	"bulksync/report"
)

// exportOptions are the flags of bulksync export.
type exportOptions struct {
	// out and templateOut are the files to write; without out the CSV goes to
	// standard output, and without templateOut the template is not read.
	out, templateOut string
	// like is a CSV whose columns and dialect the new one gets.
	like string
	// all includes partners without a synchronization policy.
	all   bool
	names namesFlag
}

func exportCommand(c *commandLine) *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the tenant as it is, as a CSV to start from",
		Long: `Reads the tenant and writes it as an input: a row for each partner that has a
synchronization policy, with a column for every managed property, and with what
the partner is called in its directory in a column that no plan reads. A plan of
the file is empty until somebody changes it. Partners of service providers are
comments. Nothing is written to the tenant, and no file if the tenant could not
be read completely.`,
		Example: "  bulksync export --out partners.csv\n  bulksync export --like partners.csv --out now.csv",
		Args:    takes(0, 0),
		RunE:    c.verb(func(e *env, _ []string) error { return o.run(c.stops.Soft, e) }),
	}
	o.register(cmd.Flags())
	return cmd
}

func (o *exportOptions) register(fl *pflag.FlagSet) {
	fl.StringVar(&o.out, "out", "", "`FILE.csv`: file to write (default standard output)")
	fl.StringVar(&o.templateOut, "template-out", "", "`FILE.json`: file to write the multitenant-organization identity-sync template to")
	fl.StringVar(&o.like, "like", "", "`FILE.csv`: file whose columns, delimiter, encoding and line ends to use")
	fl.BoolVar(&o.all, "all", false, "include partners without a synchronization policy")
	o.names.register(fl)
}

func (o *exportOptions) run(ctx context.Context, e *env) error {
	if err := o.check(ctx, e); err != nil {
		return err
	}
	if err := o.checkFilled(ctx, e); err != nil {
		return err
	}
	form, err := o.form(ctx, e)
	if err != nil {
		return err
	}
	t, err := e.connect(ctx, demand{})
	if err != nil {
		return err
	}
	if cloud := t.Home().Cloud; o.templateOut != "" && !cloud.HasTemplates() {
		return hinted(fmt.Errorf("the cloud %s has no multitenant-organization templates", cloud), "leave --template-out out")
	}
	cur, err := o.readAll(ctx, e, t)
	if err != nil {
		return err
	}
	x := o.exporter(form, t)
	if x.Names, err = e.nameRows(ctx, o.names.Mode, t, x.Shown(cur.Partners)); err != nil {
		return err
	}
	return o.write(ctx, e, x.Export(cur.Partners), cur.Template)
}

// check refuses what can be refused without the tenant.
func (o *exportOptions) check(ctx context.Context, e *env) error {
	if e.format != report.Text && e.format != report.CSV {
		return errors.New("export writes CSV alone: leave --format out")
	}
	return e.checkOutputs(ctx, []output{{exportFile, o.out}, {templateFile, o.templateOut}}, o.like)
}

// checkFilled refuses to replace a file that people have worked on.
func (o *exportOptions) checkFilled(ctx context.Context, e *env) error {
	if o.out == "" || !isKept(o.out) {
		return nil
	}
	filled, err := readFile(ctx, &e.process, o.out, func(r io.Reader) (bool, error) { return desired.IsFilledIn(ctx, r) })
	switch {
	case filled:
		return refused(hintOtherName, "%s has notes, reasons, removals, domain names or faults: somebody's work, which would be lost", o.out)
	case isInterrupt(err):
		return err
	}
	return nil // it is not there
}

// form is that of the file to be like, or else the canonical one, which is plain for a
// program that asks for CSV.
func (o *exportOptions) form(ctx context.Context, e *env) (desired.Form, error) {
	if o.like == "" {
		form := desired.CanonicalForm()
		if o.out == "" && e.format == report.CSV {
			form.Dialect = desired.PlainDialect()
		}
		return form, nil
	}
	return readFile(ctx, &e.process, o.like, func(r io.Reader) (desired.Form, error) {
		return desired.ReadForm(ctx, r, inputName(o.like))
	})
}

// readAll reads the tenant. Partners that could not be read make it incomplete:
// whether they have a policy is not known.
func (o *exportOptions) readAll(ctx context.Context, e *env, t *session.Session) (*plan.Current, error) {
	c := &compared{tenant: t}
	needs := plan.Needs{Template: o.templateOut != "", Keeps: func(plan.Object) bool { return false }}
	if _, err := e.readTenant(ctx, c, wanted{}, needs); err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(c.current.Partners)) {
		if problem := c.current.Partners[id].Problem; problem != "" {
			return nil, e.unread(t.Identity(), fmt.Errorf("partner %s could not be read: %s", id, problem))
		}
	}
	return c.current, nil
}

func (o *exportOptions) exporter(form desired.Form, t *session.Session) desired.Exporter {
	x := desired.Exporter{
		Form: form, Home: strings.ToLower(t.Home().ID), All: o.all,
		Owned: func(p *graph.Partner) bool { return plan.IsOwned(p.TenantID, p) },
	}
	if o.out == "" || !isKept(o.out) {
		x.Unfit = unfitForStream
	}
	return x
}

// unfitForStream says why a text cannot be printed as it is: a terminal or a CI
// runner may obey it.
func unfitForStream(text string) string {
	if report.OneLine(text) != text {
		return "a terminal or a CI runner might obey it; --out writes it to a file"
	}
	return ""
}

// write writes both files, or neither.
func (o *exportOptions) write(ctx context.Context, e *env, x *desired.Export, t *graph.Template) error {
	var made atomicfile.Created
	err := o.writeTemplate(ctx, e, &made, t)
	switch {
	case err != nil:
	case o.out != "":
		err = e.writeNew(ctx, &made, o.out, x.Write)
	default:
		err = e.print(x.Write)
	}
	if err != nil {
		made.Remove()
		return err
	}
	o.tell(e, x)
	return nil
}

func (o *exportOptions) writeTemplate(ctx context.Context, e *env, made *atomicfile.Created, t *graph.Template) error {
	if o.templateOut == "" {
		return nil
	}
	x := desired.ExportTemplate(t)
	for _, n := range x.Notices {
		e.remark("%s", n)
	}
	if x.IsEmpty() {
		return hinted(errors.New("the template has nothing that a file could hold"), "leave --template-out out")
	}
	return e.writeNew(ctx, made, o.templateOut, x.Write)
}

// tell says what is in the file, what is not, and what to do with it.
func (o *exportOptions) tell(e *env, x *desired.Export) {
	for _, n := range x.Notices {
		e.remark("%s", n)
	}
	if x.Comments > 0 {
		e.remark("%s of service providers or Microsoft Support, which bulksync never writes: comments in the file", words.Count(x.Comments, "partner"))
	}
	if x.Left > 0 {
		e.remark("%s without a synchronization policy: not in the file; --all includes them", words.Count(x.Left, "partner"))
	}
	switch {
	case x.Rows == 0:
		e.remark("the file has no row yet, and cannot be planned before it has one")
	case o.out != "" && isKept(o.out):
		e.note("%s written to %s; to see what differs from it: %s", words.Count(x.Rows, "row"), o.out, e.address.command("plan", o.out))
	}
}
