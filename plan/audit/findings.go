package audit

import (
	"maps"
	"slices"

	"bulksync/graph"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// Options are what the findings depend on besides the file and the tenant.
type Options struct {
	// Scope is ScopeAll if it is empty.
	Scope Scope
	// Waivers are the accepted findings; nil if there is no file of them.
	Waivers *Waivers
	// News means that earlier audits are known, so that each finding has a state.
	// Earlier is the newest complete one, and EarlierLink says where it is; both are
	// nil for the first audit of a store.
	News        bool
	Earlier     *Audit
	EarlierLink *Link
}

// Compare reports the comparison of Build as findings: what is missing, changed,
// extra or could not be read, and what breaks a rule that needs no row. Everything
// that is as wanted counts as OK. It is pure: the same arguments give the same
// audit.
func Compare(h plan.Head, in Input, d plan.Desired, cur *plan.Current, o Options) *Audit {
	c := newComparison(New(h, in, cur.Read), d, cur, o)
	plan.EachChange(d, cur, h.HomeTenant.Cloud, c.judge)
	if d.Partners != nil {
		c.judgeUnnamed()
		c.applyRules()
	}
	c.waive(o.Waivers)
	if o.News {
		c.tellNews(o.Earlier, o.EarlierLink)
	}
	c.conclude()
	return c.Audit
}

// comparison is an audit while it is made.
type comparison struct {
	*Audit
	desired plan.Desired
	cur     *plan.Current
	rows    map[string]*desired.Row // by tenant ID
	unnamed []string                // the partners without a row that are judged, sorted
	unread  string                  // the tenant ID of the last unreadable partner that a row names
}

func newComparison(a *Audit, d plan.Desired, cur *plan.Current, o Options) *comparison {
	c := &comparison{Audit: a, desired: d, cur: cur, rows: map[string]*desired.Row{}}
	if a.Scope = o.Scope; a.Scope == "" {
		a.Scope = ScopeAll
	}
	if d.Partners == nil {
		return c
	}
	for i := range d.Partners.Rows {
		r := &d.Partners.Rows[i]
		c.rows[r.TenantID] = r
	}
	for _, id := range slices.Sorted(maps.Keys(cur.Partners)) {
		p := cur.Partners[id]
		switch {
		case c.rows[id] != nil:
		case a.Scope == ScopeAll:
			c.unnamed = append(c.unnamed, id)
		case p.Problem != "" || p.Sync != nil:
			a.OutOfScope++
		}
	}
	return c
}

// judge adds what a change says of its object. All changes of an unreadable
// partner are one finding.
func (c *comparison) judge(ch *plan.Change) {
	if ch.IsBare() {
		c.BareRows++
	}
	id := ch.Partner.TenantID
	f := Finding{TenantID: id, DisplayName: ch.Partner.DisplayName, Object: ch.Object, Note: ch.Note, Row: ch.Row}
	kind, problem := findingKind(ch, c.cur), c.cur.Partners[id].Problem
	switch {
	case problem != "" && c.unread == id:
	case problem != "":
		c.unread = id
		c.find(f.unreadable(problem))
	case kind == "":
		c.Totals.OK++
	case kind == Changed:
		f.Kind = kind
		for i := range ch.Fields {
			f.Fields = ch.Fields[i : i+1 : i+1]
			c.find(f)
		}
	default:
		f.Kind, f.Fields, f.Absent = kind, ch.Fields, kind == Extra
		c.find(f)
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

// judgeUnnamed finds the partners that no row names and that have a
// synchronization policy. Those that could not be read come first, because they
// may have one, then those that synchronize.
func (c *comparison) judgeUnnamed() {
	var unknown, busy, idle []Finding
	for _, id := range c.unnamed {
		p := c.cur.Partners[id]
		f := Finding{TenantID: id, DisplayName: policyName(&p), Kind: Extra, Object: plan.IdentitySynchronization}
		switch {
		case p.Problem != "":
			unknown = append(unknown, f.unreadable(p.Problem))
		case p.Sync == nil:
		case isSyncing(&p):
			f.Fields = plan.PolicyFields(&p)
			busy = append(busy, f)
		default:
			f.Fields = plan.PolicyFields(&p)
			idle = append(idle, f)
		}
	}
	for _, f := range slices.Concat(unknown, busy, idle) {
		c.find(f)
	}
}

// unreadable is the finding that the partner could not be read.
func (f Finding) unreadable(problem string) Finding {
	f.Kind, f.Object, f.Fields, f.Problem = Unreadable, plan.PartnerConfiguration, []plan.Field{}, problem
	return f
}

// policyName is the name that a partner's policy gives it; empty if it has none.
func policyName(p *graph.Partner) string {
	if p.Problem != "" || p.Sync == nil || p.Sync.DisplayName == nil {
		return ""
	}
	return *p.Sync.DisplayName
}

// find adds a finding. Its ID follows from the rest of it.
func (c *comparison) find(f Finding) {
	f.ID = f.newID(c.HomeTenant.ID)
	c.Findings = append(c.Findings, f)
}

// conclude counts what is open, and gives the verdict.
func (c *comparison) conclude() {
	for i := range c.Findings {
		*c.Totals.Of(c.Findings[i].Kind)++
	}
	c.Totals.Waived = len(c.Waived)
	c.Result = Clean
	if c.Fails(FailOnAny) {
		c.Result = Drift
	}
}
