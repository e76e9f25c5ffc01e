package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/internal/session"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
	"bulksync/plan/desired"
)

// wanted names the files that say what is wanted, for plan and audit alike.
type wanted struct {
	csv, template  string
	createPartners bool
	selection      selectionOptions
	// imageless means that the values of what is there will do, without its JSON.
	imageless bool
	// twice means that the tenant is read twice, and must be the same in all that is
	// judged; rowsOnly means that only partners with a row are.
	twice, rowsOnly bool
	// keeper keeps what is read, and admit may refuse who reads it; nil for neither.
	keeper *keeper
	admit  func(auth.Identity) error
}

// takeFile takes the CSV from the command's arguments, if one is given.
func (w *wanted) takeFile(args []string) {
	if len(args) > 0 {
		w.csv = args[0]
	}
}

func (w *wanted) register(fl *pflag.FlagSet) {
	fl.StringVar(&w.template, "template", "", "`FILE.json`: multitenant-organization identity-sync template; the CSV is optional then")
}

// read reads the files, and nothing else. The rows hold what the CSV asks for:
// they become partners once their domain names are resolved.
func (e *env) read(ctx context.Context, w wanted) (d plan.Desired, rows *desired.Rows, err error) {
	d.CreatePartners = w.createPartners
	if w.csv == "" && w.template == "" {
		return d, nil, hinted(errors.New("no file to read"), "give a CSV of partners, or a template with --template FILE.json; bulksync export writes both as the tenant has them")
	}
	if w.template != "" {
		if d.Template, err = readFile(ctx, &e.process, w.template, func(r io.Reader) (*desired.Template, error) {
			return desired.ReadTemplate(w.keeper.tee(evidence.TemplateName, r), inputName(w.template))
		}); err != nil {
			return d, nil, err
		}
	}
	if w.csv == "" {
		return d, nil, nil
	}
	if rows, err = readFile(ctx, &e.process, w.csv, func(r io.Reader) (*desired.Rows, error) {
		return desired.ReadRows(ctx, w.keeper.tee(evidence.CSVName, r), inputName(w.csv))
	}); err != nil {
		var faulty *desired.RefusedRows
		if errors.As(err, &faulty) {
			e.notices(faulty.Notices)
		}
		return d, nil, e.notACSV(w.csv, err)
	}
	e.notices(rows.Notices)
	return d, rows, nil
}

// notACSV is the error for an input that cannot be read, unless it is a plan.
func (e *env) notACSV(path string, err error) error {
	if !isPlanFile(path) {
		return err
	}
	return hinted(fmt.Errorf("%s is a plan, not a CSV of partners", path), "to apply it: "+e.address.command("apply", path))
}

// notices prints what the author of a CSV should know.
func (e *env) notices(all []desired.Notice) {
	for _, n := range all {
		e.remarkAt(&position{n.File, n.Line, n.Column}, n.Message)
	}
}

// compared is what plan and audit share: what is wanted, what is there, and the
// session that read it.
type compared struct {
	input   audit.Input
	desired plan.Desired
	current *plan.Current
	tenant  *session.Session
}

// compare reads the files and then the tenant. It first refuses what it can
// refuse offline. If the tenant cannot be read, the part that was read comes
// with the error.
func (e *env) compare(ctx context.Context, w wanted) (*compared, error) {
	d, rows, err := e.read(ctx, w)
	if err != nil {
		return nil, err
	}
	part, err := w.selection.read(ctx, e, rows != nil)
	if err != nil {
		return nil, err
	}
	t, err := e.connect(ctx, demand{record: w.keeper.record()})
	if err != nil {
		return nil, err
	}
	if err := w.admits(t); err != nil {
		return nil, err
	}
	c := &compared{input: inputOf(rows, d.Template), desired: d, tenant: t}
	needs := w.needs(rows, part, d.Template != nil && t.Home().Cloud.HasTemplates())
	if rows != nil && len(needs.Domains) == 0 {
		if err = c.resolve(rows, nil, part); err != nil {
			return nil, err
		}
	}
	first, err := e.readTenant(ctx, c, w, needs)
	if err != nil {
		return c, err
	}
	if len(needs.Domains) > 0 {
		if err = c.resolve(rows, c.current.TenantIDs, part); err != nil {
			return c, err
		}
		e.notices(c.desired.Partners.Notices)
	}
	if first != nil {
		if d := plan.CompareReadings(c.desired, w.rowsOnly, first, c.current); len(d) > 0 {
			return c, e.unread(t.Identity(), d)
		}
	}
	return c, nil
}

// resolve turns the rows into partners, and takes the part of them that is chosen.
func (c *compared) resolve(rows *desired.Rows, tenantIDs map[string]string, part *chosen) (err error) {
	if c.desired.Partners, err = rows.Resolve(c.tenant.Home().ID, tenantIDs); err != nil {
		return err
	}
	return part.apply(&c.desired, tenantIDs)
}

// union is a with the texts of b that are not in it.
func union(a, b []string) []string {
	known := make(map[string]bool, len(a))
	for _, text := range a {
		known[text] = true
	}
	return append(a, slices.DeleteFunc(b, func(text string) bool { return known[text] })...)
}

// needs says what is to be read of the tenant.
func (w *wanted) needs(rows *desired.Rows, part *chosen, template bool) plan.Needs {
	needs := plan.Needs{Template: template}
	var shown []plan.Object
	if rows != nil {
		needs.Domains = union(rows.Domains(), part.domains())
		if !w.imageless {
			shown = rows.Objects()
			needs.Whole = rows.RemovesPartners()
		}
	}
	needs.Keeps = func(o plan.Object) bool { return slices.Contains(shown, o) }
	return needs
}

// admits refuses to read the tenant: the identity could do too much, or the store
// is another tenant's.
func (w *wanted) admits(t *session.Session) error {
	if w.admit != nil {
		if err := w.admit(t.Identity()); err != nil {
			return err
		}
	}
	return w.keeper.admit(t.Home())
}

// readTenant reads the tenant. If it has to be read twice, the first reading is
// returned, and the second one counts.
func (e *env) readTenant(ctx context.Context, c *compared, w wanted, needs plan.Needs) (first *plan.Current, err error) {
	end := e.noteOutage(c.tenant)
	defer end()
	c.current, err = plan.ReadCurrent(ctx, c.tenant.Client(), needs)
	e.noteRestarts(c.current.Restarts)
	if err == nil && w.twice {
		first = c.current
		w.keeper.reading(2)
		c.current, err = plan.ReadCurrent(ctx, c.tenant.Client(), needs)
		e.noteRestarts(c.current.Restarts)
	}
	if err == nil {
		err = seesPolicies(c.tenant.Identity(), c.current)
	}
	if err != nil {
		return nil, e.unread(c.tenant.Identity(), err)
	}
	return first, nil
}

// seesPolicies refuses a reading without any policy by a person whose role sees partners alone:
// Graph can show a hidden policy as if there were none.
func seesPolicies(id auth.Identity, cur *plan.Current) error {
	role := id.PartialRole()
	if role == "" || len(cur.Partners) == 0 {
		return nil
	}
	for _, p := range cur.Partners {
		if p.Sync != nil {
			return nil
		}
	}
	return fmt.Errorf("none of %s shows a synchronization policy: %w to a %s", words.Count(len(cur.Partners), "partner"), graph.NotVisible, role)
}

// take returns what is wanted and what is there, for the comparison, and gives
// them up: they are as large as its result.
func (c *compared) take() (d plan.Desired, cur *plan.Current) {
	d, cur = c.desired, c.current
	c.desired, c.current = plan.Desired{}, nil
	return d, cur
}

// inputOf identifies what is wanted.
func inputOf(rows *desired.Rows, t *desired.Template) audit.Input {
	if rows != nil {
		return audit.InputOf(&rows.Input)
	}
	return audit.Input{Name: t.Name, SHA256: t.SHA256}
}

// noteBare reports rows that name no property: next to nothing was compared for
// them.
func (e *env) noteBare(rows int) {
	switch rows {
	case 0:
	case 1:
		e.remark("1 row names no property: only whether the partner exists was checked")
	default:
		e.remark("%s rows name no property: only whether the partner exists was checked", words.Thousands(rows))
	}
}

// noteIdle reports rows for which the plan allows synchronization that cannot work.
func (e *env) noteIdle(rows []int) {
	const why = "would synchronize without automatic redemption, which that needs: set inboundConsent as well, or an audit will report sync-without-consent"
	switch len(rows) {
	case 0:
	case 1:
		e.remark("the partner on line %d %s", rows[0], why)
	default:
		e.remark("%s partners, the first on line %d, %s", words.Thousands(len(rows)), rows[0], why)
	}
}

// noteRestarts says why a list was read again.
func (e *env) noteRestarts(why []string) {
	for _, w := range why {
		e.note("the partners were read again from the beginning: %s", w)
	}
}

func (c *compared) head() plan.Head {
	return plan.Head{Tool: tool(), CreatedAt: time.Now(), HomeTenant: c.tenant.Home(), Estimate: c.estimate}
}

// estimate says how long writes may take, from what reading the tenant took.
func (c *compared) estimate(writes int) plan.Estimate {
	low, high := c.tenant.Estimate(writes)
	return plan.Estimate{LowMs: low.Milliseconds(), HighMs: max(low, high).Milliseconds(), LatencyMs: c.tenant.Latency().Milliseconds()}
}
