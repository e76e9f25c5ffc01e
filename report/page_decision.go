package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bulksync/execute/journal"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/plan/approval"
)

// htmlTickets bounds the tickets that the page names.
const htmlTickets = 20

// backOutOf says what the way back is, and where there is none.
func backOutOf(p *plan.Plan) section {
	s := section{ID: "back-out", Title: "Back-out", Brief: "bulksync undo", Items: []item{
		{Label: "Command", Text: "bulksync undo RUN_DIR", Code: true},
		said("It makes a plan that puts each property back to the value that it had before the run, the last change first. That plan is read, approved and applied like this one; what somebody changed since is left alone."),
	}}
	stops, starts, removes, lets := false, false, false, false
	for i := range p.Changes {
		c := &p.Changes[i]
		if !c.Writes() {
			continue
		}
		stops = stops || c.StopsSync()
		starts = starts || c.AllowsSync()
		removes = removes || slices.Contains(c.Hazards, plan.PartnerRemoved)
		lets = lets || slices.Contains(c.Hazards, plan.TrustOn)
	}
	for _, no := range []struct {
		here bool
		text string
	}{
		{starts, "Users who were synchronized in the meantime stay in this tenant; undo only ends the synchronization."},
		{stops, "Changes to users that were missed while synchronization was off arrive only with the next cycle of the partner's provisioning job."},
		{removes, "A removed partner configuration is added again with what this plan kept of it; members that Graph does not let a client write stay at their defaults."},
		{lets, "Sign-ins that were accepted in the meantime stay accepted until their sessions end."},
	} {
		if no.here {
			s.Brief = "bulksync undo, in part"
			s.Items = append(s.Items, item{Label: "Not taken back", Text: no.text, Tone: warn})
		}
	}
	return s
}

// checksOf says what is checked after each write.
func checksOf() section {
	return section{ID: "checks", Title: "Checks", Brief: "each change is read back", Items: []item{
		{Label: "Before a write", Text: "the object is compared with the plan; what somebody changed since is held, which means that it is left as it is and reported"},
		{Label: "After a write", Text: "the object is read back; the change counts as verified once a reading shows it, within --verify-wait (60 seconds unless told otherwise)"},
		{Label: "Not seen in time", Text: "reported as succeeded but not confirmed; the run then ends with exit code 3, as for everything that is not done"},
	}}
}

// checkedOf says what the checks of a run found.
func checkedOf(r *journal.Result) []item {
	out := []item{{Label: "Verified", Text: words.Count(r.Totals.Of(journal.Verified), "change") + " read back as wanted"}}
	if n := r.Unconfirmed(); n > 0 {
		out = append(out, item{Label: "Not confirmed", Text: words.Count(n, "change"), Tone: warn})
	}
	if n := r.Totals.Of(journal.Held); n > 0 {
		out = append(out, item{Label: "Held", Text: words.Count(n, "object") + " left as found", Tone: warn})
	}
	return out
}

// aboveWords say what it takes to apply a plan above a limit, or what was done.
func aboveWords(policy *plan.Policy, name plan.LimitName, allowed []plan.LimitName) string {
	switch {
	case slices.Contains(allowed, name):
		return "it was lifted with --allow " + OneLine(string(name))
	case slices.Contains(policy.Overridable, name):
		return "apply refuses it without --allow " + OneLine(string(name))
	default:
		return "apply refuses it, and the policy lets nobody lift this limit"
	}
}

// planBanners say what keeps a plan from being applied: the limits that it is
// above, and whoever rejected it.
func planBanners(p *plan.Plan, all []approval.Approval) (out []string) {
	for _, u := range p.Above() {
		out = append(out, fmt.Sprintf("Above the limit %s of its policy: %s; %s.", OneLine(string(u.Name)), LimitWords(u), aboveWords(&p.Policy, u.Name, nil)))
	}
	for i := range all {
		if d := &all[i]; d.Decision == approval.Reject {
			text := "Rejected by " + OneLine(d.By)
			if d.Comment != "" {
				text += ": " + OneLine(d.Comment)
			}
			out = append(out, text)
		}
	}
	return out
}

// planDecision says what is decided, who decided, and how to decide.
func planDecision(p *plan.Plan, o Options) section {
	s := section{ID: "decision", Title: "Decision", Brief: neededWords(p, o.Approvals), Items: identified(p)}
	if p.Policy.NeedsApproval() {
		n := p.Policy.Approvals.Required
		by := agree(n, ", of a person with a key in ", ", each of another person with a key in ")
		s.Items = append(s.Items, item{Label: "Needed", Text: words.Count(n, "signed approval") + by + OneLine(p.Policy.Approvals.SignersName)})
	}
	s.Items = append(s.Items, decisionItems(p, o.Approvals)...)
	if p.Summary.Writes() == 0 {
		return s
	}
	file := shellWord(cmp.Or(o.File, "plan.json"))
	sign, run := "", "bulksync apply "+file+" --approve "+OneLine(p.Fingerprint)
	if p.Policy.NeedsApproval() {
		sign = " --key FILE"
		run = "bulksync apply " + file + strings.Repeat(" --decision DECISION_FILE", min(p.Policy.Approvals.Required, 9))
	}
	s.Items = append(s.Items,
		item{Label: "To approve", Text: "bulksync approve " + file + " --as NAME" + sign, Code: true},
		item{Label: "To reject", Text: "bulksync reject " + file + " --as NAME" + sign, Code: true},
		toRun(p, run))
	return s
}

// toRun is the command that applies a plan, with the limits that it has to lift.
func toRun(p *plan.Plan, command string) item {
	const label = "To run exactly this"
	lifts, ok := p.Lifts()
	if !ok {
		return item{Label: label, Text: "not possible: the policy lets nobody lift the limit " + OneLine(string(lifts[0])), Tone: bad}
	}
	for _, name := range lifts {
		command += " --allow " + OneLine(string(name))
	}
	return item{Label: label, Text: command, Code: true}
}

// neededWords say what a plan still waits for.
func neededWords(p *plan.Plan, all []approval.Approval) string {
	n := 0
	for i := range all {
		switch all[i].Decision {
		case approval.Reject:
			return "rejected"
		case approval.Approve:
			n++
		}
	}
	switch {
	case p.Summary.Writes() == 0:
		return "nothing to decide"
	case p.Policy.NeedsApproval():
		return fmt.Sprintf("%d of %s", n, words.Count(p.Policy.Approvals.Required, "approval"))
	case n > 0:
		return "approved"
	default:
		return "one yes is enough"
	}
}

// runDecision says what was decided on the plan of a run.
func runDecision(p *plan.Plan, r *journal.Result) section {
	s := section{ID: "decision", Title: "Decision", Brief: approvedBy(r), Items: identified(p)}
	if who := r.Identity.String(); who != "" {
		s.Items = append(s.Items, item{Label: "Run as", Text: OneLine(who)})
	}
	if r.ApprovedWith != "" {
		s.Items = append(s.Items, item{Label: "Approved with", Text: OneLine(r.ApprovedWith)})
	}
	for _, name := range r.Allowed {
		s.Items = append(s.Items, item{Label: "Limit lifted", Text: OneLine(string(name)), Tone: warn})
	}
	for i, one := range decisionItems(p, r.Approvals) {
		if r.IsReplaced(&r.Approvals[i]) {
			one.Text, one.Tone = one.Text+"; "+replacedWords, ""
		}
		s.Items = append(s.Items, one)
	}
	return s
}

// approvedBy names who approved a run, each once, or the flag that did.
func approvedBy(r *journal.Result) string {
	var by []string
	for i := range r.Approvals {
		if name := OneLine(r.Approvals[i].By); !slices.Contains(by, name) {
			by = append(by, name)
		}
	}
	switch {
	case len(by) > 3:
		return fmt.Sprintf("approved by %d people", len(by))
	case len(by) > 0:
		return "approved by " + strings.Join(by, ", ")
	case r.ApprovedWith != "":
		return "approved with " + OneLine(r.ApprovedWith)
	default:
		return ""
	}
}

// identified names a plan by its fingerprint, in groups that can be read over a
// phone, and by the tickets of its rows.
func identified(p *plan.Plan) []item {
	out := []item{
		{Label: "Fingerprint", Text: OneLine(p.Fingerprint), Code: true},
		{Label: "To read aloud", Text: Groups(p.Fingerprint)},
	}
	if text := tickets(p); text != "" {
		out = append(out, item{Label: "Notes of the rows", Text: text})
	}
	return out
}

// tickets are the notes of the rows that change something, each once and
// counted.
func tickets(p *plan.Plan) string {
	var order []string
	rows := map[string]map[int]bool{}
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Note == "" || c.Action == plan.NoOp {
			continue
		}
		if rows[c.Note] == nil {
			order, rows[c.Note] = append(order, c.Note), map[int]bool{}
		}
		rows[c.Note][c.Row] = true
	}
	var out []string
	for _, note := range order[:min(len(order), htmlTickets)] {
		out = append(out, fmt.Sprintf("%s (%s)", cut(OneLine(note), textNote), words.Count(len(rows[note]), "row")))
	}
	if rest := len(order) - len(out); rest > 0 {
		out = append(out, more(rest, "note"))
	}
	return strings.Join(out, ", ")
}

// decisionItems say who decided what.
func decisionItems(p *plan.Plan, all []approval.Approval) (out []item) {
	if len(all) == 0 {
		return nil
	}
	names := partnerNames(p)
	for i := range all {
		d := &all[i]
		label, tn := decided(d)
		one := item{Label: label, Text: decisionWords(d), Tone: tn}
		for _, e := range d.Except[:min(len(d.Except), alertPartners)] {
			who := partner{Name: OneLine(names[e.TenantID]), TenantID: OneLine(e.TenantID)}
			if e.TenantID == approval.TemplateException {
				who = partner{Name: "the template"}
			}
			why := "(excepted)"
			if e.Reason != "" {
				why = "(excepted: " + OneLine(e.Reason) + ")"
			}
			who.Name = strings.TrimSpace(who.Name + " " + why)
			one.Partners = append(one.Partners, who)
		}
		one.More = len(d.Except) - len(one.Partners)
		out = append(out, one)
	}
	return out
}

// decided says what somebody decided, and how good the news is.
func decided(d *approval.Approval) (string, tone) {
	switch d.Decision {
	case approval.Approve:
		return "Approved by", good
	case approval.Reject:
		return "Rejected by", bad
	default:
		return "Decided by", warn
	}
}

// decisionWords say who decided, when, for how long and how that is proved.
func decisionWords(d *approval.Approval) string {
	parts := []string{OneLine(d.By), stamp(d.At)}
	if !d.ExpiresAt.IsZero() {
		parts = append(parts, "holds until "+stamp(d.ExpiresAt))
	}
	if d.Ticket != "" {
		parts = append(parts, "ticket "+OneLine(d.Ticket))
	}
	if d.Comment != "" {
		parts = append(parts, OneLine(d.Comment))
	}
	if d.Key != "" {
		parts = append(parts, "signed with the key "+OneLine(d.Key))
	} else {
		parts = append(parts, "not signed")
	}
	if n := len(d.Except); n > 0 {
		parts = append(parts, words.Count(n, "partner")+" excepted")
	}
	return strings.Join(parts, "; ")
}

// shellWord is s as one word for a shell, cleaned.
func shellWord(s string) string {
	s = OneLine(s)
	if strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._-/\\:", r))
	}) {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}

// asText is the form as plain text, for a ticket system.
func (p *page) asText() string {
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, "") + "\n") }
	line("bulksync ", p.Kind, ": ", p.Verdict)
	for _, l := range slices.Concat(p.Banners, p.Lead) {
		line(l)
	}
	for _, s := range p.Sections {
		line("\n", strings.ToUpper(s.Title))
		for i := range s.Items {
			s.Items[i].writeText(line)
		}
	}
	if len(p.Closing) > 0 {
		line("\n", strings.Join(p.Closing, "\n"))
	}
	return b.String()
}

func (i *item) writeText(line func(...string)) {
	if i.Label == "" {
		line("- ", i.Text)
	} else {
		line("- ", i.Label, ": ", i.Text)
	}
	for _, p := range i.First() {
		line("    ", p.String())
	}
	if len(i.Others())+i.More > 0 {
		line("    and ", i.Rest())
	}
}
