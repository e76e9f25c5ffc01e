package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// effect is something that a change does to people, or to a whole partner: the
// sentence that describes it. sentence fills in the words in braces.
type effect string

// The effects beyond those of a single switch. Removing a policy ends the
// synchronization that it allowed; a policy that allows none is idle.
const (
	syncAllowed    effect = "Synchronization {is} allowed for {partners}."
	syncStopped    effect = "Synchronization {is} stopped for {partners}."
	policyRemoved  effect = "Synchronization {is} stopped, by removing the policy, for {partners}."
	idleRemoved    effect = "A synchronization policy that does not allow synchronization {is} removed for {partners}."
	idleAdded      effect = "A synchronization policy that does not allow synchronization {is} added for {partners}."
	renamed        effect = "The name of the synchronization policy {is} changed for {partners}."
	otherChanged   effect = "Another property {is} changed for {partners}."
	partnerAdded   effect = "A partner configuration {is} added for {partners}."
	partnerRemoved effect = "The partner configuration {is} removed for {partners}."
)

// allEffects lists the effects once each, in the order of a page.
func allEffects() []effect {
	all := []effect{syncAllowed, syncStopped, policyRemoved, idleRemoved, idleAdded}
	for _, s := range switches {
		for _, e := range []effect{s.on, s.off, s.setOff, s.unset} {
			if !slices.Contains(all, e) {
				all = append(all, e)
			}
		}
	}
	return append(all, renamed, otherChanged, partnerAdded, partnerRemoved)
}

// sentence fills in the partners and the tense: what will be done, or what was
// done.
func (e effect) sentence(done bool, partners string) string {
	is, accept, stop, refuse := "is", "will accept", "will no longer accept", "will not accept"
	if done {
		is, accept, stop, refuse = "was", "now accepts", "no longer accepts", "does not accept"
	}
	return strings.NewReplacer("{is}", is, "{accept}", accept, "{stop}", stop, "{refuse}", refuse, "{partners}", partners).Replace(string(e))
}

// reached holds the partners of an effect by tenant ID, and whether each is
// confirmed.
type reached map[string]bool

// effects counts what really changes for people, each partner once: creating a
// policy with synchronization off stops nothing.
type effects map[effect]reached

// add counts what c does. A partner is confirmed if all its changes are.
func (e effects) add(c *plan.Change, confirmed bool) {
	if c.Object == plan.SyncTemplate {
		return // it concerns no current partner
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
		return append(takenEffects(c), partnerRemoved)
	case c.Object != plan.IdentitySynchronization, c.Action == plan.Update:
		return fieldEffects(c)
	case c.Action == plan.Delete && c.StopsSync():
		return []effect{policyRemoved}
	case c.Action == plan.Delete:
		return []effect{idleRemoved}
	case c.AllowsSync():
		return []effect{syncAllowed}
	default:
		return []effect{idleAdded}
	}
}

// fieldEffects lists what the properties of a change do. It leaves out switches
// that stay off if another one is really switched.
func fieldEffects(c *plan.Change) []effect {
	var turned, idle, other []effect
	for _, f := range c.Fields {
		s, known := switchAt(f.Path)
		e, stays := s.effectOf(f.Before, f.After)
		switch {
		case f.Path == desired.PathDisplayName:
			other = append(other, renamed)
		case !known:
			other = append(other, otherChanged)
		case stays:
			idle = append(idle, e)
		default:
			turned = append(turned, e)
		}
	}
	if len(turned) > 0 {
		idle = nil
	}
	return slices.Concat(turned, idle, other)
}

// takenEffects lists what ends with a partner configuration that is removed: the
// trust and the consent that it has. Consent that was off stays off.
func takenEffects(c *plan.Change) (out []effect) {
	for _, f := range c.Taken() {
		s, known := switchAt(f.Path)
		if e, idle := s.effectOf(f.Before, nil); known && !idle {
			out = append(out, e)
		}
	}
	return out
}

// sentences says what the changes mean, or meant, for people, and for how many
// partners only Graph's answer says so.
func (e effects) sentences(done bool) []string {
	var out []string
	for _, k := range allEffects() {
		switch partners := e[k]; {
		case len(partners) == 0, k == policyRemoved && len(e[syncStopped]) > 0:
		case k == syncStopped && len(e[policyRemoved]) > 0:
			out = append(out, stoppedTwoWays(done, partners, e[policyRemoved]))
		default:
			out = append(out, k.sentence(done, partners.words()))
		}
	}
	return out
}

// stoppedTwoWays adds up the switches turned off and the policies removed, so
// that the sum matches the numbers of the two hazards.
func stoppedTwoWays(done bool, off, removed reached) string {
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
		return policyRemoved.sentence(done, all.words())
	}
	const twoWays effect = "Synchronization {is} stopped for {partners}: for %s it {is} turned off, for %s the policy {is} removed."
	return fmt.Sprintf(twoWays.sentence(done, all.words()), words.Thousands(len(off)-both), words.Thousands(len(removed)))
}

// words counts the partners, and those for which the effect was not seen.
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
		who += " (accepted by Graph, not confirmed)"
	default:
		who += fmt.Sprintf(" (%s of them accepted by Graph, not confirmed)", words.Thousands(unconfirmed))
	}
	return who
}
