package report

import (
	"fmt"
	"slices"
	"strings"

	"bulksync/internal/words"
	"bulksync/plan"
)

// planPage says what p would do.
func planPage(p *plan.Plan, o Options) *page {
	s := p.Summary
	g := &page{
		Kind: "plan", Noun: "change", Fingerprint: OneLine(p.Fingerprint), Detail: "Change",
		Facts: planFacts(p, o.Approvals), Counts: planTiles(s), Alerts: planAlerts(p),
		NRows: len(p.Changes), Lined: isLined(p), NListed: len(p.Changes) - s.NoOp, Approves: s.Writes() > 0,
		Lead: planLead(p), All: planAll(s), Objects: hasObjects(s),
		Row: func(i int) row { return changeRow(&p.Changes[i]) }, Joined: sameTenant(p),
		Rank: func(i int) rank {
			if p.Changes[i].Action == plan.NoOp {
				return rankSame
			}
			return rankFirst
		},
		Closing: []string{fmt.Sprintf("Plan: %d to create, %d to update, %d to delete, %d unchanged, %d blocked.",
			s.Create, s.Update, s.Delete, s.NoOp, s.Blocked)},
	}
	if s.NoOp > 0 {
		g.Unlisted = isAre(s.NoOp, "object") + " already as wanted, not listed."
	}
	g.Verdict, g.Tone = planVerdict(p)
	switch {
	case len(p.Above()) > 0:
		g.Tone = bad
	case len(g.Alerts) > 0:
		g.Tone = warn
	}
	g.Sections, g.Banners = planForm(p, o), planBanners(p, o.Approvals)
	return g
}

// hasObjects reports whether unchanged or blocked objects are among the changes.
func hasObjects(s plan.Summary) bool { return s.NoOp+s.Blocked > 0 }

// rowNoun is what all rows of a plan are.
func rowNoun(s plan.Summary) string {
	if hasObjects(s) {
		return "object"
	}
	return "change"
}

// planAll counts the objects of a plan, the unchanged ones apart from the
// changed.
func planAll(s plan.Summary) string {
	all := words.Count(s.Writes()+s.NoOp+s.Blocked, rowNoun(s))
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{{s.Writes(), "to change"}, {s.NoOp, "as wanted"}, {s.Blocked, "blocked"}} {
		if part.n > 0 {
			parts = append(parts, words.Thousands(part.n)+" "+part.what)
		}
	}
	if !hasObjects(s) {
		return all
	}
	return all + ": " + strings.Join(parts, ", ")
}

// isLined reports whether any change has a line number of the input.
func isLined(p *plan.Plan) bool {
	return slices.ContainsFunc(p.Changes, func(c plan.Change) bool { return c.Row > 0 })
}

// isEmptyUndo reports whether p reverts a run that changed nothing.
func isEmptyUndo(p *plan.Plan) bool { return p.Reverts() && len(p.Changes) == 0 }

// planLead says in words what the changes mean for people.
func planLead(p *plan.Plan) []string {
	e := effects{}
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Writes() {
			e.add(c, true)
		}
	}
	out := e.sentences(false)
	if p.Reverts() && !isEmptyUndo(p) {
		out = append([]string{"This plan reverts a run."}, out...)
	}
	if n := p.BareRows(); n > 0 {
		out = append(out, bareRows(n))
	}
	return append(partLead(p, "plan is"), out...)
}

// bareRows says how many rows name no property, so that nothing was compared.
func bareRows(n int) string {
	return fmt.Sprintf("%s no property: only whether the partner exists was checked.", words.Count(n, "row")+agree(n, " names", " name"))
}

// sameTenant reports whether a change is about the same partner as the one
// before it.
func sameTenant(p *plan.Plan) func(i int) bool {
	return func(i int) bool { return i > 0 && p.Changes[i].Partner.TenantID == p.Changes[i-1].Partner.TenantID }
}

func planTiles(s plan.Summary) []tile {
	return []tile{
		{"to create", s.Create, good},
		{"to update", s.Update, warn},
		{"to delete", s.Delete, bad},
		{"unchanged", s.NoOp, plain},
		{"blocked", s.Blocked, warn},
	}
}
