package report

import (
	"fmt"
	"maps"
	"strings"

	"bulksync/internal/words"
	"bulksync/plan"
)

// effect is something that a change does to people, or to a whole partner.
type effect int

const (
	syncAllowed effect = iota
	syncStopped
	policyRemoved // and with it synchronization that was allowed
	idleRemoved
	idleAdded
	syncSetOff
	syncUnset
	renamed
	consentOn
	consentOff
	consentSetOff
	consentUnset
	partnerAdded
	partnerRemoved
	effectKinds
)

// sentence tells the effect of n partners, with "is" or "was".
func (e effect) sentence(verb, partners string) string {
	format := [effectKinds]string{
		syncAllowed:    "Synchronization %s allowed for %s.",
		syncStopped:    "Synchronization %s stopped for %s.",
		policyRemoved:  "Synchronization %s stopped, by removing the policy, for %s.",
		idleRemoved:    "A synchronization policy that does not allow synchronization %s removed for %s.",
		idleAdded:      "A synchronization policy that does not allow synchronization %s added for %s.",
		syncSetOff:     "Synchronization %s set to off, as it is by default, for %s.",
		syncUnset:      "Synchronization %s left at its default, which is off, for %s.",
		renamed:        "The name of the synchronization policy %s changed for %s.",
		consentOn:      "Automatic redemption %s turned on for %s.",
		consentOff:     "Automatic redemption %s turned off for %s.",
		consentSetOff:  "Automatic redemption %s set to off, as it is by default, for %s.",
		consentUnset:   "Automatic redemption %s left at the default, which is off, for %s.",
		partnerAdded:   "A partner configuration %s added for %s.",
		partnerRemoved: "The partner configuration %s removed for %s.",
	}[e]
	return fmt.Sprintf(format, verb, partners)
}

// reached are the partners of an effect, by tenant ID; each is confirmed or not.
type reached map[string]bool

// effects counts what really changes for people, each partner once: a policy
// that is created with synchronization off stops nothing.
type effects [effectKinds]reached

// add counts what c does. A partner is confirmed where all of its changes are.
func (e *effects) add(c *plan.Change, confirmed bool) {
	if c.Object == plan.SyncTemplate {
		return // it is about no partner of today
	}
	for _, k := range effectsOf(c) {
		if e[k] == nil {
			e[k] = reached{}
		}
		id := strings.ToLower(c.Partner.TenantID)
		was, known := e[k][id]
		e[k][id] = confirmed && (was || !known)
	}
}

// effectsOf lists what a change does, by its action and by its properties. Every
// write to a partner does something.
func effectsOf(c *plan.Change) []effect {
	switch {
	case c.Object == plan.PartnerConfiguration && c.Action == plan.Create:
		return []effect{partnerAdded}
	case c.Object == plan.PartnerConfiguration:
		return []effect{partnerRemoved}
	case c.Object == plan.Consent:
		return consentEffects(c)
	case c.Action == plan.Delete && c.StopsSync():
		return []effect{policyRemoved}
	case c.Action == plan.Delete:
		return []effect{idleRemoved}
	case c.Action == plan.Create && c.AllowsSync():
		return []effect{syncAllowed}
	case c.Action == plan.Create:
		return []effect{idleAdded}
	default:
		return syncEffects(c)
	}
}

func syncEffects(c *plan.Change) (out []effect) {
	for _, f := range c.Fields {
		switch was, is := f.Before == true, f.After == true; {
		case !isSyncAllowed(f.Path):
			out = append(out, renamed)
		case is && !was:
			out = append(out, syncAllowed)
		case was && !is:
			out = append(out, syncStopped)
		case f.After == false:
			out = append(out, syncSetOff)
		default:
			out = append(out, syncUnset)
		}
	}
	return out
}

// consentEffects leaves out what is off before and after where another switch
// of the change really turns.
func consentEffects(c *plan.Change) []effect {
	var turned, idle []effect
	for _, f := range c.Fields {
		switch was, is := f.Before == true, f.After == true; {
		case is && !was:
			turned = append(turned, consentOn)
		case was && !is:
			turned = append(turned, consentOff)
		case f.After == false:
			idle = append(idle, consentSetOff)
		default:
			idle = append(idle, consentUnset)
		}
	}
	if len(turned) > 0 {
		return turned
	}
	return idle
}

// sentences says what the changes mean, with "is" or "was", and of how much
// there is no more than Graph's word.
func (e *effects) sentences(verb string) []string {
	var out []string
	for k, partners := range e {
		switch {
		case len(partners) == 0, effect(k) == policyRemoved && len(e[syncStopped]) > 0:
		case effect(k) == syncStopped && len(e[policyRemoved]) > 0:
			out = append(out, stoppedTwoWays(verb, partners, e[policyRemoved]))
		default:
			out = append(out, effect(k).sentence(verb, partners.words()))
		}
	}
	return out
}

// stoppedTwoWays adds up what turns a switch off and what removes a policy, so
// that the sum meets the numbers of the two hazards.
func stoppedTwoWays(verb string, off, removed reached) string {
	all := maps.Clone(off)
	both := 0
	for id, confirmed := range removed {
		was, known := all[id]
		if known {
			both++
		}
		all[id] = confirmed && (was || !known)
	}
	if both == len(off) {
		return policyRemoved.sentence(verb, all.words())
	}
	return fmt.Sprintf("Synchronization %s stopped for %s: for %s it %s turned off, for %s the policy %s removed.",
		verb, all.words(), words.Thousands(len(off)-both), verb, words.Thousands(len(removed)), verb)
}

// words counts the partners, and says of how many nobody has seen it.
func (r reached) words() string {
	unconfirmed := 0
	for _, confirmed := range r {
		if !confirmed {
			unconfirmed++
		}
	}
	who := words.Count(len(r), "partner")
	switch unconfirmed {
	case 0:
	case len(r):
		who += ", as far as Graph accepted it"
	default:
		who += fmt.Sprintf(", for %s of them as far as Graph accepted it", words.Thousands(unconfirmed))
	}
	return who
}

// isSyncAllowed reports whether path is the switch of user synchronization.
func isSyncAllowed(path string) bool {
	return path == "isSyncAllowed" || strings.HasSuffix(path, ".isSyncAllowed")
}
