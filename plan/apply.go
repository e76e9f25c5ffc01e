package plan

import "bulksync/graph"

// Apply returns l as it is after the change, which a reading may not show yet.
// The members that the change is about are as wanted, so CheckDrift says
// AsWanted; all others are as they were read. An object that no reading showed is
// built from the change. A partner that could not be read stays as it is: its
// other members are unknown.
func (c *Change) Apply(l Live) Live {
	switch {
	case c.Object == SyncTemplate:
		l.Template = c.applyToTemplate(l.Template)
	case c.Object == PartnerConfiguration && c.Action == Delete:
		l.Partner = nil
	case c.Object == PartnerConfiguration && c.Action == Create && l.Partner == nil:
		l.Partner = &graph.Partner{TenantID: c.Partner.TenantID, Raw: c.after()}
	case l.Partner == nil || l.isUnread():
	case c.Object == IdentitySynchronization && c.Action == Delete:
		p := *l.Partner
		p.Sync = nil
		l.Partner = &p
	case c.Object != PartnerConfiguration:
		p := *l.Partner
		if c.Object == IdentitySynchronization {
			p.Sync = c.policyUnder(p.Sync)
		}
		c.Object.SetRaw(&p, c.over(c.Object.Raw(&p)))
		c.set(&p, nil)
		l.Partner = &p
	}
	return l
}

// set gives every property of the change its value after the change.
func (c *Change) set(p *graph.Partner, t *graph.Template) {
	for _, f := range c.Fields {
		c.Object.Property(f.Path).Set(p, t, f.After)
	}
}

func (c *Change) applyToTemplate(live *graph.Template) *graph.Template {
	if live == nil {
		return nil
	}
	t := *live
	t.Raw = c.over(t.Raw)
	c.set(nil, &t)
	return &t
}

// policyUnder copies the policy that the change is applied to: the one that was
// read or, if there was none, the one in the plan.
func (c *Change) policyUnder(live *graph.IdentitySynchronization) *graph.IdentitySynchronization {
	if live == nil {
		live, _ = graph.ParseSync(c.Before) // it was parsed when the plan was made
	}
	if live == nil {
		return &graph.IdentitySynchronization{}
	}
	s := *live
	return &s
}

// WithOtherVerb returns the request that makes the same change with the other
// verb: PATCH if Graph has the object after all, and PUT, with what the policy
// held before, if Graph no longer has it. It returns nil if no other verb fits,
// if the partner could not be read, or if it is service-owned.
func (c *Change) WithOtherVerb(l Live) *Request {
	if c.Object != IdentitySynchronization || l.Partner == nil || l.isUnread() || l.isOwned() {
		return nil
	}
	switch {
	case c.Action == Create && l.Partner.Sync != nil:
		return RequestFor(c.Object, Update, c.Partner.TenantID, c.Fields)
	case c.Action == Update && l.Partner.Sync == nil:
		return RequestFor(c.Object, Create, c.Partner.TenantID, c.whole())
	default:
		return nil
	}
}

// whole lists every managed property of the object: the changed ones as they are
// after the change, the others as they were before it.
func (c *Change) whole() []Field {
	before, _ := graph.ParseSync(c.Before) // it was parsed when the plan was made
	if before == nil {
		return c.Fields
	}
	var fields []Field
	for _, p := range c.Object.Properties() {
		f := Field{Path: p.Path, After: p.Value(&graph.Partner{Sync: before}, nil)}
		for _, changed := range c.Fields {
			if changed.Path == f.Path {
				f = changed
			}
		}
		if f.After != nil {
			fields = append(fields, f)
		}
	}
	return fields
}
