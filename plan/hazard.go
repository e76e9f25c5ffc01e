package plan

// Hazard marks a change that a change board must see before it says yes.
type Hazard string

// The hazards; Words has the sentence for each.
const (
	SyncOff        Hazard = "sync-off"
	SyncRemoved    Hazard = "sync-removed"
	NewPartner     Hazard = "new-partner"
	PartnerRemoved Hazard = "partner-removed"
	ConsentOff     Hazard = "consent-off"
	TemplateWrite  Hazard = "template"
	ServiceOwned   Hazard = "service-owned"
)

// Words says in a sentence what the hazard means for people. The consequences
// are those of the Graph reference pages for userSyncInbound and of the Entra
// pages on automatic redemption and on multitenant-organization templates.
func (h Hazard) Words() string {
	switch h {
	case SyncOff:
		return "stops synchronizing users from this partner; users already synchronized stay"
	case SyncRemoved:
		return "removes the synchronization policy; users already synchronized stay"
	case NewPartner:
		return "adds a partner configuration, which inherits the default access settings"
	case PartnerRemoved:
		return "removes the whole partner configuration; the default access settings apply to this tenant again"
	case ConsentOff:
		return "turns automatic redemption off: users see a consent prompt, and cross-tenant synchronization needs it on"
	case TemplateWrite:
		return "takes effect when a tenant joins the multitenant organization, not on partners of today"
	case ServiceOwned:
		return "belongs to a service provider or to Microsoft Support; bulksync leaves it alone"
	default:
		return string(h)
	}
}

// hazards lists the hazards of the change. They follow from what it says and
// from nothing else, so that those in a plan file can be held against it.
func (c *Change) hazards() []Hazard {
	switch {
	case c.Action == NoOp:
		return nil
	case c.Action == Blocked && c.Reason != reasonOwned:
		return nil
	case c.Action == Blocked:
		return []Hazard{ServiceOwned}
	case c.Object == SyncTemplate:
		return []Hazard{TemplateWrite}
	case c.Object == PartnerConfiguration && c.Action == Create:
		return []Hazard{NewPartner}
	case c.Object == PartnerConfiguration:
		return []Hazard{PartnerRemoved}
	case c.Object == IdentitySynchronization && c.Action == Delete:
		return []Hazard{SyncRemoved}
	case c.Object == IdentitySynchronization && c.StopsSync():
		return []Hazard{SyncOff}
	case c.Object == Consent && c.turnsOff():
		return []Hazard{ConsentOff}
	default:
		return nil
	}
}

// turnsOff reports whether a switch is on before the change. Fields hold what
// differs, so it is off after it.
func (c *Change) turnsOff() bool {
	for _, f := range c.Fields {
		if f.Before == true {
			return true
		}
	}
	return false
}
