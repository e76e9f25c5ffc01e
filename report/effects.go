package report

import (
	"fmt"
	"strings"

	"bulksync/plan"
)

// effect is something that a change does to people, or to a whole partner.
type effect int

const (
	syncAllowed effect = iota
	syncStopped
	policyRemoved
	consentOn
	consentOff
	partnerAdded
	partnerRemoved
	effectKinds
)

// sentence tells the effect of n partners, with "is" or "was".
func (e effect) sentence(verb, partners string) string {
	format := [effectKinds]string{
		syncAllowed:    "Synchronization %s allowed for %s.",
		syncStopped:    "Synchronization %s stopped for %s.",
		policyRemoved:  "The synchronization policy %s removed for %s.",
		consentOn:      "Automatic redemption %s turned on for %s.",
		consentOff:     "Automatic redemption %s turned off for %s.",
		partnerAdded:   "A partner configuration %s added for %s.",
		partnerRemoved: "The partner configuration %s removed for %s.",
	}[e]
	return fmt.Sprintf(format, verb, partners)
}

// effects counts what really changes for people, each partner once: a policy
// that is created with synchronization off stops nothing.
type effects [effectKinds]map[string]bool

// add counts what c does. A partner is confirmed where all of its changes are.
func (e *effects) add(c *plan.Change, confirmed bool) {
	if c.Object == plan.SyncTemplate {
		return // it is about no partner of today
	}
	for _, k := range effectsOf(c) {
		if e[k] == nil {
			e[k] = map[string]bool{}
		}
		id := strings.ToLower(c.Partner.TenantID)
		was, known := e[k][id]
		e[k][id] = confirmed && (was || !known)
	}
}

// effectsOf lists what a change does, by its action and by its properties.
func effectsOf(c *plan.Change) []effect {
	var out []effect
	switch {
	case c.Object == plan.PartnerConfiguration && c.Action == plan.Create:
		out = append(out, partnerAdded)
	case c.Object == plan.PartnerConfiguration && c.Action == plan.Delete:
		out = append(out, partnerRemoved)
	case c.Object == plan.IdentitySynchronization && c.Action == plan.Delete:
		out = append(out, policyRemoved)
	}
	for _, f := range c.Fields {
		was, is := f.Before == true, f.After == true
		if was == is {
			continue // null, false and nothing at all are the same for people
		}
		switch {
		case isSyncAllowed(f.Path) && is:
			out = append(out, syncAllowed)
		case isSyncAllowed(f.Path):
			out = append(out, syncStopped)
		case isConsent(f.Path) && is:
			out = append(out, consentOn)
		case isConsent(f.Path):
			out = append(out, consentOff)
		}
	}
	return out
}

// sentences says what the changes mean, with "is" or "was", and of how much
// there is no more than Graph's word.
func (e *effects) sentences(verb string) []string {
	var out []string
	for k, partners := range e {
		if len(partners) == 0 {
			continue
		}
		unconfirmed := 0
		for _, confirmed := range partners {
			if !confirmed {
				unconfirmed++
			}
		}
		who := count(len(partners), "partner")
		switch unconfirmed {
		case 0:
		case len(partners):
			who += ", as far as Graph accepted it"
		default:
			who += fmt.Sprintf(", for %s of them as far as Graph accepted it", thousands(unconfirmed))
		}
		out = append(out, effect(k).sentence(verb, who))
	}
	return out
}

// isSyncAllowed reports whether path is the switch of user synchronization.
func isSyncAllowed(path string) bool { return isOrEndsIn(path, "isSyncAllowed") }

// isConsent reports whether path is a switch of automatic redemption.
func isConsent(path string) bool {
	return isOrEndsIn(path, "automaticUserConsentSettings.inboundAllowed") || isOrEndsIn(path, "automaticUserConsentSettings.outboundAllowed")
}

func isOrEndsIn(path, name string) bool {
	return path == name || strings.HasSuffix(path, "."+name)
}
