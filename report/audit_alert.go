package report

import (
	"fmt"

	"bulksync/internal/words"
	"bulksync/plan/audit"
	"bulksync/plan/desired"
)

// auditAlerts puts the worst findings first: partners that synchronize although
// the file does not ask for it, then those that could not be read, those whose
// waiver has expired, and those that cannot synchronize although they may.
func auditAlerts(a *audit.Audit, order []int) []*alert {
	open, idle, absent := &alert{Tone: bad, Title: "extra", Link: filter("action", "extra")}, 0, 0
	partners := 0 // to be removed as a whole
	unread := &alert{Tone: bad, Title: string(audit.Unreadable), Link: filter("action", string(audit.Unreadable)), Words: unreadableWords, Hint: findingHint()}
	expired := &alert{Tone: warn, Title: "waiver expired", Link: filter("q", "waiver expired"), Words: "accepted once; the waiver has expired, so it counts again",
		Hint: "put it right, or extend the waiver"}
	idling := ruleAlert(audit.SyncWithoutConsent)
	for _, i := range order {
		f := &a.Findings[i]
		p := partnerFound(f)
		switch {
		case f.Kind == audit.Extra && isSyncing(f):
			if open.add(p); f.Absent {
				absent++
			}
		case f.Kind == audit.Extra && f.Object != desired.PartnerConfiguration:
			idle++
		case f.Kind == audit.Extra:
			partners++
		case f.Kind == audit.Unreadable:
			unread.add(p)
		case f.Kind == audit.SyncWithoutConsent:
			idling.add(p)
		}
		if f.Waiver != nil {
			expired.add(p)
		}
	}
	open.Words, open.Hint = extraWords(open.rows, absent, idle, partners), extraHint(open.rows, absent)
	var out []*alert
	for _, g := range []*alert{open, unread, expired, idling} {
		if g.rows > 0 {
			out = append(out, g)
		}
	}
	return out
}

// ruleAlert is an alert in the words of a rule that needs no row.
func ruleAlert(k audit.Kind) *alert {
	return &alert{
		Tone: warn, Title: string(k), Link: filter("action", string(k)),
		Words: "synchronization of users is allowed, and cannot work: invitations are not redeemed automatically",
		Hint:  "turn inbound consent on, or synchronization off",
	}
}

// extraWords says why policies are extra, and what else is extra.
func extraWords(busy, absent, idle, partners int) string {
	s := "allowed to synchronize users although the file does not ask for it"
	switch {
	case absent == busy:
		s = "allowed to synchronize users although the file says that the policy must be removed"
	case absent > 0:
		s += fmt.Sprintf("; for %s of them it says that the policy must be removed", words.Thousands(absent))
	}
	switch {
	case idle == 1:
		s += "; the other extra policy does not allow it"
	case idle > 1:
		s += fmt.Sprintf("; the other %s extra policies do not allow it", words.Thousands(idle))
	}
	if partners > 0 {
		s += fmt.Sprintf("; the file also says that %s must be removed", words.Count(partners, "partner configuration"))
	}
	return s
}

// extraHint says what to do about policies that are extra.
func extraHint(busy, absent int) string {
	if absent == busy {
		return "plan and apply the file"
	}
	return "add a row for the partner; with ensure = absent it removes the policy"
}
