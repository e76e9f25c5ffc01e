package desired

import "slices"

// Hazard marks a change that a change board must see before it says yes.
type Hazard string

// The hazards. What they mean stands in the table below.
const (
	PartnerRemoved Hazard = "partner-removed"
	BeyondUndo     Hazard = "beyond-undo"
	SyncRemoved    Hazard = "sync-removed"
	SyncOff        Hazard = "sync-off"
	ConsentOff     Hazard = "consent-off"
	NameDiffers    Hazard = "name-differs"
	TrustOn        Hazard = "trust-on"
	NewPartner     Hazard = "new-partner"
	TemplateWrite  Hazard = "template"
	ServiceOwned   Hazard = "service-owned"
)

// HazardInfo is what there is to know of a hazard.
type HazardInfo struct {
	Hazard Hazard
	// TakesAway means that the change takes something away from people.
	TakesAway bool
	// Words says in a sentence what the hazard means for people, and UndoWords what
	// it means in a plan that reverts a run; empty if that is the same.
	Words, UndoWords string
}

// Meaning is the sentence for a plan that reverts a run, or for any other.
func (i HazardInfo) Meaning(reverts bool) string {
	if reverts && i.UndoWords != "" {
		return i.UndoWords
	}
	return i.Words
}

// hazards is the table of all hazards, in the order of reports: first what takes
// something away from people, then what lets something in. It is never written
// to. A new hazard is a constant and an entry here.
//
// The consequences are those of the Graph reference pages for userSyncInbound and
// of the Entra pages on cross-tenant access (inbound trust), on automatic
// redemption and on multitenant-organization templates.
var hazards = [...]HazardInfo{
	{Hazard: PartnerRemoved, TakesAway: true, Words: "removes the whole partner configuration; the default access settings apply to the partner again"},
	{Hazard: BeyondUndo, TakesAway: true, Words: "settings that Graph lets no client write are lost, and undo cannot bring them back; the reason of each change names them",
		UndoWords: "does not bring back the settings that Graph lets no client write; the reason of each change names them"},
	{Hazard: SyncRemoved, TakesAway: true, Words: "removes the synchronization policy; users already synchronized stay"},
	{Hazard: SyncOff, TakesAway: true, Words: "stops synchronizing users from this partner; users already synchronized stay"},
	{Hazard: ConsentOff, TakesAway: true, Words: "turns automatic redemption off: users see a consent prompt, and cross-tenant synchronization needs it on"},
	{Hazard: NameDiffers, Words: "the name of the partner is like neither the name nor the default domain that the tenant has in its directory; check that the tenant ID is the right one"},
	{Hazard: TrustOn, Words: "accepts the partner's claims in this tenant's Conditional Access: multifactor authentication, compliant devices or hybrid joined devices of the partner count as if they were this tenant's"},
	{Hazard: NewPartner, Words: "adds a partner configuration, which inherits the default access settings",
		UndoWords: "adds the removed partner configuration again; the settings that Graph lets a client write are written back as they were"},
	{Hazard: TemplateWrite, Words: "takes effect when a tenant joins the multitenant organization; no partner changes now"},
	{Hazard: ServiceOwned, Words: "belongs to a service provider or to Microsoft Support; bulksync leaves it alone"},
}

// Hazards lists all hazards in the order of reports.
func Hazards() []HazardInfo { return slices.Clone(hazards[:]) }

// Rank is the place of h in the order of reports; an unknown hazard comes last.
func (h Hazard) Rank() int {
	for i := range hazards {
		if hazards[i].Hazard == h {
			return i
		}
	}
	return len(hazards)
}

// Info is what there is to know of h. An unknown hazard has its name for words.
func (h Hazard) Info() HazardInfo {
	if i := h.Rank(); i < len(hazards) {
		return hazards[i]
	}
	return HazardInfo{Hazard: h, Words: string(h)}
}
