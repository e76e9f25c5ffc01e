package plan

import (
	"bulksync/graph"
)

// Onto returns l as it is once c was made: what is known of a write that a
// reading may not show yet. Every member that the change is about is as wanted
// then, so that Judge says so; all others are as they were read. Objects that no
// reading showed are made up from what the change says. Nothing is laid over a
// partner that could not be read: what else it holds is unknown.
func (c *Change) Onto(l Live) Live {
	switch {
	case c.Object == SyncTemplate:
		l.Template = c.ontoTemplate(l.Template)
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

// set makes every property of the change as it is after it.
func (c *Change) set(p *graph.Partner, t *graph.Template) {
	for _, f := range c.Fields {
		c.Object.Property(f.Path).Set(p, t, f.After)
	}
}

func (c *Change) ontoTemplate(live *graph.Template) *graph.Template {
	if live == nil {
		return nil
	}
	t := *live
	t.Raw = c.over(t.Raw)
	c.set(nil, &t)
	return &t
}

// policyUnder is a copy of the policy that the change is laid over: the one that
// was read or, where none was, the one of the plan.
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

// Rerouted returns the same change by the other verb, for when Graph says that
// the object is there after all (PUT becomes PATCH) or is not (PATCH becomes
// PUT, with what the policy held before). It returns nil where there is none,
// where the partner could not be read, and where it belongs to somebody else.
func (c *Change) Rerouted(l Live) *Request {
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

// whole lists every managed property of the object as it is to be: the changed
// ones after the change, the others as they were before it.
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
