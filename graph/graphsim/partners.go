package graphsim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// partnerView reads $select and $expand of a request for partners.
func (s *Sim) partnerView(c *call, options ...string) (view, *odataError) {
	v := view{members: s.members(), extras: true}
	q, bad := c.query(append(options, "$select", "$expand")...)
	if bad != nil {
		return v, bad
	}
	if q.Has("$select") {
		v.extras = false
		if v.members, bad = selected(q.Get("$select"), partnerUpdate.typ, append(v.members, seldomMembers...)); bad != nil {
			return v, bad
		}
	}
	if q.Has("$expand") {
		if q.Get("$expand") != "identitySynchronization" {
			return v, noProperty(q.Get("$expand"), partnerUpdate.typ)
		}
		v.expand = !c.suffers(FaultUnexpanded) && (s.cfg.HiddenSync == HiddenNull || c.claims.seesSync())
	}
	if c.suffers(FaultUnselected) {
		v.members = slices.DeleteFunc(slices.Clone(v.members), func(name string) bool { return name == "automaticUserConsentSettings" })
	}
	return v, nil
}

// members are those of a partner in this cloud.
func (s *Sim) members() []string {
	if s.cfg.Cloud.HasTemplates() {
		return slices.Clip(partnerMembers)
	}
	return slices.DeleteFunc(slices.Clone(partnerMembers), globalOnly)
}

// selected reads $select. Names that the type lacks are refused.
func selected(list, typ string, members []string) ([]string, *odataError) {
	names := strings.Split(list, ",")
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
		if !slices.Contains(members, names[i]) {
			return nil, noProperty(names[i], typ)
		}
	}
	return names, nil
}

func noProperty(name, typ string) *odataError {
	return badRequest("Parsing OData Select and Expand failed: Could not find a property named '" + name +
		"' on type 'microsoft.graph." + strings.ToLower(typ[:1]) + typ[1:] + "'.")
}

func (s *Sim) getPartner(c *call) answer {
	v, bad := s.partnerView(c)
	if bad != nil {
		return refuse(bad)
	}
	s.mu.Lock()
	p := s.partners.at(c.route.id, c.now)
	v.broken = s.broken
	s.mu.Unlock()
	if p == nil {
		return refuse(notFound(c.route.id))
	}
	v.context = c.context("partners/$entity")
	return ok(appendPartner(nil, c.shown(p), v))
}

// context is the @odata.context of an object below the policy.
func (c *call) context(of string) string { return c.base + "/v1.0/$metadata#" + xtap + "/" + of }

// shown is what the caller may see of a partner.
func (c *call) shown(p *Partner) *Partner {
	id, sees := c.shownID(p.TenantID), p.IdentitySynchronization == nil || c.claims.seesSync()
	if id == p.TenantID && sees {
		return p
	}
	shown := *p
	shown.TenantID = id
	if !sees {
		shown.IdentitySynchronization = nil
	}
	return &shown
}

func (s *Sim) createPartner(c *call) answer {
	body, bad := c.decode(partnerCreate)
	if bad != nil {
		return refuse(bad)
	}
	id, isSet := body["tenantId"].(string)
	switch {
	case !isSet:
		return refuse(badRequest("A value is required for property 'tenantId' of resource '" + partnerCreate.typ + "'."))
	case strings.EqualFold(id, s.cfg.HomeTenant):
		return refuse(badRequest("Invalid value specified for property 'tenantId' of resource '" + partnerCreate.typ + "'."))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	slot := s.partners.slot(id)
	if slot.latest != nil || s.inWindow(c, slot.partnerGone) {
		return refuse(sameTenant())
	}
	p := (&Partner{TenantID: id}).merged(body)
	if bad := p.Other.consistent(body); bad != nil {
		return refuse(bad)
	}
	s.put(c, id, p)
	c.note(&slot.partnerMade)
	s.audit(c, categoryAccess, ActivityAddPartner, id, change{"tenantId", "", `"` + id + `"`})
	v := view{context: c.context("partners/$entity"), members: s.members(), extras: true}
	return answer{status: http.StatusCreated, body: appendPartner(nil, p, v), committed: true}
}

func (s *Sim) patchPartner(c *call) answer {
	body, bad := c.decode(partnerUpdate)
	if bad != nil {
		return refuse(bad)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.partners.latest(c.route.id)
	if old == nil {
		return refuse(notFound(c.route.id))
	}
	p := old.merged(body)
	if bad := p.Other.consistent(body); bad != nil {
		return refuse(bad)
	}
	s.put(c, p.TenantID, p)
	s.audit(c, categoryAccess, ActivityUpdatePartner, p.TenantID, partnerChanges(old, p, slices.Sorted(maps.Keys(body)))...)
	return noContent()
}

func partnerChanges(old, p *Partner, names []string) []change {
	changes := make([]change, 0, len(names))
	for _, name := range names {
		changes = append(changes, change{name, string(appendPartnerMember(nil, old, name)), string(appendPartnerMember(nil, p, name))})
	}
	return changes
}

// deletePartner refuses while a sync policy exists, as the reference page says;
// it does not say with which status.
func (s *Sim) deletePartner(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.partners.latest(c.route.id)
	if old == nil {
		return refuse(notFound(c.route.id))
	}
	if old.IdentitySynchronization != nil {
		return refuse(badRequest("The partner configuration cannot be deleted while its identity synchronization policy exists."))
	}
	s.put(c, old.TenantID, nil)
	c.note(&s.partners.slot(old.TenantID).partnerGone)
	s.audit(c, categoryAccess, ActivityDeletePartner, old.TenantID, change{"tenantId", `"` + old.TenantID + `"`, ""})
	return noContent()
}
