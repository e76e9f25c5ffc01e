package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"bulksync/internal/atomicfile"
	"bulksync/plan/audit"
	"bulksync/report"
)

func (a *app) auditCommand() *cobra.Command {
	var w wanted
	var dir string
	cmd := &cobra.Command{
		Use:   "audit [FILE.csv]",
		Short: "Hold the tenant against the file: missing, changed, extra",
		Long: `Reads the file and the tenant and reports what is missing, changed or extra. It never writes to the
tenant. Exit 0: nothing differs; 2: something does; 5: the tenant could not be read completely.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				w.csv = args[0]
			}
			return a.audit(gentle(cmd.Context()), w, dir)
		},
	}
	w.flags(cmd)
	cmd.Flags().StringVar(&dir, "out-dir", "", "`DIR` to leave audit.json, audit.csv, audit.md and audit.html in")
	return cmd
}

func (a *app) audit(ctx context.Context, w wanted, dir string) error {
	if err := a.checkAuditFiles(dir, w); err != nil {
		return err
	}
	c, err := a.compare(ctx, w)
	var incomplete *exit
	if err != nil && (!errors.As(err, &incomplete) || incomplete.code != exitIncomplete) {
		return err
	}
	var result *audit.Audit
	if incomplete == nil {
		result = audit.Compare(c.head(), c.desired, c.current)
	} else {
		result = audit.New(c.head(), c.desired, c.current.Read)
		result.Problem = edge(errors.Unwrap(incomplete.err).Error()) // the verdict says that nothing is claimed
	}
	var kept atomicfile.Created
	a.noteBare(result.BareRows)
	if dir != "" {
		if kept, err = a.keepAudit(ctx, dir, result); err != nil {
			return err
		}
	}
	if err := a.print(func(w io.Writer) error { return report.Audit(w, result, a.format, a.reportOptions()) }); err != nil {
		kept.Remove()
		return err
	}
	if dir != "" {
		a.note("kept in %s", dir)
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

// checkAuditFiles refuses a folder in which the audit would replace its own input.
func (a *app) checkAuditFiles(dir string, w wanted) error {
	if dir == "" {
		return nil
	}
	for _, f := range auditFiles() {
		if err := a.checkOutput(filepath.Join(dir, f.name), w.csv, w.template); err != nil {
			return err
		}
	}
	return nil
}

// keepAudit leaves the audit as files, each whole or not at all, and no new one
// where it fails: the half of an audit is none.
func (a *app) keepAudit(ctx context.Context, dir string, result *audit.Audit) (kept atomicfile.Created, err error) {
	if kept, err = atomicfile.MakeFolders(dir); err != nil {
		return nil, err
	}
	for _, f := range auditFiles() {
		render := func(w io.Writer) error { return report.Audit(w, result, f.format, report.Options{Width: 80}) }
		if err := writeNew(ctx, &kept, filepath.Join(dir, f.name), render); err != nil {
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
