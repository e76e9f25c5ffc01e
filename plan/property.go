package plan

// Object names what a change is made to, in Graph's words where it has one.
type Object string

// The objects of a plan. A partner is the partner configuration itself;
// consent is its automaticUserConsentSettings; template is the
// multitenant-organization identity-synchronization template.
const (
	PartnerConfiguration    Object = "partner"
	IdentitySynchronization Object = "identitySynchronization"
	Consent                 Object = "consent"
	SyncTemplate            Object = "template"
)

// The managed properties, in Graph's spelling. Fields of a change stand in
// this order, and so do the members of the body that is sent.
const (
	pathTenantID    = "tenantId"
	pathDisplayName = "displayName"
	pathLevel       = "templateApplicationLevel"
	pathSyncAllowed = "userSyncInbound.isSyncAllowed"
	pathInbound     = "automaticUserConsentSettings.inboundAllowed"
	pathOutbound    = "automaticUserConsentSettings.outboundAllowed"
)

// managed lists the properties of each object, in the order of their bodies.
var managed = map[Object][]string{
	PartnerConfiguration:    {pathTenantID},
	IdentitySynchronization: {pathDisplayName, pathSyncAllowed},
	Consent:                 {pathInbound, pathOutbound},
	SyncTemplate:            {pathLevel, pathSyncAllowed},
}

// partnerObjects are the objects of one partner, in the order in which they come
// to be.
var partnerObjects = [...]Object{PartnerConfiguration, IdentitySynchronization, Consent}
