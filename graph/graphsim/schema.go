package graphsim

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// schema is what a client may write to one type of object. Names are case-sensitive, as in Graph.
// The tables follow the CSDL of v1.0 and are never changed.
type schema struct {
	typ     string // as Graph names it in messages
	members map[string]property
}

type property struct {
	kind     kind
	of       *schema  // of an object, and of the elements of a list
	enum     []string // the values of an enumeration
	required bool     // null is refused
	readOnly bool
}

type kind int

const (
	boolean kind = iota
	text
	object
	list      // of objects, or of enumeration values if enum is set
	enumValue // one of enum
	flags     // several of enum, joined by commas
	tenantID
)

var (
	inboundTrust = &schema{"CrossTenantAccessPolicyInboundTrust", trustProperties()}
	consent      = &schema{"InboundOutboundPolicyConfiguration", map[string]property{"inboundAllowed": {}, "outboundAllowed": {}}}
	userSync     = &schema{"CrossTenantUserSyncInbound", map[string]property{"isSyncAllowed": {}}}
	targetType   = []string{"user", "group", "application"}
	target       = &schema{"CrossTenantAccessPolicyTarget", map[string]property{
		"target": {kind: text}, "targetType": {kind: enumValue, enum: targetType},
	}}
	targets = &schema{"CrossTenantAccessPolicyTargetConfiguration", map[string]property{
		"accessType": {kind: enumValue, enum: []string{"allowed", "blocked"}}, "targets": {kind: list, of: target, required: true},
	}}
	b2b = &schema{"CrossTenantAccessPolicyB2BSetting", map[string]property{
		"usersAndGroups": {kind: object, of: targets}, "applications": {kind: object, of: targets},
	}}
	devices      = &schema{"DevicesFilter", map[string]property{"mode": {kind: enumValue, enum: targets.members["accessType"].enum}, "rule": {kind: text}}}
	restrictions = &schema{"CrossTenantAccessPolicyTenantRestrictions", with(b2b.members, map[string]property{"devices": {kind: object, of: devices}})}
	m365In       = &schema{"CrossTenantAccessPolicyM365CollaborationInboundSetting", map[string]property{"users": {kind: object, of: targets}}}
	m365Out      = &schema{"CrossTenantAccessPolicyM365CollaborationOutboundSetting", map[string]property{"usersAndGroups": {kind: object, of: targets}}}
	appService   = &schema{"CrossTenantAccessPolicyAppServiceConnectSetting", map[string]property{"applications": {kind: object, of: targets}}}
	redemption   = &schema{"DefaultInvitationRedemptionIdentityProviderConfiguration", map[string]property{
		"primaryIdentityProviderPrecedenceOrder": {kind: list, enum: []string{"azureActiveDirectory", "externalFederation", "socialIdentityProviders"}, required: true},
		"fallbackIdentityProvider":               {kind: enumValue, enum: []string{"defaultConfiguredIdp", "emailOneTimePasscode", "microsoftAccount"}},
	}}
)

func trustProperties() map[string]property {
	all := map[string]property{}
	for _, member := range trusts {
		all[member.name] = property{} // a boolean
	}
	return all
}

// The settings that the default, the partners and the partner template share.
var b2bSettings = map[string]property{
	"b2bCollaborationInbound": {kind: object, of: b2b}, "b2bCollaborationOutbound": {kind: object, of: b2b},
	"b2bDirectConnectInbound": {kind: object, of: b2b}, "b2bDirectConnectOutbound": {kind: object, of: b2b},
	"inboundTrust": {kind: object, of: inboundTrust},
}

var moreSettings = map[string]property{
	"tenantRestrictions":       {kind: object, of: restrictions},
	"m365CollaborationInbound": {kind: object, of: m365In}, "m365CollaborationOutbound": {kind: object, of: m365Out},
	"appServiceConnectInbound": {kind: object, of: appService},
}

var (
	templateLevels = []string{"none", "newPartners", "existingPartners"}
	consentSetting = map[string]property{"automaticUserConsentSettings": {kind: object, of: consent}}
	levelSetting   = map[string]property{"templateApplicationLevel": {kind: flags, enum: templateLevels, required: true}, "id": {kind: text, readOnly: true}}
	readOnlyFlags  = map[string]property{
		"isServiceProvider": {readOnly: true}, "isInMultiTenantOrganization": {readOnly: true},
		"identitySynchronization": {kind: object, readOnly: true}, "serviceProviderConstraints": {kind: object, readOnly: true},
	}
)

// The bodies of the write operations.
var (
	partnerUpdate = &schema{"CrossTenantAccessPolicyConfigurationPartner", with(b2bSettings, moreSettings, consentSetting, readOnlyFlags,
		map[string]property{"tenantId": {kind: text, readOnly: true}})}
	partnerCreate = &schema{partnerUpdate.typ, with(partnerUpdate.members, map[string]property{"tenantId": {kind: tenantID, required: true}})}
	syncPolicy    = &schema{"CrossTenantIdentitySyncPolicyPartner", map[string]property{
		"displayName": {kind: text}, "userSyncInbound": {kind: object, of: userSync}, "tenantId": {kind: text, readOnly: true},
	}}
	syncTemplate = &schema{"MultiTenantOrganizationIdentitySyncPolicyTemplate", with(levelSetting,
		map[string]property{"userSyncInbound": {kind: object, of: userSync}})}
	partnerTemplate = &schema{"MultiTenantOrganizationPartnerConfigurationTemplate", with(levelSetting, b2bSettings, consentSetting)}
	defaults        = &schema{"CrossTenantAccessPolicyConfigurationDefault", with(b2bSettings, moreSettings, map[string]property{
		"invitationRedemptionIdentityProviderConfiguration": {kind: object, of: redemption},
		"automaticUserConsentSettings":                      {kind: object, readOnly: true}, // always false, says the resource page
		"isServiceDefault":                                  {readOnly: true}, "id": {kind: text, readOnly: true},
	})}
	policy = &schema{"CrossTenantAccessPolicy", map[string]property{
		"displayName": {kind: text}, "id": {kind: text, readOnly: true}, "description": {kind: text, readOnly: true},
		"allowedCloudEndpoints": {kind: list, enum: []string{"microsoftonline.com", "microsoftonline.us", "partner.microsoftonline.cn"}, required: true},
	}}
)

// with returns a table with the members of all arguments; a later one wins.
func with(all ...map[string]property) map[string]property {
	m := map[string]property{}
	for _, one := range all {
		for name, p := range one {
			m[name] = p
		}
	}
	return m
}

// globalOnly reports whether a member is missing in the metadata of the national clouds.
func globalOnly(name string) bool {
	return name == "tenantRestrictions" || name == "isInMultiTenantOrganization" || name == "allowedCloudEndpoints" ||
		strings.HasPrefix(name, "m365") || name == "appServiceConnectInbound"
}

// decode returns the members of a request body that fits the schema, or the refusal. Numbers stay
// as they were written.
func (c *call) decode(sch *schema) (map[string]any, *odataError) {
	if media, _, err := mime.ParseMediaType(c.header.Get("Content-Type")); err != nil || media != "application/json" {
		return nil, badRequest("Write requests (excluding DELETE) must contain the Content-Type header declaration.")
	}
	if len(bytes.TrimSpace(c.body)) == 0 {
		return nil, badRequest("Empty Payload. JSON content expected.")
	}
	dec := json.NewDecoder(bytes.NewReader(c.body))
	dec.UseNumber()
	var m map[string]any
	err := dec.Decode(&m)
	if _, more := dec.Token(); err != nil || m == nil || more != io.EOF {
		return nil, badRequest("Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
	}
	return m, c.validate(sch, m)
}

// validate checks the members in the order of their names, so that the same body always gets the
// same refusal. Annotations are allowed and dropped.
func (c *call) validate(sch *schema, m map[string]any) *odataError {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if strings.HasPrefix(name, "@odata.") {
			delete(m, name)
			continue
		}
		p, ok := sch.members[name]
		if !ok || c.national && globalOnly(name) {
			return badRequest("Invalid property '" + name + "'.")
		}
		if p.readOnly {
			return badRequest("Property '" + name + "' is read-only and cannot be set.")
		}
		if bad := c.validateValue(p, m[name]); bad == errWrongValue {
			return badRequest("Invalid value specified for property '" + name + "' of resource '" + sch.typ + "'.")
		} else if bad != nil {
			return bad
		}
	}
	return nil
}

// errWrongValue stands for a value that its property cannot hold. The caller knows the names for
// the message.
var errWrongValue = &odataError{status: http.StatusBadRequest}

func (c *call) validateValue(p property, v any) *odataError {
	if v == nil {
		return wrongUnless(!p.required)
	}
	switch p.kind {
	case boolean:
		_, ok := v.(bool)
		return wrongUnless(ok)
	case object:
		m, ok := v.(map[string]any)
		if !ok {
			return errWrongValue
		}
		return c.validate(p.of, m)
	case list:
		return c.validateList(p, v)
	default:
		s, ok := v.(string)
		return wrongUnless(ok && fits(p, s))
	}
}

func (c *call) validateList(p property, v any) *odataError {
	elems, ok := v.([]any)
	if !ok {
		return errWrongValue
	}
	for _, e := range elems {
		elem := property{kind: enumValue, enum: p.enum, required: true}
		if p.of != nil {
			elem = property{kind: object, of: p.of, required: true}
		}
		if bad := c.validateValue(elem, e); bad != nil {
			return bad
		}
	}
	return nil
}

func fits(p property, s string) bool {
	switch p.kind {
	case enumValue:
		return slices.Contains(p.enum, s)
	case flags:
		_, ok := parseLevel(s)
		return ok
	case tenantID:
		return isGUID(s)
	default:
		return true
	}
}

func wrongUnless(ok bool) *odataError {
	if ok {
		return nil
	}
	return errWrongValue
}

// isGUID reports whether s is a GUID in the one form that Graph accepts as a key.
func isGUID(s string) bool { return len(s) == 36 && uuid.Validate(s) == nil }

// consistent refuses B2B settings that contradict themselves: if all users are blocked, all
// applications must be, and if users are allowed, some application must be (Entra's overview of
// cross-tenant access). The body of the service's answer is not documented. Only the members that a
// body names are checked.
func (m Members) consistent(body map[string]any) *odataError {
	for name := range b2bSettings {
		if _, sent := body[name]; !sent || name == "inboundTrust" || m[name] == nil {
			continue
		}
		var s struct{ UsersAndGroups, Applications *targetConfiguration }
		if json.Unmarshal(m[name], &s) != nil || s.UsersAndGroups == nil || s.Applications == nil {
			continue
		}
		noUsers, noApps := s.UsersAndGroups.blocks("AllUsers"), s.Applications.blocks("AllApplications")
		if noUsers && !noApps || noApps && s.UsersAndGroups.AccessType == "allowed" {
			return badRequest("The users and the applications of '" + name + "' contradict each other.")
		}
	}
	return nil
}

type targetConfiguration struct {
	AccessType string
	Targets    []struct{ Target string }
}

// blocks reports whether everything is blocked.
func (t *targetConfiguration) blocks(all string) bool {
	return t.AccessType == "blocked" && len(t.Targets) == 1 && t.Targets[0].Target == all
}
