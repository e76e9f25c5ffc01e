package report

import (
	"fmt"
	"iter"
	"strings"

	"bulksync/plan"
)

// planPage says what p would do.
func planPage(p *plan.Plan) *page {
	s := p.Summary
	g := &page{
		Kind: "plan", Noun: "change", Fingerprint: OneLine(p.Fingerprint), Detail: "Change",
		Facts: planFacts(p), Counts: planTiles(s), Alerts: planAlerts(p),
		NRows: len(p.Changes), Rows: planRows(p),
		Listed: func(r *row) bool { return r.Action != string(plan.NoOp) }, NListed: len(p.Changes) - s.NoOp,
		Closing: []string{fmt.Sprintf("Plan: %d to create, %d to update, %d to delete, %d unchanged, %d blocked.",
			s.Create, s.Update, s.Delete, s.NoOp, s.Blocked)},
	}
	if s.NoOp > 0 {
		g.Unlisted = isAre(s.NoOp, "object") + " already as wanted, not listed."
	}
	planVerdict(g, p)
	return g
}

func planVerdict(g *page, p *plan.Plan) {
	s := p.Summary
	g.Tone = plain
	switch {
	case !s.Differs():
		g.Tone = good
		g.Verdict = "Nothing to change. Everything is as wanted."
	case s.Writes() == 0:
		g.Verdict = fmt.Sprintf("Nothing can be changed: %s blocked.", isAre(s.Blocked, "change"))
	default:
		g.Verdict = count(s.Writes(), "change") + touched(p)
		if s.Blocked > 0 {
			g.Verdict += "; " + isAre(s.Blocked, "other change") + " blocked"
		}
		g.Verdict += "."
	}
	if len(g.Alerts) > 0 {
		g.Tone = warn
	}
	g.Lead = planLead(p)
}

// touched says what the writes of p go to.
func touched(p *plan.Plan) string {
	tenants, template := map[string]bool{}, false
	for i := range p.Changes {
		switch c := &p.Changes[i]; {
		case !c.Writes():
		case c.Object == plan.SyncTemplate:
			template = true
		default:
			tenants[c.Partner.TenantID] = true
		}
	}
	var to []string
	if len(tenants) > 0 {
		to = append(to, count(len(tenants), "partner"))
	}
	if template {
		to = append(to, "the template of the home tenant")
	}
	if len(to) == 0 {
		return ""
	}
	return " to " + strings.Join(to, " and ")
}

// planLead says in words what the changes mean for people.
func planLead(p *plan.Plan) []string {
	var e effects
	bare := 0
	for i := range p.Changes {
		switch c := &p.Changes[i]; {
		case c.Writes():
			e.add(c, true)
		case c.Action == plan.NoOp && c.Object == plan.PartnerConfiguration:
			bare++
		}
	}
	lead := e.sentences("is")
	if bare > 0 {
		lead = append(lead, "No property is named for "+count(bare, "partner")+": only the partner configuration itself was looked at.")
	}
	return lead
}

func planRows(p *plan.Plan) iter.Seq[row] {
	return func(yield func(row) bool) {
		for i := range p.Changes {
			if !yield(changeRow(&p.Changes[i])) {
				return
			}
		}
	}
}

func planTiles(s plan.Summary) []tile {
	return []tile{
		{"to create", s.Create, plan.Create.Symbol(), good},
		{"to update", s.Update, plan.Update.Symbol(), warn},
		{"to delete", s.Delete, plan.Delete.Symbol(), bad},
		{"unchanged", s.NoOp, "", plain},
		{"blocked", s.Blocked, plan.Blocked.Symbol(), warn},
	}
}
