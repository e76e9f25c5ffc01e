package report

import (
	"fmt"

	"bulksync/execute/journal"
	"bulksync/plan"
)

// checkPlan refuses a plan whose summary does not match its changes.
func checkPlan(p *plan.Plan) error {
	if got := plan.Summarize(p.Changes); got != p.Summary {
		return fmt.Errorf("the plan does not add up: its summary says %+v and its %d changes say %+v: make the plan again",
			p.Summary, len(p.Changes), got)
	}
	return nil
}

// checkRun refuses a result that does not account for every change and row of
// the plan exactly once.
func checkRun(p *plan.Plan, r *journal.Result) error {
	if err := checkPlan(p); err != nil {
		return err
	}
	if r.PlanFingerprint != p.Fingerprint {
		return fmt.Errorf("the run belongs to plan %s, not to plan %s: use its own plan", r.PlanFingerprint, p.Fingerprint)
	}
	if len(r.Outcomes) != len(p.Changes) || r.Changes != len(p.Changes) || r.Totals.Sum() != len(p.Changes) {
		return fmt.Errorf("the run does not add up: %d changes planned, %d counted, %d outcomes, totals of %d",
			len(p.Changes), r.Changes, len(r.Outcomes), r.Totals.Sum())
	}
	if got, err := tally(p, r); err != nil {
		return err
	} else if got != r.Totals {
		return fmt.Errorf("the run does not add up: its totals say %s and its outcomes say %s", r.Totals, got)
	}
	return checkRows(p, r)
}

// tally counts the outcomes again and checks that each belongs to its change.
func tally(p *plan.Plan, r *journal.Result) (journal.Totals, error) {
	var t journal.Totals
	for i, o := range r.Outcomes {
		if o.Seq != p.Changes[i].Seq {
			return t, fmt.Errorf("the run does not add up: outcome %d belongs to change %d, not to change %d", i+1, o.Seq, p.Changes[i].Seq)
		}
		if !o.Status.Known() {
			return t, fmt.Errorf("the run does not add up: change %d has the unknown status %q", o.Seq, o.Status)
		}
		t.Add(o.Status, 1)
	}
	return t, nil
}

// checkRows refuses a run whose row count differs from that of the input, and a
// change of a row that the plan does not hold. A plan without cells, such as an
// undo plan, only names rows.
func checkRows(p *plan.Plan, r *journal.Result) error {
	if r.Rows != p.Input.Rows {
		return fmt.Errorf("the run does not add up: %d rows in the input, %d in the run", p.Input.Rows, r.Rows)
	}
	if len(p.Input.Cells) == 0 {
		return nil
	}
	if len(p.Input.Cells) != len(p.Input.Lines) {
		return fmt.Errorf("the plan does not add up: %d input rows with %d line numbers", len(p.Input.Cells), len(p.Input.Lines))
	}
	known := make(map[int]bool, len(p.Input.Lines))
	for _, line := range p.Input.Lines {
		known[line] = true
	}
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Row != 0 && !known[c.Row] {
			return fmt.Errorf("the plan does not add up: change %d names line %d, where the input has no row", c.Seq, c.Row)
		}
	}
	return nil
}
