package graphsim

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// The encoders below write bytes directly, because a test of a large tenant mostly waits for pages
// of partners. A test compares them with encoding/json.

// partnerMembers are the members that Graph returns when nothing is selected, in its order. It
// returns seldomMembers only if they are set or selected.
var (
	partnerMembers = []string{
		"tenantId", "isServiceProvider", "isInMultiTenantOrganization", "inboundTrust",
		"b2bCollaborationOutbound", "b2bCollaborationInbound", "b2bDirectConnectOutbound", "b2bDirectConnectInbound",
		"tenantRestrictions", "automaticUserConsentSettings",
	}
	seldomMembers = []string{"m365CollaborationInbound", "m365CollaborationOutbound", "appServiceConnectInbound"}
)

// extraMembers are in no schema. Real answers have them (they are in the output of Microsoft's own
// cross-tenant tutorial), so decoders have to cope.
var extraMembers = []struct{ name, value string }{
	{"crossCloudMeetingConfiguration", `{"inboundAllowed":null,"outboundAllowed":null}`},
	{"protectedContentSharing", `{"inboundAllowed":null,"outboundAllowed":null}`},
}

// view is the part of a partner that an answer shows.
type view struct {
	context string   // @odata.context, on single objects
	members []string // in the order to write them
	extras  bool     // also show the members without a schema
	expand  bool     // also show identitySynchronization

	broken map[string]string // partners that are shown as another text
}

func appendPartner(b []byte, p *Partner, v view) []byte {
	if len(v.broken) > 0 {
		if text, ok := v.broken[key(p.TenantID)]; ok {
			return append(b, text...)
		}
	}
	b = append(b, '{')
	if v.context != "" {
		b = appendMember(b, "@odata.context")
		b = appendString(b, v.context)
	}
	for _, name := range v.members {
		b = appendMember(b, name)
		b = appendPartnerMember(b, p, name)
	}
	if v.extras {
		b = appendExtras(b, p)
	}
	if v.expand {
		b = appendMember(b, "identitySynchronization")
		b = appendSync(b, p.TenantID, p.IdentitySynchronization, view{members: syncMembers})
	}
	return append(b, '}')
}

func appendPartnerMember(b []byte, p *Partner, name string) []byte {
	switch name {
	case "tenantId":
		return appendString(b, p.TenantID)
	case "isServiceProvider":
		return appendBool(b, p.IsServiceProvider)
	case "isInMultiTenantOrganization":
		return appendBool(b, p.IsInMultiTenantOrganization)
	case "inboundTrust":
		return appendTrust(b, p.InboundTrust)
	case "automaticUserConsentSettings":
		c := p.AutomaticUserConsentSettings
		b = appendBool(append(b, `{"inboundAllowed":`...), c.InboundAllowed)
		b = appendBool(append(b, `,"outboundAllowed":`...), c.OutboundAllowed)
		return append(b, '}')
	default:
		return appendRaw(b, p.Other[name])
	}
}

// appendExtras writes the members that no schema names, and those that are shown only if they are
// set.
func appendExtras(b []byte, p *Partner) []byte {
	for _, e := range extraMembers {
		value, ok := p.Other[e.name]
		if !ok {
			value = json.RawMessage(e.value)
		}
		b = appendRaw(appendMember(b, e.name), value)
	}
	if len(p.Other) == 0 {
		return b
	}
	for _, name := range slices.Sorted(maps.Keys(p.Other)) {
		if !slices.Contains(partnerMembers, name) && !isExtra(name) {
			b = append(appendString(append(b, ','), name), ':')
			b = appendRaw(b, p.Other[name])
		}
	}
	return b
}

func isExtra(name string) bool { return name == extraMembers[0].name || name == extraMembers[1].name }

func appendTrust(b []byte, t *InboundTrust) []byte {
	if t == nil {
		return append(b, "null"...)
	}
	for i, member := range trusts {
		opens := byte(',')
		if i == 0 {
			opens = '{'
		}
		b = append(append(append(b, opens, '"'), member.name...), `":`...)
		b = appendBool(b, *member.of(t))
	}
	return append(b, '}')
}

// syncMembers are the members of crossTenantIdentitySyncPolicyPartner.
var syncMembers = []string{"tenantId", "displayName", "userSyncInbound"}

func appendSync(b []byte, tenantID string, y *IdentitySynchronization, v view) []byte {
	if y == nil {
		return append(b, "null"...)
	}
	b = append(b, '{')
	if v.context != "" {
		b = appendString(appendMember(b, "@odata.context"), v.context)
	}
	for _, name := range v.members {
		b = appendMember(b, name)
		switch name {
		case "tenantId":
			b = appendString(b, tenantID)
		case "displayName":
			b = appendText(b, y.DisplayName)
		case "userSyncInbound":
			b = appendUserSync(b, y.UserSyncInbound)
		}
	}
	return append(b, '}')
}

func appendUserSync(b []byte, u *UserSyncInbound) []byte {
	if u == nil {
		return append(b, "null"...)
	}
	return append(appendBool(append(b, `{"isSyncAllowed":`...), u.IsSyncAllowed), '}')
}

// appendMember writes the name of the next member, with the comma it needs.
func appendMember(b []byte, name string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	return append(append(append(b, '"'), name...), `":`...)
}

func appendBool(b []byte, v *bool) []byte {
	if v == nil {
		return append(b, "null"...)
	}
	return strconv.AppendBool(b, *v)
}

func appendText(b []byte, v *string) []byte {
	if v == nil {
		return append(b, "null"...)
	}
	return appendString(b, *v)
}

func appendRaw(b []byte, raw json.RawMessage) []byte {
	if raw == nil {
		return append(b, "null"...)
	}
	return append(b, raw...)
}

func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string always marshals
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
