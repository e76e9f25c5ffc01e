package audit

import (
	"maps"
	"slices"
	"time"

	"bulksync/graph"
	"bulksync/plan"
)

// Compare reports the comparison of Build as findings: what is missing, changed,
// extra or could not be read. Everything that is as wanted counts as OK.
func Compare(h plan.Head, in Input, d plan.Desired, cur *plan.Current) *Audit {
	a := New(h, in, cur.Read)
	named := map[string]bool{}
	plan.EachChange(d, cur, h.HomeTenant.Cloud, func(c *plan.Change) {
		if c.IsBare() {
			a.BareRows++
		}
		a.judge(c, cur, named[c.Partner.TenantID])
		named[c.Partner.TenantID] = true
	})
	if d.Partners != nil {
		a.extras(cur, named)
	}
	a.Result = Clean
	if len(a.Findings) > 0 {
		a.Result = Drift
	}
	return a
}

// judge adds what a change says of its object. Again means that its partner was
// named by the change before.
func (a *Audit) judge(c *plan.Change, cur *plan.Current, again bool) {
	kind, problem := findingKind(c, cur), cur.Partners[c.Partner.TenantID].Problem
	switch {
	case problem != "" && again: // one finding for all of it
	case problem != "":
		a.find(unread(c.Partner.TenantID, c.Partner.DisplayName, problem, c.Note))
	case kind == "":
		a.Totals.OK++
	default:
		a.find(Finding{
			TenantID: c.Partner.TenantID, DisplayName: c.Partner.DisplayName, Kind: kind,
			Object: c.Object, Fields: c.Fields, Absent: kind == Extra, Note: c.Note,
		})
	}
}

// New returns an audit that claims nothing yet. If the tenant could not be read,
// the caller adds the problem and reports it.
func New(h plan.Head, in Input, r plan.Read) *Audit {
	return &Audit{
		FormatVersion: plan.FormatVersion, Tool: h.Tool, CreatedAt: h.CreatedAt.UTC().Truncate(time.Second),
		HomeTenant: h.HomeTenant, Input: in, Result: Incomplete, Read: r, Findings: []Finding{},
	}
}

// findingKind is the kind of finding that a change is; empty if the object is as
// wanted. For a blocked change it follows from what is there: that the object
// must not be written does not make it right.
func findingKind(c *plan.Change, cur *plan.Current) Kind {
	p, exists := cur.Partners[c.Partner.TenantID]
	switch {
	case c.Action == plan.NoOp:
		return ""
	case c.Action == plan.Create, c.Object != plan.SyncTemplate && !exists:
		return Missing
	case c.Removes():
		return Extra
	case c.Object == plan.IdentitySynchronization && p.Sync == nil:
		return Missing
	default:
		return Changed
	}
}

// extras finds the partners that no row names and that have a synchronization
// policy. Those that could not be read come first, because they may have one,
// then those that synchronize.
func (a *Audit) extras(cur *plan.Current, named map[string]bool) {
	var unknown, busy, idle []Finding
	for _, id := range slices.Sorted(maps.Keys(cur.Partners)) {
		p := cur.Partners[id]
		switch {
		case named[id]:
		case p.Problem != "":
			unknown = append(unknown, unread(id, "", p.Problem, ""))
		case p.Sync == nil:
		case p.Sync.IsSyncAllowed != nil && *p.Sync.IsSyncAllowed:
			busy = append(busy, extra(id, &p))
		default:
			idle = append(idle, extra(id, &p))
		}
	}
	for _, f := range slices.Concat(unknown, busy, idle) {
		a.find(f)
	}
}

func unread(id, name, problem, note string) Finding {
	return Finding{TenantID: id, DisplayName: name, Kind: Unreadable, Object: plan.PartnerConfiguration, Fields: []plan.Field{}, Problem: problem, Note: note}
}

func extra(id string, p *graph.Partner) Finding {
	f := Finding{TenantID: id, Kind: Extra, Object: plan.IdentitySynchronization, Fields: plan.PolicyFields(p)}
	if name := p.Sync.DisplayName; name != nil {
		f.DisplayName = *name
	}
	return f
}

func (a *Audit) find(f Finding) {
	a.Findings = append(a.Findings, f)
	switch f.Kind {
	case Missing:
		a.Totals.Missing++
	case Changed:
		a.Totals.Changed++
	case Extra:
		a.Totals.Extra++
	case Unreadable:
		a.Totals.Unreadable++
	}
}
