package execute

import (
	"bulksync/graph"
	"bulksync/plan"
)

// noOps holds the plan's no-ops against each whole list: what was as wanted
// when the plan was made can be otherwise by now. It keeps those alone that are,
// so that the partners of a long plan without work need not be kept.
type noOps struct {
	changes []plan.Change
	// first is where the changes of each partner with a no-op begin, and in which
	// list the partner was seen last.
	first map[string]sighting
	list  int
	// lost is what the last whole list showed, found what the one under way has
	// shown so far, by the number of the change.
	lost, found map[int]lostNoOp
}

type sighting struct{ at, list int }

// lostNoOp is a no-op that is not as wanted any more, or of which that is unknown.
type lostNoOp struct {
	live    plan.Live
	verdict plan.Verdict
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

// begin is the first page of a list.
func (n *noOps) begin() {
	n.list++
	n.found = map[int]lostNoOp{}
}

// take holds the no-ops of one partner against it.
func (n *noOps) take(p *graph.Partner) {
	m, ours := n.first[p.TenantID]
	if !ours {
		return
	}
	m.list = n.list
	n.first[p.TenantID] = m
	n.judge(p.TenantID, m.at, plan.Live{Partner: p})
}

// judge holds the no-ops of one partner, whose changes stand together, against
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
	verdict, why := c.Judge(live)
	if verdict == plan.AsWanted {
		return
	}
	if live.Partner != nil {
		kept := *live.Partner // and not the page that it stands in
		live.Partner = &kept
	}
	n.found[c.Seq] = lostNoOp{live, verdict, why}
}

// end is the end of a whole list: who was not in it is not there.
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
