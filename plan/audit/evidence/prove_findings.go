package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"bulksync/graph"
	"bulksync/internal/seal"
	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/desired"
)

// findings computes the audit again from its input and the recorded answers, and
// returns it if it is the same. Nothing is taken from what is to be proved but the
// time and the names of the files.
func (p *auditProof) findings() *audit.Audit {
	if p.audit.Result == audit.Incomplete {
		p.claimsNothing()
		return nil
	}
	if len(p.altered) > 0 {
		p.add(NotProved, OfFindings, "", "the findings were not computed again, because files of the audit were altered")
		return nil
	}
	earlier, known := p.earlier()
	in, err := p.input()
	if err != nil {
		p.differs(OfFindings, "", "the input cannot be read again: %s", firstLine(err))
		return nil
	}
	return p.sameAs(in, earlier, known)
}

// sameAs computes the findings from each reading of the tenant, and holds them
// against those of the audit: one of the readings must give the same audit, and the
// others the same findings.
func (p *auditProof) sameAs(in *auditInput, earlier *audit.Audit, known bool) *audit.Audit {
	was := p.audit
	if !known {
		was = withoutNews(was)
	}
	var same *audit.Audit
	var others []*audit.Audit
	why := "no answer was recorded"
	for _, n := range p.readings() {
		again, err := p.compute(in, n, earlier)
		if err != nil {
			p.differs(OfFindings, RequestsName, "the tenant cannot be read again from the answers: %s", firstLine(err))
			return nil
		}
		if !known {
			again = withoutNews(again)
		}
		if d := difference(was, again); d == "" {
			same = again
		} else {
			why = d
			others = append(others, again)
		}
	}
	switch {
	case same == nil:
		p.differs(OfFindings, AuditName, "computed again, the audit differs: %s", why)
		return nil
	case slices.ContainsFunc(others, func(a *audit.Audit) bool { return !sameFindings(a, same) }):
		p.differs(OfFindings, AuditName, "the readings of the tenant disagree, so nothing should be claimed")
		return nil
	}
	p.add(Proved, OfFindings, AuditName, "%d findings and everything else in it are the same when computed again from %d answers of Graph and the input",
		len(was.Findings)+len(was.Waived), len(p.requests))
	if !known {
		return nil
	}
	return same
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
	a := p.audit
	if len(a.Findings)+len(a.Waived)+len(a.Fixed)+len(a.Unjudged)+len(a.UnusedWaivers) > 0 || a.Totals != (audit.Totals{}) {
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
		return audit.Input{Name: in.rows.Input.Name, SHA256: in.rows.Input.SHA256, Rows: in.rows.Input.Rows}
	}
	return audit.Input{Name: in.template.Name, SHA256: in.template.SHA256}
}

// compute makes the audit again from one reading.
func (p *auditProof) compute(in *auditInput, reading int, earlier *audit.Audit) (*audit.Audit, error) {
	home := p.Manifest.HomeTenant
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
	head := plan.Head{Tool: p.audit.Tool, CreatedAt: p.audit.CreatedAt, HomeTenant: home}
	o := audit.Options{Scope: p.Manifest.Options.Scope, Waivers: in.waivers, News: true, Earlier: earlier}
	if earlier != nil {
		o.EarlierLink = p.audit.Earlier
	}
	again := audit.Compare(head, in.identity(), d, cur, o)
	return again, p.attribute(again)
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
	body, err := p.read(r.File)
	if err != nil {
		return nil, &ReplayError{r.URL, p.says(err, r.File)}
	}
	return body, nil
}

// attribute says who changed what, from the recorded answers of the audit log. Why
// that could not be read is told as it was.
func (p *auditProof) attribute(again *audit.Audit) error {
	h := p.audit.History
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
	l := p.audit.Earlier
	switch {
	case l == nil:
		return nil, true
	case p.last != nil && p.lastLink == *l:
		return p.last, true
	}
	problem := "its name is not one of an audit"
	if isAudit(l.Folder) {
		var e Entry
		var err error
		if e, err = readEntry(p.store, l.Folder); err == nil && e.SHA256 == l.SHA256 && e.Manifest != nil {
			before, err = p.auditOf(&e)
		} else if err == nil {
			problem = "it is not there as it was"
		}
		if err != nil {
			problem = err.Error()
		}
	}
	if before == nil {
		p.add(NotProved, OfFindings, AuditName, "what is new, continuing and fixed, which is beside %s: %s", l.Folder, problem)
		return nil, false
	}
	p.last, p.lastLink = before, *l
	return before, true
}

// auditOf reads an audit of the store, which must be as its manifest has it.
func (p *auditProof) auditOf(e *Entry) (*audit.Audit, error) {
	before := &auditProof{
		AuditProof: &AuditProof{}, prover: p.prover, ctx: p.ctx, dir: filepath.Join(p.store, e.Folder), sums: map[string]File{},
	}
	for _, f := range e.Manifest.Files {
		before.sums[f.Name] = f
	}
	text, err := before.read(AuditName)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", AuditName, before.says(err, AuditName))
	}
	return audit.Decode(bytes.NewReader(text))
}

// withoutNews is an audit without what it says of the one before it.
func withoutNews(a *audit.Audit) *audit.Audit {
	b := *a
	b.Earlier, b.Fixed, b.Unjudged = nil, nil, nil
	plain := func(list []audit.Finding) []audit.Finding {
		list = slices.Clone(list)
		for i := range list {
			f := &list[i]
			f.State, f.Since, f.Reopened = "", audit.Finding{}.Since, false
		}
		return list
	}
	b.Findings, b.Waived = plain(a.Findings), plain(a.Waived)
	return &b
}

// sameFindings reports whether two audits found the same.
func sameFindings(a, b *audit.Audit) bool {
	x, errX := seal.Marshal([][]audit.Finding{a.Findings, a.Waived})
	y, errY := seal.Marshal([][]audit.Finding{b.Findings, b.Waived})
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// difference names the members in which two audits differ, and the first finding;
// empty if they are the same.
func difference(was, again *audit.Audit) string {
	x, errX := members(was)
	y, errY := members(again)
	if errX != nil || errY != nil {
		return fmt.Sprint(errors.Join(errX, errY))
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(joined(x, y))) {
		if !bytes.Equal(x[name], y[name]) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	said := strings.Join(names, ", ")
	if id := firstDifferent(was.Findings, again.Findings); id != "" {
		said += "; first in the finding " + id
	}
	return said
}

func members(a *audit.Audit) (m map[string]json.RawMessage, err error) {
	text, err := seal.Marshal(a)
	if err == nil {
		err = seal.Unmarshal(text, &m)
	}
	return m, err
}

func joined(a, b map[string]json.RawMessage) map[string]json.RawMessage {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// firstDifferent is the ID of the first finding that is not the same in both lists.
func firstDifferent(a, b []audit.Finding) string {
	for i := range max(len(a), len(b)) {
		if i >= len(a) {
			return b[i].ID
		}
		if i >= len(b) {
			return a[i].ID
		}
		x, _ := seal.Marshal(a[i])
		y, _ := seal.Marshal(b[i])
		if !bytes.Equal(x, y) {
			return a[i].ID
		}
	}
	return ""
}

