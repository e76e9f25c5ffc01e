package graphsim

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Members are JSON members kept as they are. A member that is not there is null.
type Members map[string]json.RawMessage

// Partner is a crossTenantAccessPolicyConfigurationPartner together with the
// sync policy that it contains. In JSON it is what GET with
// $expand=identitySynchronization returns, less the annotations. A nil pointer
// is null, and null means that the tenant's default holds.
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

// Consent is inboundOutboundPolicyConfiguration. Graph returns it as an object
// with null members when it is not set, never as null.
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
	maps.DeleteFunc(m, goesWithoutSaying)
	if len(m) > 0 {
		p.Other = m
	}
	return nil
}

// goesWithoutSaying reports whether a member is shown like that anyhow.
func goesWithoutSaying(name string, raw json.RawMessage) bool {
	for _, e := range extraMembers {
		if e.name == name {
			return string(raw) == e.value
		}
	}
	return string(raw) == "null" && (slices.Contains(partnerMembers, name) || slices.Contains(seldomMembers, name))
}

// clone returns a copy that shares nothing that a caller could change.
func (p *Partner) clone() *Partner {
	c := *p
	c.Other = maps.Clone(p.Other)
	c.IsServiceProvider, c.IsInMultiTenantOrganization = copyOf(p.IsServiceProvider), copyOf(p.IsInMultiTenantOrganization)
	c.AutomaticUserConsentSettings.InboundAllowed = copyOf(p.AutomaticUserConsentSettings.InboundAllowed)
	c.AutomaticUserConsentSettings.OutboundAllowed = copyOf(p.AutomaticUserConsentSettings.OutboundAllowed)
	if t := copyOf(p.InboundTrust); t != nil {
		t.IsMfaAccepted, t.IsCompliantDeviceAccepted = copyOf(t.IsMfaAccepted), copyOf(t.IsCompliantDeviceAccepted)
		t.IsHybridAzureADJoinedDeviceAccepted = copyOf(t.IsHybridAzureADJoinedDeviceAccepted)
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
