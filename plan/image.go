package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"bulksync/graph"
	"bulksync/plan/desired"
)

// image parses the before-image again, as it was parsed when the plan was made.
func (c *Change) image() (l Live, err error) {
	var p graph.Partner
	switch member := c.Object.Member(); {
	case c.Before == nil:
		return Live{}, nil
	case c.Object == SyncTemplate:
		t, err := graph.ParseTemplate(c.Before)
		return Live{Template: &t}, err
	case c.Object == IdentitySynchronization:
		p.Sync, err = graph.ParseSync(c.Before)
		return Live{Partner: &p}, err
	case member != "":
		whole := make([]byte, 0, 128+len(c.Before)) // a partner that has nothing else
		whole = append(append(whole, `{"tenantId":"`...), c.Partner.TenantID...)
		whole = append(append(whole, `","`...), member...)
		whole = append(append(append(whole, `":`...), c.Before...), '}')
		p, err = graph.ParsePartner(whole)
		return Live{Partner: &p}, err
	}
	p, err = graph.ParsePartner(c.Before)
	if err == nil && p.TenantID != c.Partner.TenantID {
		err = fmt.Errorf("it belongs to tenant %s", desired.Quote(p.TenantID))
	}
	return Live{Partner: &p}, err
}

// after is the object after the change: its before-image with the new values.
func (c *Change) after() json.RawMessage {
	if c.Object == PartnerConfiguration {
		return body(c.Fields)
	}
	return c.over(c.Before)
}

// over writes the new values into an object as Graph returned it, which may be
// missing. Other members keep their values and their spelling.
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

// setIn writes a value into an object, at a path inside it.
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

// membersOf lists the members of an object. Null and other values have none.
func membersOf(raw json.RawMessage) map[string]json.RawMessage {
	var members map[string]json.RawMessage
	if len(raw) == 0 || json.Unmarshal(raw, &members) != nil || members == nil {
		return map[string]json.RawMessage{}
	}
	return members
}

// encodeMembers encodes an object as encoding/json does, in a third of its time:
// an undo does so for each change.
func encodeMembers(members map[string]json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	b.Grow(256)
	b.WriteByte('{')
	for i, name := range slices.Sorted(maps.Keys(members)) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(appendValue(b.AvailableBuffer(), name))
		b.WriteByte(':')
		if err := json.Compact(&b, members[name]); err != nil {
			panic("plan: a before-image does not encode: " + err.Error())
		}
	}
	b.WriteByte('}')
	return bytes.Clone(b.Bytes())
}

// spelt returns the name as the object spells it: names are read in any letter
// case.
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
