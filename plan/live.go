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

// Live is what is there now for one change: its partner, or the template. Both
// are nil if neither exists.
type Live struct {
	Partner  *graph.Partner
	Template *graph.Template
}

// isUnread reports whether the partner exists but could not be read.
func (l Live) isUnread() bool { return l.Partner != nil && l.Partner.Problem != "" }

func (l Live) isOwned() bool { return l.Partner != nil && IsOwned(l.Partner.TenantID, l.Partner) }

// Object returns the live object of a change as Graph returned it; nil if there
// is none.
func (l Live) Object(o Object) json.RawMessage {
	switch {
	case o == SyncTemplate && l.Template != nil:
		return l.Template.Raw
	case o == SyncTemplate || l.isUnread():
		return nil
	default:
		return o.Raw(l.Partner)
	}
}

// value is the live value of a managed property; nil if its object does not
// exist.
func (l Live) value(p *desired.Property) any { return p.Value(l.Partner, l.Template) }

// pathInside is the path of a field within the object of the change.
func (c *Change) pathInside(f Field) string {
	if member := c.Object.Member(); member != "" {
		return strings.TrimPrefix(f.Path, member+".")
	}
	return f.Path
}

// ValuesIn returns the values of the change's properties in an object as Graph
// returned it, in the order of Fields; nil for a member that is missing.
func (c *Change) ValuesIn(object json.RawMessage) []any {
	var root any
	_ = json.Unmarshal(object, &root) // what does not decode has no values
	values := make([]any, len(c.Fields))
	for i, f := range c.Fields {
		value := root
		for name := range strings.SplitSeq(c.pathInside(f), ".") {
			members, _ := value.(map[string]any)
			value = members[spelt(members, name)]
		}
		values[i] = value
	}
	return values
}

// maxBeside is how many properties Beside names.
const maxBeside = 3

// Beside says in words which other properties of the object have changed since the
// plan. That is no conflict: they stay as they are, and readers of the outcome
// should know. It is empty where there are none, and where the object was not
// there or is not there now. A member of the partner is always there: null is an
// object of nulls.
func (c *Change) Beside(l Live) string {
	before, now := c.Before, l.Object(c.Object)
	if c.Object.Member() != "" && l.Partner != nil && !l.isUnread() {
		before, now = orEmpty(before), orEmpty(now)
	}
	if len(before) == 0 || len(now) == 0 || bytes.Equal(before, now) {
		return ""
	}
	then, is := map[string]any{}, map[string]any{}
	if json.Unmarshal(before, &then) != nil || json.Unmarshal(now, &is) != nil {
		return ""
	}
	then, is = leaves(then), leaves(is)
	for _, f := range c.Fields {
		path := c.pathInside(f)
		deletePath(then, path)
		deletePath(is, path)
	}
	var words []string
	all := maps.Clone(then)
	maps.Copy(all, is)
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if p := c.Object.Property(path); p != nil && p.Same(then[path], is[path]) || then[path] == is[path] {
			continue
		}
		if len(words) == maxBeside {
			words = append(words, "and more")
			break
		}
		words = append(words, fmt.Sprintf("%s is now %s, was %s", path, text(is[path]), text(then[path])))
	}
	if len(words) == 0 {
		return ""
	}
	return "also changed by somebody since the plan, and left as it is: " + strings.Join(words, "; ")
}

// orEmpty is an object that is null as one without members.
func orEmpty(object json.RawMessage) json.RawMessage {
	if len(object) == 0 {
		return json.RawMessage("{}")
	}
	return object
}

// deletePath removes a property, in whatever letter case it is spelt.
func deletePath(leaves map[string]any, path string) { delete(leaves, spelt(leaves, path)) }

// leaves lists the values of an object by their paths. Objects inside it are
// flattened, and annotations of the protocol are left out.
func leaves(object map[string]any) map[string]any {
	all := map[string]any{}
	for name, value := range object {
		switch value := value.(type) {
		case map[string]any:
			for path, leaf := range leaves(value) {
				all[name+"."+path] = leaf
			}
		case []any:
			all[name] = list(text(value))
		default:
			if !strings.HasPrefix(name, "@") {
				all[name] = value
			}
		}
	}
	return all
}

// list is a list as JSON, compared as a whole.
type list string

// text is a value as JSON.
func text(v any) string {
	if l, ok := v.(list); ok {
		return string(l)
	}
	return jsonValue(v)
}
