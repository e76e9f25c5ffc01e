package graphsim

import (
	"encoding/json"
	"strings"
)

// Template is multiTenantOrganizationIdentitySyncPolicyTemplate. It takes effect when a
// tenant joins the multitenant organization, and at no other time.
type Template struct {
	TemplateApplicationLevel string           `json:"templateApplicationLevel"`
	UserSyncInbound          *UserSyncInbound `json:"userSyncInbound"`
}

// defaultLevel is the level of a template that was never configured.
const defaultLevel = "newPartners,existingPartners"

// IDs of the template objects: GUIDs, in the CSDL's words; any would do.
const (
	templatesID       = "2f1b6c0e-8a3d-4e57-9b64-0c7d5a1e9f20"
	templateID        = "7c9e4d1a-35b2-4f08-a1c6-e2d80b94f613"
	partnerTemplateID = "d40a8f27-6e91-4b3c-85fd-19b7c3e6a052"
)

func unconfiguredTemplate() Template {
	return Template{TemplateApplicationLevel: defaultLevel, UserSyncInbound: &UserSyncInbound{}}
}

func unconfiguredPartnerTemplate() Members {
	return Members{"templateApplicationLevel": json.RawMessage(`"` + defaultLevel + `"`)}
}

// clone returns a deep copy.
func (t Template) clone() Template {
	if t.UserSyncInbound = copyOf(t.UserSyncInbound); t.UserSyncInbound != nil {
		t.UserSyncInbound.IsSyncAllowed = copyOf(t.UserSyncInbound.IsSyncAllowed)
	}
	return t
}

func (t Template) merged(body map[string]any) Template {
	if level, ok := body["templateApplicationLevel"].(string); ok {
		t.TemplateApplicationLevel, _ = parseLevel(level) // validated before
	}
	if v, ok := body["userSyncInbound"]; ok {
		if t.UserSyncInbound = mergedUserSync(t.UserSyncInbound, v); t.UserSyncInbound == nil {
			t.UserSyncInbound = &UserSyncInbound{}
		}
	}
	return t
}

func (t Template) append(b []byte, context string) []byte {
	b = append(b, '{')
	if context != "" {
		b = appendString(appendMember(b, "@odata.context"), context)
	}
	b = appendString(appendMember(b, "id"), templateID)
	b = appendString(appendMember(b, "templateApplicationLevel"), t.TemplateApplicationLevel)
	return append(appendUserSync(appendMember(b, "userSyncInbound"), t.UserSyncInbound), '}')
}

func (s *Sim) getTemplate(c *call) answer {
	if _, bad := c.query(); bad != nil {
		return refuse(bad)
	}
	s.mu.Lock()
	t := s.template.at(c.now)
	s.mu.Unlock()
	return ok(t.append(nil, c.context("templates/multiTenantOrganizationIdentitySynchronization/$entity")))
}

func (s *Sim) patchTemplate(c *call) answer {
	body, bad := c.decode(syncTemplate)
	if bad != nil {
		return refuse(bad)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.putTemplate(c, s.template.latest.merged(body))
	return noContent()
}

// resetTemplate makes the template as if it had never been configured: a join changes nothing.
func (s *Sim) resetTemplate(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.putTemplate(c, unconfiguredTemplate())
	return noContent()
}

func (s *Sim) putTemplate(c *call, t Template) {
	if c.suffers(FaultLost) {
		return
	}
	old := s.template.latest
	s.template.put(t, c.now, max(s.cfg.ReadLag, c.lag))
	s.audit(c, categorySyncTemplate, ActivityUpdateTemplate, templateID,
		change{"userSyncInbound", string(appendUserSync(nil, old.UserSyncInbound)), string(appendUserSync(nil, t.UserSyncInbound))},
		change{"templateApplicationLevel", `"` + old.TemplateApplicationLevel + `"`, `"` + t.TemplateApplicationLevel + `"`})
}

func (s *Sim) getPartnerTemplate(c *call) answer {
	return s.getMembers(c, &s.partnerTemplate, "templates/multiTenantOrganizationPartnerConfiguration/$entity", partnerTemplateID, partnerTemplate)
}

func (s *Sim) patchPartnerTemplate(c *call) answer {
	body, bad := c.decode(partnerTemplate)
	if bad != nil {
		return refuse(bad)
	}
	if level, ok := body["templateApplicationLevel"].(string); ok {
		body["templateApplicationLevel"], _ = parseLevel(level)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.partnerTemplate.latest.mergedAll(body)
	s.putMembers(c, &s.partnerTemplate, m, categoryPartnerTemplate, ActivityUpdatePartners, partnerTemplateID)
	return noContent()
}

func (s *Sim) resetPartnerTemplate(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.putMembers(c, &s.partnerTemplate, unconfiguredPartnerTemplate(), categoryPartnerTemplate, ActivityUpdatePartners, partnerTemplateID)
	return noContent()
}

// getTemplates serves the container. Its children are included only if they are expanded, which no
// page documents.
func (s *Sim) getTemplates(c *call) answer {
	if _, bad := c.query(); bad != nil {
		return refuse(bad)
	}
	b := appendString([]byte(`{"@odata.context":`), c.context("templates/$entity"))
	return ok(append(appendString(append(b, `,"id":`...), templatesID), '}'))
}

// parseLevel reads a templateApplicationLevel, which is a flags enumeration: one
// string of names joined by commas. It returns the one form that GET shows. The
// Entra tutorial turns a template off with "", the reference with none; what GET
// shows after "" is not documented, here it is none.
func parseLevel(s string) (string, bool) {
	var isNew, isExisting bool
	for name := range strings.SplitSeq(s, ",") {
		switch strings.TrimSpace(name) {
		case "newPartners":
			isNew = true
		case "existingPartners":
			isExisting = true
		case "none":
		case "":
			if s != "" {
				return "", false
			}
		default:
			return "", false
		}
	}
	switch {
	case isNew && isExisting:
		return "newPartners,existingPartners", true
	case isNew:
		return "newPartners", true
	case isExisting:
		return "existingPartners", true
	}
	return "none", true
}

// Join lets a tenant join the multitenant organization, which is when templates take effect
// (Entra's page on these templates): a partner that was there is "existing", one that the join
// creates is "new". Members of a template that are not null overwrite the partner's; the others
// leave the partner's unchanged.
func (s *Sim) Join(tenantID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	level := "existingPartners"
	var p Partner
	if old := s.partners.latest(tenantID); old != nil {
		p = *old.clone()
	} else {
		level = "newPartners"
		p.TenantID = tenantID
	}
	p.IsInMultiTenantOrganization = new(true)
	if t := s.template.latest; strings.Contains(t.TemplateApplicationLevel, level) {
		t.apply(&p)
	}
	if m := s.partnerTemplate.latest; strings.Contains(string(m["templateApplicationLevel"]), level) {
		p = *p.merged(m.settings())
	}
	s.put(nil, tenantID, &p)
	s.audit(nil, categoryAccess, ActivityUpdatePartner, tenantID)
}

func (t Template) apply(p *Partner) {
	if t.UserSyncInbound == nil || t.UserSyncInbound.IsSyncAllowed == nil {
		return
	}
	p.IdentitySynchronization = p.IdentitySynchronization.merged(map[string]any{
		"userSyncInbound": map[string]any{"isSyncAllowed": *t.UserSyncInbound.IsSyncAllowed},
	})
}

// settings are the members that a join writes to a partner.
func (m Members) settings() map[string]any {
	all := map[string]any{}
	for name, raw := range m {
		var v any
		if name != "templateApplicationLevel" && json.Unmarshal(raw, &v) == nil && v != nil {
			all[name] = v
		}
	}
	return all
}
