package main

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"bulksync/execute"
	"bulksync/graph"
	"bulksync/internal/fleet"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
)

// fleetAuditOptions are the flags of bulksync fleet audit.
type fleetAuditOptions struct {
	shardOptions
	// each are the options of each tenant, without its files.
	each auditOptions
}

func fleetAuditCommand(c *commandLine) *cobra.Command {
	o := fleetAuditOptions{shardOptions: shardOptions{console: c.process}, each: auditOptions{wanted: wanted{imageless: true}}}
	cmd := &cobra.Command{
		Use:   "audit FLEET.yaml",
		Short: "Audit each home tenant of a manifest, with evidence",
		Long: `Audits the home tenants of a manifest, and keeps the evidence of each in a
store of its own: DIR/tenants/NAME/evidence. The roll-up is in DIR/index.html,
fleet.json and junit.xml. Started again after it was stopped or killed, it goes
on where it was. Exit 0: nothing differs in any tenant; 2: something does; 5:
nothing is known of a tenant. With --shard that is about the tenants of the
shard; fleet collect tells it of all.`,
		Example: `  bulksync fleet audit fleet.yaml --out-dir fleet
  bulksync fleet audit fleet.yaml --out-dir fleet --shard 0/4 --fail-on new`,
		Args: takes(1, 1),
		RunE: c.fleetVerb(func(e *env, args []string) error {
			o.manifest = args[0]
			if err := o.check(e); err != nil {
				return err
			}
			return o.run(c.stops, e)
		}),
	}
	fl := cmd.Flags()
	o.register(fl)
	o.each.registerNews(fl)
	o.each.registerKey(fl)
	o.each.names.register(fl)
	fl.BoolVar(&o.each.who, "who", false, "say who changed what, from the directory's audit log (needs "+graph.PermissionAuditLog+")")
	fl.BoolVar(&o.each.twice, "read-twice", false, "read the partners twice, and claim nothing if the two readings differ")
	fl.BoolVar(&o.each.readonly, "require-readonly", false, "refuse a token that could write here")
	fl.BoolVar(&c.flags.all, "all", false, "list every tenant in text")
	return cmd
}

// run audits the tenants of the shard. What is wrong with the flags is told before
// anything is done, and a passphrase is asked for once.
func (o *fleetAuditOptions) run(stops execute.Stops, e *env) error {
	if err := o.each.newsOptions.check(e, true); err != nil {
		return err
	}
	if o.each.key != "" {
		key, err := (&env{process: *o.console}).openKey(stops.Soft, "--sign", o.each.key)
		if err != nil {
			return err
		}
		defer key.Close()
		o.each.opened = key
	}
	return o.work(stops, e, fleetWork{verb: "audit", do: o.audit, earlier: o.earlier})
}

// evidenceDir is the store of a tenant, in its folder.
const evidenceDir = "evidence"

// of are the options of one tenant.
func (o *fleetAuditOptions) of(m *member) *auditOptions {
	own := o.each
	own.csv, own.template, own.policy, own.waivers = m.CSV, m.Template, m.Policy, m.Waivers
	own.store, own.scope = filepath.Join(m.dir, evidenceDir), m.Scope
	if own.scope == "" {
		own.scope = string(audit.ScopeAll)
	}
	return &own
}

// audit audits one tenant.
func (o *fleetAuditOptions) audit(ctx context.Context, m *member) (fleet.Row, error) {
	if err := m.checkFolder([]string{evidenceDir}, nil); err != nil {
		return fleet.Row{}, err
	}
	own := o.of(m)
	a, err := own.perform(ctx, m.env)
	defer a.close()
	if err != nil {
		return fleet.Row{}, err
	}
	row := own.row(m, a.Audit, a.keeper.link)
	if a.incomplete != nil {
		failed := m.failed(a.incomplete)
		row.Problem, row.Next = failed.Problem, failed.Next
	}
	return row, nil
}

// row is the row of an audit that is in the store.
func (o *auditOptions) row(m *member, a *audit.Audit, link audit.Link) fleet.Row {
	var told evidence.Manifest
	told.Summarize(a)
	row := fleet.Row{
		Name: m.Name, TenantID: m.TenantID, DirectoryName: a.HomeTenant.Name, Partners: a.Read.Partners, Page: m.place(evidenceDir, evidence.IndexName),
		Audit: &fleet.AuditRow{
			Result: a.Result, Totals: a.Totals, News: told.News, Unjudged: len(a.Unjudged), Bundle: link.Folder, SHA256: link.SHA256,
		},
	}
	switch {
	case a.Result == audit.Incomplete:
		row.Status, row.ExitCode, row.Problem = fleet.Incomplete, exitIncomplete, a.Problem
	case a.Fails(o.failOn):
		row.Status, row.ExitCode, row.Next = fleet.Differs, exitDiffers, o.toRight(m, a)
	case a.Result == audit.Drift:
		row.Status = fleet.Passed
	default:
		row.Status = fleet.AsWanted
	}
	return row
}

// toRight is how to put right what an audit found.
func (o *auditOptions) toRight(m *member, a *audit.Audit) string {
	if a.Totals.Missing+a.Totals.Changed == 0 { // the file asks for nothing that is not there
		return "change or add rows as the hints on its page say, or accept the findings as waivers"
	}
	return m.command(o.planOf(m.env))
}
