package plan

import (
	"encoding/json"
	"time"

	"bulksync/graph"
)

// Landed is a change that was made, or may have been, with what was found in
// place of Change.Before when it was made; nil where that was as planned.
type Landed struct {
	Change *Change
	Found  json.RawMessage
}

// Revert returns the sealed plan that takes changes back, the last one first:
// what was created is deleted, what was changed goes back property by property,
// what was deleted is created from its before-image. It is a plan like any
// other, so whatever somebody changed since is held when it is applied.
func Revert(h Head, p *Plan, in Input, landed []Landed) (*Plan, error) {
	b := builder{changes: make([]Change, 0, len(landed))}
	for i := len(landed) - 1; i >= 0; i-- {
		b.append(landed[i].inverse())
	}
	r := &Plan{
		FormatVersion: FormatVersion, Tool: h.Tool, CreatedAt: h.CreatedAt.UTC().Truncate(time.Second), HomeTenant: h.HomeTenant,
		Input: in, Read: p.Read, Changes: b.changes, Summary: Summarize(b.changes),
	}
	return r, r.seal()
}

func (l Landed) inverse() Change {
	c := l.Change
	inv := Change{Row: c.Row, Partner: c.Partner, Object: c.Object, Note: c.Note, Reason: "takes back what the run did"}
	found, _ := graph.ParseSync(l.Found)
	switch {
	case c.Action == Create && found != nil && c.Object == IdentitySynchronization:
		// Somebody had created it meanwhile, and the create became an update.
		inv.Action, inv.Before = Update, c.after()
		for _, f := range c.Fields {
			inv.differ(f.Path, f.After, syncValue(found, f.Path))
		}
		if len(inv.Fields) == 0 {
			inv.Action = NoOp
		}
	case c.Action == Create:
		inv.Action, inv.Before = Delete, c.after()
		if c.Object == IdentitySynchronization {
			inv.Hazards = []Hazard{SyncRemoved}
		}
		for _, f := range c.Fields {
			inv.differ(f.Path, f.After, nil)
		}
	case c.Action == Delete:
		inv.Action = Create
		for _, f := range c.Fields {
			inv.differ(f.Path, nil, f.Before)
		}
	default:
		inv.Action, inv.Before = Update, c.after()
		for _, f := range c.Fields {
			inv.differ(f.Path, f.After, f.Before)
		}
		if c.Object == SyncTemplate {
			inv.Hazards = []Hazard{TemplateWrite}
		}
	}
	return inv
}

// after is the object as the change left it: the before-image with the fields
// laid over it, unknown members included.
func (c *Change) after() json.RawMessage {
	if c.Object == PartnerConfiguration {
		return body(c.Fields)
	}
	var object map[string]any
	if json.Unmarshal(c.Before, &object) != nil || object == nil {
		object = map[string]any{} // there was none
	}
	if c.Object == IdentitySynchronization && c.Action == Create {
		object[pathTenantID] = c.Partner.TenantID
	}
	for _, f := range c.Fields {
		f.setIn(object)
	}
	raw, err := marshal(object)
	if err != nil {
		panic("plan: a before-image does not encode: " + err.Error())
	}
	return raw
}

// setIn lays the value after the change over an object as Graph returns it.
// A consent's before-image is the inner object already.
func (f Field) setIn(object map[string]any) {
	switch f.Path {
	case pathSyncAllowed:
		inner, _ := object["userSyncInbound"].(map[string]any)
		if inner == nil {
			inner = map[string]any{}
			object["userSyncInbound"] = inner
		}
		inner["isSyncAllowed"] = f.After
	case pathInbound:
		object["inboundAllowed"] = f.After
	case pathOutbound:
		object["outboundAllowed"] = f.After
	default:
		object[f.Path] = f.After
	}
}

func syncValue(s *graph.IdentitySynchronization, path string) any {
	if path == pathDisplayName {
		return deref(s.DisplayName)
	}
	return deref(s.IsSyncAllowed)
}
