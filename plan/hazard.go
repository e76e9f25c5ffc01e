package plan

import (
	"slices"

	"bulksync/plan/desired"
)

// Hazard marks a change that a change board must see before it says yes.
type Hazard = desired.Hazard

// The hazards, defined in package desired.
const (
	SyncOff        = desired.SyncOff
	SyncRemoved    = desired.SyncRemoved
	NewPartner     = desired.NewPartner
	PartnerRemoved = desired.PartnerRemoved
	BeyondUndo     = desired.BeyondUndo
	ConsentOff     = desired.ConsentOff
	NameDiffers    = desired.NameDiffers
	TrustOn        = desired.TrustOn
	TemplateWrite  = desired.TemplateWrite
	ServiceOwned   = desired.ServiceOwned
)

// hazards lists the hazards of the change. They follow from the change alone, so
// that those in a plan file can be checked.
func (c *Change) hazards() []Hazard {
	if c.Action == NoOp {
		return nil
	}
	hazards := c.objectHazards()
	// A revert goes to the tenants of the run, whatever they are called: there is no
	// ID left to check.
	if !c.Reverts() && !c.Partner.isLikeItself() {
		hazards = append(hazards, NameDiffers)
	}
	return hazards
}

// objectHazards lists the hazards of what the change does to its object.
func (c *Change) objectHazards() []Hazard {
	switch {
	case c.Action == Blocked && c.Reason != reasonOwned:
		return nil
	case c.Action == Blocked:
		return []Hazard{ServiceOwned}
	case c.Object == SyncTemplate:
		return []Hazard{TemplateWrite}
	case c.Object == PartnerConfiguration && c.Action == Create && c.revertsInPart():
		return []Hazard{NewPartner, BeyondUndo}
	case c.Object == PartnerConfiguration && c.Action == Create:
		return []Hazard{NewPartner}
	case c.Object == PartnerConfiguration:
		return c.removalHazards()
	case c.Object == IdentitySynchronization && c.Action == Delete:
		return []Hazard{SyncRemoved}
	default:
		return c.switchHazards()
	}
}

// switchHazards lists the hazards of the switches that are turned on or off, each
// once.
func (c *Change) switchHazards() (hazards []Hazard) {
	for _, f := range c.Fields {
		h, p := Hazard(""), c.Object.Property(f.Path)
		switch {
		case p == nil || f.Before == f.After:
		case f.After == true:
			h = p.TurnedOn
		case f.Before == true:
			h = p.TurnedOff
		}
		if h != "" && !slices.Contains(hazards, h) {
			hazards = append(hazards, h)
		}
	}
	return hazards
}
