package plan

import (
	"encoding/json"
	"slices"

	"bulksync/graph"
	"bulksync/plan/desired"
)

// Applied is a change that was made, or may have been. Found is what was there
// instead of Change.Before when it was made: nil if that was as planned, null if
// nothing was there.
type Applied struct {
	Change *Change
	Found  json.RawMessage
}

// Revert returns the sealed plan that reverts changes of p, the last one first:
// what was created is deleted, what was changed goes back property by property,
// what was deleted is created from its before-image. Name and sum identify the
// run that made them, where other plans identify their file. It is a plan like
// any other, so whatever somebody changed since is held when it is applied.
func Revert(h Head, p *Plan, name, sum string, applied []Applied) (*Plan, error) {
	changes := make([]Change, 0, len(applied))
	b := builder{visit: func(c *Change) { changes = append(changes, *c) }}
	rows := map[int]bool{}
	var back []Change // the settings of a removed partner, which come after its policy
	flush := func(next string) {
		if len(back) > 0 && back[0].Partner.TenantID != next {
			for _, ch := range back {
				b.finish(ch)
			}
			back = nil
		}
	}
	for _, a := range slices.Backward(applied) {
		flush(a.Change.Partner.TenantID)
		b.finish(a.inverse())
		rows[a.Change.Row] = true
		if a.Change.Object == PartnerConfiguration && a.Change.Action == Delete {
			back = a.Change.settingsBack()
		}
	}
	flush("")
	delete(rows, 0)      // the template has no row
	h.Policy = &p.Policy // the way back is held to what the way there was
	r := h.begin(p.Read, changes)
	r.Input = desired.Input{Name: name, SHA256: sum, Rows: len(rows)}
	return r, r.seal()
}

// reasonRevert is the reason of every change of a plan that reverts a run, and of
// no other.
const reasonRevert = "reverts what the run did"

// reasonRevertPart precedes the members of a removed partner that are not brought
// back.
const reasonRevertPart = reasonRevert + "; "

func (a Applied) inverse() Change {
	c := a.Change
	inv := Change{Row: c.Row, Partner: c.Partner, Object: c.Object, Note: c.Note, Reason: reasonRevert}
	found, _ := graph.ParseSync(a.Found)
	switch {
	case c.Action == Create && found != nil && c.Object == IdentitySynchronization:
		// Somebody had created it meanwhile, and the create became an update.
		inv.Action, inv.Before = Update, c.after()
		for _, f := range c.Fields {
			inv.differ(f.Path, f.After, c.Object.Property(f.Path).Value(&graph.Partner{Sync: found}, nil))
		}
		if len(inv.Fields) == 0 {
			inv.Action = NoOp
		}
	case c.Action == Update && string(a.Found) == "null" && c.Object == IdentitySynchronization:
		// Somebody had removed it meanwhile, and the update became a create.
		inv.Action, inv.Before = Delete, c.after()
		for _, f := range c.whole() {
			inv.differ(f.Path, f.After, nil)
		}
	case c.Action == Create:
		inv.Action, inv.Before = Delete, c.after()
		for _, f := range c.Fields {
			inv.differ(f.Path, f.After, nil)
		}
	case c.Action == Delete:
		inv.Action = Create
		for _, f := range c.Fields {
			inv.differ(f.Path, nil, f.Before)
		}
		inv.bringBack(c)
	default:
		inv.Action, inv.Before = Update, c.after()
		for _, f := range c.Fields {
			inv.differ(f.Path, f.After, f.Before)
		}
	}
	return inv
}
