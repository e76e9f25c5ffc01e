package plan

import (
	"slices"
	"strings"

	"bulksync/graph"
	"bulksync/plan/desired"
)

// The reasons of blocked changes, and of one that is no more than a look.
const (
	reasonNoPartner = "the partner configuration does not exist; add it first, or plan with --create-partners"
	reasonOwned     = "the partner configuration belongs to a service provider or to Microsoft Support"
	reasonBareRow   = "the row names no property, so only the partner configuration is looked at"
	reasonNoPolicy  = "there is no synchronization policy to remove"
	// reasonNoTemplate is that of a cloud.
	reasonNoTemplate = "this cloud has no multitenant-organization templates"
	// reasonUnread goes before the problem of a partner.
	reasonUnread = "this partner could not be read: "
)

// maxReason is the longest reason of a change, in bytes.
const maxReason = 4096

func (b *builder) row(r *desired.Row) {
	partner, exists := b.cur.Partners[r.TenantID]
	c := rowChange{builder: b, row: r, partner: &partner, exists: exists}
	c.owned = isOwned(r.TenantID, &partner)
	switch {
	case partner.Problem != "":
		c.unread()
	case r.Absent:
		c.consent()
		c.syncRemoval()
	case r.Manages(PartnerConfiguration):
		c.partnerAlone()
	default:
		c.newPartner()
		c.sync()
		c.consent()
	}
}

// isOwned reports whether a partner, which may be nobody yet, belongs to somebody
// else.
func isOwned(tenantID string, p *graph.Partner) bool {
	return p.IsServiceProvider && p.Problem == "" || tenantID == graph.SupportTenantID
}

// rowChange adds the changes of one row.
type rowChange struct {
	*builder
	row     *desired.Row
	partner *graph.Partner
	exists  bool
	owned   bool
}

// unread blocks each object that the row manages. What is there is unknown, so
// nothing is said of it, and whose it is neither.
func (c *rowChange) unread() {
	c.owned = false
	reason := clip(reasonUnread+c.partner.Problem, maxReason)
	objects := desired.PartnerObjects
	if c.row.Absent { // the other way round, as where things go
		slices.Reverse(objects[:])
	}
	for _, o := range objects {
		if c.row.Manages(o) {
			c.add(Change{Object: o, Action: Blocked, Reason: reason})
		}
	}
}

// clip cuts a text to so many bytes, between characters.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "")
}

func (c *rowChange) newPartner() {
	if c.exists || !c.createPartners {
		return
	}
	c.add(Change{
		Object: PartnerConfiguration, Action: Create,
		Fields: []Field{{Path: desired.PathTenantID, After: c.row.TenantID}},
	})
}

// partnerAlone is a row that manages nothing: the partner itself is all that
// can be said about.
func (c *rowChange) partnerAlone() {
	switch {
	case c.exists:
		c.add(Change{Object: PartnerConfiguration, Action: NoOp, Reason: reasonBareRow, Before: c.partner.Raw})
	case c.createPartners:
		c.newPartner()
	default:
		c.add(Change{Object: PartnerConfiguration, Action: Blocked, Reason: reasonNoPartner})
	}
}

func (c *rowChange) sync() {
	if !c.row.Manages(IdentitySynchronization) {
		return
	}
	ch := Change{Object: IdentitySynchronization, Action: Update}
	live := graph.IdentitySynchronization{}
	if c.partner.Sync == nil {
		ch.Action = Create
	} else {
		live = *c.partner.Sync
		ch.Before = live.Raw
	}
	if c.row.DisplayName != "" {
		ch.want(desired.PathDisplayName, deref(live.DisplayName), c.row.DisplayName)
	}
	if c.row.IsSyncAllowed != nil {
		ch.want(desired.PathSyncAllowed, deref(live.IsSyncAllowed), *c.row.IsSyncAllowed)
	}
	c.addOnPartner(ch)
}

func (c *rowChange) syncRemoval() {
	s := c.partner.Sync
	if s == nil {
		c.add(Change{Object: IdentitySynchronization, Action: NoOp, Reason: reasonNoPolicy})
		return
	}
	c.addOnPartner(Change{Object: IdentitySynchronization, Action: Delete, Before: s.Raw, Fields: PolicyFields(s)})
}

// PolicyFields lists the properties that a synchronization policy has, as the
// fields of a change that takes them away.
func PolicyFields(s *graph.IdentitySynchronization) []Field {
	ch := Change{Fields: []Field{}}
	ch.differ(desired.PathDisplayName, deref(s.DisplayName), nil)
	ch.differ(desired.PathSyncAllowed, deref(s.IsSyncAllowed), nil)
	return ch.Fields
}

func (c *rowChange) consent() {
	if !c.row.Manages(Consent) {
		return
	}
	ch := Change{Object: Consent, Action: Update, Before: c.partner.Consent}
	if c.row.InboundAllowed != nil {
		ch.want(desired.PathInbound, deref(c.partner.InboundAllowed), *c.row.InboundAllowed)
	}
	if c.row.OutboundAllowed != nil {
		ch.want(desired.PathOutbound, deref(c.partner.OutboundAllowed), *c.row.OutboundAllowed)
	}
	c.addOnPartner(ch)
}

// addOnPartner adds a change that needs the partner configuration to be there.
func (c *rowChange) addOnPartner(ch Change) {
	ch.settle()
	if ch.Action != NoOp && !c.exists && (!c.createPartners || c.row.Absent) {
		ch.Action, ch.Reason = Blocked, reasonNoPartner
	}
	c.add(ch)
}

// add finishes a change of the row. What belongs to somebody else is shown,
// and blocked.
func (c *rowChange) add(ch Change) {
	if c.owned && ch.Action != NoOp {
		ch.Action, ch.Reason = Blocked, reasonOwned
	}
	ch.Row, ch.Note = c.row.Line, c.row.Note
	ch.Partner = Partner{TenantID: c.row.TenantID, DisplayName: c.row.DisplayName}
	if s := c.partner.Sync; ch.Partner.DisplayName == "" && c.partner.Problem == "" && s != nil && s.DisplayName != nil {
		ch.Partner.DisplayName = clip(*s.DisplayName, desired.MaxName)
	}
	c.append(ch)
}
