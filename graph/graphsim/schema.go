package graphsim

import "strings"

// schema is what a client may write into one type of object. Names are
// case-sensitive, as they are in Graph. The tables follow the CSDL of v1.0 and are
// never changed.
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
	list      // of objects, or of enumeration values when enum is set
	enumValue // one of enum
	flags     // several of enum, joined by commas
	tenantID
)

var (
	inboundTrust = &schema{"CrossTenantAccessPolicyInboundTrust", map[string]property{
		"isMfaAccepted": {}, "isCompliantDeviceAccepted": {}, "isHybridAzureADJoinedDeviceAccepted": {},
	}}
	consent    = &schema{"InboundOutboundPolicyConfiguration", map[string]property{"inboundAllowed": {}, "outboundAllowed": {}}}
	userSync   = &schema{"CrossTenantUserSyncInbound", map[string]property{"isSyncAllowed": {}}}
	targetType = []string{"user", "group", "application"}
	target     = &schema{"CrossTenantAccessPolicyTarget", map[string]property{
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

// with returns a table that holds the members of all; a later one wins.
func with(all ...map[string]property) map[string]property {
	m := map[string]property{}
	for _, one := range all {
		for name, p := range one {
			m[name] = p
		}
	}
	return m
}

// globalOnly are the members that the metadata of the national clouds lacks.
func globalOnly(name string) bool {
	return name == "tenantRestrictions" || name == "isInMultiTenantOrganization" || name == "allowedCloudEndpoints" ||
		strings.HasPrefix(name, "m365") || name == "appServiceConnectInbound"
}
