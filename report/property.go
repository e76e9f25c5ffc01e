package report

import (
	"bulksync/plan"
	"bulksync/plan/desired"
)

// switchWords are the words for a managed property that is on or off.
type switchWords struct {
	path string
	// yes says that it is on, as the audit puts it; with "not " before it, that
	// it is off.
	yes string
	// The effects of a change, by the value before: turned on, turned off, set
	// to off, and unset.
	on, off, setOff, unset effect
	// inherits means that the tenant's own default applies if the property is
	// not set. That default is not known here, so unsetting it is a change.
	// Otherwise the default is off.
	inherits bool
}

// switches is the one table of the words for managed properties, in the order
// in which a page lists their effects. It is never modified.
var switches = [...]switchWords{
	{
		path: desired.PathSyncAllowed, yes: "allowed",
		on: syncAllowed, off: syncStopped,
		setOff: "Synchronization {is} set to off, which is its default, for {partners}.",
		unset:  "Synchronization {is} left at its default, which is off, for {partners}.",
	},
	trustWords("inboundTrust.isMfaAccepted", "MFA"),
	trustWords("inboundTrust.isCompliantDeviceAccepted", "compliant devices"),
	trustWords("inboundTrust.isHybridAzureADJoinedDeviceAccepted", "hybrid joined devices"),
	consentWords("automaticUserConsentSettings.inboundAllowed"),
	consentWords("automaticUserConsentSettings.outboundAllowed"),
}

// consentWords are the words for one direction. Both directions have the same
// effects, so that a partner is counted once.
func consentWords(path string) switchWords {
	return switchWords{
		path: path, yes: "allowed",
		on:     "Automatic redemption {is} turned on for {partners}.",
		off:    "Automatic redemption {is} turned off for {partners}.",
		setOff: "Automatic redemption {is} set to off, which is its default, for {partners}.",
		unset:  "Automatic redemption {is} left at its default, which is off, for {partners}.",
	}
}

func trustWords(path, what string) switchWords {
	return switchWords{
		path: path, yes: "accepted", inherits: true,
		on:     effect("This tenant {accept} " + what + " from {partners}."),
		off:    effect("This tenant {stop} " + what + " from {partners}."),
		setOff: effect("This tenant {refuse} " + what + " from {partners}, whatever its default settings say."),
		unset:  effect("Whether this tenant accepts " + what + " from {partners} {is} left to its default settings."),
	}
}

// switchAt is the entry of a path, if it is a switch.
func switchAt(path string) (switchWords, bool) {
	for i := range switches {
		if switches[i].path == path {
			return switches[i], true
		}
	}
	return switchWords{}, false
}

// effectOf is what a change of the switch does. It is idle if the switch is off
// before and after.
func (s switchWords) effectOf(before, after any) (e effect, idle bool) {
	switch was, is := before == true, after == true; {
	case is:
		return s.on, was
	case after == nil && (s.inherits || !was):
		return s.unset, !s.inherits
	case was:
		return s.off, false
	default:
		return s.setOff, !s.inherits
	}
}

// aboutOf is the name of an object for people. Graph calls consent automatic
// redemption.
func aboutOf(o plan.Object) string {
	switch o {
	case plan.Consent:
		return "consent (automatic redemption)"
	case plan.Trust:
		return "trust (MFA and devices)"
	default:
		return OneLine(string(o))
	}
}
