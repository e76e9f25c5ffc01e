package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

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
		outage                                time.Duration
		outageGiven                           bool
	}
	paced   bool        // the command writes, and so has --max-rate
	verb    string      // the command
	writing atomic.Bool // a run has begun
	format  report.Format
	cloud   graph.Cloud
	log     *slog.Logger
}

// main runs one command line and returns its exit code.
func (a *app) main(ctx context.Context, args []string) int {
	ctx, stop := withSignals(ctx, a.err)
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
		Args: cobra.NoArgs,
		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			a.global.outageGiven, a.paced = c.Flags().Changed("outage"), c.Flags().Lookup("max-rate") != nil
			a.verb = c.Name()
			return a.checkGlobals()
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	cmd.CompletionOptions.HiddenDefaultCmd = true
	f := cmd.PersistentFlags()
	f.StringVar(&a.global.format, "format", "text", "`text|json|csv|markdown|html` on standard output")
	f.StringVar(&a.global.cloud, "cloud", "", "`global|usgov|usgov-dod|china`: the Microsoft cloud of the home tenant (default global, or the plan's)")
	f.StringVar(&a.global.graphURL, "graph-url", "", "`URL` of another Graph host, as of bulksync simulate; plain http only to loopback")
	f.StringVar(&a.global.tenant, "tenant", "", "`GUID` of the home tenant: refuse any other")
	f.StringVar(&a.global.auth, "auth", "default", "`default`: BULKSYNC_ACCESS_TOKEN, else the Azure identity chain")
	f.DurationVar(&a.global.outage, "outage", 0, "`TIME` to wait while Graph does not answer (default 5m for apply and resume, 1m for the others)")
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
	if a.global.outageGiven && a.global.outage < time.Second {
		return fmt.Errorf("--outage: %s is too short to tell an outage: give a second or more", a.global.outage)
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
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: cleanAttr}
	switch a.global.logFormat {
	case "text":
		return slog.New(slog.NewTextHandler(a.err, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(a.err, o)), nil
	default:
		return nil, errors.New("--log-format is text or json")
	}
}

// cleanAttr lets nothing into the log but through edge.
func cleanAttr(_ []string, at slog.Attr) slog.Attr {
	switch at.Value.Kind() {
	case slog.KindString:
		at.Value = slog.StringValue(edge(at.Value.String()))
	case slog.KindAny:
		if err, ok := at.Value.Any().(error); ok {
			at.Value = slog.StringValue(edge(err.Error()))
		}
	}
	return at
}

// outageOfRun is how long a run waits while Graph does not answer: it has begun
// something. A command that only reads can be run again.
const outageOfRun = 5 * time.Minute

// outage is how long to wait while Graph does not answer.
func (a *app) outage(standard time.Duration) time.Duration {
	if a.global.outageGiven {
		return a.global.outage
	}
	return standard
}
