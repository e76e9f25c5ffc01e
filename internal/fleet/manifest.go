package fleet

import (
	"io"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"bulksync/graph"
	"bulksync/internal/yamlfile"
)

// maxManifest is far more than the manifest of 10,000 tenants needs, in bytes.
const maxManifest = 8 << 20

// manifestReader reads a manifest and notes every fault.
type manifestReader struct {
	file    *yamlfile.File
	dir     string // of the manifest
	members []member

	defaults entry
	entries  []entry
	// names and ids are those of the tenants so far, and their lines.
	names, ids map[string]int
}

// entry is what one tenant says, or the defaults, by member.
type entry struct {
	node  *yaml.Node // nil for defaults that are not there
	given map[string]given
}

// given is the value of a member. The value of one with a fault is empty.
type given struct {
	node  *yaml.Node
	value string
}

// ReadManifest reads the manifest of a fleet. Messages, and the manifest itself, call
// the file name; the paths in it are relative to its folder. If the content is wrong,
// the error is a desired.RowErrors with every fault, none of which repeats a secret
// that was typed in by mistake; any other error comes from in. It opens no file, and
// asks for no variable: what a tenant lacks is found when it is worked on.
func ReadManifest(in io.Reader, name string) (*Manifest, error) {
	r := &manifestReader{
		file: &yamlfile.File{
			Name: name, Noun: "manifest", Max: maxManifest, Large: "a manifest has a few lines for each tenant",
			Empty: "a manifest has tenants, and perhaps defaults", Refuse: refuseKey, Discreet: true,
		},
		dir: filepath.Dir(name), members: members(), names: map[string]int{}, ids: map[string]int{},
	}
	root, sum, err := r.file.Read(in)
	if err != nil {
		return nil, err
	}
	m := &Manifest{Name: name, SHA256: sum}
	if root != nil {
		m.Tenants = r.manifest(root)
	}
	if err := r.file.Err(); err != nil {
		return nil, err
	}
	return m, nil
}

// manifest reads the whole. The defaults may stand below the tenants.
func (r *manifestReader) manifest(root *yaml.Node) (tenants []Tenant) {
	r.file.Mapping(root, "",
		yamlfile.Member{Name: "defaults", Read: func(n *yaml.Node, path string) {
			r.defaults = r.entry(n, path, true)
			r.checkDefaults()
		}},
		yamlfile.Member{Name: "tenants", Required: true, Read: func(n *yaml.Node, path string) {
			r.file.List(n, path, func(item *yaml.Node) { r.entries = append(r.entries, r.entry(item, path, false)) })
			if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
				r.file.Fault(n, "%s: no tenant is named", path)
			}
		}},
	)
	for _, e := range r.entries {
		tenants = append(tenants, r.tenant(e))
	}
	return tenants
}

// entry reads the members of a tenant, or of the defaults.
func (r *manifestReader) entry(n *yaml.Node, path string, isDefaults bool) entry {
	e := entry{n, map[string]given{}}
	all := make([]yamlfile.Member, len(r.members))
	for i, m := range r.members {
		all[i] = yamlfile.Member{Name: m.name, Required: m.ownOnly && !isDefaults, Read: func(n *yaml.Node, path string) {
			if isDefaults && m.ownOnly {
				r.file.Fault(n, "%s: each tenant has its own: write it there", path)
				return
			}
			e.given[m.name] = given{n, r.value(m, n, path)}
		}}
	}
	r.file.Mapping(n, path, all...)
	return e
}

// value reads the value of a member; it is empty if there is a fault.
func (r *manifestReader) value(m member, n *yaml.Node, path string) string {
	s, ok := r.file.Text(n, path)
	if !ok {
		return ""
	}
	if err := refuseValue(s); err != nil {
		r.file.Fault(n, "%s: %w", path, err)
		return ""
	}
	value, err := m.parse(s)
	if err != nil {
		r.file.Fault(n, "%s: %w", path, err)
		return ""
	}
	if m.isPath {
		value = r.resolve(value)
	}
	return value
}

// resolve is a path of the manifest as the process can open it.
func (r *manifestReader) resolve(path string) string {
	if path = filepath.FromSlash(path); filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(r.dir, path)
}

// tenant fills the defaults into what a tenant says, and holds all of it together.
func (r *manifestReader) tenant(e entry) Tenant {
	r.once(e, "name", r.names)
	r.once(e, "tenantId", r.ids)
	value := func(name string) string {
		if own, ok := e.given[name]; ok {
			return own.value
		}
		return r.defaults.given[name].value
	}
	if !r.has(e, "csv") && !r.has(e, "template") && e.node.Kind == yaml.MappingNode {
		r.file.Fault(e.node, "tenants: nothing says what is wanted: name a file as csv or template, here or in the defaults")
	}
	t := Tenant{
		Name: value("name"), TenantID: value("tenantId"), Cloud: graph.Cloud(value("cloud")), GraphURL: value("graphUrl"),
		CSV: value("csv"), Template: value("template"), Policy: value("policy"), Waivers: value("waivers"), Scope: value("scope"),
		Settings: map[string]string{}, Secrets: map[string]string{}, Line: e.node.Line,
	}
	if t.Cloud == "" {
		t.Cloud = graph.Global
	}
	r.signIn(&t, e)
	return t
}

// has reports whether a tenant or the defaults give a member, be it a wrong one.
func (r *manifestReader) has(e entry, name string) bool {
	_, own := e.given[name]
	_, other := r.defaults.given[name]
	return own || other
}

// once notes a tenant whose name or ID another one above it has.
func (r *manifestReader) once(e entry, name string, seen map[string]int) {
	own := e.given[name]
	if own.value == "" {
		return
	}
	if line, twice := seen[own.value]; twice {
		r.file.Fault(own.node, "tenants.%s: %s appears twice: it is on line %d already", name, own.value, line)
		return
	}
	seen[own.value] = own.node.Line
}
