package audit

import "bulksync/plan"

// Tenants lists the tenants of the open findings and of the waived ones, each once.
func (a *Audit) Tenants() (ids []string) {
	seen := map[string]bool{"": true} // the template has none
	for _, list := range [][]Finding{a.Findings, a.Waived} {
		for i := range list {
			if id := list[i].TenantID; !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// Name says beside each of these findings, and of the home tenant, what the tenant
// is called in its directory, as far as names tell. A finding of the audit before
// keeps what was known then. It is pure, and no finding depends on it.
func (a *Audit) Name(names plan.Names) {
	a.HomeTenant.Name = names[a.HomeTenant.ID].Name
	for _, list := range [][]Finding{a.Findings, a.Waived} {
		for i := range list {
			t := names[list[i].TenantID]
			list[i].DirectoryName, list[i].Domain = t.Name, t.Domain
		}
	}
}
