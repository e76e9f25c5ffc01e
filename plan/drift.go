package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"bulksync/graph"
	"bulksync/plan/desired"
)

// Fit says whether a change still fits.
type Fit string

// The verdicts of Judge.
const (
	// Applies: the managed members are as they were when the plan was made.
	Applies Fit = "applies"
	// AsWanted: the object is already as the change would make it.
	AsWanted Fit = "as wanted"
	// Drifted: somebody changed a managed member since the plan, or the partner
	// belongs to somebody else now.
	Drifted Fit = "moved"
	// Unknown: the partner could not be read.
	Unknown Fit = "unknown"
)

// CheckDrift holds a change against what is there now. Only the members that the
// change is about count: somebody's edit of another one is no conflict. A
// delete is about all of its object. Nothing is written to a partner that
// belongs to a service provider by now, whatever its members say. The second
// result says in words what is there instead (Moved), or why nobody can tell
// (Unknown).
func (c *Change) CheckDrift(l Live) (Fit, string) {
	verdict, why := c.checkDrift(l)
	if verdict != AsWanted && c.Writes() && l.isOwned() {
		return Drifted, "it belongs to a service provider now"
	}
	return verdict, why
}

func (c *Change) checkDrift(l Live) (Fit, string) {
	switch {
	case c.Action == NoOp:
		return c.driftOfNoOp(l)
	case c.Object == SyncTemplate && l.Template == nil:
		return Drifted, "the template is gone"
	case c.Object == SyncTemplate:
		return c.driftOfFields(l)
	case c.Object == PartnerConfiguration && (c.Action == Create || l.Partner == nil):
		return c.driftOfPartner(l)
	case l.isUnread():
		return Unknown, l.Partner.Problem
	case c.Object == PartnerConfiguration:
		return c.driftOfPartner(l)
	case l.Partner == nil && c.leavesNothing():
		return AsWanted, ""
	case l.Partner == nil:
		return Drifted, "the partner configuration is gone"
	case c.Object == IdentitySynchronization && l.Partner.Sync == nil:
		return c.driftOfNoSync()
	default:
		return c.driftOfFields(l)
	}
}

// driftOfNoOp tells whether what was as wanted is so still. There is nothing to
// apply, so it is as wanted or it moved.
func (c *Change) driftOfNoOp(l Live) (Fit, string) {
	switch {
	case c.Object == SyncTemplate && l.Template == nil:
		return Drifted, "the template is gone"
	case l.isUnread():
		return Unknown, l.Partner.Problem
	case c.Object == IdentitySynchronization && c.Before == nil: // there was none, and none is wanted
		if l.Partner == nil || l.Partner.Sync == nil {
			return AsWanted, ""
		}
		return Drifted, "a synchronization policy exists now"
	case c.Object != SyncTemplate && l.Partner == nil:
		return Drifted, "the partner configuration is gone"
	case c.Object == IdentitySynchronization && l.Partner.Sync == nil:
		return Drifted, "the synchronization policy is gone"
	case c.Object == PartnerConfiguration:
		return AsWanted, ""
	default:
		return c.driftOfFields(l)
	}
}

func (c *Change) driftOfPartner(l Live) (Fit, string) {
	there := l.Partner != nil
	switch {
	case there == (c.Action == Create):
		return AsWanted, ""
	case c.Action == Create:
		return Applies, ""
	case l.Partner.Sync != nil:
		return Drifted, "the partner has a synchronization policy"
	}
	if set := settingsOf(l.Partner); len(set) > 0 {
		return Drifted, "the partner has settings of its own: " + strings.Join(set, ", ")
	}
	return Applies, ""
}

// leavesNothing reports whether a partner configuration that is gone is as the
// change wants it: null is what it would inherit, too.
func (c *Change) leavesNothing() bool {
	return c.Removes() && (c.Action == Delete || c.Object.Member() != "")
}

func (c *Change) driftOfNoSync() (Fit, string) {
	switch c.Action {
	case Create:
		return Applies, ""
	case Delete:
		return AsWanted, ""
	default:
		return Drifted, "the synchronization policy is gone"
	}
}

// driftOfFields compares member by member. A create applies only to what is not
// there, so an object that is there is either as wanted or somebody else's.
func (c *Change) driftOfFields(l Live) (Fit, string) {
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
		return Drifted, "a synchronization policy exists now"
	default:
		return Drifted, moved
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

// aboutPartner are members of a partner configuration that are no settings of
// it, or that are looked at elsewhere.
var aboutPartner = []string{"tenantId", "isInMultiTenantOrganization", "identitySynchronization"}

// settingsOf lists the members of a partner configuration that somebody set, in
// the order of their names: they would be lost with it. Null means inherited
// (reference page of the partner configuration), also within an object; members
// that no schema names count too. A managed member counts as it stands in p,
// which may know more of it than the raw configuration.
func settingsOf(p *graph.Partner) (set []string) {
	var members map[string]json.RawMessage
	_ = json.Unmarshal(p.Raw, &members) // it was read by the client already; a partner known by its ID alone has none
	if members == nil {
		members = map[string]json.RawMessage{}
	}
	for _, o := range desired.PartnerObjects {
		if raw := o.Raw(p); o.Member() != "" && raw != nil {
			members[o.Member()] = raw
		}
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if strings.Contains(name, "@") || slices.Contains(aboutPartner, name) {
			continue
		}
		// A bare false, as isServiceProvider has it, is how a switch is born.
		if raw := members[name]; string(raw) != "false" && !isUnset(raw) {
			set = append(set, name)
		}
	}
	return set
}

// isUnset reports whether a value is null, or an object of nothing but nulls.
func isUnset(raw json.RawMessage) bool {
	if string(raw) == "null" {
		return true
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return false
	}
	for name, v := range members {
		if !strings.Contains(name, "@") && !isUnset(v) {
			return false
		}
	}
	return true
}
