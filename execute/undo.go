package execute

import (
	"bulksync/execute/journal"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// Undo returns the plan that reverts a run: every change that landed or may have,
// from its before-image. Its input names the run and the SHA-256 of its journal.
// The same run gives the same plan.
func Undo(p *plan.Plan, r *journal.Result, runName, journalSHA256 string) (*plan.Plan, error) {
	var landed []plan.Landed
	rows := map[int]bool{}
	for i := range r.Outcomes {
		c, o := &p.Changes[i], &r.Outcomes[i]
		if !c.Writes() || !o.MayHaveLanded() {
			continue
		}
		landed = append(landed, plan.Landed{Change: c, Found: o.Found})
		rows[c.Row] = true
	}
	delete(rows, 0) // the template stands in no row
	head := plan.Head{Tool: r.Tool, CreatedAt: r.FinishedAt, HomeTenant: p.HomeTenant}
	in := desired.Input{Name: "undo of run " + runName, SHA256: journalSHA256, Rows: len(rows)}
	return plan.Revert(head, p, in, landed)
}
