package execute

import (
	"bulksync/graph"
	"bulksync/plan"
)

// noOps compares the plan's no-ops with each whole list: what was as wanted
// when the plan was made may differ by now. It keeps only those that differ, so
// that the partners of a long plan without work need not be kept.
type noOps struct {
	changes []plan.Change
	// first says, for each partner with a no-op, where its changes begin in the
	// plan and which list showed it last.
	first map[string]sighting
	list  int
	// lost is what the last whole list showed, found what the current one has
	// shown so far, by change number.
	lost, found map[int]lostNoOp
}

type sighting struct{ at, list int }

// lostNoOp is a no-op that is no longer as wanted, or whose state is unknown.
type lostNoOp struct {
	live    plan.Live
	verdict plan.Fit
	why     string
}

func newNoOps(changes []plan.Change) *noOps {
	n := &noOps{changes: changes, first: map[string]sighting{}}
	for i := range changes {
		c := &changes[i]
		if _, known := n.first[c.Partner.TenantID]; !known && c.Action == plan.NoOp && c.Object != plan.SyncTemplate {
			n.first[c.Partner.TenantID] = sighting{at: i}
		}
	}
	return n
}

// begin starts a new list, at its first page.
func (n *noOps) begin() {
	n.list++
	n.found = map[int]lostNoOp{}
}

// take compares the no-ops of one partner with what the list shows.
func (n *noOps) take(p *graph.Partner) {
	m, ours := n.first[p.TenantID]
	if !ours {
		return
	}
	m.list = n.list
	n.first[p.TenantID] = m
	n.judge(p.TenantID, m.at, plan.Live{Partner: p})
}

// judge compares the no-ops of one partner, whose changes are adjacent, with
// what is there.
func (n *noOps) judge(tenantID string, at int, live plan.Live) {
	for i := at; i < len(n.changes) && n.changes[i].Partner.TenantID == tenantID; i++ {
		n.judgeOne(&n.changes[i], live)
	}
}

func (n *noOps) judgeOne(c *plan.Change, live plan.Live) {
	if c.Action != plan.NoOp {
		return
	}
	verdict, why := c.CheckDrift(live)
	if verdict == plan.AsWanted {
		return
	}
	if live.Partner != nil {
		kept := *live.Partner // not the whole page that holds it
		live.Partner = &kept
	}
	n.found[c.Seq] = lostNoOp{live, verdict, why}
}

// end ends a whole list: a partner that was not in it does not exist.
func (n *noOps) end(template *graph.Template) {
	for id, m := range n.first {
		if m.list != n.list {
			n.judge(id, m.at, plan.Live{})
		}
	}
	for i := range n.changes {
		if c := &n.changes[i]; template != nil && c.Object == plan.SyncTemplate {
			n.judgeOne(c, plan.Live{Template: template})
		}
	}
	n.lost, n.found = n.found, nil
}
