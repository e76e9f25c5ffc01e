package execute

import (
	"bulksync/execute/journal"
	"bulksync/plan"
)

// UndoOf begins the name of the input of a plan that reverts a run; the name of the
// run follows.
const UndoOf = "undo of run "

// Undo returns the plan that reverts a run: every change that landed or may
// have, back to its before-image. Its input names the run and the SHA-256 of
// its journal. The same run gives the same plan.
func Undo(p *plan.Plan, r *journal.Result, runName, journalSHA256 string) (*plan.Plan, error) {
	var applied []plan.Applied
	for i := range r.Outcomes {
		c, o := &p.Changes[i], &r.Outcomes[i]
		if !c.Writes() || !o.MayHaveLanded() {
			continue
		}
		applied = append(applied, plan.Applied{Change: c, Found: o.Found})
	}
	head := plan.Head{Tool: r.Tool, CreatedAt: r.FinishedAt, HomeTenant: p.HomeTenant}
	return plan.Revert(head, p, UndoOf+runName, journalSHA256, applied)
}
