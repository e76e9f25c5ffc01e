package plan

import (
	"strings"
	"time"

	"bulksync/graph"
)

// Desired is what a tenant should look like. Rows may be nil when there is a
// template, and the other way round.
type Desired struct {
	Rows     *Rows
	Template *Template
	// CreatePartners allows partner configurations to be added.
	CreatePartners bool
}

// Head identifies a plan: who made it, when, for which tenant.
type Head struct {
	Tool       Tool
	CreatedAt  time.Time
	HomeTenant HomeTenant
}

// The reasons of blocked changes.
const (
	reasonNoPartner = "the partner configuration does not exist; add it first, or plan with --create-partners"
	reasonOwned     = "the partner configuration belongs to a service provider or to Microsoft Support"
	reasonNoCloud   = "this cloud has no multitenant-organization templates"
	reasonBareRow   = "the row names no property, so only the partner configuration is looked at"
)

// Build compares what is wanted with what is there and returns the sealed
// plan. It is pure: the same arguments give the same plan. Every row of
// desired must have its tenant ID (see Rows.Resolve).
func Build(h Head, d Desired, cur *Current) (*Plan, error) {
	p := &Plan{
		FormatVersion: FormatVersion, Tool: h.Tool, CreatedAt: h.CreatedAt.UTC().Truncate(time.Second),
		HomeTenant: h.HomeTenant, Read: cur.Read, Changes: compare(d, cur, h.HomeTenant.Cloud),
	}
	if d.Rows != nil {
		p.Input = d.Rows.Input
	}
	if d.Template != nil {
		p.Template = &TemplateInput{Name: d.Template.Name, SHA256: d.Template.SHA256}
	}
	p.Summary = Summarize(p.Changes)
	return p, p.seal()
}

// compare lists one change per managed object, the template first and then the
// partners in the order of their rows.
func compare(d Desired, cur *Current, cloud graph.Cloud) []Change {
	b := builder{cur: cur, createPartners: d.CreatePartners}
	if d.Template != nil {
		b.template(d.Template, cloud)
	}
	if d.Rows != nil {
		b.changes = append(make([]Change, 0, len(d.Rows.Rows)+1), b.changes...)
		for i := range d.Rows.Rows {
			b.row(&d.Rows.Rows[i])
		}
	}
	return b.changes
}

type builder struct {
	cur            *Current
	createPartners bool
	changes        []Change
}

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

func (b *builder) append(ch Change) {
	ch.Seq = len(b.changes) + 1
	if ch.Hazards == nil {
		ch.Hazards = []Hazard{}
	}
	if ch.Fields == nil {
		ch.Fields = []Field{}
	}
	ch.Request = RequestFor(ch.Object, ch.Action, ch.Partner.TenantID, ch.Fields)
	b.changes = append(b.changes, ch)
}

func (b *builder) template(t *Template, cloud graph.Cloud) {
	ch := Change{Object: SyncTemplate, Action: Update}
	live := graph.Template{}
	var level any // nil where the cloud has no template
	if b.cur.Template != nil {
		live = *b.cur.Template
		ch.Before, level = live.Raw, live.TemplateApplicationLevel
	}
	if wanted := t.TemplateApplicationLevel; wanted != nil && (level == nil || !SameLevels(live.TemplateApplicationLevel, *wanted)) {
		ch.differ(pathLevel, level, *wanted)
	}
	if t.IsSyncAllowed != nil {
		ch.differ(pathSyncAllowed, deref(live.IsSyncAllowed), *t.IsSyncAllowed)
	}
	switch {
	case !cloud.HasTemplates():
		ch.Action, ch.Reason = Blocked, reasonNoCloud
	case len(ch.Fields) == 0:
		ch.Action = NoOp
	default:
		ch.Hazards = []Hazard{TemplateWrite}
	}
	b.append(ch)
}

// differ notes a property if it differs, and the hazard of turning it off.
func (ch *Change) differ(path string, before, after any) {
	if before == after {
		return
	}
	ch.Fields = append(ch.Fields, Field{Path: path, Before: before, After: after})
	if before != true || ch.Action == Delete {
		return
	}
	switch {
	case path == pathSyncAllowed && ch.Object == IdentitySynchronization:
		ch.Hazards = append(ch.Hazards, SyncOff)
	case strings.HasPrefix(path, "automaticUserConsentSettings.") && len(ch.Hazards) == 0:
		ch.Hazards = append(ch.Hazards, ConsentOff)
	}
}

// deref turns a nullable property into a field value.
func deref[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}
