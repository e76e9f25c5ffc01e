package fleet

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"bulksync/graph/auth"
)

// signIn fills in how a tenant signs in. A setting of its own says so before the
// defaults do; a default that belongs to another way is nothing to it.
func (r *manifestReader) signIn(t *Tenant, e entry) {
	if e.node.Kind != yaml.MappingNode || r.hasTwoWays(e) {
		return
	}
	way := r.wayOf(e)
	t.Auth = string(way)
	if way = r.plainWay(way, e); way == "" {
		return
	}
	for _, m := range r.members {
		own, isOwn := e.given[m.name]
		common, isCommon := r.defaults.given[m.name]
		switch belongs := slices.Contains(m.ways, way); {
		case m.variable == "":
		case isOwn && !belongs:
			r.file.Fault(own.node, "tenants.%s is no setting of auth %s: remove it, or choose another way to sign in", m.name, t.Auth)
		case isOwn:
			m.set(t, own.value)
		case isCommon && belongs:
			m.set(t, common.value)
		case slices.Contains(m.needed, way):
			r.file.Fault(e.node, "tenants: auth %s needs %s, here or in the defaults", t.Auth, m.name)
		}
	}
}

// set gives a tenant the setting.
func (m *member) set(t *Tenant, value string) {
	if m.isSecret {
		t.Secrets[m.variable] = value
	} else {
		t.Settings[m.variable] = value
	}
}

// said are the members of an entry that say how to sign in, one for each way.
func (r *manifestReader) said(e entry) (members []member) {
	for _, m := range r.members {
		if _, ok := e.given[m.name]; ok && m.says != "" {
			members = append(members, m)
		}
	}
	return members
}

// hasTwoWays notes a tenant whose own settings are of two ways.
func (r *manifestReader) hasTwoWays(e entry) bool {
	said := r.said(e)
	if len(said) < 2 {
		return false
	}
	first := e.given[said[0].name]
	for _, m := range said[1:] {
		r.file.Fault(e.given[m.name].node, "tenants.%s and %s on line %d are of two ways to sign in: keep one of them", m.name, said[0].name, first.node.Line)
	}
	return true
}

// checkDefaults notes defaults that say two ways, and not which of them holds.
func (r *manifestReader) checkDefaults() {
	said := r.said(r.defaults)
	if _, named := r.defaults.given["auth"]; named || len(said) < 2 {
		return
	}
	second := r.defaults.given[said[1].name]
	r.file.Fault(second.node, "defaults.%s and %s are of two ways to sign in: write auth as well, or keep one of them", said[1].name, said[0].name)
}

// wayOf is the way of a tenant; it is empty if there is a fault.
func (r *manifestReader) wayOf(e entry) auth.Way {
	for _, from := range []entry{e, r.defaults} {
		if named, ok := from.given["auth"]; ok {
			return auth.Way(named.value)
		}
		switch said := r.said(from); len(said) {
		case 0:
		case 1:
			return said[0].says
		default:
			return ""
		}
	}
	r.file.Fault(e.node, "tenants: nothing says how to sign in: write auth, or a setting of a way such as clientSecretEnv, here or in the defaults")
	return ""
}

// plainWay is the way whose settings count: for env the one of secret and certificate
// that is given. It is empty if there is a fault.
func (r *manifestReader) plainWay(way auth.Way, e entry) auth.Way {
	if way != auth.ByEnvironment {
		return way
	}
	for _, from := range []entry{e, r.defaults} {
		said := slices.DeleteFunc(r.said(from), func(m member) bool { return m.says != auth.BySecret && m.says != auth.ByCertificate })
		if len(said) == 1 {
			return said[0].says
		}
	}
	r.file.Fault(e.node, "tenants: auth env needs one of clientSecretEnv and certificatePath, here or in the defaults")
	return ""
}
