package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"bulksync/graph"
	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/desired"
)

// findings computes the audit again from its input and the recorded answers. Nothing
// is taken from what is to be proved but the time and the names of the files.
func (p *auditProof) findings() {
	if p.head.Result == audit.Incomplete {
		p.claimsNothing()
		return
	}
	for name := range p.altered {
		if isInput(name) {
			p.add(NotProved, OfFindings, "", "the findings were not computed again, because what they are made from was altered")
			return
		}
	}
	if !slices.Equal(p.readings(), readingsOf(p.Manifest.Options)) {
		p.differs(OfFindings, RequestsName, "the tenant was read another number of times than the manifest says")
		return
	}
	earlier, known := p.earlier()
	in, err := p.input()
	if err != nil {
		p.differs(OfFindings, "", "the input cannot be read again: %s", firstLine(err))
		return
	}
	p.computeAll(in, earlier, known)
}

// computeAll computes the findings from each reading of the tenant, and holds them
// against those of the audit: one of the readings must give the same audit, and the
// others must agree with it about all that is judged.
func (p *auditProof) computeAll(in *auditInput, earlier *audit.Audit, known bool) {
	var same *computed
	var all []*computed
	why := "no answer was recorded"
	for _, n := range p.readings() {
		c, err := p.compute(in, n, earlier)
		if err != nil {
			p.differs(OfFindings, RequestsName, "the tenant cannot be read again from the answers: %s", firstLine(err))
			return
		}
		all = append(all, c)
		if d := p.difference(c.audit, known); d != "" {
			why = d
		} else if same == nil {
			same = c
		}
	}
	if same == nil {
		p.differs(OfFindings, AuditName, "computed again, the audit differs: %s", why)
		return
	}
	for _, c := range all {
		if c == same {
			continue
		}
		if d := plan.CompareReadings(same.desired, p.Manifest.Options.Scope == audit.ScopeFile, same.current, c.current); len(d) > 0 {
			p.differs(OfFindings, AuditName, "nothing should be claimed: %v", d)
			return
		}
	}
	p.add(Proved, OfFindings, AuditName, "%s and all else in it: the same when computed again from %s of Graph and the input",
		count(len(same.audit.Findings)+len(same.audit.Waived), "finding"), count(len(p.requests), "answer"))
	if known {
		p.again = same.audit
		p.last, p.lastFolder = same.audit, p.Folder
	}
}

// computed is an audit, computed again from one reading.
type computed struct {
	desired plan.Desired
	current *plan.Current
	audit   *audit.Audit
}

// count counts things whose plural ends in s.
func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprint(n, " ", thing)
}

// firstLine is an error that may list many.
func firstLine(err error) string {
	line, _, more := strings.Cut(err.Error(), "\n")
	if more {
		line += " ..."
	}
	return line
}

// claimsNothing proves that an incomplete audit claims nothing.
func (p *auditProof) claimsNothing() {
	a, err := audit.Decode(bytes.NewReader(p.json))
	if err != nil {
		return // it is told when the reports are rendered
	}
	if len(a.Findings)+len(a.Waived)+len(a.Fixed)+len(a.Unjudged)+len(a.UnusedWaivers) > 0 || a.Totals != (audit.Totals{}) || a.HomeTenant.Name != "" {
		p.differs(OfFindings, AuditName, "the audit is incomplete, and claims something all the same")
		return
	}
	p.add(Proved, OfFindings, AuditName, "the audit is incomplete and claims nothing")
	p.add(Outside, OfFindings, AuditName, "why the tenant could not be read: it is told as it was recorded")
}

// readings lists the numbers of the readings.
func (p *auditProof) readings() []int {
	all := map[int]bool{}
	for i := range p.requests {
		all[p.requests[i].Reading] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// auditInput is what the tenant was compared with.
type auditInput struct {
	template *desired.Template
	rows     *desired.Rows
	waivers  *audit.Waivers
}

// input reads what the audit was made from, under the names that the files had.
func (p *auditProof) input() (*auditInput, error) {
	in, o := &auditInput{}, p.Manifest.Options
	err := p.readInput(CSVName, o.CSV, func(r io.Reader) (err error) {
		in.rows, err = desired.ReadRows(p.ctx, r, o.CSV)
		return err
	})
	if err == nil {
		err = p.readInput(TemplateName, o.Template, func(r io.Reader) (err error) {
			in.template, err = desired.ReadTemplate(r, o.Template)
			return err
		})
	}
	if err == nil {
		err = p.readInput(WaiversName, o.Waivers, func(r io.Reader) (err error) {
			in.waivers, err = audit.ReadWaivers(p.ctx, r, o.Waivers)
			return err
		})
	}
	if err == nil && in.rows == nil && in.template == nil {
		err = errors.New("there is none")
	}
	return in, err
}

// readInput reads one file, which must be there if and only if it had a name.
func (p *auditProof) readInput(file, name string, read func(io.Reader) error) error {
	switch _, there := p.sums[file]; {
	case !there && name == "":
		return nil
	case !there:
		return fmt.Errorf("%s is not there, and the manifest says that it was %q", file, name)
	case name == "":
		return fmt.Errorf("%s is there, and the manifest says that there was none", file)
	}
	r, err := p.open(file)
	if err != nil {
		return err
	}
	defer r.Close()
	return read(r)
}

// identity is what an audit says that it compared the tenant with.
func (in *auditInput) identity() audit.Input {
	if in.rows != nil {
		return audit.InputOf(&in.rows.Input)
	}
	return audit.Input{Name: in.template.Name, SHA256: in.template.SHA256}
}

// compute makes the audit again from one reading.
func (p *auditProof) compute(in *auditInput, reading int, earlier *audit.Audit) (*computed, error) {
	home := p.Manifest.HomeTenant
	home.Name = "" // it is among the names
	needs := plan.Needs{
		Template: in.template != nil && home.Cloud.HasTemplates(),
		Keeps:    func(plan.Object) bool { return false }, // the values of what is there will do
	}
	if in.rows != nil {
		needs.Domains = in.rows.Domains()
	}
	r, ctx := newReplayer(p.ctx, p.requestsOf(reading), p.answer)
	defer r.stop(nil)
	cur, err := readAgain(ctx, home.GraphURL, r, needs)
	if err != nil {
		return nil, err
	}
	d := plan.Desired{Template: in.template}
	if in.rows != nil {
		if d.Partners, err = in.rows.Resolve(home.ID, cur.TenantIDs); err != nil {
			return nil, err
		}
	}
	head := plan.Head{Tool: p.head.Tool, CreatedAt: p.head.CreatedAt, HomeTenant: home}
	o := audit.Options{Scope: p.Manifest.Options.Scope, Waivers: in.waivers, News: true, Earlier: earlier}
	if earlier != nil {
		o.EarlierLink = p.head.Earlier
	}
	c := &computed{d, cur, audit.Compare(head, in.identity(), d, cur, o)}
	names, err := p.names()
	if err != nil {
		return nil, err
	}
	c.audit.Name(names)
	return c, p.attribute(c.audit)
}

// requestsOf are the requests of one reading.
func (p *auditProof) requestsOf(reading int) (some []Request) {
	for _, r := range p.requests {
		if r.Reading == reading {
			some = append(some, r)
		}
	}
	return some
}

// answer reads the recorded body of an answer.
func (p *auditProof) answer(r *Request) ([]byte, error) {
	if r.File == "" {
		return nil, nil
	}
	body, err := p.read(r.File, maxAnswer)
	if err != nil {
		return nil, &ReplayError{r.URL, p.says(err, r.File)}
	}
	return body, nil
}

// attribute says who changed what, from the recorded answers of the audit log. Why
// that could not be read is told as it was.
func (p *auditProof) attribute(again *audit.Audit) error {
	h := p.head.History
	if h == nil {
		return nil
	}
	r, ctx := newReplayer(p.ctx, p.requests, p.answer)
	defer r.stop(nil)
	client, err := graph.New(graph.Options{RootURL: p.Manifest.HomeTenant.GraphURL, Base: r})
	if err != nil {
		return err
	}
	trail, _ := audit.ReadTrail(ctx, client, h.Since) // the trail says what was wrong
	hole := (*ReplayError)(nil)
	switch {
	case !errors.As(context.Cause(ctx), &hole):
		again.Attribute(trail)
	case h.Problem == "":
		return hole
	default:
		again.History = &audit.History{Since: h.Since, Problem: h.Problem}
	}
	return p.ctx.Err()
}

// earlier is the audit that this one was compared with; known is false if that is
// not there as it was.
func (p *auditProof) earlier() (before *audit.Audit, known bool) {
	l := p.head.Earlier
	switch {
	case l == nil:
		return nil, true
	}
	before, err := p.linked(l)
	if err != nil {
		p.add(NotProved, OfFindings, AuditName, "what is new, continuing and fixed: that takes %s, and %v", l.Folder, err)
	}
	return before, err == nil
}

// linked reads another audit of the store, which must be the one that a link names.
func (p *auditProof) linked(l *audit.Link) (*audit.Audit, error) {
	if !isAudit(l.Folder) { // it might lead anywhere
		return nil, errors.New("its name is not one of an audit")
	}
	e, err := readEntry(p.store, l.Folder)
	switch {
	case err != nil:
		return nil, err
	case e.Manifest == nil, e.SHA256 != l.SHA256:
		return nil, errors.New("it is not there as it was")
	case p.last != nil && p.lastFolder == l.Folder:
		return p.last, nil
	default:
		return p.auditOf(&e)
	}
}

// auditOf reads an audit of the store, which must be as its manifest has it.
func (p *auditProof) auditOf(e *Entry) (*audit.Audit, error) {
	before := &auditProof{
		AuditProof: &AuditProof{}, prover: p.prover, ctx: p.ctx, dir: filepath.Join(p.store, e.Folder), sums: map[string]File{},
	}
	for _, f := range e.Manifest.Files {
		before.sums[f.Name] = f
	}
	text, err := before.read(AuditName, maxReport)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", AuditName, before.says(err, AuditName))
	}
	return audit.Decode(bytes.NewReader(text))
}
