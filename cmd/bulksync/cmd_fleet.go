package main

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulksync/internal/fleet"
)

// fleetName is the command that the verbs for many home tenants belong to.
const fleetName = "fleet"

func fleetCommand(c *commandLine) *cobra.Command {
	cmd := &cobra.Command{
		Use:   fleetName,
		Short: "Plan and audit many home tenants at once",
		Long: `Works on the home tenants of a manifest, a few at a time: each with its own
identity, files and folder. What goes wrong in one tenant is the row of that
tenant alone in the roll-up of all. There is no fleet apply: each plan is
decided on and applied by itself.`,
		Example: `  bulksync fleet audit fleet.yaml --out-dir fleet
  bulksync fleet plan fleet.yaml --out-dir plans`,
		Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := c.env(cmd); err != nil {
				return err
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(fleetAuditCommand(c), fleetPlanCommand(c), fleetCollectCommand(c), noFleetApply())
	return cmd
}

// noFleetApply refuses what people will look for.
func noFleetApply() *cobra.Command {
	return &cobra.Command{
		Use: "apply", Hidden: true, DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error {
			return hinted(errors.New("there is no fleet apply: each plan is decided on and applied by itself"),
				"bulksync fleet plan makes a plan for each tenant, and shows the command that applies it")
		},
	}
}

// shardOptions are the flags that fleet audit and fleet plan share.
type shardOptions struct {
	// manifest is the file, dir the folder of the fleet.
	manifest, dir string
	// shardText is the shard as typed; empty for the whole fleet.
	shardText string
	// name is that of the run; empty for none.
	name     string
	parallel int
	timeout  time.Duration
	// console is the process with the streams of the terminal.
	console *process

	shard fleet.Shard
}

func (o *shardOptions) register(fl *pflag.FlagSet) {
	fl.StringVar(&o.dir, "out-dir", "", "`DIR`: folder of the fleet, with the roll-up and a folder for each tenant")
	fl.StringVar(&o.shardText, "shard", "", "`I/N`: work on this part of the tenants alone, counted from 0; JOB_COMPLETION_INDEX/N takes I from that variable")
	fl.StringVar(&o.name, "run", "", "`NAME`: name of the run, such as that of a job; what is started again with the same name goes on with it")
	fl.IntVar(&o.parallel, "parallel", 4, "`N`: tenants at the same time")
	fl.DurationVar(&o.timeout, "tenant-timeout", 30*time.Minute, "`TIME`: how long each tenant may take")
}

// hintOutDir is for a fleet without a folder.
const hintOutDir = "say where the results are kept with --out-dir DIR"

// check turns the texts of the flags into values.
func (o *shardOptions) check(e *env) (err error) {
	switch {
	case o.manifest == "-":
		return hinted(errors.New("a manifest cannot come from standard input: the paths in it are relative to its file"), "name the file")
	case o.dir == "":
		return hinted(errors.New("--out-dir is missing"), hintOutDir)
	case o.parallel < 1:
		return errors.New("--parallel: give a number above 0")
	case o.timeout < time.Second:
		return fmt.Errorf("--tenant-timeout: %s is too short to read a tenant: give a second or more", o.timeout)
	}
	if err := checkRunName(o.name); err != nil {
		return err
	}
	if o.shard = fleet.WholeFleet; o.shardText != "" {
		if o.shard, err = fleet.ParseShard(o.shardText, e.getenv); err != nil {
			return fmt.Errorf("--shard: %w", err)
		}
	}
	return nil
}

// maxRunName is more than any scheduler gives a job, in characters.
const maxRunName = 200

// checkRunName refuses a name that no page could show.
func checkRunName(name string) error {
	switch {
	case len(name) > maxRunName:
		return fmt.Errorf("--run: the name is longer than %d characters", maxRunName)
	case edge(name) != name, strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return errors.New("--run: the name has characters that cannot be shown, or looks like a secret")
	}
	return nil
}

// inManifest says what a manifest calls the flags that say where to connect, and as
// whom.
var inManifest = [...]struct{ flag, member string }{
	{"cloud", "cloud"}, {"graph-url", "graphUrl"}, {"tenant", "tenantId"}, {"auth", "auth"},
}

// fleetVerb is verb for a command that works on a fleet. Standard error is written in
// whole lines, since several tenants write to it.
func (c *commandLine) fleetVerb(f func(e *env, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		for _, m := range inManifest {
			if cmd.Flags().Changed(m.flag) {
				return hinted(fmt.Errorf("--%s is not for a fleet: each tenant has its own", m.flag), "write it in the manifest as "+m.member)
			}
		}
		p := *c.process
		p.stderr, p.getenv = &errorLines{to: p.stderr}, withoutTenant(p.getenv)
		own := commandLine{process: &p, stops: c.stops, flags: c.flags}
		return own.verb(f)(cmd, args)
	}
}

// withoutTenant hides what the environment says of a single home tenant.
func withoutTenant(getenv func(string) string) func(string) string {
	return func(name string) string {
		switch name {
		case "BULKSYNC_CLOUD", "BULKSYNC_TENANT", "BULKSYNC_AUTH", "BULKSYNC_ACCESS_TOKEN", policyVariable:
			return ""
		}
		return getenv(name)
	}
}

// isOfFleet reports whether a command is a verb for a fleet.
func isOfFleet(cmd *cobra.Command) bool { return cmd.HasParent() && cmd.Parent().Name() == fleetName }

// checkFormat refuses a format that a command does not have.
func (g *globals) checkFormat(cmd *cobra.Command) error {
	switch {
	case isOfFleet(cmd) && !g.format.OfFleet():
		return fmt.Errorf("--format %s is for a single audit: %s knows text, json, csv, markdown, html and junit", g.format, cmd.CommandPath())
	case !isOfFleet(cmd) && g.format.OfAudit() && cmd.Name() != "audit":
		return fmt.Errorf("--format %s is for an audit alone: %s knows text, json, csv, markdown and html", g.format, cmd.Name())
	default:
		return nil
	}
}
