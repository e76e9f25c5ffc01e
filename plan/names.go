package plan

import (
	"bulksync/graph"
	"bulksync/plan/desired"
)

// Names has what is known of tenants in the directory, by tenant ID. A plan can be
// made without any.
type Names map[string]graph.Tenant

// Shown lists the partners of a plan in its order: first those that a reader is
// shown a change of, then those that are as wanted.
func Shown(d Desired, cur *Current, cloud graph.Cloud) (changed, same []string) {
	last, differs := "", false
	add := func() {
		switch {
		case last == "":
		case differs:
			changed = append(changed, last)
		default:
			same = append(same, last)
		}
	}
	EachChange(d, cur, cloud, func(c *Change) {
		if c.Partner.TenantID != last {
			add()
			last, differs = c.Partner.TenantID, false
		}
		differs = differs || c.Action != NoOp
	})
	add()
	return changed, same
}

// named is the partner with what names have of it.
func (p Partner) named(names Names) Partner {
	t := names[p.TenantID]
	p.DirectoryName, p.Domain = t.Name, t.Domain
	return p
}

// isLikeItself reports whether the name that the partner is given can be that of
// the tenant in its directory.
func (p *Partner) isLikeItself() bool {
	return p.DirectoryName == "" && p.Domain == "" || desired.AreAlike(p.DisplayName, p.DirectoryName, p.Domain)
}
