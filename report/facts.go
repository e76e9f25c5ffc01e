package report

import (
	"fmt"
	"strings"
	"time"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/plan/approval"
	"bulksync/plan/audit"
)

// stamp formats a time for people, in UTC because a board and an admin may be
// in different zones.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

func homeFact(h graph.HomeTenant) []fact {
	fs := []fact{
		{"Home tenant", OneLine(h.Named()), h.Name == ""},
		{"Cloud", OneLine(string(h.Cloud)), false},
	}
	if h.GraphURL != "" {
		fs[1].Value += ", " + OneLine(h.GraphURL)
	}
	return fs
}

func toolName(t plan.Tool) string { return OneLine(strings.TrimSpace(t.Name + " " + t.Version)) }

// inputFacts names the file; there is none if only a template was planned.
func inputFacts(name, sum, of string, rows int) []fact {
	if name == "" && rows == 0 {
		return nil
	}
	fs := []fact{{"Input", OneLine(name) + ", " + words.Count(rows, "row"), false}}
	if sum != "" {
		fs = append(fs, fact{"SHA-256 of " + of, OneLine(sum), true})
	}
	return fs
}

// planInput names what a plan was made from: a file, or the run that an undo
// reverts.
func planInput(p *plan.Plan) []fact {
	of := "the input"
	if p.Reverts() {
		of = "the run's journal"
	}
	return append(inputFacts(p.Input.Name, p.Input.SHA256, of, p.Input.Rows), selectionFact(p)...)
}

// readFact says how complete the reading behind the report was.
func readFact(r plan.Read) fact {
	v := fmt.Sprintf("%s on %s, complete", words.Count(r.Partners, "partner"), words.Count(r.Pages, "page"))
	if !r.Complete {
		v = fmt.Sprintf("%s on %s, then reading failed", words.Count(r.Partners, "partner"), words.Count(r.Pages, "page"))
	}
	return fact{"Read", v, false}
}

func planFacts(p *plan.Plan, approvals []approval.Approval) []fact {
	fs := append(homeFact(p.HomeTenant), planInput(p)...)
	if t := p.Template; t != nil {
		fs = append(fs, fact{"Template", OneLine(t.Name), false})
	}
	fs = append(fs,
		fact{"Created", stamp(p.CreatedAt) + " by " + toolName(p.Tool), false},
		readFact(p.Read))
	fs = append(append(fs, policyFacts(p)...), estimateFact(p)...)
	return append(fs, decisionFacts(p, approvals)...)
}

func auditFacts(a *audit.Audit) []fact {
	fs := append(homeFact(a.HomeTenant), inputFacts(a.Input.Name, a.Input.SHA256, "the input", a.Input.Rows)...)
	fs = append(fs,
		fact{"Audited", stamp(a.CreatedAt) + " by " + toolName(a.Tool), false},
		readFact(a.Read))
	if w := a.Waivers; w != nil {
		fs = append(fs, fact{"Waivers", OneLine(w.Name) + ", " + words.Count(w.Rows, "row"), false}, fact{"SHA-256 of the waivers", OneLine(w.SHA256), true})
	}
	if l := a.Earlier; l != nil {
		fs = append(fs, fact{"Earlier", OneLine(l.Folder), false}, fact{"SHA-256 of its manifest", OneLine(l.SHA256), true})
	}
	if h := a.History; h != nil && h.Problem == "" {
		fs = append(fs, fact{"Audit log", words.Count(h.Records, "record") + " since " + stamp(h.Since), false})
	}
	return fs
}

func runFacts(p *plan.Plan, r *journal.Result, running bool) []fact {
	fs := append(homeFact(r.HomeTenant), planInput(p)...)
	if who := r.Identity.String(); who != "" {
		fs = append(fs, fact{"Identity", OneLine(who), false})
	}
	end := "Finished"
	if running {
		end = "As of"
	}
	fs = append(fs, approvedFacts(p, r)...)
	fs = append(fs, fact{"Policy", OneLine(p.Policy.Name), false})
	fs = append(fs, liftedFact(r)...)
	fs = append(fs,
		fact{"Planned", stamp(p.CreatedAt), false},
		fact{"Started", stamp(r.StartedAt) + " by " + toolName(r.Tool), false},
		fact{end, stamp(r.FinishedAt) + ", after " + elapsed(r.FinishedAt.Sub(r.StartedAt)), false})
	if r.Idle > 0 {
		fs[len(fs)-1].Value += ", of which " + elapsed(r.Worked()) + " at work"
	}
	return append(fs, tookFact(p, r, running)...)
}

// approvedFacts say who approved a run, or else how it was approved.
func approvedFacts(p *plan.Plan, r *journal.Result) []fact {
	switch {
	case len(r.Approvals) > 0:
		fs := decisionFacts(p, r.Approvals)
		for i := range r.Approvals {
			if r.IsReplaced(&r.Approvals[i]) {
				fs[i].Value += "; " + replacedWords
			}
		}
		return fs
	case r.ApprovedWith == "prompt":
		return []fact{{"Approved", "at the prompt", false}}
	case r.ApprovedWith != "":
		return []fact{{"Approved", "with " + OneLine(r.ApprovedWith), false}}
	default:
		return nil
	}
}

// replacedWords say of a decision that a later session relied on others.
const replacedWords = "replaced when the run was resumed"

// decisionFacts say who decided what about a plan: the name, the key that proves
// it, the time and the ticket, and what the person leaves out.
func decisionFacts(p *plan.Plan, all []approval.Approval) []fact {
	var names map[string]string
	fs := make([]fact, 0, len(all))
	for _, a := range all {
		f := fact{Label: "Approved", Value: OneLine(a.By)}
		if a.Decision == approval.Reject {
			f.Label = "Rejected"
		}
		if a.Key != "" {
			f.Value += " (" + OneLine(a.Key) + ")"
		}
		f.Value += ", " + stamp(a.At)
		for _, said := range []string{a.Ticket, a.Comment} {
			if said != "" {
				f.Value += ", " + OneLine(said)
			}
		}
		if len(a.Except) > 0 {
			if names == nil {
				names = partnerNames(p)
			}
			f.Value += "; excepted: " + exceptions(a.Except, names)
		}
		fs = append(fs, f)
	}
	return fs
}

// partnerNames are the names of the partners of a plan, by tenant ID.
func partnerNames(p *plan.Plan) map[string]string {
	names := map[string]string{}
	for i := range p.Changes {
		if who := &p.Changes[i].Partner; who.DisplayName != "" {
			names[who.TenantID] = who.DisplayName
		}
	}
	return names
}

// maxExceptions bounds the exceptions that a fact lists.
const maxExceptions = 3

// exceptions lists what an approval leaves out, by name, with the reasons.
func exceptions(all []approval.Exception, names map[string]string) string {
	var list []string
	for _, e := range all[:min(len(all), maxExceptions)] {
		list = append(list, exceptionName(e, names))
	}
	if rest := len(all) - len(list); rest > 0 {
		list = append(list, words.Count(rest, "other"))
	}
	return strings.Join(list, ", ")
}

func exceptionName(e approval.Exception, names map[string]string) string {
	who := strings.TrimSpace(names[e.TenantID] + " " + e.TenantID)
	if e.Reason != "" {
		who += " (" + e.Reason + ")"
	}
	return OneLine(who)
}

// ExceptionNames names what an approval of a plan leaves out, with the reasons.
func ExceptionNames(p *plan.Plan, all []approval.Exception) []string {
	names := partnerNames(p)
	list := make([]string, len(all))
	for i, e := range all {
		list[i] = exceptionName(e, names)
	}
	return list
}

// Groups is a fingerprint in groups of four digits, which can be read over the
// phone.
func Groups(fingerprint string) string {
	kind, digits, _ := strings.Cut(OneLine(fingerprint), ":")
	var b strings.Builder
	b.WriteString(kind + ":")
	for i := 0; i < len(digits); i += 4 {
		b.WriteString(" " + digits[i:min(i+4, len(digits))])
	}
	return b.String()
}

// elapsed formats a duration for people: in milliseconds if short, else in
// tenths of a second, else in seconds.
func elapsed(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	default:
		return d.Round(time.Second).String()
	}
}
