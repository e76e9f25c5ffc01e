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
	objects := desired.PartnerObjects
	if r.Absent { // where things go, the last comes first
		slices.Reverse(objects[:])
	}
	for _, o := range objects {
		switch manages := r.Manages(o); {
		case partner.Problem != "":
			c.unread(o)
		case o == PartnerConfiguration && manages:
			c.partnerAlone()
		case o == PartnerConfiguration && !r.Absent:
			c.newPartner()
		case o == IdentitySynchronization && r.Absent:
			c.syncRemoval()
		case manages:
			c.object(o)
		}
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

// unread blocks an object, if the row manages it. What is there is unknown, so
// nothing is said of it, and whose it is neither.
func (c *rowChange) unread(o Object) {
	c.owned = false
	if c.row.Manages(o) {
		c.add(Change{Object: o, Action: Blocked, Reason: clip(reasonUnread+c.partner.Problem, maxReason)})
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

// object compares an object with what the row wants of it.
func (c *rowChange) object(o Object) {
	ch := Change{Object: o, Action: Update, Before: o.Raw(c.partner)}
	if o == IdentitySynchronization && c.partner.Sync == nil {
		ch.Action = Create
	}
	ch.compare(Live{Partner: c.partner}, c.row.Value)
	c.addOnPartner(ch)
}

func (c *rowChange) syncRemoval() {
	if c.partner.Sync == nil {
		c.add(Change{Object: IdentitySynchronization, Action: NoOp, Reason: reasonNoPolicy})
		return
	}
	c.addOnPartner(Change{Object: IdentitySynchronization, Action: Delete, Before: c.partner.Sync.Raw, Fields: PolicyFields(c.partner)})
}

// PolicyFields lists the properties that the synchronization policy of a partner
// has, as the fields of a change that takes them away.
func PolicyFields(p *graph.Partner) []Field {
	ch := Change{Object: IdentitySynchronization, Fields: []Field{}}
	for _, prop := range ch.Object.Properties() {
		ch.differ(prop.Path, prop.Value(p, nil), nil)
	}
	return ch.Fields
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
	ch.Partner = Partner{TenantID: c.row.TenantID, DisplayName: c.row.DisplayName()}
	if s := c.partner.Sync; ch.Partner.DisplayName == "" && c.partner.Problem == "" && s != nil && s.DisplayName != nil {
		ch.Partner.DisplayName = clip(*s.DisplayName, desired.MaxName)
	}
	c.append(ch)
}
