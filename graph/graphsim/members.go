package graphsim

import (
	"maps"
	"slices"
)

// getMembers serves an object of plain members, or those that $select names.
func (s *Sim) getMembers(c *call, h *history[Members], context, id string, sch *schema) answer {
	q, bad := c.query("$select")
	if bad != nil {
		return refuse(bad)
	}
	s.mu.Lock()
	m := h.at(c.now)
	s.mu.Unlock()
	names := m.names(sch, c.national)
	if q.Has("$select") {
		if names, bad = selected(q.Get("$select"), sch.typ, names); bad != nil {
			return refuse(bad)
		}
	}
	return ok(m.append(nil, c.context(context), id, names))
}

// names are the members that a client may write, set or not, the id, and
// whatever else there is.
func (m Members) names(sch *schema, national bool) []string {
	all := slices.Collect(maps.Keys(sch.members))
	for name := range m {
		if _, ok := sch.members[name]; !ok {
			all = append(all, name)
		}
	}
	if national {
		all = slices.DeleteFunc(all, globalOnly)
	}
	slices.Sort(all)
	return all
}

func (m Members) append(b []byte, context, id string, names []string) []byte {
	b = appendString(append(b, `{"@odata.context":`...), context)
	for _, name := range names {
		b = append(appendString(append(b, ','), name), ':')
		if name == "id" {
			b = appendString(b, id)
		} else {
			b = appendRaw(b, m[name])
		}
	}
	return append(b, '}')
}

// putMembers writes an object of plain members. The mutex is held.
func (s *Sim) putMembers(c *call, h *history[Members], m Members, category, activity, target string) {
	if c.suffers(FaultLost) {
		return
	}
	old := h.latest
	h.put(m, c.now, max(s.cfg.ReadLag, c.lag))
	all := maps.Clone(old)
	maps.Copy(all, m)
	var changes []change
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if string(old[name]) != string(m[name]) {
			changes = append(changes, change{name, string(old[name]), string(m[name])})
		}
	}
	s.audit(c, category, activity, target, changes...)
}
