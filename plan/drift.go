package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"bulksync/graph"
)

// Fit says whether a change still fits what is there.
type Fit string

// The answers of CheckDrift.
const (
	// Applies: the managed members are as they were when the plan was made.
	Applies Fit = "applies"
	// AsWanted: the object is already as the change would make it.
	AsWanted Fit = "as wanted"
	// Drifted: somebody changed a managed member since the plan, or the partner
	// now belongs to a service provider.
	Drifted Fit = "drifted"
	// Unknown: the partner could not be read.
	Unknown Fit = "unknown"
)

// CheckDrift compares a change with what is there now. Only the members that the
// change is about count: an edit of another member is no conflict. A delete is
// about the whole object. A partner that now belongs to a service provider is not
// written to, whatever its members say. The second result says in words what is
// there instead (Drifted), or why that is unknown (Unknown).
func (c *Change) CheckDrift(l Live) (Fit, string) {
	fit, why := c.checkDrift(l)
	if fit != AsWanted && c.Writes() && l.isOwned() {
		return Drifted, "it belongs to a service provider now"
	}
	return fit, why
}

func (c *Change) checkDrift(l Live) (Fit, string) {
	switch {
	case c.Action == NoOp:
		return c.driftOfNoOp(l)
	case c.Object == SyncTemplate && l.Template == nil:
		return Drifted, "the template is gone"
	case c.Object == SyncTemplate:
		return c.driftOfFields(l)
	case c.Object == PartnerConfiguration && (c.Action == Create && c.Restore == nil || l.Partner == nil):
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

// driftOfNoOp says whether what was as wanted still is. There is nothing to
// apply, so the answer is AsWanted or Drifted.
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
	case c.Reason == reasonNoConfiguration && l.Partner != nil:
		return Drifted, "a partner configuration exists now"
	case c.Object != SyncTemplate && l.Partner == nil && c.Reason != reasonNoConfiguration:
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
	case there && c.Action == Create:
		return c.driftOfAdded(l.Partner)
	case there == (c.Action == Create):
		return AsWanted, ""
	case c.Action == Create:
		return Applies, ""
	case l.Partner.Sync != nil:
		return Drifted, "the partner has a synchronization policy"
	}
	switch changed := strings.Join(changedSettings(c.Before, l.Partner), ", "); {
	case changed == "":
		return Applies, ""
	case len(partnerSettings(c.Before)) == 0:
		return Drifted, "the partner has settings of its own: " + changed
	default:
		return Drifted, "settings of the partner are not as they were: " + changed
	}
}

// driftOfAdded says whether a partner that is there has what the change writes
// back, as far as the reading shows it.
func (c *Change) driftOfAdded(p *graph.Partner) (Fit, string) {
	wanted, now, shown := partnerSettings(c.Restore), partnerSettings(p.Raw), membersOf(p.Raw)
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if now[name] != wanted[name] && shown.find(name) >= 0 {
			return Drifted, "a partner configuration exists now, with another " + name
		}
	}
	return AsWanted, ""
}

// leavesNothing reports whether the change is as wanted if the partner
// configuration is gone: a missing value is inherited, and so is null.
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

// driftOfFields compares member by member. A create applies only if nothing is
// there: an existing object is as wanted or has drifted.
func (c *Change) driftOfFields(l Live) (Fit, string) {
	before, after := c.Action != Create, c.Action != Delete
	drifted := ""
	for _, f := range c.compared() {
		p := c.Object.Property(f.Path)
		now := l.value(p)
		before = before && p.Same(now, f.Before)
		after = after && p.Same(now, f.After)
		if !p.Same(now, f.Before) && drifted == "" {
			drifted = fmt.Sprintf("%s is now %s", f.Path, jsonValue(now))
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
		return Drifted, drifted
	}
}

// Unwanted says in words which members of the change are not as it makes them. It
// is empty if all are, or if the object is not there.
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

// compared lists the members that CheckDrift looks at: those of the change, and
// for a delete also those that were null, since they are deleted too.
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

// aboutPartner are members of a partner configuration that are not settings, or
// that are checked elsewhere.
var aboutPartner = []string{"tenantId", memberOfMTO, "identitySynchronization"}
