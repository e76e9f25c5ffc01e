package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
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
	if c.Object != PartnerConfiguration {
		return c.over(c.Before)
	}
	whole := membersOf(body(c.Fields))
	for _, m := range membersOf(c.Restore) {
		whole = whole.set(m.name, m.value)
	}
	return whole.encode()
}

// over writes the new values into an object as Graph returned it, which may be
// missing. Other members keep their values and their spelling.
func (c *Change) over(raw json.RawMessage) json.RawMessage {
	object := membersOf(compact(raw))
	if c.Object == IdentitySynchronization && c.Action == Create {
		object = object.set(desired.PathTenantID, appendValue(nil, c.Partner.TenantID))
	}
	for _, f := range c.Fields {
		object = object.set(c.pathInside(f), appendValue(nil, f.After))
	}
	return object.encode()
}

// compact is JSON without white space; nil if raw is not JSON.
func compact(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return nil
	}
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return nil
	}
	return b.Bytes()
}

// members are those of a JSON object, in no order. An undo takes an object apart
// for each change; they are too few for a map to be faster.
type members []objectMember

type objectMember struct {
	name  string
	value json.RawMessage // compact
}

// membersOf lists the members of an object. Null and other values have none.
func membersOf(raw json.RawMessage) (ms members) {
	if len(raw) == 0 {
		return nil
	}
	var all map[string]json.RawMessage
	_ = json.Unmarshal(raw, &all) // what does not decode has no members
	for name, value := range all {
		ms = append(ms, objectMember{name, value})
	}
	return ms
}

// set writes a value at a path inside the object, and returns its members.
func (ms members) set(path string, value json.RawMessage) members {
	name, rest, nested := strings.Cut(path, ".")
	i := ms.find(name)
	if i < 0 {
		i = len(ms)
		ms = append(ms, objectMember{name: name})
	}
	if nested {
		value = membersOf(ms[i].value).set(rest, value).encode()
	}
	ms[i].value = value
	return ms
}

// find returns the index of a member, or -1. Names are read in any letter case.
func (ms members) find(name string) int {
	if i := slices.IndexFunc(ms, func(m objectMember) bool { return m.name == name }); i >= 0 {
		return i
	}
	return slices.IndexFunc(ms, func(m objectMember) bool { return strings.EqualFold(m.name, name) })
}

// encode writes the object as encoding/json does: its members sorted by name.
func (ms members) encode() json.RawMessage {
	slices.SortFunc(ms, func(a, b objectMember) int { return strings.Compare(a.name, b.name) })
	var room [512]byte
	b := append(room[:0], '{')
	for i, m := range ms {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendValue(b, m.name), ':')
		b = append(b, m.value...)
	}
	return bytes.Clone(append(b, '}'))
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
