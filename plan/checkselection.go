package plan

import (
	"errors"
	"fmt"
	"slices"

	"bulksync/plan/desired"
)

// checkSelection refuses a selection that no choice makes.
func (p *Plan) checkSelection(reverts bool) error {
	s := p.Selection
	switch {
	case s == nil:
		return nil
	case reverts || p.Reverts():
		return errors.New("a plan that reverts a run has none")
	case !p.Input.IsListed():
		return errors.New("it is a part of no rows")
	case len(s.Only) == 0 && s.Limit == 0:
		return errors.New("it names nothing")
	case s.Limit < 0:
		return fmt.Errorf("its limit is %d", s.Limit)
	case s.LeftOut.Template != (p.Template != nil && !s.takes(TemplateChoice)):
		return errors.New("it does not say whether the template is left out")
	case p.Template == nil && len(s.Only) > 0 && s.takes(TemplateChoice):
		return errors.New("it names the template, but the plan has none")
	}
	for i, id := range s.Only {
		if id != TemplateChoice && !desired.IsCanonicalGUID(id) {
			return fmt.Errorf("%s is not a tenant ID", desired.Quote(id))
		}
		if i > 0 && s.Only[i-1] >= id {
			return fmt.Errorf("%s appears twice or out of order", id)
		}
	}
	return nil
}

// selected proves that the rows with changes are the selected ones. A row that
// names a domain and has no change is unassigned: its tenant was known when the
// plan was made, and is in no file. What depends on it can only be bounded.
type selected struct {
	*Selection
	plan       *Plan
	rows       []desired.Row // whose tenant is known, in file order
	unassigned []desired.Unassigned

	end     int  // the line of the last partner with changes; 0 if there is none
	reached bool // the limit is, so that the plan ends there
}

// prove returns the rows that must have changes.
func (s *selected) prove() ([]desired.Row, error) {
	if err := s.findEnd(); err != nil {
		return nil, err
	}
	var in []desired.Row
	left := LeftOut{Rows: s.plan.Input.Rows, Template: s.LeftOut.Template}
	for i := range s.rows {
		row := &s.rows[i]
		if s.takes(row.TenantID) && !(s.reached && row.Line > s.end) {
			in = append(in, *row)
			left.Rows -= 1 + row.Also
		} else {
			left.Partners++
		}
	}
	if err := s.checkNamed(); err != nil {
		return nil, err
	}
	if err := s.checkUnassigned(); err != nil {
		return nil, err
	}
	return in, s.checkLeftOut(left)
}

// findEnd finds where the plan ends, and refuses one that goes on past its limit.
func (s *selected) findEnd() error {
	written, lastWrites := map[string]bool{}, false
	for i := range s.plan.Changes {
		c := &s.plan.Changes[i]
		if c.Object == SyncTemplate {
			continue
		}
		if c.Row > s.end {
			s.end, lastWrites = c.Row, false
		}
		if c.Writes() {
			written[c.Partner.TenantID], lastWrites = true, true
		}
	}
	s.reached = s.Limit > 0 && len(written) == s.Limit
	if s.Limit > 0 && len(written) > s.Limit || s.reached && !lastWrites {
		return fmt.Errorf("the selection: the plan goes on after the first %d partners that need a change", s.Limit)
	}
	return nil
}

// after reports whether a line may be left out because the limit is reached before.
func (s *selected) after(line int) bool { return s.reached && line > s.end }

// checkNamed refuses a selection that names a partner which has neither a row nor
// may be one of those whose domain stands in a row.
func (s *selected) checkNamed() error {
	known := make(map[string]bool, len(s.rows))
	for i := range s.rows {
		known[s.rows[i].TenantID] = true
	}
	may := 0
	for _, row := range s.unassigned {
		if s.after(row.Line) {
			may++
		}
	}
	for _, id := range s.Only {
		if id == TemplateChoice || known[id] {
			continue
		}
		if may--; may < 0 {
			return fmt.Errorf("the selection names %s, but no row and no change is about it", id)
		}
	}
	return nil
}

// checkUnassigned refuses a row that only its domain identifies, has no change and
// would be in the plan whatever its tenant is.
func (s *selected) checkUnassigned() error {
	if len(s.Only) > 0 {
		return nil // it may be none of those
	}
	return allAssigned(slices.DeleteFunc(slices.Clone(s.unassigned), func(row desired.Unassigned) bool { return s.after(row.Line) }))
}

// checkLeftOut compares what the selection says is left out with what is. The
// partners in left are those whose tenants are known, and its rows are those that
// are about no partner of the plan, as far as that is known.
//
// Of a row that only its domain identifies, more is known in two ways: if nothing
// but the limit leaves rows out, one above the end says the same as an earlier row of
// the plan; and the rows that are taken for such repetitions are about no partner
// that is left out.
func (s *selected) checkLeftOut(left LeftOut) error {
	said, least, most := s.LeftOut, left, left
	var repeats []int
	for _, row := range s.unassigned {
		if len(s.Only) == 0 && !s.after(row.Line) {
			least.Rows -= row.Rows
			most.Rows -= row.Rows
			continue
		}
		most.Partners++
		if row.Repeats {
			least.Rows -= row.Rows // it may be about a partner of the plan
			repeats = append(repeats, row.Rows)
		}
	}
	slices.Sort(repeats)
	for planned := most.Rows - said.Rows; planned > 0 && len(repeats) > 0; most.Partners-- {
		planned -= repeats[len(repeats)-1]
		repeats = repeats[:len(repeats)-1]
	}
	if said.Rows < least.Rows || said.Rows > most.Rows || said.Partners < least.Partners || said.Partners > most.Partners ||
		said.Partners > said.Rows || (said.Rows == 0) != (said.Partners == 0) {
		return fmt.Errorf("the selection says that %d rows and %d partners are left out, but it is %d and %d", said.Rows, said.Partners, most.Rows, most.Partners)
	}
	return nil
}
