package plan

import "bulksync/graph"

// The reasons of blocked changes, and of one that is no more than a look.
const (
	reasonNoPartner = "the partner configuration does not exist; add it first, or plan with --create-partners"
	reasonOwned     = "the partner configuration belongs to a service provider or to Microsoft Support"
	reasonBareRow   = "the row names no property, so only the partner configuration is looked at"
)

func (b *builder) row(r *Row) {
	partner, exists := b.cur.Partners[r.TenantID]
	c := rowChange{builder: b, row: r, partner: &partner, exists: exists}
	c.owned = partner.IsServiceProvider || r.TenantID == graph.SupportTenantID
	bare := r.IsSyncAllowed == nil && r.DisplayName == "" && r.InboundAllowed == nil && r.OutboundAllowed == nil
	switch {
	case r.Absent:
		c.consent()
		c.syncRemoval()
	case bare:
		c.partnerAlone()
	default:
		c.newPartner()
		c.sync()
		c.consent()
	}
}

// rowChange adds the changes of one row.
type rowChange struct {
	*builder
	row     *Row
	partner *graph.Partner
	exists  bool
	owned   bool
}

func (c *rowChange) newPartner() {
	if c.exists || !c.createPartners {
		return
	}
	c.add(Change{
		Object: PartnerConfiguration, Action: Create, Hazards: []Hazard{NewPartner},
		Fields: []Field{{Path: pathTenantID, After: c.row.TenantID}},
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
	if c.row.DisplayName == "" && c.row.IsSyncAllowed == nil {
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
		ch.differ(pathDisplayName, deref(live.DisplayName), c.row.DisplayName)
	}
	if c.row.IsSyncAllowed != nil {
		ch.differ(pathSyncAllowed, deref(live.IsSyncAllowed), *c.row.IsSyncAllowed)
	}
	c.addOnPartner(ch)
}

func (c *rowChange) syncRemoval() {
	s := c.partner.Sync
	if s == nil {
		c.add(Change{Object: IdentitySynchronization, Action: NoOp, Reason: "there is no synchronization policy to remove"})
		return
	}
	ch := Change{Object: IdentitySynchronization, Action: Delete, Before: s.Raw, Hazards: []Hazard{SyncRemoved}}
	ch.differ(pathDisplayName, deref(s.DisplayName), nil)
	ch.differ(pathSyncAllowed, deref(s.IsSyncAllowed), nil)
	c.addOnPartner(ch)
}

func (c *rowChange) consent() {
	if c.row.InboundAllowed == nil && c.row.OutboundAllowed == nil {
		return
	}
	ch := Change{Object: Consent, Action: Update, Before: c.partner.Consent}
	if c.row.InboundAllowed != nil {
		ch.differ(pathInbound, deref(c.partner.InboundAllowed), *c.row.InboundAllowed)
	}
	if c.row.OutboundAllowed != nil {
		ch.differ(pathOutbound, deref(c.partner.OutboundAllowed), *c.row.OutboundAllowed)
	}
	c.addOnPartner(ch)
}

// addOnPartner adds a change that needs the partner configuration to be there.
func (c *rowChange) addOnPartner(ch Change) {
	switch {
	case ch.Action == Update && len(ch.Fields) == 0:
		ch.Action = NoOp
	case !c.exists && !c.createPartners, !c.exists && c.row.Absent:
		ch.Action, ch.Reason = Blocked, reasonNoPartner
	}
	c.add(ch)
}

// add finishes a change of the row. What belongs to somebody else is shown,
// and blocked.
func (c *rowChange) add(ch Change) {
	if c.owned && ch.Action != NoOp {
		ch.Action, ch.Reason, ch.Hazards = Blocked, reasonOwned, []Hazard{ServiceOwned}
	}
	ch.Row, ch.Note = c.row.Line, c.row.Note
	ch.Partner = Partner{TenantID: c.row.TenantID, DisplayName: c.row.DisplayName}
	if s := c.partner.Sync; ch.Partner.DisplayName == "" && s != nil && s.DisplayName != nil {
		ch.Partner.DisplayName = *s.DisplayName
	}
	c.append(ch)
}
