package plan

import (
	"encoding/json"
	"strings"
	"time"

	"bulksync/graph"
	"bulksync/internal/seal"
	"bulksync/plan/desired"
)

// Landed is a change that was made, or may have been, with what was found in
// place of Change.Before when it was made: nil where that was as planned, null
// where nothing was.
type Landed struct {
	Change *Change
	Found  json.RawMessage
}

// Revert returns the sealed plan that takes changes back, the last one first:
// what was created is deleted, what was changed goes back property by property,
// what was deleted is created from its before-image. It is a plan like any
// other, so whatever somebody changed since is held when it is applied.
func Revert(h Head, p *Plan, in desired.Input, landed []Landed) (*Plan, error) {
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

// reasonRevert is what every change of a plan that takes a run back says, and no
// other does.
const reasonRevert = "takes back what the run did"

func (l Landed) inverse() Change {
	c := l.Change
	inv := Change{Row: c.Row, Partner: c.Partner, Object: c.Object, Note: c.Note, Reason: reasonRevert}
	found, _ := graph.ParseSync(l.Found)
	switch {
	case c.Action == Create && found != nil && c.Object == IdentitySynchronization:
		// Somebody had created it meanwhile, and the create became an update.
		inv.Action, inv.Before = Update, c.after()
		for _, f := range c.Fields {
			inv.differ(f.Path, f.After, c.Object.Property(f.Path).Value(&graph.Partner{Sync: found}, nil))
		}
		if len(inv.Fields) == 0 {
			inv.Action = NoOp
		}
	case c.Action == Update && string(l.Found) == "null" && c.Object == IdentitySynchronization:
		// Somebody had removed it meanwhile, and the update became a create.
		inv.Action, inv.Before = Delete, c.after()
		for _, f := range c.whole() {
			inv.differ(f.Path, f.After, nil)
		}
	case c.Action == Create:
		inv.Action, inv.Before = Delete, c.after()
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
	}
	return inv
}

// after is the object as the change left it: the before-image with the fields
// laid over it.
func (c *Change) after() json.RawMessage {
	if c.Object == PartnerConfiguration {
		return body(c.Fields)
	}
	return c.over(c.Before)
}

// over lays the values after the change over an object as Graph returns it, or
// over none. Members that the change is not about stay as they are spelt.
func (c *Change) over(raw json.RawMessage) json.RawMessage {
	object := membersOf(raw)
	if c.Object == IdentitySynchronization && c.Action == Create {
		object[spelt(object, desired.PathTenantID)] = json.RawMessage(jsonValue(c.Partner.TenantID))
	}
	for _, f := range c.Fields {
		setIn(object, c.pathInside(f), json.RawMessage(jsonValue(f.After)))
	}
	return encodeMembers(object)
}

// setIn lays a value over an object as Graph returns it, at a path inside it.
func setIn(object map[string]json.RawMessage, path string, value json.RawMessage) {
	name, rest, nested := strings.Cut(path, ".")
	name = spelt(object, name)
	if nested {
		inner := membersOf(object[name])
		setIn(inner, rest, value)
		value = encodeMembers(inner)
	}
	object[name] = value
}

// membersOf takes an object apart; null and what is no object have no members.
func membersOf(raw json.RawMessage) map[string]json.RawMessage {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil || members == nil {
		return map[string]json.RawMessage{}
	}
	return members
}

func encodeMembers(members map[string]json.RawMessage) json.RawMessage {
	raw, err := seal.Marshal(members)
	if err != nil {
		panic("plan: a before-image does not encode: " + err.Error())
	}
	return raw
}

// spelt is how an object spells a member: it is read in any letter case.
func spelt[T any](members map[string]T, name string) string {
	if _, ok := members[name]; ok {
		return name
	}
	for have := range members {
		if strings.EqualFold(have, name) {
			return have
		}
	}
	return name
}
