package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"bulksync/plan/desired"
)

// rowsOf reads the rows of a plan from its cells again, as they were when the
// plan was made: checked, resolved and merged. The tenant of a domain name is the
// one in the changes of its row.
func (p *Plan) rowsOf() ([]desired.Row, error) {
	r, err := p.Input.Reread()
	var unassigned []desired.Unassigned
	if err == nil && len(r.Domains()) > 0 {
		unassigned = r.Assign(p.tenantsByLine())
	}
	var wanted *desired.Partners
	if err == nil {
		wanted, err = r.Resolve(p.HomeTenant.ID, nil)
	}
	var faulty desired.RowErrors
	if errors.As(err, &faulty) {
		return nil, fmt.Errorf("the input: line %d: %w", faulty[0].Line, faulty[0].Err)
	}
	if err != nil {
		return nil, fmt.Errorf("the input: %w", err)
	}
	if p.Selection != nil {
		s := selected{plan: p, Selection: p.Selection, rows: wanted.Rows, unassigned: unassigned}
		return s.prove()
	}
	return wanted.Rows, allAssigned(unassigned)
}

// allAssigned refuses a row that names a domain and has no change, unless another
// row may be about the same tenant.
func allAssigned(rows []desired.Unassigned) error {
	for _, row := range rows {
		if !row.Repeats {
			return noChange(row.Line)
		}
	}
	return nil
}

func noChange(line int) error { return fmt.Errorf("no change comes from line %d", line) }

// tenantsByLine maps each line of the input to the tenant of its changes.
func (p *Plan) tenantsByLine() map[int]string {
	lines := map[int]string{}
	for i := range p.Changes {
		lines[p.Changes[i].Row] = p.Changes[i].Partner.TenantID
	}
	return lines
}

// checkAsked refuses changes that the row does not ask for. It returns the index
// of the first one.
func checkAsked(r *desired.Row, g []Change) (int, error) {
	if first := &g[0]; r.Line != first.Row || r.TenantID != first.Partner.TenantID || r.Note != first.Note {
		return 0, fmt.Errorf("its partner, row or note is not that of line %d, which comes next", r.Line)
	}
	if len(g) > 1 && r.Absent != (rank(g[0].Object) > rank(g[1].Object)) { // checkSteps has seen that they go one way
		return 1, errors.New("it is out of order")
	}
	for i := range g {
		if err := g[i].checkAsked(r); err != nil {
			return i, err
		}
	}
	for _, o := range desired.PartnerObjects {
		if r.Manages(o) && !slices.ContainsFunc(g, func(c Change) bool { return c.Object == o }) {
			return 0, fmt.Errorf("line %d also asks for the %s, but has no change for it", r.Line, o)
		}
	}
	return 0, nil
}

// checkAsked refuses a change that the row does not ask for, or asks for
// differently.
func (c *Change) checkAsked(r *desired.Row) error {
	unread := c.Action == Blocked && strings.HasPrefix(c.Reason, reasonUnread)
	fits := r.Manages(c.Object)
	switch {
	case c.Object == PartnerConfiguration && r.PartnerAbsent && !unread:
		fits = c.Action == Delete || c.Reason == reasonNoConfiguration || c.Action == Blocked && len(c.Fields) > 0
	case c.Object == PartnerConfiguration && !unread && (c.Action == Delete || c.Reason == reasonNoConfiguration || c.Before != nil && c.Action == Blocked):
		fits = false
	case c.Object == PartnerConfiguration: // others may need it first
		fits = fits || !r.Absent && (c.Action == Create || c.Action == Blocked && (c.Reason == reasonOwned || c.isProtected()))
	case c.Object == IdentitySynchronization && !unread:
		goes := c.Action == Delete || c.Action == NoOp && c.Before == nil || c.Action == Blocked && c.Removes()
		fits = fits && goes == r.Absent
	}
	if c.Reason == reasonNoPartner || c.Reason == reasonAbsent {
		fits = fits && c.Reason == reasonMissing(r)
	}
	if !fits {
		return fmt.Errorf("line %d does not ask for that", c.Row)
	}
	if c.Object == PartnerConfiguration || unread {
		return c.checkName(r.DisplayName(), r.DisplayName() != "" || unread)
	}
	return c.checkValues(r)
}

// checkName refuses a name of the partner that differs from the known one.
func (c *Change) checkName(name string, known bool) error {
	if known && c.Partner.DisplayName != name {
		return fmt.Errorf("its partner is named %s, but %s in line %d", desired.Quote(c.Partner.DisplayName), desired.Quote(name), c.Row)
	}
	return nil
}

// checkValues compares each property with the row: what differs becomes what the
// row wants, everything else that the row wants is there already, and nothing
// else changes. A partner that the row does not name gets the name in its policy.
func (c *Change) checkValues(r *desired.Row) error {
	name, known := r.DisplayName(), r.DisplayName() != ""
	isSync := c.Object == IdentitySynchronization
	var there Live
	if isSync && !known || len(c.Fields) < r.Count(c.Object) { // otherwise the fields say everything
		var err error
		if there, err = c.image(); err != nil {
			return err
		}
	}
	if isSync && !known {
		live, _ := there.value(c.Object.Property(desired.PathDisplayName)).(string)
		name, known = clip(live, desired.MaxName), true
	}
	if err := c.checkName(name, known); err != nil || isSync && r.Absent {
		return err
	}
	if c.Action == NoOp && len(c.Fields) != r.Count(c.Object) {
		return fmt.Errorf("line %d asks for more than its fields show", c.Row)
	}
	list := c.Object.Properties()
	for i := range list {
		want, becomes := r.Value(&list[i]), there.value(&list[i])
		f := c.field(list[i].Path)
		if f != nil {
			becomes = f.After
		}
		if becomes != want && (f != nil || want != nil) {
			return fmt.Errorf("%s becomes %s, but line %d asks for %s", list[i].Path, jsonValue(becomes), c.Row, jsonValue(want))
		}
	}
	return nil
}
