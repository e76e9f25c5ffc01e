package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"bulksync/graph"
	"bulksync/plan/desired"
)

// Verdict says whether a change still fits.
type Verdict string

// The verdicts of Judge.
const (
	// Applies: the managed members are as they were when the plan was made.
	Applies Verdict = "applies"
	// AsWanted: the object is already as the change would make it.
	AsWanted Verdict = "as wanted"
	// Moved: somebody changed a managed member since the plan, or the partner
	// belongs to somebody else now.
	Moved Verdict = "moved"
	// Unknown: the partner could not be read.
	Unknown Verdict = "unknown"
)

// Live is what is there now for one change: its partner, or the template.
// Both are nil where there is neither.
type Live struct {
	Partner  *graph.Partner
	Template *graph.Template
}

// Judge holds a change against what is there now. Only the members that the
// change is about count: somebody's edit of another one is no conflict. A
// delete is about all of its object. Nothing is written to a partner that
// belongs to a service provider by now, whatever its members say. The second
// result says in words what is there instead (Moved), or why nobody can tell
// (Unknown).
func (c *Change) Judge(l Live) (Verdict, string) {
	verdict, why := c.judge(l)
	if verdict != AsWanted && c.Writes() && l.isOwned() {
		return Moved, "it belongs to a service provider now"
	}
	return verdict, why
}

func (c *Change) judge(l Live) (Verdict, string) {
	switch {
	case c.Action == NoOp:
		return c.judgeNoOp(l)
	case c.Object == SyncTemplate && l.Template == nil:
		return Moved, "the template is gone"
	case c.Object == SyncTemplate:
		return c.judgeFields(l)
	case c.Object == PartnerConfiguration && (c.Action == Create || l.Partner == nil):
		return c.judgePartner(l)
	case l.isUnread():
		return Unknown, l.Partner.Problem
	case c.Object == PartnerConfiguration:
		return c.judgePartner(l)
	case l.Partner == nil && c.leavesNothing():
		return AsWanted, ""
	case l.Partner == nil:
		return Moved, "the partner configuration is gone"
	case c.Object == IdentitySynchronization && l.Partner.Sync == nil:
		return c.judgeNoSync()
	default:
		return c.judgeFields(l)
	}
}

// isUnread reports whether there is a partner of which no more is known than
// that it is there.
func (l Live) isUnread() bool { return l.Partner != nil && l.Partner.Problem != "" }

func (l Live) isOwned() bool { return l.Partner != nil && isOwned(l.Partner.TenantID, l.Partner) }

// judgeNoOp tells whether what was as wanted is so still. There is nothing to
// apply, so it is as wanted or it moved.
func (c *Change) judgeNoOp(l Live) (Verdict, string) {
	switch {
	case c.Object == SyncTemplate && l.Template == nil:
		return Moved, "the template is gone"
	case l.isUnread():
		return Unknown, l.Partner.Problem
	case c.Object == IdentitySynchronization && c.Before == nil: // there was none, and none is wanted
		if l.Partner == nil || l.Partner.Sync == nil {
			return AsWanted, ""
		}
		return Moved, "a synchronization policy exists now"
	case c.Object != SyncTemplate && l.Partner == nil:
		return Moved, "the partner configuration is gone"
	case c.Object == IdentitySynchronization && l.Partner.Sync == nil:
		return Moved, "the synchronization policy is gone"
	case c.Object == PartnerConfiguration:
		return AsWanted, ""
	default:
		return c.judgeFields(l)
	}
}

func (c *Change) judgePartner(l Live) (Verdict, string) {
	there := l.Partner != nil
	switch {
	case there == (c.Action == Create):
		return AsWanted, ""
	case c.Action == Create:
		return Applies, ""
	case l.Partner.Sync != nil:
		return Moved, "the partner has a synchronization policy"
	}
	if set := settingsOf(l.Partner); len(set) > 0 {
		return Moved, "the partner has settings of its own: " + strings.Join(set, ", ")
	}
	return Applies, ""
}

// leavesNothing reports whether a partner configuration that is gone is as the
// change wants it: null is what it would inherit, too.
func (c *Change) leavesNothing() bool {
	return c.Removes() && (c.Action == Delete || c.Object.Member() != "")
}

func (c *Change) judgeNoSync() (Verdict, string) {
	switch c.Action {
	case Create:
		return Applies, ""
	case Delete:
		return AsWanted, ""
	default:
		return Moved, "the synchronization policy is gone"
	}
}

// judgeFields compares member by member. A create applies only to what is not
// there, so an object that is there is either as wanted or somebody else's.
func (c *Change) judgeFields(l Live) (Verdict, string) {
	before, after := c.Action != Create, c.Action != Delete
	moved := ""
	for _, f := range c.compared() {
		p := c.Object.Property(f.Path)
		now := l.value(p)
		before = before && p.Same(now, f.Before)
		after = after && p.Same(now, f.After)
		if !p.Same(now, f.Before) && moved == "" {
			moved = fmt.Sprintf("%s is now %s", f.Path, jsonValue(now))
		}
	}
	switch {
	case after:
		return AsWanted, ""
	case before:
		return Applies, ""
	case c.Action == Create:
		return Moved, "a synchronization policy exists now"
	default:
		return Moved, moved
	}
}

// Unwanted says in words which of the change's members are not as it makes them;
// empty where all are, or where the object is not there.
func (c *Change) Unwanted(l Live) string {
	if c.Object == PartnerConfiguration || c.Action == Delete || len(l.Object(c.Object)) == 0 {
		return ""
	}
	var words []string
	for _, f := range c.Fields {
		p := c.Object.Property(f.Path)
		if now := l.value(p); !p.Same(now, f.After) {
			words = append(words, fmt.Sprintf("%s is now %s", f.Path, jsonValue(now)))
		}
	}
	return strings.Join(words, "; ")
}

// compared lists the members that Judge looks at: those of the change, and for
// a delete those too that were null, since they go with the others.
func (c *Change) compared() []Field {
	if c.Action != Delete {
		return c.Fields
	}
	fields := slices.Clone(c.Fields)
	for _, p := range c.Object.Properties() {
		if !slices.ContainsFunc(fields, func(f Field) bool { return f.Path == p.Path }) {
			fields = append(fields, Field{Path: p.Path})
		}
	}
	return fields
}

// Object returns the live object of a change as Graph returned it; nil where
// there is none.
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

// value is the live value of a managed property; nil where its object is not
// there.
func (l Live) value(p *desired.Property) any { return p.Value(l.Partner, l.Template) }

// pathInside is the path of a field within the object of the change.
func (c *Change) pathInside(f Field) string {
	if member := c.Object.Member(); member != "" {
		return strings.TrimPrefix(f.Path, member+".")
	}
	return f.Path
}

// ValuesIn returns the values of the change's properties in its object as Graph
// returned it, in the order of Fields; nil for a member that is not there.
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
