package plan

import (
	"bulksync/graph"
	"bulksync/plan/desired"
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
	case c.Object == IdentitySynchronization:
		p := *l.Partner
		p.Sync = c.ontoSync(p.Sync)
		l.Partner = &p
	case c.Object == Consent:
		p := *l.Partner
		p.Consent = c.over(p.Consent)
		c.lay(desired.PathInbound, &p.InboundAllowed)
		c.lay(desired.PathOutbound, &p.OutboundAllowed)
		l.Partner = &p
	}
	return l
}

func (c *Change) ontoTemplate(live *graph.Template) *graph.Template {
	if live == nil {
		return nil
	}
	t := *live
	t.Raw = c.over(t.Raw)
	c.lay(desired.PathSyncAllowed, &t.IsSyncAllowed)
	for _, f := range c.Fields {
		if level, ok := f.After.(string); ok && f.Path == desired.PathLevel {
			t.TemplateApplicationLevel = level
		}
	}
	return &t
}

// ontoSync is the policy as the change leaves it. Where none was read it is the
// one of the plan.
func (c *Change) ontoSync(live *graph.IdentitySynchronization) *graph.IdentitySynchronization {
	switch {
	case c.Action == Delete:
		return nil
	case live == nil:
		before, _ := graph.ParseSync(c.Before) // it was parsed when the plan was made
		if live = before; before == nil {
			live = &graph.IdentitySynchronization{}
		}
	}
	s := *live
	s.Raw = c.over(s.Raw)
	c.lay(desired.PathSyncAllowed, &s.IsSyncAllowed)
	for _, f := range c.Fields {
		if f.Path == desired.PathDisplayName {
			s.DisplayName = pointer[string](f.After)
		}
	}
	return &s
}

// lay sets a switch to its value after the change, if the change is about it.
func (c *Change) lay(path string, at **bool) {
	for _, f := range c.Fields {
		if f.Path == path {
			*at = pointer[bool](f.After)
		}
	}
}

// pointer turns a field value into a nullable property, as deref does the other
// way.
func pointer[T any](v any) *T {
	if value, ok := v.(T); ok {
		return &value
	}
	return nil
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
	for _, f := range []Field{
		{Path: desired.PathDisplayName, After: deref(before.DisplayName)},
		{Path: desired.PathSyncAllowed, After: deref(before.IsSyncAllowed)},
	} {
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
