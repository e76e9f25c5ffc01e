package plan

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"bulksync/graph"
	"bulksync/plan/desired"
)

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
