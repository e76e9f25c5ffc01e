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
	// all: what the plan writes is compared as well, as if it were done.
	all bool
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

func newNoOps(changes []plan.Change, all bool) *noOps {
	n := &noOps{changes: changes, all: all, first: map[string]sighting{}}
	for i := range changes {
		c := &changes[i]
		if _, known := n.first[c.Partner.TenantID]; !known && n.compares(c) && c.Object != plan.SyncTemplate {
			n.first[c.Partner.TenantID] = sighting{at: i}
		}
	}
	return n
}

func (n *noOps) compares(c *plan.Change) bool { return c.Action == plan.NoOp || n.all && c.Writes() }

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
// what is there. What was done is compared with its earlier changes laid over
// that, as at the end of a run.
func (n *noOps) judge(tenantID string, at int, live plan.Live) {
	laid, last := live, (*plan.Change)(nil)
	for i := at; i < len(n.changes) && n.changes[i].Partner.TenantID == tenantID; i++ {
		switch c := &n.changes[i]; {
		case c.Action == plan.NoOp:
			n.judgeOne(c, live)
		case n.compares(c):
			if last != nil {
				laid = last.Apply(laid)
			}
			n.judgeOne(c, laid)
			last = c
		}
	}
}

func (n *noOps) judgeOne(c *plan.Change, live plan.Live) {
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
		if c := &n.changes[i]; template != nil && c.Object == plan.SyncTemplate && n.compares(c) {
			n.judgeOne(c, plan.Live{Template: template})
		}
	}
	n.lost, n.found = n.found, nil
}
