package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxBeside is how many properties Beside names.
const maxBeside = 3

// Beside says in words which properties of the object somebody changed since the
// plan that the change is not about. That is no conflict: they are left as they
// are, and whoever reads the outcome should know. It is empty where there are
// none, and where there was no object or is none.
func (c *Change) Beside(l Live) string {
	now := l.Object(c.Object)
	if len(c.Before) == 0 || len(now) == 0 || bytes.Equal(c.Before, now) {
		return ""
	}
	then, is := map[string]any{}, map[string]any{}
	if json.Unmarshal(c.Before, &then) != nil || json.Unmarshal(now, &is) != nil {
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
	return "also changed by somebody since the plan, and left so: " + strings.Join(words, "; ")
}

// deletePath forgets a property: it is read in any letter case.
func deletePath(leaves map[string]any, path string) { delete(leaves, spelt(leaves, path)) }

// leaves lists the values of an object that are no objects by their paths; what
// the protocol adds is left out.
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

// list is a list as JSON: it is compared as a whole.
type list string

// text is a value as JSON.
func text(v any) string {
	if l, ok := v.(list); ok {
		return string(l)
	}
	return jsonValue(v)
}
