package graphsim

import (
	"encoding/json"
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

// names are the members that a client may write, set or not, the id, and all
// others that are set.
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

// putMembers writes an object of plain members. The caller holds the mutex.
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

// The merges below follow PATCH: a member that is not sent stays, null resets it to "inherit", an
// object is merged member by member, and a list is replaced. Bodies were validated before, and the
// old value is never changed.

// merged returns the partner with the members of a body.
func (p *Partner) merged(body map[string]any) *Partner {
	n := *p
	for name, v := range body {
		switch name {
		case "automaticUserConsentSettings":
			m, _ := v.(map[string]any)
			if m == nil {
				n.AutomaticUserConsentSettings = Consent{}
			}
			setBool(&n.AutomaticUserConsentSettings.InboundAllowed, m, "inboundAllowed")
			setBool(&n.AutomaticUserConsentSettings.OutboundAllowed, m, "outboundAllowed")
		case "inboundTrust":
			n.InboundTrust = mergedTrust(p.InboundTrust, v)
		case "tenantId":
		default:
			n.Other = n.Other.merged(name, v)
		}
	}
	return &n
}

func mergedTrust(old *InboundTrust, v any) *InboundTrust {
	m, _ := v.(map[string]any)
	if m == nil {
		return nil
	}
	var t InboundTrust
	if old != nil {
		t = *old
	}
	for _, member := range trusts {
		setBool(member.of(&t), m, member.name)
	}
	return &t
}

// merged returns the sync policy with the members of a body; nil counts as an
// empty policy.
func (y *IdentitySynchronization) merged(body map[string]any) *IdentitySynchronization {
	var n IdentitySynchronization
	if y != nil {
		n = *y
	}
	if v, ok := body["displayName"]; ok {
		n.DisplayName = nil
		if s, ok := v.(string); ok {
			n.DisplayName = &s
		}
	}
	if v, ok := body["userSyncInbound"]; ok {
		n.UserSyncInbound = mergedUserSync(n.UserSyncInbound, v)
	}
	return &n
}

func mergedUserSync(old *UserSyncInbound, v any) *UserSyncInbound {
	m, _ := v.(map[string]any)
	if m == nil {
		return nil
	}
	var u UserSyncInbound
	if old != nil {
		u = *old
	}
	setBool(&u.IsSyncAllowed, m, "isSyncAllowed")
	return &u
}

// setBool sets *to if m has the member; null sets it to nil.
func setBool(to **bool, m map[string]any, name string) {
	if v, ok := m[name]; ok {
		*to = nil
		if b, ok := v.(bool); ok {
			*to = &b
		}
	}
}

// mergedAll returns a copy of m with the members of a body.
func (m Members) mergedAll(body map[string]any) Members {
	for name, v := range body {
		m = m.merged(name, v)
	}
	return m
}

// merged returns a copy of m in which one member has the value v.
func (m Members) merged(name string, v any) Members {
	n := maps.Clone(m)
	if n == nil {
		n = Members{}
	}
	if v == nil {
		delete(n, name)
		return n
	}
	var old any
	if raw, ok := m[name]; ok {
		_ = json.Unmarshal(raw, &old) // the state holds only what was JSON when it came in
	}
	n[name], _ = json.Marshal(mergedTree(old, v)) // decoded JSON always marshals
	return n
}

func mergedTree(old, v any) any {
	into, ok1 := old.(map[string]any)
	from, ok2 := v.(map[string]any)
	if !ok1 || !ok2 {
		return v
	}
	for name, sub := range from {
		into[name] = mergedTree(into[name], sub)
	}
	return into
}
