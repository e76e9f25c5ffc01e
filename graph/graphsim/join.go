package graphsim

import (
	"encoding/json"
	"strings"
)

// Join plays a tenant joining the multitenant organization, which is the moment
// at which templates take effect (Entra's page on these templates): a partner that was there is
// "existing", one that the join makes is "new". Members of a template that are
// not null overwrite, the others leave what was there.
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

// settings are the members that a join writes into a partner.
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
