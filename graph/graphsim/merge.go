package graphsim

import (
	"encoding/json"
	"maps"
)

// The merges below follow PATCH: a member that is not sent stays, null sets it
// back to "inherit", an object is merged member by member, a list is replaced.
// Bodies were validated before; the old value is never changed.

// merged returns the partner with the members of a body.
func (p *Partner) merged(body map[string]any) *Partner {
	n := *p
	for name, v := range body {
		switch name {
		case "automaticUserConsentSettings":
			m, _ := v.(map[string]any)
			if m == nil {
				n.AutomaticUserConsentSettings = Consent{}
			}
			setBool(&n.AutomaticUserConsentSettings.InboundAllowed, m, "inboundAllowed")
			setBool(&n.AutomaticUserConsentSettings.OutboundAllowed, m, "outboundAllowed")
		case "inboundTrust":
			n.InboundTrust = mergedTrust(p.InboundTrust, v)
		case "tenantId":
		default:
			n.Other = n.Other.merged(name, v)
		}
	}
	return &n
}

func mergedTrust(old *InboundTrust, v any) *InboundTrust {
	m, _ := v.(map[string]any)
	if m == nil {
		return nil
	}
	var t InboundTrust
	if old != nil {
		t = *old
	}
	setBool(&t.IsMfaAccepted, m, "isMfaAccepted")
	setBool(&t.IsCompliantDeviceAccepted, m, "isCompliantDeviceAccepted")
	setBool(&t.IsHybridAzureADJoinedDeviceAccepted, m, "isHybridAzureADJoinedDeviceAccepted")
	return &t
}

// merged returns the sync policy with the members of a body; a nil policy is an
// empty one.
func (y *IdentitySynchronization) merged(body map[string]any) *IdentitySynchronization {
	var n IdentitySynchronization
	if y != nil {
		n = *y
	}
	if v, ok := body["displayName"]; ok {
		n.DisplayName = nil
		if s, ok := v.(string); ok {
			n.DisplayName = &s
		}
	}
	if v, ok := body["userSyncInbound"]; ok {
		n.UserSyncInbound = mergedUserSync(n.UserSyncInbound, v)
	}
	return &n
}

func mergedUserSync(old *UserSyncInbound, v any) *UserSyncInbound {
	m, _ := v.(map[string]any)
	if m == nil {
		return nil
	}
	var u UserSyncInbound
	if old != nil {
		u = *old
	}
	setBool(&u.IsSyncAllowed, m, "isSyncAllowed")
	return &u
}

// setBool sets *to when m has the member; null sets it to nil.
func setBool(to **bool, m map[string]any, name string) {
	if v, ok := m[name]; ok {
		*to = nil
		if b, ok := v.(bool); ok {
			*to = &b
		}
	}
}

// mergedAll returns a copy of m with the members of a body.
func (m Members) mergedAll(body map[string]any) Members {
	for name, v := range body {
		m = m.merged(name, v)
	}
	return m
}

// merged returns a copy of m in which one member took the value v.
func (m Members) merged(name string, v any) Members {
	n := maps.Clone(m)
	if n == nil {
		n = Members{}
	}
	if v == nil {
		delete(n, name)
		return n
	}
	var old any
	if raw, ok := m[name]; ok {
		_ = json.Unmarshal(raw, &old) // what the state holds was JSON when it came in
	}
	n[name], _ = json.Marshal(mergedTree(old, v)) // decoded JSON always marshals
	return n
}

func mergedTree(old, v any) any {
	into, ok1 := old.(map[string]any)
	from, ok2 := v.(map[string]any)
	if !ok1 || !ok2 {
		return v
	}
	for name, sub := range from {
		into[name] = mergedTree(into[name], sub)
	}
	return into
}
