package yamlfile

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"bulksync/plan/desired"
)

// Member is a member of a mapping.
type Member struct {
	Name string
	// Required says that it must be there.
	Required bool
	// Read reads its value, whose path is for messages.
	Read func(value *yaml.Node, path string)
}

// refuseTricks notes what makes YAML say something other than what is written
// there.
func (f *File) refuseTricks(n *yaml.Node) {
	switch {
	case n.Kind == yaml.AliasNode:
		f.Fault(n, "%s stands for something written elsewhere: write it out here", f.shown("*", n.Value))
		return
	case n.Anchor != "":
		f.Fault(n, "%s names a part of the file, which a %s does not need: remove the name", f.shown("&", n.Anchor), f.Noun)
	case n.Style&yaml.TaggedStyle != 0:
		f.Fault(n, "%s says of what type a value is, which a %s does not need: remove it", f.shown("!", strings.TrimPrefix(n.ShortTag(), "!")), f.Noun)
	}
	for _, child := range n.Content {
		f.refuseTricks(child)
	}
}

// shown is a word with the sign that it begins with. A secret that is not quoted may
// begin with it too.
func (f *File) shown(sign, word string) string {
	if f.Discreet {
		return "a value that begins with " + sign
	}
	return sign + word
}

// Mapping reads the members of a mapping. Path is what it is called; empty for the
// whole file.
func (f *File) Mapping(n *yaml.Node, path string, members ...Member) {
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = m.Name
	}
	if n.Kind != yaml.MappingNode {
		f.WrongKind(n, path, "a mapping of "+strings.Join(names, ", "))
		return
	}
	seen := map[string]int{}
	for i := range len(n.Content) / 2 {
		key, value := n.Content[2*i], n.Content[2*i+1]
		at := slices.Index(names, key.Value)
		switch line, twice := seen[key.Value]; {
		case key.Kind != yaml.ScalarNode || at < 0:
			f.unknownKey(key, value, path, names)
			continue
		case twice:
			f.Fault(key, "%s appears twice: it is on line %d already", below(path, key.Value), line)
		case isNull(value):
			f.Fault(key, "%s has no value", below(path, key.Value))
		default:
			members[at].Read(value, below(path, key.Value))
		}
		seen[key.Value] = key.Line
	}
	for _, m := range members {
		if _, there := seen[m.Name]; m.Required && !there {
			f.Fault(n, "%s is missing", below(path, m.Name))
		}
	}
}

// word matches what is a key rather than half a secret, in which there may be a colon
// or a comma.
var word = regexp.MustCompile(`^[A-Za-z][A-Za-z_-]{0,39}$`)

func (f *File) unknownKey(key, value *yaml.Node, path string, names []string) {
	where := ""
	if path != "" {
		where = " in " + path
	}
	if key.Kind != yaml.ScalarNode {
		f.WrongKind(key, "a key"+where, "a name")
		return
	}
	if f.Refuse != nil {
		if why := f.Refuse(key.Value); why != "" {
			f.Fault(key, "%s: %s", below(path, key.Value), why)
			return
		}
	}
	if f.Discreet && (!word.MatchString(key.Value) || isNull(value)) {
		f.Fault(key, "unknown key%s: it has %s", where, strings.Join(names, ", "))
		return
	}
	f.Fault(key, "unknown key %s%s: the nearest known one is %s; rename it or remove it", desired.Quote(key.Value), where, desired.Nearest(key.Value, names))
}

// List reads the items of a list.
func (f *File) List(n *yaml.Node, path string, read func(item *yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		f.WrongKind(n, path, "a list")
		return
	}
	for _, item := range n.Content {
		if isNull(item) {
			f.Fault(item, "%s: an item has no value", path)
			continue
		}
		read(item)
	}
}

// Text is the text of a value; ok is false if it has none.
func (f *File) Text(n *yaml.Node, path string) (s string, ok bool) {
	if n.Kind != yaml.ScalarNode {
		f.WrongKind(n, path, "one value")
		return "", false
	}
	if s = strings.TrimSpace(n.Value); s == "" {
		f.Fault(n, "%s has no value", path)
	}
	return s, s != ""
}

// WrongKind notes a value of another kind than is needed. An alias has been
// refused already.
func (f *File) WrongKind(n *yaml.Node, path, want string) {
	if path == "" {
		path = "the " + f.Noun
	}
	switch n.Kind {
	case yaml.MappingNode:
		f.Fault(n, "%s is a mapping, not %s", path, want)
	case yaml.SequenceNode:
		f.Fault(n, "%s is a list, not %s", path, want)
	case yaml.ScalarNode:
		is := desired.Quote(n.Value)
		if f.Discreet {
			is = "one value"
		}
		f.Fault(n, "%s is %s, not %s", path, is, want)
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
