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
		Kind: "plan", Noun: "change", Fingerprint: oneLine(p.Fingerprint), Detail: "Change",
		Facts: planFacts(p), Counts: planTiles(s), Alerts: planAlerts(p),
		NRows: len(p.Changes), Rows: planRows(p),
		Listed: func(r *row) bool { return r.Action != string(plan.NoOp) }, NListed: len(p.Changes) - s.NoOp,
		Closing: []string{fmt.Sprintf("Plan: %d to create, %d to update, %d to delete, %d unchanged, %d blocked.",
			s.Create, s.Update, s.Delete, s.NoOp, s.Blocked)},
	}
	if s.NoOp > 0 {
		g.Unlisted = thousands(s.NoOp) + " already as wanted, not listed."
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
			g.Verdict += fmt.Sprintf("; %s blocked", thousands(s.Blocked))
		}
		g.Verdict += "."
	}
	if len(g.Alerts) > 0 {
		g.Tone = warn
	}
	g.Lead = planLead(p)
}

// isAre says "1 change is" or "3 changes are".
func isAre(n int, noun string) string {
	if n == 1 {
		return count(n, noun) + " is"
	}
	return count(n, noun) + " are"
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

// planLead says in words what the changes mean for synchronization. Tenants
// have one policy each, so changes are partners here.
func planLead(p *plan.Plan) []string {
	var on, off, gone, added int
	for i := range p.Changes {
		c := &p.Changes[i]
		switch {
		case !c.Writes():
		case c.Object == plan.PartnerConfiguration && c.Action == plan.Create:
			added++
		case c.Object != plan.IdentitySynchronization:
		case c.Action == plan.Delete:
			gone++
		default:
			switch syncAfter(c) {
			case true:
				on++
			case false:
				off++
			}
		}
	}
	var out []string
	say := func(n int, text string) {
		if n > 0 {
			out = append(out, fmt.Sprintf(text, count(n, "partner")))
		}
	}
	say(on, "Synchronization is allowed for %s.")
	say(off, "Synchronization is stopped for %s.")
	say(gone, "The synchronization policy is removed for %s.")
	say(added, "A partner configuration is added for %s.")
	return out
}

// syncAfter is what c makes of isSyncAllowed: true, false, or nil where it
// leaves it as it is.
func syncAfter(c *plan.Change) any {
	for _, f := range c.Fields {
		if isSyncAllowed(f.Path) && f.After != f.Before {
			return f.After
		}
	}
	return nil
}

// isSyncAllowed reports whether path is the switch of user synchronization.
func isSyncAllowed(path string) bool {
	return path == "isSyncAllowed" || strings.HasSuffix(path, ".isSyncAllowed")
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
