package desired

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
	PathTenantID    = "tenantId"
	PathDisplayName = "displayName"
	PathLevel       = "templateApplicationLevel"
	PathSyncAllowed = "userSyncInbound.isSyncAllowed"
	PathInbound     = "automaticUserConsentSettings.inboundAllowed"
	PathOutbound    = "automaticUserConsentSettings.outboundAllowed"
)

// managed lists the properties of each object, in the order of their bodies.
var Managed = map[Object][]string{
	PartnerConfiguration:    {PathTenantID},
	IdentitySynchronization: {PathDisplayName, PathSyncAllowed},
	Consent:                 {PathInbound, PathOutbound},
	SyncTemplate:            {PathLevel, PathSyncAllowed},
}

// partnerObjects are the objects of one partner, in the order in which they come
// to be.
var PartnerObjects = [...]Object{PartnerConfiguration, IdentitySynchronization, Consent}
