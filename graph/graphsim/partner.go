package graphsim

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Members are JSON members kept verbatim. A missing member is null.
type Members map[string]json.RawMessage

// Partner is a crossTenantAccessPolicyConfigurationPartner together with the sync
// policy that it contains. In JSON it is what GET with
// $expand=identitySynchronization returns, without the annotations. A nil pointer
// is null, and null means that the tenant's default applies.
type Partner struct {
	TenantID                     string
	IsServiceProvider            *bool
	IsInMultiTenantOrganization  *bool
	InboundTrust                 *InboundTrust
	AutomaticUserConsentSettings Consent
	IdentitySynchronization      *IdentitySynchronization // nil: none was created

	// Other holds every other member, verbatim: the B2B settings, and members
	// that no schema names.
	Other Members
}

// Consent is inboundOutboundPolicyConfiguration. If it is not set, Graph returns
// it as an object with null members, never as null.
type Consent struct {
	InboundAllowed  *bool `json:"inboundAllowed"`
	OutboundAllowed *bool `json:"outboundAllowed"`
}

// InboundTrust is crossTenantAccessPolicyInboundTrust.
type InboundTrust struct {
	IsMfaAccepted                       *bool `json:"isMfaAccepted"`
	IsCompliantDeviceAccepted           *bool `json:"isCompliantDeviceAccepted"`
	IsHybridAzureADJoinedDeviceAccepted *bool `json:"isHybridAzureADJoinedDeviceAccepted"`
}

// trusts are the members of InboundTrust, in the order in which Graph shows them.
// What a body may hold, what it changes and what is shown follow from them.
var trusts = []struct {
	name string
	of   func(*InboundTrust) **bool
}{
	{"isMfaAccepted", func(t *InboundTrust) **bool { return &t.IsMfaAccepted }},
	{"isCompliantDeviceAccepted", func(t *InboundTrust) **bool { return &t.IsCompliantDeviceAccepted }},
	{"isHybridAzureADJoinedDeviceAccepted", func(t *InboundTrust) **bool { return &t.IsHybridAzureADJoinedDeviceAccepted }},
}

// IdentitySynchronization is crossTenantIdentitySyncPolicyPartner. Its tenantId
// is always that of its partner.
type IdentitySynchronization struct {
	DisplayName     *string          `json:"displayName"`
	UserSyncInbound *UserSyncInbound `json:"userSyncInbound"`
}

// UserSyncInbound is crossTenantUserSyncInbound.
type UserSyncInbound struct {
	IsSyncAllowed *bool `json:"isSyncAllowed"`
}

// SyncAllowed is a sync policy with a name that allows (or stops) inbound sync.
func SyncAllowed(name string, allowed bool) *IdentitySynchronization {
	return &IdentitySynchronization{DisplayName: &name, UserSyncInbound: &UserSyncInbound{IsSyncAllowed: &allowed}}
}

// MarshalJSON writes the partner as Graph does.
func (p Partner) MarshalJSON() ([]byte, error) {
	return appendPartner(nil, &p, view{members: partnerMembers, extras: true, expand: true}), nil
}

// UnmarshalJSON reads what MarshalJSON wrote, or an answer of Graph.
func (p *Partner) UnmarshalJSON(data []byte) error {
	var m Members
	if err := json.Unmarshal(data, &m); err != nil {
		return err
	}
	*p = Partner{}
	fields := map[string]any{
		"tenantId": &p.TenantID, "isServiceProvider": &p.IsServiceProvider,
		"isInMultiTenantOrganization":  &p.IsInMultiTenantOrganization,
		"inboundTrust":                 &p.InboundTrust,
		"automaticUserConsentSettings": &p.AutomaticUserConsentSettings,
		"identitySynchronization":      &p.IdentitySynchronization,
	}
	for name, field := range fields {
		if raw, ok := m[name]; ok {
			if err := json.Unmarshal(raw, field); err != nil {
				return fmt.Errorf("partner member %s: %w", name, err)
			}
			delete(m, name)
		}
	}
	maps.DeleteFunc(m, isDefault)
	if len(m) > 0 {
		p.Other = m
	}
	return nil
}

// isDefault reports whether a member is shown with this value if it is not set.
func isDefault(name string, raw json.RawMessage) bool {
	for _, e := range extraMembers {
		if e.name == name {
			return string(raw) == e.value
		}
	}
	return string(raw) == "null" && (slices.Contains(partnerMembers, name) || slices.Contains(seldomMembers, name))
}

// clone returns a copy as deep as a caller could change it.
func (p *Partner) clone() *Partner {
	c := *p
	c.Other = maps.Clone(p.Other)
	c.IsServiceProvider, c.IsInMultiTenantOrganization = copyOf(p.IsServiceProvider), copyOf(p.IsInMultiTenantOrganization)
	c.AutomaticUserConsentSettings.InboundAllowed = copyOf(p.AutomaticUserConsentSettings.InboundAllowed)
	c.AutomaticUserConsentSettings.OutboundAllowed = copyOf(p.AutomaticUserConsentSettings.OutboundAllowed)
	if t := copyOf(p.InboundTrust); t != nil {
		for _, member := range trusts {
			*member.of(t) = copyOf(*member.of(t))
		}
		c.InboundTrust = t
	}
	if y := copyOf(p.IdentitySynchronization); y != nil {
		y.DisplayName = copyOf(y.DisplayName)
		if y.UserSyncInbound = copyOf(y.UserSyncInbound); y.UserSyncInbound != nil {
			y.UserSyncInbound.IsSyncAllowed = copyOf(y.UserSyncInbound.IsSyncAllowed)
		}
		c.IdentitySynchronization = y
	}
	return &c
}

func copyOf[T any](p *T) *T {
	if p == nil {
		return nil
	}
	return new(*p)
}

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

// members are the members of a partner in this cloud.
func (s *Sim) members() []string {
	if s.cfg.Cloud.HasTemplates() {
		return slices.Clip(partnerMembers)
	}
	return slices.DeleteFunc(slices.Clone(partnerMembers), globalOnly)
}

// selected reads $select, and refuses a name that the type lacks.
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

// shown is the part of a partner that the caller may see.
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
	gone := s.partners.slot(old.TenantID).syncGone
	if old.IdentitySynchronization != nil || !gone.IsZero() && c.now.Sub(gone) < s.cfg.RemoveLag {
		return refuse(badRequest("The partner configuration cannot be deleted while its identity synchronization policy exists."))
	}
	s.put(c, old.TenantID, nil)
	c.note(&s.partners.slot(old.TenantID).partnerGone)
	s.audit(c, categoryAccess, ActivityDeletePartner, old.TenantID, change{"tenantId", `"` + old.TenantID + `"`, ""})
	return noContent()
}
