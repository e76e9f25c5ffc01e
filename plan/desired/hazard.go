package desired

// Hazard marks a change that a change board must see before it says yes.
type Hazard string

// The hazards; Words has the sentence for each.
const (
	SyncOff        Hazard = "sync-off"
	SyncRemoved    Hazard = "sync-removed"
	NewPartner     Hazard = "new-partner"
	PartnerRemoved Hazard = "partner-removed"
	ConsentOff     Hazard = "consent-off"
	TrustOn        Hazard = "trust-on"
	TemplateWrite  Hazard = "template"
	ServiceOwned   Hazard = "service-owned"
)

// hazardWords are the sentences of the hazards.
var hazardWords = map[Hazard]string{
	SyncOff:        "stops synchronizing users from this partner; users already synchronized stay",
	SyncRemoved:    "removes the synchronization policy; users already synchronized stay",
	NewPartner:     "adds a partner configuration, which inherits the default access settings",
	PartnerRemoved: "removes the whole partner configuration; the default access settings apply to this tenant again",
	ConsentOff:     "turns automatic redemption off: users see a consent prompt, and cross-tenant synchronization needs it on",
	TrustOn:        "accepts the partner's claims in this tenant's Conditional Access: multifactor authentication, compliant devices or hybrid joined devices of the partner count as if they were this tenant's",
	TemplateWrite:  "takes effect when a tenant joins the multitenant organization, not on partners of today",
	ServiceOwned:   "belongs to a service provider or to Microsoft Support; bulksync leaves it alone",
}

// Words says in a sentence what the hazard means for people. The consequences
// are those of the Graph reference pages for userSyncInbound and of the Entra
// pages on cross-tenant access (inbound trust), on automatic redemption and on
// multitenant-organization templates.
func (h Hazard) Words() string {
	if words, known := hazardWords[h]; known {
		return words
	}
	return string(h)
}
