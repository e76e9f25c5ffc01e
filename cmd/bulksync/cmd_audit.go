package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"bulksync/execute"
	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/internal/atomicfile"
	"bulksync/internal/session"
	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
	"bulksync/report"
)

// auditOptions are the flags of bulksync audit.
type auditOptions struct {
	wanted
	policyOptions
	evidenceOptions
	newsOptions
	names namesFlag
	// dir is the folder to save the audit in, waivers the file of what is accepted,
	// and suggest the file to write what could be; empty for none.
	dir, waivers, suggest string
	scope                 string
	who, readonly         bool
}

func auditCommand(c *commandLine) *cobra.Command {
	o := auditOptions{wanted: wanted{imageless: true}}
	cmd := &cobra.Command{
		Use:   "audit [FILE.csv]",
		Short: "Compare the tenant with the file: missing, changed, extra",
		Long: `Reads the file and the tenant and reports what is missing, changed or extra,
and what cannot work. It never writes to the tenant. With --evidence it keeps
all that it read, and says what is new since the audit before. Exit 0: nothing
differs, or only what waivers and --fail-on let pass; 2: something does; 5: the
tenant could not be read completely.`,
		Example: `  bulksync audit partners.csv --out-dir last-audit
  bulksync audit partners.csv --evidence store --fail-on new`,
		Args: takes(0, 1),
		RunE: c.verb(func(e *env, args []string) error {
			o.takeFile(args)
			return o.run(c.stops, e)
		}),
	}
	fl := cmd.Flags()
	o.wanted.register(fl)
	fl.StringVar(&o.policy, "policy", "", "`FILE.yaml`: policy to keep with the evidence; no finding depends on it (default $"+policyVariable+")")
	o.evidenceOptions.register(fl)
	o.newsOptions.register(fl)
	fl.StringVar(&o.dir, "out-dir", "", "`DIR`: folder to save audit.json, audit.csv, audit.md and audit.html in; replaces those of the audit before")
	fl.StringVar(&o.waivers, "waivers", "", "`FILE.csv`: findings that are accepted until a day")
	fl.StringVar(&o.suggest, "suggest-waivers", "", "`FILE.csv`: file to write the open findings to, as waivers to be filled in")
	o.names.register(fl)
	choiceVar(fl, &o.scope, "scope", string(audit.ScopeAll), choiceOf(wordsOf(audit.ScopeAll, audit.ScopeFile)), "judge all partners of the tenant, or only those of the file")
	fl.BoolVar(&o.who, "who", false, "say who changed what, from the directory's audit log (needs "+graph.PermissionAuditLog+")")
	fl.BoolVar(&o.twice, "read-twice", false, "read the partners twice, and claim nothing if the two readings differ")
	fl.BoolVar(&o.readonly, "require-readonly", false, "refuse a token that could write here")
	c.flags.registerAll(fl)
	return cmd
}

// audited is an audit, and what became of it.
type audited struct {
	*audit.Audit
	// keeper is open, and has the audit if it keeps any.
	keeper *keeper
	// made are the files that were written outside of the store.
	made atomicfile.Created
	// incomplete says why the tenant could not be read completely, and unmeasured why
	// the metrics of an audit in a store could not be written; nil if all went well.
	incomplete *exit
	unmeasured error
}

// close closes the store.
func (a *audited) close() {
	if a != nil {
		a.keeper.close()
	}
}

// run audits, and says what was found.
func (o *auditOptions) run(stops execute.Stops, e *env) error {
	a, err := o.perform(stops.Soft, e)
	a.close() // reading the audit may take long, for example in a pager
	if err != nil {
		return err
	}
	return o.tell(e, a)
}

// perform audits, and keeps the audit in the store and the files that are asked for.
// It shows nothing. What can be refused without the tenant is refused first. The
// caller closes what it returns.
func (o *auditOptions) perform(ctx context.Context, e *env) (*audited, error) {
	started := time.Now()
	if err := o.check(ctx, e); err != nil {
		return nil, err
	}
	k, err := o.evidenceOptions.open(ctx, e, started)
	if err != nil {
		return nil, err
	}
	a := &audited{keeper: k}
	if a.Audit, a.incomplete, err = o.judge(ctx, e, k); err != nil {
		return a, err
	}
	if err = o.keep(ctx, e, a); err != nil {
		a.made.Remove()
		k.note(e) // what was not completed may be there
	}
	return a, err
}

// check refuses what can be refused before anything is read.
func (o *auditOptions) check(ctx context.Context, e *env) error {
	if _, err := audit.ParseScope(o.scope); err != nil {
		return fmt.Errorf("--scope: %w", err)
	}
	if err := o.newsOptions.check(e, o.store != ""); err != nil {
		return err
	}
	if o.policy != "" && o.store == "" {
		return hinted(errors.New("--policy: there is no evidence to keep the policy with, and no finding depends on it"), "leave it out, or say where the evidence is kept with --evidence DIR")
	}
	if err := o.checkFiles(ctx, e); err != nil {
		return err
	}
	return o.checkSuggested(ctx, e)
}

// judge reads the files and the tenant, and compares them. If the tenant could not
// be read completely, incomplete says so and the audit claims nothing.
func (o *auditOptions) judge(ctx context.Context, e *env, k *keeper) (a *audit.Audit, incomplete *exit, err error) {
	options := audit.Options{Scope: audit.Scope(o.scope), News: k.isKeeping()}
	if options.Waivers, err = o.readWaivers(ctx, e, k); err != nil {
		return nil, nil, err
	}
	if err = o.keepPolicy(ctx, e, k); err != nil {
		return nil, nil, err
	}
	o.wanted.keeper, o.wanted.admit, o.wanted.rowsOnly = k, o.checkReadonly, options.Scope == audit.ScopeFile
	c, err := e.compare(ctx, o.wanted)
	if err != nil && (!errors.As(err, &incomplete) || incomplete.code != exitIncomplete) {
		return nil, nil, err
	}
	if options.Earlier, options.EarlierLink, err = k.earlier(ctx, e); err != nil {
		return nil, nil, err
	}
	k.identity = c.tenant.Identity()
	a = c.audit(incomplete, options)
	if o.who && incomplete == nil {
		err = e.attribute(ctx, c.tenant, a, options.Earlier)
	}
	if incomplete == nil && err == nil { // last: a wait that Graph asks for here holds up nothing else
		err = e.nameFindings(ctx, o.names.Mode, c.tenant, a, k.isKeeping())
	}
	e.noteBare(a.BareRows)
	return a, incomplete, err
}

// keep puts the audit into the files and the store that are asked for. An audit in a
// store has happened, and what was new in it never is again: it is shown even if the
// metrics cannot be written.
func (o *auditOptions) keep(ctx context.Context, e *env, a *audited) error {
	k := a.keeper
	measured := report.MetricsOptions{Duration: time.Since(k.started), LastComplete: o.lastComplete(ctx, e, k, a.Audit)}
	if err := o.keepFiles(ctx, e, &a.made, a.Audit); err != nil {
		return err
	}
	if err := k.seal(ctx, e, evidence.Manifest{Options: o.settings(e), Notified: o.newsOptions.send(ctx, e, a.Audit)}, a.Audit); err != nil {
		return err
	}
	a.unmeasured = o.measure(ctx, e, a.Audit, measured)
	if !k.isKeeping() {
		return a.unmeasured
	}
	return nil
}

// tell shows the audit and says how it ended.
func (o *auditOptions) tell(e *env, a *audited) error {
	page := e.pageOptions()
	if o.csv != "-" {
		page.Path = filepath.ToSlash(o.csv)
	}
	if err := e.page(func(w io.Writer) error { return report.Audit(w, a.Audit, e.format, page) }); err != nil {
		a.made.Remove()
		a.keeper.note(e) // what could not be shown may be there
		return err
	}
	o.note(e, a.keeper, a.Audit)
	switch {
	case a.unmeasured != nil:
		return a.unmeasured
	case a.incomplete != nil:
		return a.incomplete
	case a.Fails(o.failOn):
		return exitWith(exitDiffers)
	default:
		return nil
	}
}

// lastComplete is when the newest complete audit before this one was made, if this
// one is incomplete: by the store, or by the metrics that are about to be replaced,
// if they know of a later one. It is zero if neither knows.
func (o *auditOptions) lastComplete(ctx context.Context, e *env, k *keeper, a *audit.Audit) time.Time {
	if o.metrics == "" || a.Result != audit.Incomplete {
		return time.Time{}
	}
	at := k.lastComplete()
	if !isKept(o.metrics) {
		return at
	}
	told, err := readFile(ctx, &e.process, o.metrics, func(r io.Reader) (time.Time, error) {
		return report.LastComplete(r, a.HomeTenant.ID)
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) && at.IsZero() {
		e.warn("it is not known when the last complete audit was made: %v", err)
	}
	if told.After(at) {
		at = told
	}
	return at
}

// note says where everything is, what was let pass, and what to do about the rest.
func (o *auditOptions) note(e *env, k *keeper, a *audit.Audit) {
	if o.dir != "" {
		e.note("audit saved in %s", o.dir)
	}
	switch {
	case o.suggest == "":
	case a.Result == audit.Incomplete:
		e.note("no waivers are suggested: nothing is known of what is open")
	default:
		e.note("waivers in %s, to be filled in: each needs a reason, an approver and the last day, such as %s", o.suggest, a.CreatedAt.AddDate(0, 3, 0).Format(time.DateOnly))
	}
	k.note(e)
	switch {
	case a.Result != audit.Drift:
	case !a.Fails(o.failOn):
		e.note("there are open findings; --fail-on %s lets them pass", o.failOn)
	case o.suggest != "":
	case a.Totals.Missing+a.Totals.Changed == 0: // the file asks for nothing that is not there
		e.note("to put it right: change or add rows as the hints say, then plan; to accept findings until a day: --suggest-waivers")
	default:
		e.note("to put it right: %s; to accept findings until a day: --suggest-waivers", o.planOf(e))
	}
}

// planOf is the command that plans the files of the audit, under its policy.
func (o *auditOptions) planOf(e *env) string {
	if o.csv == "-" || o.template == "-" {
		return "bulksync plan" // what was read from a pipe has no name
	}
	var files []string
	if o.csv != "" {
		files = append(files, o.csv)
	}
	command := e.address.command("plan", files...)
	if o.template != "" {
		command += " --template " + shellQuote(o.template)
	}
	if o.policy != "" { // one of the environment holds there as well
		command += " --policy " + shellQuote(o.policy)
	}
	return command
}

// settings are the settings that the findings depend on, and the names of the
// files.
func (o *auditOptions) settings(e *env) evidence.Options {
	name := func(path string) string {
		if path == "" {
			return ""
		}
		return inputName(path)
	}
	return evidence.Options{
		CSV: name(o.csv), Template: name(o.template), Waivers: name(o.waivers), Policy: name(o.file(e)),
		Scope: audit.Scope(o.scope), FailOn: o.failOn, Who: o.who, ReadTwice: o.twice, RequireReadonly: o.readonly,
	}
}

// readWaivers reads the file of waivers; nil for none.
func (o *auditOptions) readWaivers(ctx context.Context, e *env, k *keeper) (*audit.Waivers, error) {
	if o.waivers == "" {
		return nil, nil
	}
	return readFile(ctx, &e.process, o.waivers, func(r io.Reader) (*audit.Waivers, error) {
		return audit.ReadWaivers(ctx, k.tee(evidence.WaiversName, r), inputName(o.waivers))
	})
}

// keepPolicy reads the policy, if one is given, to keep it with the evidence. No
// finding depends on it, so without evidence one in the environment is nothing to
// fail on.
func (o *auditOptions) keepPolicy(ctx context.Context, e *env, k *keeper) error {
	path := o.file(e)
	if path == "" || !k.isKeeping() {
		return nil
	}
	_, err := readFile(ctx, &e.process, path, func(r io.Reader) (*plan.Policy, error) {
		return e.readPolicy(ctx, k.tee(evidence.PolicyName, r), path)
	})
	return err
}

// audit compares what is wanted with a tenant that was read, or says why the
// tenant could not be read completely.
func (c *compared) audit(incomplete *exit, o audit.Options) *audit.Audit {
	if incomplete == nil {
		wanted, current := c.take()
		return audit.Compare(c.head(), c.input, wanted, current, o)
	}
	result := audit.New(c.head(), c.input, c.current.Read)
	result.Problem = edge(errors.Unwrap(incomplete.err).Error()) // the verdict says that nothing is claimed
	return result
}

// outputs are the files that the audit writes outside of its store.
func (o *auditOptions) outputs() []output {
	all := []output{{waiversFile, o.suggest}, {metricsFile, o.metrics}}
	if o.dir != "" {
		for _, f := range auditFiles() {
			all = append(all, output{reportFile, filepath.Join(o.dir, f.name)})
		}
	}
	return all
}

// checkPlaces refuses an output that could not be written, before anything is read.
// The folder of the reports need not exist yet.
func (o *auditOptions) checkPlaces() error {
	for _, out := range []string{o.suggest, o.metrics} {
		if out == "" {
			continue
		}
		target, stream, err := atomicfile.Target(out)
		if dir := filepath.Dir(target); err == nil && !stream && (o.dir == "" || realPath(dir) != realPath(o.dir)) {
			_, err = os.Stat(dir)
		}
		if err != nil {
			return fmt.Errorf("writing %s: %w", out, atomicfile.WithoutPath(err))
		}
	}
	return nil
}

// checkSuggested refuses to replace waivers that somebody has filled in.
func (o *auditOptions) checkSuggested(ctx context.Context, e *env) error {
	if o.suggest == "" || !isKept(o.suggest) {
		return nil
	}
	filled, err := readFile(ctx, &e.process, o.suggest, func(r io.Reader) (bool, error) { return audit.IsFilledIn(ctx, r) })
	if filled {
		return refused("give the output another name", "%s would overwrite waivers that are filled in", o.suggest)
	}
	if isInterrupt(err) {
		return err
	}
	return nil // writing reports what is wrong
}

// checkFiles refuses an output that would replace an input or another output, or
// be in the store, which may not exist yet.
func (o *auditOptions) checkFiles(ctx context.Context, e *env) error {
	all := o.outputs()
	if err := e.checkOutputs(ctx, all, o.csv, o.template, o.waivers, o.file(e), o.key); err != nil {
		return err
	}
	for _, out := range all {
		target, stream, err := atomicfile.Target(out.path)
		if out.path == "" || o.store == "" || err != nil || stream {
			continue // writing reports what is wrong; nothing is replaced
		}
		if in, err := filepath.Rel(realPath(o.store), realPath(target)); err == nil && filepath.IsLocal(in) {
			return inStore(out.path, o.store)
		}
	}
	return o.checkPlaces()
}

// checkReadonly refuses an identity that could write here.
func (o *auditOptions) checkReadonly(id auth.Identity) error {
	if !o.readonly {
		return nil
	}
	if err := id.CheckReadOnly(); err != nil {
		return refused("sign in as an app whose only permission on policies is Policy.Read.All", "--require-readonly: %w", err)
	}
	return nil
}

// attribute says beside the findings who changed what. Without the audit log they
// stand as they are.
func (e *env) attribute(ctx context.Context, t *session.Session, a, earlier *audit.Audit) error {
	end := e.noteOutage(t)
	trail, err := audit.ReadTrail(ctx, t.Client(), audit.TrailSince(a.CreatedAt, earlier))
	end()
	if isInterrupt(err) {
		return err
	}
	if err != nil {
		e.warn("it is not known who changed what: %v", err)
	}
	a.Attribute(trail)
	return nil
}

// keepFiles saves the audit in its folder, and the waivers that it suggests, each
// file whole or not at all. If one fails, the caller removes those that were made:
// half an audit is worth nothing.
func (o *auditOptions) keepFiles(ctx context.Context, e *env, made *atomicfile.Created, a *audit.Audit) error {
	if o.dir != "" {
		folders, err := atomicfile.MakeFolders(o.dir)
		*made = append(*made, folders...)
		if err != nil {
			return err
		}
		for _, f := range auditFiles() {
			if err := e.writeNew(ctx, made, filepath.Join(o.dir, f.name), f.render(a)); err != nil {
				return err
			}
		}
	}
	if o.suggest == "" || a.Result == audit.Incomplete { // a list without rows would say that nothing is open
		return nil
	}
	return e.writeNew(ctx, made, o.suggest, func(w io.Writer) error { return audit.SuggestWaivers(w, a) })
}
