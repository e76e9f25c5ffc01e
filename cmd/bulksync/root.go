package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulksync/execute"
	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/plan/desired"
	"bulksync/report"
)

// commandLine is one command line: its process, what can stop it, and the flags
// that every command has, as typed.
type commandLine struct {
	process *process
	stops   execute.Stops
	flags   globalFlags
	// helpFailed is why help that a flag asked for could not be printed.
	helpFailed error
}

// env is what a command works with. It is built once and then only read.
type env struct {
	process
	globals
	verb string
	// writes means that the command writes to the tenant, and so has
	// --max-rate.
	writes bool
	// inFleet means that a manifest says which tenant it is, and how to sign in.
	inFleet bool
}

// globals are the flags that every command has, as values.
type globals struct {
	format report.Format
	cloud  graph.Cloud // empty if not given
	// homeTenant is the only one to work on; empty if not given.
	homeTenant string
	// auth is the way to sign in.
	auth auth.Way
	// outage is 0 if not given.
	outage  time.Duration
	all     bool // text lists every row
	log     *slog.Logger
	address address
}

// verb turns the function of a command into one for cobra. It prints the
// function's error and returns only the exit code.
func (c *commandLine) verb(f func(e *env, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		e, err := c.env(cmd)
		if err != nil {
			return err
		}
		err = f(e, args)
		e.sayError(err)
		return exitWith(codeOf(err))
	}
}

func (c *commandLine) env(cmd *cobra.Command) (*env, error) {
	if err := checkGiven(cmd); err != nil {
		return nil, err
	}
	p := *c.process
	p.asJSON, p.quiet = c.flags.logFormat == inJSON, c.flags.quiet
	if verb := verbOf(cmd); verb == "" || verb == "version" || verb == "completion" {
		p.getenv = withoutTenant(p.getenv) // the version is told, whatever is set
	}
	g, err := c.flags.parse(&p, cmd.Flags().Changed)
	if err != nil {
		return nil, err
	}
	if err := g.checkFormat(cmd); err != nil {
		return nil, err
	}
	return &env{process: p, globals: g, verb: cmd.Name(), writes: cmd.Flags().Lookup("max-rate") != nil}, nil
}

func rootCommand(c *commandLine) *cobra.Command {
	printsVersion := false
	cmd := &cobra.Command{
		Use:   "bulksync",
		Short: "Plan, apply and audit cross-tenant synchronization for many partner tenants",
		Long: `bulksync reads a CSV of partner tenants, shows what would change in the
cross-tenant access policy, applies it through Microsoft Graph and reports how
every change ended.`,
		Example: `  bulksync demo            # a complete tour; needs no account and no network
  bulksync export --out partners.csv
  bulksync plan partners.csv --out plan.json
  bulksync apply plan.json
  bulksync audit partners.csv`,
		SilenceUsage: true, SilenceErrors: true,
		Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e, err := c.env(cmd)
			switch {
			case err != nil:
				return err
			case printsVersion:
				return printVersion(e)
			default:
				return cmd.Help()
			}
		},
	}
	cmd.SetFlagErrorFunc(wrongFlag)
	cmd.Flags().BoolVar(&printsVersion, "version", false, "print the version, as bulksync version does")
	c.flags.register(cmd.PersistentFlags())
	cmd.AddCommand(
		doctorCommand(c), exportCommand(c), validateCommand(c), planCommand(c), showCommand(c), approveCommand(c), rejectCommand(c), verifyCommand(c),
		applyCommand(c), resumeCommand(c), undoCommand(c), auditCommand(c), fleetCommand(c), reportCommand(c), demoCommand(c), simulateCommand(c),
		completionCommand(c), versionCommand(c),
	)
	cmd.AddCommand(buildVerbs(c)...)
	addHelp(c, cmd)
	registerCompletion(cmd)
	return cmd
}

// globalFlags are the flags that every command has, as typed.
type globalFlags struct {
	format              string
	address             address
	outage              time.Duration
	quiet, all          bool
	logLevel, logFormat string
}

func (f *globalFlags) register(fl *pflag.FlagSet) {
	choiceVar(fl, &f.format, "format", string(report.Text), choiceOf(report.Formats()), "format of the result on standard output")
	choiceVar(fl, &f.address.cloud, "cloud", "", choiceOf(graph.Clouds()), "Microsoft cloud of the home tenant (default $BULKSYNC_CLOUD, or the plan's, or global)")
	fl.StringVar(&f.address.graphURL, "graph-url", "", "`URL`: another Graph host, such as that of bulksync simulate; plain http for loopback addresses only")
	fl.StringVar(&f.address.tenant, "tenant", "", "`GUID`: home tenant; any other is refused (default $BULKSYNC_TENANT)")
	choiceVar(fl, &f.address.auth, "auth", "", auth.Ways(), "way to sign in, and no other (default $BULKSYNC_AUTH, or default: the token in BULKSYNC_ACCESS_TOKEN, or else the Azure identity chain)")
	fl.DurationVar(&f.outage, "outage", 0, "`TIME`: how long to wait while Graph does not answer (default 5m for apply and resume, 1m for the others)")
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "only errors, hints and warnings")
	choiceVar(fl, &f.logLevel, "log-level", "warn", []string{"debug", "info", "warn", "error"}, "lowest level of the log on standard error")
	choiceVar(fl, &f.logFormat, "log-format", "text", []string{"text", "json"}, "format of all lines on standard error")
}

// registerAll adds the flag of commands that show a plan, a run or an audit.
func (f *globalFlags) registerAll(fl *pflag.FlagSet) {
	fl.BoolVar(&f.all, "all", false, "list everything in text, also what is only counted")
}

// parse turns the texts of the flags into values, before anything runs.
func (f *globalFlags) parse(p *process, given func(flag string) bool) (g globals, err error) {
	g = globals{all: f.all}
	if g.format, err = report.ParseFormat(f.format); err != nil {
		return g, err
	}
	if err := g.locate(f.address, p.getenv); err != nil {
		return g, err
	}
	if given("outage") {
		if g.outage = f.outage; g.outage < time.Second {
			return g, fmt.Errorf("--outage: %s is too short to recognize an outage: give a second or more", f.outage)
		}
	}
	g.log, err = newLog(p, f.logLevel, f.logFormat)
	return g, err
}

// locate takes over where to connect and as whom. A variable of the environment
// stands for each flag that was not given.
func (g *globals) locate(at address, getenv func(string) string) (err error) {
	tenantGiven := at.tenant != ""
	for _, f := range []struct {
		variable string
		value    *string
	}{{"BULKSYNC_CLOUD", &at.cloud}, {"BULKSYNC_TENANT", &at.tenant}, {"BULKSYNC_AUTH", &at.auth}} {
		*f.value = cmp.Or(*f.value, strings.TrimSpace(getenv(f.variable)))
	}
	if at.tenant != "" {
		if g.homeTenant, err = desired.ParseTenantID(strings.TrimSpace(at.tenant)); err != nil {
			name := "--tenant"
			if !tenantGiven {
				name = "BULKSYNC_TENANT"
			}
			return fmt.Errorf("%s %q: give the GUID of the home tenant", name, at.tenant)
		}
	}
	at.auth = cmp.Or(at.auth, string(auth.ByDefault))
	g.address = at
	if at.cloud != "" {
		if g.cloud, err = graph.ParseCloud(at.cloud); err != nil {
			return notAChoice("BULKSYNC_CLOUD", choiceOf(graph.Clouds()), at.cloud)
		}
	}
	if g.auth, err = auth.ParseWay(at.auth); err != nil {
		return notAChoice("BULKSYNC_AUTH", auth.Ways(), at.auth)
	}
	return nil
}

func newLog(p *process, logLevel, logFormat string) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(logLevel)); err != nil {
		return nil, errors.New("--log-level is one of debug, info, warn, error")
	}
	if logFormat != "text" && logFormat != inJSON {
		return nil, errors.New("--log-format is text or json")
	}
	return slog.New(p.handler(level)), nil
}
