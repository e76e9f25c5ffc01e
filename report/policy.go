package report

import (
	"fmt"
	"strconv"
	"strings"

	"bulksync/execute/journal"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/plan/approval"
)

// policyFacts say what the policy of a plan asks, and how far the plan goes.
func policyFacts(p *plan.Plan) []fact {
	c := &p.Policy
	fs := policyNamed(p)
	if !p.Reverts() {
		fs = append(fs, fact{"Limits", limitsLine(p), false})
	}
	if n := len(c.Protected); n > 0 {
		fs = append(fs, fact{"Protected", words.Count(n, "partner") + ", " + countWords(countProtected(p)) + " of them in this plan", false})
	}
	if a := c.Approvals; a != nil && a.Required > 0 {
		fs = append(fs, fact{"Approvals", words.Thousands(a.Required) + " needed, signed by " + agree(a.Required, "a name", "different names") + " in " + OneLine(a.SignersName), false})
	}
	if w := c.Window; w != nil {
		fs = append(fs, fact{"Window", OneLine(approval.WindowWords(w)), false})
	}
	if age := c.PlanMaxAge(); age > 0 && !p.Reverts() {
		fs = append(fs, fact{"Apply by", stamp(p.CreatedAt.Add(age)), false})
	}
	return fs
}

// limitsLine says how far the plan is from each limit: "stopped 7 of 10".
func limitsLine(p *plan.Plan) string {
	var parts []string
	for _, u := range p.Usage() {
		part := fmt.Sprintf("%s %s of %s", OneLine(string(u.Name)), words.Thousands(u.Used), words.Thousands(u.Max))
		if u.IsAbove() {
			part += ", above"
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, "; ")
}

// countProtected counts the protected partners that the plan would change.
func countProtected(p *plan.Plan) int {
	reasons, partners := map[string]bool{}, map[string]bool{}
	for _, one := range p.Policy.Protected {
		reasons[one.TenantID] = true
	}
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Action == plan.Blocked && reasons[c.Partner.TenantID] {
			partners[c.Partner.TenantID] = true
		}
	}
	return len(partners)
}

// LimitWords says how far a plan goes towards a limit: "12 partners stop
// synchronizing, 2 above the limit of 10".
func LimitWords(u plan.Usage) string {
	n := u.Used
	what := map[plan.LimitName]string{
		plan.LimitStopped:     words.Count(n, "partner") + agree(n, " stops", " stop") + " synchronizing",
		plan.LimitConsentOff:  "automatic redemption is turned off for " + words.Count(n, "partner"),
		plan.LimitNewPartners: isAre(n, "partner") + " added",
		plan.LimitChanges:     isAre(n, "change") + " written",
	}[u.Name]
	limit := "the limit of " + words.Thousands(u.Max)
	if u.Percent != nil {
		of := strconv.FormatFloat(*u.Percent, 'f', -1, 64) + "% of " + words.Thousands(u.Of)
		if u.Count != nil {
			of = "the larger of " + words.Thousands(*u.Count) + " and " + of
		}
		limit += " (" + of + ")"
	}
	if u.IsAbove() {
		return what + ", " + words.Thousands(n-u.Max) + " above " + limit
	}
	return what + ", within " + limit
}

// liftedFact names the limits that were lifted for a run; none if there are none.
func liftedFact(r *journal.Result) []fact {
	if len(r.Allowed) == 0 {
		return nil
	}
	var names []string
	for _, name := range r.Allowed {
		names = append(names, OneLine(string(name)))
	}
	return []fact{{"Lifted", agree(len(names), "the limit ", "the limits ") + strings.Join(names, ", ") + ", with --allow", false}}
}

// countWords are a number in a sentence.
func countWords(n int) string {
	if n == 0 {
		return "none"
	}
	return words.Thousands(n)
}
