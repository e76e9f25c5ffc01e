package plan

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"bulksync/graph"
	"bulksync/plan/desired"
)

// Desired is what a tenant should look like. Partners may be nil if there is a
// template, and the other way round.
type Desired struct {
	Partners *desired.Partners
	Template *desired.Template
	// CreatePartners allows partner configurations to be added.
	CreatePartners bool
	// Choice is the part to plan; nil means all of it.
	Choice *Choice
}

// Head identifies a plan: who made it, when, for which tenant.
type Head struct {
	Tool       Tool
	CreatedAt  time.Time
	HomeTenant graph.HomeTenant
	// Policy is the one to plan under; nil means the built-in one.
	Policy *Policy
	// Names are those of partners and of the home tenant; nil if none is known.
	Names Names
	// Estimate estimates a number of writes; nil if nothing is known.
	Estimate func(writes int) Estimate
}

// begin makes the plan that h identifies.
func (h Head) begin(read Read, changes []Change) *Plan {
	p := &Plan{
		FormatVersion: FormatVersion, Tool: h.Tool, CreatedAt: h.CreatedAt.UTC().Truncate(time.Second), HomeTenant: h.HomeTenant,
		Policy: *cmp.Or(h.Policy, BuiltInPolicy()), Read: read, Changes: changes, Summary: Summarize(changes),
	}
	if name := h.Names[p.HomeTenant.ID].Name; name != "" {
		p.HomeTenant.Name = name
	}
	if n := p.Summary.Writes(); h.Estimate != nil && n > 0 {
		e := h.Estimate(n)
		p.Estimate = &e
	}
	return p
}

// Build compares what is wanted with what is there and returns the sealed
// plan. It is pure: the same arguments give the same plan.
func Build(h Head, d Desired, cur *Current) (*Plan, error) {
	p := h.begin(cur.Read, changes(d, cur, h))
	if d.Partners != nil {
		p.Input = d.Partners.Input
	}
	if d.Template != nil {
		p.Template = &TemplateInput{Name: d.Template.Name, SHA256: d.Template.SHA256}
	}
	p.Selection = d.selection(p.Changes)
	return p, p.seal()
}

// changes lists the changes of a plan.
func changes(d Desired, cur *Current, h Head) (all []Change) {
	if d.Partners != nil && d.Choice == nil {
		all = make([]Change, 0, 1+objects(d.Partners.Rows))
	}
	b := builder{cur: cur, createPartners: d.CreatePartners, names: h.Names, visit: func(c *Change) { all = append(all, *c) }}
	if h.Policy != nil {
		b.protected = h.Policy.reasons()
	}
	b.build(d, h.HomeTenant.Cloud)
	return all
}

// EachChange passes one change per managed object to visit, the template first and
// then the partners in the order of their rows. No policy keeps any of them from
// being made.
func EachChange(d Desired, cur *Current, cloud graph.Cloud, visit func(*Change)) {
	b := builder{cur: cur, createPartners: d.CreatePartners, visit: visit}
	b.build(d, cloud)
}

func (b *builder) build(d Desired, cloud graph.Cloud) {
	if d.Template != nil && d.Choice.takes(TemplateChoice) {
		b.template(d.Template, cloud)
	}
	if d.Partners != nil {
		b.rows(d.Partners.Rows, d.Choice)
	}
}

// rows adds the changes of the rows that are chosen.
func (b *builder) rows(rows []desired.Row, choice *Choice) {
	written := 0 // partners that need a change
	for i := range rows {
		if !choice.takes(rows[i].TenantID) {
			continue
		}
		before := b.writes
		b.row(&rows[i])
		if b.writes > before {
			written++
		}
		if choice != nil && choice.Limit > 0 && written == choice.Limit {
			return
		}
	}
}

// objects counts the objects that rows manage: the number of changes if no
// partner has to be added.
func objects(rows []desired.Row) (n int) {
	for i := range rows {
		for _, o := range desired.PartnerObjects {
			if rows[i].Manages(o) {
				n++
			}
		}
	}
	return n
}

type builder struct {
	cur            *Current
	createPartners bool
	// protected maps partners that are never written to the reason.
	protected map[string]string
	names     Names
	made      int // changes so far
	writes    int // those of them that send a write
	visit     func(*Change)
}

// finish completes a change and passes it on.
func (b *builder) finish(ch Change) {
	b.made++
	ch.Seq = b.made
	if ch.Writes() {
		b.writes++
	}
	if ch.Hazards = ch.hazards(); ch.Hazards == nil {
		ch.Hazards = []Hazard{}
	}
	if ch.Fields == nil {
		ch.Fields = []Field{}
	}
	b.visit(&ch)
}

func (b *builder) template(t *desired.Template, cloud graph.Cloud) {
	ch := Change{Object: SyncTemplate, Action: Update}
	live := Live{Template: b.cur.Template} // none where the cloud has no template
	ch.Before = live.Object(SyncTemplate)
	ch.compare(live, t.Value)
	ch.settle()
	if !cloud.HasTemplates() {
		ch.Action, ch.Reason = Blocked, reasonNoTemplate
	}
	b.finish(ch)
}

// compare adds a field for each property that is wanted, whether or not it
// differs. A value that is spelt differently but means the same stays as it is.
func (ch *Change) compare(live Live, wanted func(*desired.Property) any) {
	list := ch.Object.Properties()
	for i := range list {
		p := &list[i]
		after := wanted(p)
		if after == nil {
			continue
		}
		before := live.value(p)
		if before != nil && p.Same(before, after) {
			after = before
		}
		ch.Fields = append(ch.Fields, Field{Path: p.Path, Before: before, After: after})
	}
}

// differ adds a field if the property differs.
func (ch *Change) differ(path string, before, after any) {
	if before != after {
		ch.Fields = append(ch.Fields, Field{Path: path, Before: before, After: after})
	}
}

// settle makes an update in which nothing differs a no-op. A no-op keeps all
// fields, so that they can be compared again later; any other change keeps only
// those that differ.
func (ch *Change) settle() {
	differs := func(f Field) bool { return f.Before != f.After }
	if ch.Action == Update && !slices.ContainsFunc(ch.Fields, differs) {
		ch.Action = NoOp
		return
	}
	ch.Fields = slices.DeleteFunc(ch.Fields, func(f Field) bool { return !differs(f) })
}

// The reasons of blocked changes, and of a no-op that only checks a partner.
const (
	reasonNoPartner = "the partner configuration does not exist; add it first, or plan with --create-partners"
	// reasonAbsent is that of a row that removes, which never adds a partner.
	reasonAbsent   = "the partner configuration does not exist, and a row with ensure=absent does not add it"
	reasonOwned    = "the partner configuration belongs to a service provider or to Microsoft Support"
	reasonBareRow  = "the row names no property, so only the partner configuration is looked at"
	reasonNoPolicy = "there is no synchronization policy to remove"
	// reasonNoConfiguration is that of a partner that is not there, as wanted.
	reasonNoConfiguration = "there is no partner configuration to remove"
	// reasonLost precedes the members that an undo of a removal cannot bring back.
	reasonLost = "undo cannot bring back: "
	// reasonNoTemplate applies to a cloud.
	reasonNoTemplate = "this cloud has no multitenant-organization templates"
	// reasonUnread precedes the problem of a partner.
	reasonUnread = "this partner could not be read: "
	// reasonProtected precedes the reason that the policy gives.
	reasonProtected = "protected by the policy: "
)

// maxReason is the longest reason of a change, in bytes.
const maxReason = 4096

func (b *builder) row(r *desired.Row) {
	partner, exists := b.cur.Partners[r.TenantID]
	c := rowChange{builder: b, row: r, partner: &partner, exists: exists}
	c.owned = IsOwned(r.TenantID, &partner)
	objects := desired.PartnerObjects
	if r.Absent { // objects are removed in reverse order
		slices.Reverse(objects[:])
	}
	for _, o := range objects {
		switch manages := r.Manages(o); {
		case partner.Problem != "":
			c.unread(o)
		case o == PartnerConfiguration && r.PartnerAbsent:
			c.partnerRemoval()
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

// IsOwned reports whether a partner, which may not exist yet, belongs to a
// service provider or to Microsoft Support.
func IsOwned(tenantID string, p *graph.Partner) bool {
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

// unread blocks an object of a partner that could not be read, if the row manages
// it. Its content and its owner are unknown, so nothing is said about them.
func (c *rowChange) unread(o Object) {
	c.owned = false
	if c.row.Manages(o) {
		c.add(Change{Object: o, Action: Blocked, Reason: clip(reasonUnread+c.partner.Problem, maxReason)})
	}
}

// clip cuts a text to at most that many bytes, between characters.
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

// partnerAlone is for a row that manages nothing: only the partner itself can be
// compared.
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

// partnerRemoval removes the partner configuration, after its policy.
func (c *rowChange) partnerRemoval() {
	if !c.exists {
		c.add(Change{Object: PartnerConfiguration, Action: NoOp, Reason: reasonNoConfiguration})
		return
	}
	c.add(Change{
		Object: PartnerConfiguration, Action: Delete, Before: c.partner.Raw, Reason: lossReason(c.partner.Raw),
		Fields: []Field{{Path: desired.PathTenantID, Before: c.row.TenantID}},
	})
}

// PolicyFields lists the properties that a partner's synchronization policy has,
// as the fields of a change that removes them.
func PolicyFields(p *graph.Partner) []Field {
	ch := Change{Object: IdentitySynchronization, Fields: []Field{}}
	for _, prop := range ch.Object.Properties() {
		ch.differ(prop.Path, prop.Value(p, nil), nil)
	}
	return ch.Fields
}

// addOnPartner adds a change that needs an existing partner configuration.
func (c *rowChange) addOnPartner(ch Change) {
	ch.settle()
	if ch.Action != NoOp && !c.exists && (!c.createPartners || c.row.Absent) {
		ch.Action, ch.Reason = Blocked, reasonMissing(c.row)
	}
	c.add(ch)
}

// reasonMissing is why a change of the row is blocked that needs a partner which is
// not there.
func reasonMissing(r *desired.Row) string {
	if r.Absent {
		return reasonAbsent
	}
	return reasonNoPartner
}

// add finishes a change of the row. A change to a service-owned or protected
// partner is shown, but blocked.
func (c *rowChange) add(ch Change) {
	switch why := c.protected[c.row.TenantID]; {
	case ch.Action == NoOp:
	case c.owned:
		ch.Action, ch.Reason = Blocked, reasonOwned
	case why != "" && c.partner.Problem == "":
		ch.Action, ch.Reason = Blocked, why
	}
	ch.Row, ch.Note = c.row.Line, c.row.Note
	ch.Partner = Partner{TenantID: c.row.TenantID, DisplayName: c.row.DisplayName()}
	if s := c.partner.Sync; ch.Partner.DisplayName == "" && c.partner.Problem == "" && s != nil && s.DisplayName != nil {
		ch.Partner.DisplayName = clip(*s.DisplayName, desired.MaxName)
	}
	ch.Partner = ch.Partner.named(c.names)
	c.finish(ch)
}
