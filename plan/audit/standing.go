package audit

import (
	"bulksync/graph"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// inboundAllowed is the path of the property that both rules without a row are
// about.
const inboundAllowed = "automaticUserConsentSettings.inboundAllowed"

// isSyncing reports whether a partner may synchronize users.
func isSyncing(p *graph.Partner) bool {
	return p.Sync != nil && p.Sync.IsSyncAllowed != nil && *p.Sync.IsSyncAllowed
}

// isConsenting reports whether invitations are redeemed automatically for a
// partner. Null inherits the default, which is off and cannot be changed.
func isConsenting(p *graph.Partner) bool { return p.InboundAllowed != nil && *p.InboundAllowed }

// applyRules adds the findings of the rules that need no row: first for the
// partners that rows name, in their order, then for the others.
func (c *comparison) applyRules() {
	for i := range c.desired.Partners.Rows {
		r := &c.desired.Partners.Rows[i]
		if p, exists := c.cur.Partners[r.TenantID]; exists {
			c.applyRule(r.TenantID, &p, r)
		}
	}
	for _, id := range c.unnamed {
		p := c.cur.Partners[id]
		c.applyRule(id, &p, nil)
	}
}

// applyRule adds what breaks a rule at a partner; its row may be nil. Both
// findings are about inbound consent: what is there, and what synchronization
// needs, which is nothing where there is none. Nobody can change a partner that
// belongs to a service, so it is left alone.
func (c *comparison) applyRule(id string, p *graph.Partner, r *desired.Row) {
	k := brokenRule(p)
	if k == "" || plan.IsOwned(id, p) || k == SyncWithoutConsent && isMended(r) || k == ConsentWithoutSync && isOtherwiseFound(p, r) {
		return
	}
	f := Finding{TenantID: id, DisplayName: policyName(p), Kind: k, Object: plan.Consent}
	field := plan.Field{Path: inboundAllowed, Before: f.Object.Property(inboundAllowed).Value(p, nil)}
	if k == SyncWithoutConsent {
		field.After = true
	}
	f.Fields = []plan.Field{field}
	if r != nil {
		f.Row, f.Note = r.Line, r.Note
		if name := r.DisplayName(); name != "" {
			f.DisplayName = name
		}
	}
	c.find(f)
}

// brokenRule is the rule without a row that a partner breaks; empty if it breaks
// none, or if nothing is known of it.
func brokenRule(p *graph.Partner) Kind {
	syncs, consents := isSyncing(p), isConsenting(p)
	switch {
	case p.Problem != "" || syncs == consents:
		return ""
	case syncs:
		return SyncWithoutConsent
	default:
		return ConsentWithoutSync
	}
}

// isMended reports whether a row asks for what ends synchronization without
// consent: consent, or no synchronization. That it is not so is a finding already.
func isMended(r *desired.Row) bool {
	return r != nil && (r.Absent || wantedOf(r, plan.Consent, inboundAllowed) == true || wantedOf(r, plan.IdentitySynchronization, desired.PathSyncAllowed) == false)
}

// isOtherwiseFound reports whether another finding already says of a partner that
// consents and does not synchronize that one of the two is wrong: its policy is
// extra, missing or to be switched on, or consent is to be switched off.
func isOtherwiseFound(p *graph.Partner, r *desired.Row) bool {
	const sync = plan.IdentitySynchronization
	if r != nil && r.PartnerAbsent {
		return true
	}
	if r == nil || r.Absent {
		return p.Sync != nil
	}
	return r.Manages(sync) && p.Sync == nil || wantedOf(r, sync, desired.PathSyncAllowed) == true || wantedOf(r, plan.Consent, inboundAllowed) == false
}

// wantedOf is the value that a row wants for a property; nil if it does not manage
// it. A row that removes the policy wants nothing of its properties.
func wantedOf(r *desired.Row, o plan.Object, path string) any {
	if r == nil || r.Absent && o == plan.IdentitySynchronization {
		return nil
	}
	p := o.Property(path)
	if p == nil {
		return nil
	}
	return r.Value(p)
}
