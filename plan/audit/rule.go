package audit

// Kind says what is wrong: the ID of a rule.
type Kind string

// The kinds of finding. Extra is a partner with a synchronization policy that the
// file does not name, or names with ensure=absent. Unreadable is a partner that
// Graph listed but that could not be read: how it differs is unknown. The last two
// need no row.
const (
	Missing            Kind = "missing"
	Changed            Kind = "changed"
	Extra              Kind = "extra"
	Unreadable         Kind = "unreadable"
	SyncWithoutConsent Kind = "sync-without-consent"
	ConsentWithoutSync Kind = "consent-without-sync"
)

// isAboutConsent reports whether the kind is one of a rule without a row: both
// are about inbound consent.
func (k Kind) isAboutConsent() bool { return k == SyncWithoutConsent || k == ConsentWithoutSync }

// Severity says how serious a finding is. A notice never counts for the result.
type Severity string

// The severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Notice  Severity = "notice"
)

// Rule is what findings of one kind have in common.
type Rule struct {
	Kind     Kind
	Severity Severity
	// Title is a short sentence without a full stop, Help says what it means and
	// what to do.
	Title, Help string
}

// Rules are all rules, in the order in which reports list them.
func Rules() []Rule {
	return []Rule{
		{Extra, Error, "A synchronization policy that the file does not ask for",
			"The partner has a synchronization policy, and no row names it or its row says ensure=absent. Add a row if the policy is wanted, or remove it with a plan whose row says ensure=absent."},
		{Unreadable, Error, "A partner that could not be read",
			"Graph listed the partner, but its answer could not be understood, so nothing is known about it. Check what Graph returns for the partner, and run the audit again."},
		{Missing, Error, "An object of the file that is not there",
			"The file asks for an object that the tenant does not have. Plan and apply the file, or remove the row if the object is not wanted any more."},
		{Changed, Error, "A property that is not as the file wants it",
			"The property has another value than the file asks for. Plan and apply the file, or change the row if the present value is right."},
		{SyncWithoutConsent, Warning, "Synchronization without automatic redemption",
			"Synchronization of users from the partner is allowed, but invitations are not redeemed automatically for it (automaticUserConsentSettings.inboundAllowed), so synchronization cannot work. Turn inbound consent on, or synchronization off."},
		{ConsentWithoutSync, Notice, "Automatic redemption without synchronization",
			"Invitations are redeemed automatically for the partner, but no synchronization of its users is allowed. Turn inbound consent off unless something else needs it."},
	}
}

// Rule returns the rule of the kind; of an unknown kind, one that is an error.
func (k Kind) Rule() Rule {
	for _, r := range Rules() {
		if r.Kind == k {
			return r
		}
	}
	return Rule{Kind: k, Severity: Error}
}
