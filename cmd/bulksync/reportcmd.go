package main

import (
	"io"

	"github.com/spf13/cobra"

	"bulksync/report"
)

func (a *app) reportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "report RUN_DIR",
		Short: "Show a run again and rewrite its reports, offline",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir, p, log, err := a.load(args[0])
			if err != nil {
				return err
			}
			r := log.Result()
			if err := dir.writeReports(p, r); err != nil {
				return err
			}
			o := a.reportOptions()
			o.ExitCode = codeOfRun(r)
			return a.print(func(w io.Writer) error { return report.Run(w, p, r, a.format, o) })
		},
	}
}

func (a *app) undoCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "undo RUN_DIR",
		Short: "Make the plan that takes a run back",
		Long: `Writes the plan that takes back what the run did, from the values that were there before it. It is
a plan like any other: read it with bulksync show, run it with bulksync apply.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir, p, log, err := a.load(args[0])
			if err != nil {
				return err
			}
			undo, err := dir.undoPlan(p, log.Result())
			if err != nil {
				return err
			}
			if out == "" {
				out = dir.file("undo.json")
			}
			if err := writeFile(out, undo.Encode); err != nil {
				return err
			}
			if err := a.print(func(w io.Writer) error { return report.Plan(w, undo, a.format, a.reportOptions()) }); err != nil {
				return err
			}
			a.note("plan kept in %s; to run exactly this: bulksync apply %s", out, out)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to keep the plan in (default RUN_DIR/undo.json)")
	return cmd
}
