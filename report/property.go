package report

import (
	"bulksync/plan"
	"bulksync/plan/desired"
)

// switchWords are what people are told of a managed property that is on or off.
type switchWords struct {
	path string
	// yes says that it is on, as the audit puts it; "not " before it, that it is off.
	yes string
	// What a change of it does, by what it was before: on, off from on, set to
	// off, and left to what applies without it.
	on, off, setOff, unset effect
	// inherits says that the tenant's own default applies where the property is
	// not set. What that says is not known here, so that leaving it is a change.
	// Elsewhere the default is off.
	inherits bool
}

// switches is the one table of the words for managed properties, in the order in
// which a page tells their effects. It is never written to.
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

// consentWords are those of both directions: a partner is counted once.
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

// switchAt is the entry of a path, if it is that of a switch.
func switchAt(path string) (switchWords, bool) {
	for i := range switches {
		if switches[i].path == path {
			return switches[i], true
		}
	}
	return switchWords{}, false
}

// effectOf is what a change of the switch does. It is idle where the switch is
// off before and after.
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

// aboutOf is how people call an object. Consent is what Graph calls automatic
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
