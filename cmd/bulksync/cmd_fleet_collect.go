package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"bulksync/internal/atomicfile"
	"bulksync/internal/fleet"
	"bulksync/internal/words"
)

// fleetCollectOptions are the arguments and flags of bulksync fleet collect.
type fleetCollectOptions struct {
	dirs []string
	// out is the folder of the roll-up; empty for the first one.
	out string
}

func fleetCollectCommand(c *commandLine) *cobra.Command {
	var o fleetCollectOptions
	cmd := &cobra.Command{
		Use:   "collect DIR...",
		Short: "Make one roll-up from the folders of all shards",
		Long: `Makes one roll-up from the folders of all shards of a fleet, offline, and names
those that are missing. Every tenant of the manifest is in it. Exit 0: nothing
differs in any tenant; 2: something does; 5: nothing is known of a tenant.`,
		Example: "  bulksync fleet collect fleet\n  bulksync fleet collect shard-0 shard-1 --out-dir fleet",
		Args:    takes(1, anyNumber),
		RunE: c.fleetVerb(func(e *env, args []string) error {
			o.dirs = matching(args)
			return o.run(c.stops.Soft, e)
		}),
	}
	cmd.Flags().StringVar(&o.out, "out-dir", "", "`DIR`: folder for the roll-up (default the first one)")
	cmd.Flags().BoolVar(&c.flags.all, "all", false, "list every tenant in text")
	return cmd
}

// run makes the roll-up, keeps it and shows it.
func (o *fleetCollectOptions) run(ctx context.Context, e *env) error {
	out := o.out
	if out == "" {
		out = o.dirs[0]
	}
	found, err := fleet.Collect(tool(), out, o.dirs)
	if errors.Is(err, fleet.ErrNoRecord) {
		return hinted(err, "name the folders that the shards were given as --out-dir")
	} else if err != nil {
		return err
	}
	if err := e.checkFleetFolder(ctx, out); err != nil {
		return err
	}
	if err := checkFleet(out, manifestOf(found)); err != nil { // its own roll-up would be lost
		return err
	}
	made, err := atomicfile.MakeFolders(filepath.Join(out, fleet.RecordsDir))
	if err != nil {
		return err
	}
	made.AddIfNew(filepath.Join(out, fleet.LockName))
	r, err := e.draw(ctx, out, o.dirs)
	if err != nil {
		made.Remove()
		return err
	}
	if err := e.showFleet(r, out, e.page); err != nil {
		return err
	}
	e.noteMissing(r)
	return exitWith(r.ExitCode)
}

// noteMissing names the shards that have left no result.
func (e *env) noteMissing(r *fleet.Rollup) {
	var missing []string
	for _, s := range r.MissingShards() {
		missing = append(missing, fleet.Shard{Index: s.Index, Count: len(r.Shards)}.String())
	}
	if len(missing) > 0 {
		e.warn("%s left no result: %s", words.Count(len(missing), "shard"), strings.Join(missing, ", "))
	}
}

// manifestOf are the tenants of a roll-up.
func manifestOf(r *fleet.Rollup) *fleet.Manifest {
	m := &fleet.Manifest{Name: r.Manifest.Name, SHA256: r.Manifest.SHA256}
	for _, t := range r.Rows {
		m.Tenants = append(m.Tenants, fleet.Tenant{Name: t.Name, TenantID: t.TenantID})
	}
	return m
}
