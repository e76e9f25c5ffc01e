package execute

import (
	"bulksync/graph"
	"bulksync/plan"
)

// standing holds the plan's no-ops against each whole list: what was as wanted
// when the plan was made can be otherwise by now. It keeps those alone that are,
// so that the partners of a long plan without work need not be kept.
type standing struct {
	changes []plan.Change
	// first is where the changes of each partner with a no-op begin, and in which
	// list the partner was seen last.
	first map[string]mark
	list  int
	// moved is what the last whole list showed, next what the one under way has
	// shown so far, by the number of the change.
	moved, next map[int]moved
}

type mark struct{ at, list int }

// moved is a no-op that is not as wanted any more, or of which that is unknown.
type moved struct {
	live    plan.Live
	verdict plan.Fit
	why     string
}

func newStanding(changes []plan.Change) *standing {
	s := &standing{changes: changes, first: map[string]mark{}}
	for i := range changes {
		c := &changes[i]
		if _, known := s.first[c.Partner.TenantID]; !known && c.Action == plan.NoOp && c.Object != plan.SyncTemplate {
			s.first[c.Partner.TenantID] = mark{at: i}
		}
	}
	return s
}

// begin is the first page of a list.
func (s *standing) begin() {
	s.list++
	s.next = map[int]moved{}
}

// take holds the no-ops of one partner against it.
func (s *standing) take(p *graph.Partner) {
	m, ours := s.first[p.TenantID]
	if !ours {
		return
	}
	m.list = s.list
	s.first[p.TenantID] = m
	s.judge(p.TenantID, m.at, plan.Live{Partner: p})
}

// judge holds the no-ops of one partner, whose changes stand together, against
// what is there.
func (s *standing) judge(tenantID string, at int, live plan.Live) {
	for i := at; i < len(s.changes) && s.changes[i].Partner.TenantID == tenantID; i++ {
		s.judgeOne(&s.changes[i], live)
	}
}

func (s *standing) judgeOne(c *plan.Change, live plan.Live) {
	if c.Action != plan.NoOp {
		return
	}
	verdict, why := c.CheckDrift(live)
	if verdict == plan.AsWanted {
		return
	}
	if live.Partner != nil {
		kept := *live.Partner // and not the page that it stands in
		live.Partner = &kept
	}
	s.next[c.Seq] = moved{live, verdict, why}
}

// end is the end of a whole list: who was not in it is not there.
func (s *standing) end(template *graph.Template) {
	for id, m := range s.first {
		if m.list != s.list {
			s.judge(id, m.at, plan.Live{})
		}
	}
	for i := range s.changes {
		if c := &s.changes[i]; template != nil && c.Object == plan.SyncTemplate {
			s.judgeOne(c, plan.Live{Template: template})
		}
	}
	s.moved, s.next = s.next, nil
}
