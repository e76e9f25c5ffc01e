package audit

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"

	"bulksync/plan"
)

// maxEdits is how many changes are told for a finding, the newest.
const maxEdits = 3

// clockMargin is how much later than the audit a record may seem to be: clocks
// differ.
const clockMargin = time.Minute

// Attribute says beside each finding who changed its object, as far as the trail
// tells, and beside one that is fixed who fixed it. It claims nothing else: not from
// a record of another object or of another property, nor from one that does not say
// which, nor from one that is newer than the audit, nor that something was fixed
// before it was found. Where it finds nothing, nothing is
// said: the log may lag behind, or not reach back far enough. It is pure.
func (a *Audit) Attribute(t *Trail) {
	a.History = &History{Since: t.since, Records: t.records, Problem: t.problem}
	last := a.CreatedAt.Add(clockMargin)
	for _, list := range [][]Finding{a.Findings, a.Waived} {
		for i := range list {
			list[i].ChangedBy = t.edits(&list[i], last, false)
		}
	}
	found := t.since.Add(trailMargin - clockMargin) // the earlier audit, or later if that is older than the log
	for i := range a.Fixed {
		f := &a.Fixed[i]
		f.ChangedBy = slices.DeleteFunc(t.edits(f, last, true), func(e Edit) bool { return e.At.Before(found) })
		if len(f.ChangedBy) == 0 {
			f.ChangedBy = nil
		}
	}
}

// edits lists the newest changes that can be the cause of a finding, or the cause
// of its being fixed.
func (t *Trail) edits(f *Finding, last time.Time, fixed bool) (edits []Edit) {
	var causes []recorded
	for _, c := range t.changes[f.TenantID] {
		if !c.edit.At.After(last) && c.causes(f, fixed) {
			causes = append(causes, c)
		}
	}
	slices.SortFunc(causes, func(x, y recorded) int {
		return cmp.Or(y.edit.At.Compare(x.edit.At), strings.Compare(x.id, y.id))
	})
	for _, c := range causes[:min(len(causes), maxEdits)] {
		edits = append(edits, c.edit)
	}
	return edits
}

// causes reports whether a change of the finding's partner can be its cause, or
// with fixed the cause of its being fixed.
func (c *recorded) causes(f *Finding, fixed bool) bool {
	gone := f.isGone() && !fixed || f.Kind == Extra && fixed
	switch {
	case f.Kind == Unreadable:
		return false
	case gone: // with the partner, all that it held is gone
		return c.verb == removed && (c.object == f.Object || c.object == plan.PartnerConfiguration)
	case c.verb == removed:
		return false
	case f.Object.Member() != "":
		return c.object == plan.PartnerConfiguration && c.changed(f)
	case c.object != f.Object:
		return false
	default:
		return c.verb == made || f.Object != plan.PartnerConfiguration && c.touches(f)
	}
}

// isGone reports whether a finding is that an object is not there.
func (f *Finding) isGone() bool {
	there := slices.ContainsFunc(f.Fields, func(d plan.Field) bool { return d.Before != nil })
	return f.Kind == Missing || f.Kind == ConsentWithoutSync && !there
}

// changed reports whether a record says that it changed a property of the finding.
func (c *recorded) changed(f *Finding) bool {
	return slices.ContainsFunc(f.Fields, func(d plan.Field) bool {
		changed, _ := c.property(d.Path)
		return changed
	})
}

// touches is changed for an object with activities of its own: a record that names
// none of the object's properties is about all of it.
func (c *recorded) touches(f *Finding) bool {
	names := false
	for _, p := range f.Object.Properties() {
		_, told := c.property(p.Path)
		names = names || told
	}
	return !names || c.changed(f)
}

// property says whether a record changed a property, and whether it tells. How a
// record names one is not documented: it can name the property or the object around
// it, or hold the object that has both.
func (c *recorded) property(path string) (changed, told bool) {
	names := strings.Split(path, ".")
	for _, m := range c.modified {
		n := c.covered(m.Name, names)
		if n == 0 && !holds(m.Old, names[0]) && !holds(m.New, names[0]) {
			continue
		}
		told = true
		before, okBefore := valueIn(m.Old, names[n:])
		after, okAfter := valueIn(m.New, names[n:])
		if okBefore && okAfter {
			changed = changed || !reflect.DeepEqual(before, after)
		} else {
			changed = changed || m.Old != m.New
		}
	}
	return changed, told
}

// covered is how many names of a path the name of a modified property covers, from
// the first one on. A partner has several members of the same name in different
// objects, so there the last name alone is not enough.
func (c *recorded) covered(name string, path []string) int {
	parts := strings.Split(name, ".")
	for n := min(len(path), len(parts)); n > 0; n-- {
		if slices.EqualFunc(parts[len(parts)-n:], path[:n], strings.EqualFold) {
			return n
		}
	}
	if c.object != plan.PartnerConfiguration && len(parts) == 1 && strings.EqualFold(name, path[len(path)-1]) {
		return len(path)
	}
	return 0
}

// holds reports whether a text holds an object with a member of that name.
func holds(text, name string) bool {
	object, _ := parseValue(text).(map[string]any)
	_, ok := member(object, name)
	return ok
}

// valueIn finds a value by the names that lead to it, and reports whether it could
// be read. What is missing is null.
func valueIn(text string, names []string) (any, bool) {
	v := parseValue(text)
	for _, name := range names {
		object, ok := v.(map[string]any)
		if !ok {
			return nil, v == nil
		}
		v, _ = member(object, name)
	}
	return v, true
}

func member(object map[string]any, name string) (any, bool) {
	for have, v := range object {
		if strings.EqualFold(have, name) {
			return v, true
		}
	}
	return nil, false
}

// parseValue reads a text that should hold JSON, perhaps in a list of one element
// or in a string. No text is null, and a text that is not JSON is its own value.
func parseValue(text string) any {
	if text == "" {
		return nil
	}
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	if list, ok := v.([]any); ok && len(list) == 1 {
		v = list[0]
	}
	if s, ok := v.(string); ok && strings.HasPrefix(s, "{") {
		var object map[string]any
		if json.Unmarshal([]byte(s), &object) == nil {
			return object
		}
	}
	return v
}
