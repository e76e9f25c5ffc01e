package plan

import (
	"slices"
	"time"

	"bulksync/graph"
	"bulksync/plan/desired"
)

// Desired is what a tenant should look like. Partners may be nil when there is a
// template, and the other way round.
type Desired struct {
	Partners *desired.Partners
	Template *desired.Template
	// CreatePartners allows partner configurations to be added.
	CreatePartners bool
}

// Head identifies a plan: who made it, when, for which tenant.
type Head struct {
	Tool       Tool
	CreatedAt  time.Time
	HomeTenant graph.HomeTenant
}

// Build compares what is wanted with what is there and returns the sealed
// plan. It is pure: the same arguments give the same plan.
func Build(h Head, d Desired, cur *Current) (*Plan, error) {
	p := &Plan{
		FormatVersion: FormatVersion, Tool: h.Tool, CreatedAt: h.CreatedAt.UTC().Truncate(time.Second),
		HomeTenant: h.HomeTenant, Read: cur.Read, Changes: Changes(d, cur, h.HomeTenant.Cloud),
	}
	if d.Partners != nil {
		p.Input = d.Partners.Input
	}
	if d.Template != nil {
		p.Template = &TemplateInput{Name: d.Template.Name, SHA256: d.Template.SHA256}
	}
	p.Summary = Summarize(p.Changes)
	return p, p.seal()
}

// Changes lists one change per managed object, the template first and then the
// partners in the order of their rows.
func Changes(d Desired, cur *Current, cloud graph.Cloud) []Change {
	b := builder{cur: cur, createPartners: d.CreatePartners}
	if d.Template != nil {
		b.template(d.Template, cloud)
	}
	if d.Partners != nil {
		b.changes = slices.Grow(b.changes, objects(d.Partners.Rows))
		for i := range d.Partners.Rows {
			b.row(&d.Partners.Rows[i])
		}
	}
	return b.changes
}

// objects counts what rows manage, which is how many changes they become where
// no partner has to be added.
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
	changes        []Change
}

func (b *builder) append(ch Change) {
	ch.Seq = len(b.changes) + 1
	if ch.Hazards = ch.hazards(); ch.Hazards == nil {
		ch.Hazards = []Hazard{}
	}
	if ch.Fields == nil {
		ch.Fields = []Field{}
	}
	ch.Request = RequestFor(ch.Object, ch.Action, ch.Partner.TenantID, ch.Fields)
	b.changes = append(b.changes, ch)
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
	b.append(ch)
}

// compare notes the properties that are wanted, whether or not they are so
// already. What is spelt in another way and means the same stays as it is.
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

// differ notes a property if it differs.
func (ch *Change) differ(path string, before, after any) {
	if before != after {
		ch.Fields = append(ch.Fields, Field{Path: path, Before: before, After: after})
	}
}

// settle makes an update of which nothing differs a no-op. It keeps what was
// wanted, so that it can be held against what is there later; any other change
// keeps what differs.
func (ch *Change) settle() {
	differs := func(f Field) bool { return f.Before != f.After }
	if ch.Action == Update && !slices.ContainsFunc(ch.Fields, differs) {
		ch.Action = NoOp
		return
	}
	ch.Fields = slices.DeleteFunc(ch.Fields, func(f Field) bool { return !differs(f) })
}
