package main

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"bulksync/graph"
	"bulksync/report"
)

// app is one invocation: its streams, its environment and the flags that every
// command has.
type app struct {
	in     io.Reader
	out    io.Writer
	err    io.Writer
	getenv func(string) string

	global struct {
		format, cloud, graphURL, tenant, auth string
		quiet                                 bool
		logLevel, logFormat                   string
	}
	format report.Format
	cloud  graph.Cloud
	log    *slog.Logger
}

// main runs one command line and returns its exit code.
func (a *app) main(ctx context.Context, args []string) int {
	ctx, stop := withSignals(ctx)
	defer stop()
	cmd := a.command()
	cmd.SetArgs(args)
	cmd.SetIn(a.in)
	cmd.SetOut(a.out)
	cmd.SetErr(a.err)
	err := cmd.ExecuteContext(ctx)
	a.sayError(err)
	return codeOf(err)
}

func (a *app) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bulksync",
		Short: "Plan, apply and audit cross-tenant synchronization for many partner tenants",
		Long: `bulksync reads a CSV of partner tenants, shows what would change in the
cross-tenant access policy, applies it through Microsoft Graph and reports how
every change ended.

  bulksync demo                          the whole tour, no account and no network
  bulksync plan partners.csv --out plan.json
  bulksync apply plan.json
  bulksync audit partners.csv`,
		SilenceUsage: true, SilenceErrors: true,
		Args:              cobra.NoArgs,
		PersistentPreRunE: func(*cobra.Command, []string) error { return a.checkGlobals() },
		RunE:              func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	cmd.CompletionOptions.HiddenDefaultCmd = true
	f := cmd.PersistentFlags()
	f.StringVar(&a.global.format, "format", "text", "`text|json|csv|markdown|html` on standard output")
	f.StringVar(&a.global.cloud, "cloud", "", "`global|usgov|usgov-dod|china`: the Microsoft cloud of the home tenant (default global, or the plan's)")
	f.StringVar(&a.global.graphURL, "graph-url", "", "`URL` of another Graph host, as of bulksync simulate; plain http only to loopback")
	f.StringVar(&a.global.tenant, "tenant", "", "`GUID` of the home tenant: refuse any other")
	f.StringVar(&a.global.auth, "auth", "default", "`default`: BULKSYNC_ACCESS_TOKEN, else the Azure identity chain")
	f.BoolVarP(&a.global.quiet, "quiet", "q", false, "no progress and no notes")
	f.StringVar(&a.global.logLevel, "log-level", "warn", "`debug|info|warn|error` for the log on standard error")
	f.StringVar(&a.global.logFormat, "log-format", "text", "`text|json`")
	cmd.AddCommand(
		a.planCommand(), a.showCommand(), a.applyCommand(), a.resumeCommand(), a.undoCommand(), a.auditCommand(),
		a.reportCommand(), a.demoCommand(), a.simulateCommand(), a.versionCommand(),
	)
	return cmd
}

// checkGlobals turns the words of the flags into values, before anything runs.
func (a *app) checkGlobals() error {
	var err error
	if a.format, err = report.ParseFormat(a.global.format); err != nil {
		return err
	}
	if a.global.cloud != "" {
		if a.cloud, err = graph.ParseCloud(a.global.cloud); err != nil {
			return err
		}
	}
	if a.global.auth != "default" {
		return errors.New("--auth knows only default")
	}
	a.log, err = a.newLog()
	return err
}

func (a *app) newLog() (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(a.global.logLevel)); err != nil {
		return nil, errors.New("--log-level is one of debug, info, warn, error")
	}
	o := &slog.HandlerOptions{Level: level}
	switch a.global.logFormat {
	case "text":
		return slog.New(slog.NewTextHandler(a.err, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(a.err, o)), nil
	default:
		return nil, errors.New("--log-format is text or json")
	}
}
