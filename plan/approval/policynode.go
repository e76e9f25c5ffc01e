package approval

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"bulksync/plan/desired"
)

// member is a member of a mapping: its name, whether it must be there, and what
// reads its value.
type member struct {
	name     string
	required bool
	read     func(value *yaml.Node, path string)
}

// fault notes what is wrong at a node.
func (r *policyReader) fault(at *yaml.Node, format string, args ...any) {
	r.faultAt(at.Line, at.Column, format, args...)
}

func (r *policyReader) faultAt(line, column int, format string, args ...any) {
	r.faults = append(r.faults, &desired.RowError{File: r.out.Name, Line: max(line, 1), Column: max(column, 1), Err: fmt.Errorf(format, args...)})
}

// refuseTricks notes what makes YAML say something other than what is written
// there.
func (r *policyReader) refuseTricks(n *yaml.Node) {
	switch {
	case n.Kind == yaml.AliasNode:
		r.fault(n, "*%s stands for something written elsewhere: write it out here", n.Value)
		return
	case n.Anchor != "":
		r.fault(n, "&%s names a part of the file, which a policy does not need: remove the name", n.Anchor)
	case n.Style&yaml.TaggedStyle != 0:
		r.fault(n, "%s says of what type a value is, which a policy does not need: remove it", n.ShortTag())
	}
	for _, child := range n.Content {
		r.refuseTricks(child)
	}
}

// mapping reads the members of a mapping. Path is what it is called; empty for the
// whole policy.
func (r *policyReader) mapping(n *yaml.Node, path string, members ...member) {
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = m.name
	}
	if n.Kind != yaml.MappingNode {
		r.wrongKind(n, path, "a mapping of "+strings.Join(names, ", "))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := slices.Index(names, key.Value)
		switch line, twice := seen[key.Value]; {
		case key.Kind != yaml.ScalarNode || at < 0:
			r.unknownKey(key, path, names)
			continue
		case twice:
			r.fault(key, "%s appears twice: it is on line %d already", below(path, key.Value), line)
		case isNull(value):
			r.fault(key, "%s has no value", below(path, key.Value))
		default:
			members[at].read(value, below(path, key.Value))
		}
		seen[key.Value] = key.Line
	}
	for _, m := range members {
		if _, there := seen[m.name]; m.required && !there {
			r.fault(n, "%s is missing", below(path, m.name))
		}
	}
}

func (r *policyReader) unknownKey(key *yaml.Node, path string, names []string) {
	where := ""
	if path != "" {
		where = " in " + path
	}
	if key.Kind != yaml.ScalarNode {
		r.wrongKind(key, "a key"+where, "a name")
		return
	}
	r.fault(key, "unknown key %s%s: the nearest known one is %s; rename it or remove it", desired.Quote(key.Value), where, desired.Nearest(key.Value, names))
}

// list reads the items of a list.
func (r *policyReader) list(n *yaml.Node, path string, read func(item *yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		r.wrongKind(n, path, "a list")
		return
	}
	for _, item := range n.Content {
		if isNull(item) {
			r.fault(item, "%s: an item has no value", path)
			continue
		}
		read(item)
	}
}

// text is the text of a value; ok is false if it has none.
func (r *policyReader) text(n *yaml.Node, path string) (s string, ok bool) {
	if n.Kind != yaml.ScalarNode {
		r.wrongKind(n, path, "one value")
		return "", false
	}
	if s = strings.TrimSpace(n.Value); s == "" {
		r.fault(n, "%s has no value", path)
	}
	return s, s != ""
}

// wrongKind notes a value of another kind than is needed. An alias has been
// refused already.
func (r *policyReader) wrongKind(n *yaml.Node, path, want string) {
	if path == "" {
		path = "the policy"
	}
	switch n.Kind {
	case yaml.MappingNode:
		r.fault(n, "%s is a mapping, not %s", path, want)
	case yaml.SequenceNode:
		r.fault(n, "%s is a list, not %s", path, want)
	case yaml.ScalarNode:
		r.fault(n, "%s is %s, not %s", path, desired.Quote(n.Value), want)
	}
}

// isNull reports whether nothing was written.
func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// below is the path of a member of what path names.
func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
