package plan

import (
	"errors"
	"fmt"
	"slices"

	"bulksync/graph"
	"bulksync/plan/desired"
)

// check refuses a plan that Build and Revert would never have written, or that a
// later step could not report on. Each of its changes has been checked by itself.
func (p *Plan) check() error {
	if err := p.checkHead(); err != nil {
		return err
	}
	if err := p.Policy.Check(); err != nil {
		return fmt.Errorf("the policy: %w", err)
	}
	if err := p.Input.Check(); err != nil {
		return fmt.Errorf("the input: %w", err)
	}
	return p.checkChanges()
}

// checkHead refuses a plan that does not identify itself or its home tenant.
func (p *Plan) checkHead() error {
	cloud, err := graph.ParseCloud(string(p.HomeTenant.Cloud))
	if err != nil || cloud != p.HomeTenant.Cloud {
		return fmt.Errorf("the home tenant has an unknown cloud: %q", p.HomeTenant.Cloud)
	}
	if _, err := graph.CheckRoot(p.HomeTenant.GraphURL); err != nil {
		return fmt.Errorf("the home tenant: %w", err)
	}
	switch {
	case !desired.IsCanonicalGUID(p.HomeTenant.ID):
		return fmt.Errorf("the home tenant %s is not a tenant ID", desired.Quote(p.HomeTenant.ID))
	case p.HomeTenant.Name != "" && !graph.IsTenantName(p.HomeTenant.Name):
		return fmt.Errorf("the home tenant cannot have the name %s", desired.Quote(p.HomeTenant.Name))
	case p.CreatedAt.IsZero():
		return errors.New("it does not say when it was made")
	case len(p.Tool.Name) > desired.MaxName || len(p.Tool.Version) > desired.MaxName:
		return errors.New("the name or the version of the tool is too long")
	case !p.Read.Complete:
		return errors.New("the tenant was not read completely")
	case p.Read.Pages < 1 || p.Read.Partners < 0:
		return fmt.Errorf("the tenant was read in %d pages, with %d partners", p.Read.Pages, p.Read.Partners)
	case p.Read.Synchronizing < 0 || p.Read.Consenting < 0 || max(p.Read.Synchronizing, p.Read.Consenting) > p.Read.Partners:
		return fmt.Errorf("of %d partners, %d synchronize and %d consent", p.Read.Partners, p.Read.Synchronizing, p.Read.Consenting)
	case p.Estimate != nil && !(0 <= p.Estimate.LowMs && p.Estimate.LowMs <= p.Estimate.HighMs && p.Estimate.LatencyMs >= 0):
		return errors.New("its estimate is no range")
	case p.Template != nil:
		return desired.CheckSource("the template", p.Template.Name, p.Template.SHA256)
	default:
		return nil
	}
}

// checkChanges refuses changes that do not go together. The changes of one
// partner come from one row and are next to each other.
func (p *Plan) checkChanges() error {
	o := order{plan: p, protected: p.Policy.reasons(), seen: make(map[string]struct{}, min(p.Input.Rows, len(p.Changes)))}
	if len(p.Changes) > 0 {
		o.reverts = p.Changes[0].Reverts()
	}
	if err := p.checkSelection(o.reverts); err != nil {
		return fmt.Errorf("the selection: %w", err)
	}
	if p.Input.IsListed() && !o.reverts {
		var err error
		if o.wanted, err = p.rowsOf(); err != nil {
			return err
		}
	}
	for rest := p.Changes; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Partner.TenantID == rest[0].Partner.TenantID {
			n++
		}
		if at, err := o.checkPartner(rest[:n]); err != nil {
			return fmt.Errorf("change %d: %w", rest[at].Seq, err)
		}
		rest = rest[n:]
	}
	return o.finish()
}

// order is what checkChanges has seen so far of a plan's changes.
type order struct {
	plan    *Plan
	reverts bool // the plan reverts a run
	// protected maps each protected partner to the reason of its blocked changes.
	protected map[string]string
	wanted    []desired.Row // the rows whose changes are still to come; unused in a revert
	seen      map[string]struct{}
	template  bool
	rows      int
	there     int // partners whose objects the changes show
	row       int // of the previous partner
	down      int // -1 if rows ascend, 1 if they descend, 0 if there was only one
}

// checkPartner checks the changes of one partner, or of the template, and
// returns the index of the one that is wrong.
func (o *order) checkPartner(g []Change) (int, error) {
	if err := o.checkPosition(&g[0]); err != nil {
		return 0, err
	}
	for i := range g {
		c := &g[i]
		switch {
		case c.Reverts() != o.reverts:
			return i, errors.New("some changes revert a run, and others do not")
		case c.Partner != g[0].Partner || c.Row != g[0].Row || c.Note != g[0].Note:
			return i, errors.New("its partner, row or note is not that of the change before it")
		case c.Partner.TenantID == o.plan.HomeTenant.ID:
			return i, errors.New("the home tenant is its own partner")
		case c.Writes() && o.protected[c.Partner.TenantID] != "":
			return i, errors.New("it writes to a partner that the policy protects")
		case c.isProtected() && c.Reason != o.protected[c.Partner.TenantID]:
			return i, fmt.Errorf("the policy does not block it because %s", desired.Quote(c.Reason))
		case c.Object == SyncTemplate && (c.Action == Blocked) == o.plan.HomeTenant.Cloud.HasTemplates():
			return i, fmt.Errorf("%s of a template in the cloud %s", c.Action, o.plan.HomeTenant.Cloud)
		case c.Object == SyncTemplate && o.plan.Template == nil && !o.reverts:
			return i, errors.New("the plan names no template file")
		}
	}
	if g[0].Object != SyncTemplate && slices.ContainsFunc(g, func(c Change) bool { return c.Before != nil }) {
		o.there++
	}
	if at, err := o.checkSteps(g); err != nil || o.reverts || g[0].Object == SyncTemplate {
		return at, err
	}
	if len(o.wanted) == 0 {
		return 0, errors.New("no row asks for it")
	}
	row := &o.wanted[0]
	o.wanted = o.wanted[1:]
	return checkAsked(row, g)
}

// checkPosition checks where the changes of a partner are: each partner once, its
// row in the input, the rows in their order, and the template before them. In a
// plan that reverts a run the order may be reversed.
func (o *order) checkPosition(c *Change) error {
	id, in := c.Partner.TenantID, &o.plan.Input
	if _, twice := o.seen[id]; twice {
		return fmt.Errorf("%s appears in two places", c.Name())
	}
	first := len(o.seen) == 0
	o.seen[id] = struct{}{}
	if c.Object == SyncTemplate {
		o.template = true
	} else if o.rows++; in.IsListed() || !o.reverts {
		if _, known := slices.BinarySearch(in.Lines, c.Row); !known {
			return fmt.Errorf("the input has no row on line %d", c.Row)
		}
	}
	if !first {
		down := 1
		if c.Row > o.row {
			down = -1
		}
		if c.Row == o.row || o.down != 0 && o.down != down || down > 0 && !o.reverts {
			return fmt.Errorf("its row %d comes after row %d", c.Row, o.row)
		}
		o.down = down
	}
	o.row = c.Row
	return nil
}

// checkSteps checks the order of the changes of one partner: that of
// desired.PartnerObjects, reversed where objects are removed.
func (o *order) checkSteps(g []Change) (int, error) {
	down := 0
	for i := 1; i < len(g); i++ {
		d := rank(g[i-1].Object) - rank(g[i].Object)
		if d == 0 {
			return i, fmt.Errorf("a second change of the %s", g[i].Name())
		}
		if down*d < 0 {
			return i, errors.New("it is out of order")
		}
		down = d
	}
	for i := range g {
		c := &g[i]
		switch {
		case c.Action == Create && down > 0, c.Action == Delete && down < 0,
			c.Action == Update && c.Object == IdentitySynchronization && down > 0 && !o.reverts:
			return i, errors.New("it is out of order")
		case c.Action == Blocked && slices.ContainsFunc(g, func(c Change) bool { return c.Writes() }):
			return i, errors.New("it is blocked, but another change of the partner is not")
		case i > 0 && !o.reverts && c.Before != nil && g[0].Object == PartnerConfiguration:
			return i, errors.New("it shows values of a partner that does not exist")
		}
	}
	return 0, nil
}

// finish checks what can only be checked after all changes.
func (o *order) finish() error {
	if len(o.wanted) > 0 {
		return noChange(o.wanted[0].Line)
	}
	if !o.reverts && o.there > o.plan.Read.Partners {
		return fmt.Errorf("the tenant was read with %d partners, but the changes show values of %d", o.plan.Read.Partners, o.there)
	}
	if o.reverts && o.plan.Input.Name == "" {
		return errors.New("it does not name the run that it reverts")
	}
	if !o.plan.Input.IsListed() && o.plan.Input.Rows != o.rows {
		return fmt.Errorf("the input counts %d rows, but the changes come from %d", o.plan.Input.Rows, o.rows)
	}
	if o.plan.Template == nil {
		return nil
	}
	switch takes := o.plan.Selection.takes(TemplateChoice); {
	case o.reverts, takes && !o.template:
		return errors.New("it names a template file, but no change comes from it")
	case !takes && o.template:
		return errors.New("the selection leaves the template out, but a change comes from it")
	default:
		return nil
	}
}

// rank is the index of an object among those of its partner; -1 for the template.
func rank(o Object) int {
	return slices.Index(desired.PartnerObjects[:], o)
}
