package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"bulksync/execute"
	"bulksync/internal/atomicfile"
	"bulksync/plan/audit"
	"bulksync/report"
)

// auditOptions are the flags of bulksync audit.
type auditOptions struct {
	wanted
	// dir is the folder to save the audit in; empty for none.
	dir string
}

func auditCommand(c *commandLine) *cobra.Command {
	o := auditOptions{wanted: wanted{imageless: true}}
	cmd := &cobra.Command{
		Use:   "audit [FILE.csv]",
		Short: "Compare the tenant with the file: missing, changed, extra",
		Long: `Reads the file and the tenant and reports what is missing, changed or extra. It never writes to the
tenant. Exit 0: nothing differs; 2: something does; 5: the tenant could not be read completely.`,
		Args: cobra.MaximumNArgs(1),
		RunE: c.verb(func(e *env, args []string) error {
			o.takeFile(args)
			return o.run(c.stops, e)
		}),
	}
	o.wanted.register(cmd.Flags())
	cmd.Flags().StringVar(&o.dir, "out-dir", "", "`DIR` to save audit.json, audit.csv, audit.md and audit.html in")
	return cmd
}

func (o auditOptions) run(stops execute.Stops, e *env) error {
	ctx := stops.Soft
	if err := o.checkFiles(e); err != nil {
		return err
	}
	c, err := e.compare(ctx, o.wanted)
	var incomplete *exit
	if err != nil && (!errors.As(err, &incomplete) || incomplete.code != exitIncomplete) {
		return err
	}
	result := c.audit(incomplete)
	e.noteBare(result.BareRows)
	var kept atomicfile.Created
	if o.dir != "" {
		if kept, err = e.keepAudit(ctx, o.dir, result); err != nil {
			return err
		}
	}
	if err := e.print(func(w io.Writer) error { return report.Audit(w, result, e.format, e.pageOptions()) }); err != nil {
		kept.Remove()
		return err
	}
	if o.dir != "" {
		e.note("audit saved in %s", o.dir)
	}
	switch {
	case incomplete != nil:
		return incomplete
	case result.Result == audit.Drift:
		return exitWith(exitDiffers)
	default:
		return nil
	}
}

// audit compares what is wanted with a tenant that was read, or says why the
// tenant could not be read completely.
func (c *compared) audit(incomplete *exit) *audit.Audit {
	if incomplete == nil {
		wanted, current := c.take()
		return audit.Compare(c.head(), c.input, wanted, current, audit.Options{})
	}
	result := audit.New(c.head(), c.input, c.current.Read)
	result.Problem = edge(errors.Unwrap(incomplete.err).Error()) // the verdict says that nothing is claimed
	return result
}

// checkFiles refuses a folder in which the audit would replace its own input.
func (o auditOptions) checkFiles(e *env) error {
	if o.dir == "" {
		return nil
	}
	for _, f := range auditFiles() {
		if err := e.checkOutput(filepath.Join(o.dir, f.name), o.csv, o.template); err != nil {
			return err
		}
	}
	return nil
}

// keepAudit saves the audit as files, each whole or not at all. If one fails,
// it removes the new ones: half an audit is worth nothing.
func (e *env) keepAudit(ctx context.Context, dir string, result *audit.Audit) (kept atomicfile.Created, err error) {
	if kept, err = atomicfile.MakeFolders(dir); err != nil {
		return nil, err
	}
	for _, f := range auditFiles() {
		render := func(w io.Writer) error { return report.Audit(w, result, f.format, report.Options{Width: 80}) }
		if err := e.writeNew(ctx, &kept, filepath.Join(dir, f.name), render); err != nil {
			kept.Remove()
			return nil, err
		}
	}
	return kept, nil
}

type auditFile struct {
	name   string
	format report.Format
}

func auditFiles() []auditFile {
	return []auditFile{{"audit.json", report.JSON}, {"audit.csv", report.CSV}, {"audit.md", report.Markdown}, {"audit.html", report.HTML}}
}
