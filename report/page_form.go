package report

import (
	"fmt"
	"strings"
	"time"

	"bulksync/execute/journal"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/plan/approval"
)

// section is one heading of the change form: what people ask before they say
// yes. Its lines are clean text.
type section struct {
	ID, Title string
	// Brief answers the section in a few words, for the links at the top.
	Brief string
	Items []item
}

// item is one line of a section.
type item struct {
	Label, Text string
	Tone        tone // of Text; empty for ordinary text
	Code        bool // Text is there to be copied
	Gauge       *gauge
	Partners    []partner
	More        int // partners that Partners leaves out
	// Link filters the list of changes to what the line is about.
	Link string
}

// gauge is how much of something is used.
type gauge struct{ Used, Max int }

// End is the end of the scale: the limit, or what is used if that is more.
func (g *gauge) End() int { return max(g.Used, g.Max, 1) }

// Near is where little is left of the limit.
func (g *gauge) Near() int { return g.Max * 3 / 4 }

// said is a line without a label.
func said(text string) item { return item{Text: text} }

// First are the partners that a line shows, and Others those that it shows when
// expanded.
func (i *item) First() []partner { return i.Partners[:min(len(i.Partners), htmlPartners)] }

// Others are the partners after the first.
func (i *item) Others() []partner { return i.Partners[len(i.First()):] }

// Rest is how many partners come after the first.
func (i *item) Rest() string { return more(len(i.Others())+i.More, "partner") }

// Unnamed is how many partners the line does not name at all.
func (i *item) Unnamed() string { return more(i.More, "partner") }

// planForm answers a change form about a plan.
func planForm(p *plan.Plan, o Options) []section {
	return []section{scopeOf(p), riskOf(p, nil), durationOf(p), windowOf(p), backOutOf(p), checksOf(), planDecision(p, o)}
}

// runForm answers it about a run: what was asked, and what came of it.
func runForm(p *plan.Plan, r *journal.Result, running bool) []section {
	took := elapsed(r.Worked())
	if running {
		took += " so far"
	}
	lasted, checks := durationOf(p), checksOf()
	lasted.Brief = took
	lasted.Items = append([]item{{Label: "Took", Text: took}, {Label: "Started", Text: stamp(r.StartedAt) + " by " + toolName(r.Tool)}}, lasted.Items...)
	checks.Items = append(checkedOf(r), checks.Items...)
	return []section{scopeOf(p), riskOf(p, r.Allowed), lasted, windowOf(p), backOutOf(p), checks, runDecision(p, r)}
}

// factItems are facts as lines of a section.
func factItems(fs []fact) (out []item) {
	for _, f := range fs {
		out = append(out, item{Label: f.Label, Text: f.Value, Code: f.Code})
	}
	return out
}

// scopeOf says what a plan is about, and what it leaves alone.
func scopeOf(p *plan.Plan) section {
	written, known := &alert{}, 0
	added := map[string]bool{}
	for i := range p.Changes {
		c := &p.Changes[i]
		if !c.Writes() || c.Partner.TenantID == "" {
			continue
		}
		if c.Object == plan.PartnerConfiguration && c.Action == plan.Create {
			added[c.Partner.TenantID] = true
		}
		written.add(partnerOf(c.Partner))
	}
	known = len(written.seen) - len(added)
	s := section{ID: "scope", Title: "Scope", Items: factItems(append(homeFact(p.HomeTenant), planInput(p)...))}
	if t := p.Template; t != nil {
		s.Items = append(s.Items, item{Label: "Template", Text: OneLine(t.Name)})
	}
	if len(written.seen) > 0 {
		s.Items = append(s.Items, item{Label: "Writes to", Text: words.Count(len(written.seen), "partner"), Partners: written.Partners, More: written.More})
	}
	s.Brief = words.Count(len(written.seen), "partner")
	s.Items = append(s.Items,
		item{Label: "Not touched", Text: untouched(p, known)},
		item{Label: "Planned", Text: stamp(p.CreatedAt) + " by " + toolName(p.Tool)},
		item{Label: "Read for it", Text: readFact(p.Read).Value})
	return s
}

// untouched says what a plan leaves alone. Known is how many of the partners
// that were read it writes to.
func untouched(p *plan.Plan, known int) string {
	var parts []string
	if n := p.Summary.NoOp; n > 0 {
		parts = append(parts, words.Count(n, "object")+" that "+agree(n, "is", "are")+" already as wanted")
	}
	if n := p.Summary.Blocked; n > 0 {
		parts = append(parts, words.Count(n, "blocked object"))
	}
	if n := p.Read.Partners - known; n > 0 {
		parts = append(parts, agree(n, "the other partner", "the other "+words.Count(n, "partner"))+" of the tenant")
	}
	return strings.Join(append(parts, "every setting that no change names"), "; ")
}

// riskOf says each danger with its partners, then how far the plan is from each
// limit. Allowed are the limits that were lifted.
func riskOf(p *plan.Plan, allowed []plan.LimitName) section {
	s := section{ID: "risk", Title: "Risk", Brief: riskWords(p)}
	for _, a := range planAlerts(p) {
		s.Items = append(s.Items, item{
			Label: a.Title, Text: a.Count("change") + ": " + a.Words, Tone: a.Tone, Partners: a.Partners, More: a.More, Link: a.Link,
		})
	}
	if len(s.Items) == 0 {
		s.Items = append(s.Items, said("None of the known hazards applies to this plan."))
	}
	s.Items = append(s.Items, limitItems(p, allowed)...)
	if n := len(p.Policy.Protected); n > 0 {
		i := item{Label: "Protected", Text: words.Count(n, "partner") + " that the policy never lets a plan write to"}
		for _, one := range p.Policy.Protected[:min(n, htmlPartners)] {
			i.Partners = append(i.Partners, partner{Name: OneLine(one.Reason), TenantID: OneLine(one.TenantID)})
		}
		i.More = n - len(i.Partners)
		s.Items = append(s.Items, i)
	}
	s.Items = append(s.Items, factItems(policyNamed(p))...)
	return s
}

// riskWords say how near a plan is to what its policy allows.
func riskWords(p *plan.Plan) string {
	switch above := len(p.Above()); {
	case above > 0 && !p.Reverts():
		return "above " + words.Count(above, "limit")
	case p.Reverts():
		return ""
	case len(p.Usage()) > 0:
		return "within the limits"
	default:
		return "no limits"
	}
}

// policyNamed names the policy that holds.
func policyNamed(p *plan.Plan) []fact {
	fs := []fact{{"Policy", OneLine(p.Policy.Name), false}}
	if p.Policy.SHA256 != "" {
		fs = append(fs, fact{"SHA-256 of the policy", OneLine(p.Policy.SHA256), true})
	}
	return fs
}

// limitItems say how far a plan is from each limit of its policy.
func limitItems(p *plan.Plan, allowed []plan.LimitName) (out []item) {
	for _, u := range p.Usage() {
		name := OneLine(string(u.Name))
		i := item{Label: "Limit " + name, Text: LimitWords(u), Gauge: &gauge{u.Used, u.Max}}
		if u.IsAbove() && !p.Reverts() {
			i.Tone = bad
			i.Text += "; " + aboveWords(&p.Policy, u.Name, allowed)
		}
		out = append(out, i)
	}
	switch {
	case p.Reverts() && len(out) > 0:
		out = append(out, said("No limit holds a plan back that reverts a run."))
	case !p.Reverts() && len(out) == 0:
		out = append(out, item{Label: "Limits", Text: "none: the policy sets no limit"})
	}
	return out
}

// durationOf says how long the writes may take, and what that rests on.
func durationOf(p *plan.Plan) section {
	s := section{ID: "duration", Title: "Duration"}
	e := p.Estimate
	switch {
	case p.Summary.Writes() == 0:
		s.Brief, s.Items = "none", []item{said("Nothing is written.")}
	case e == nil:
		s.Brief = "not known"
		s.Items = []item{{Label: "Estimate", Text: "none: the tenant was not read for this plan"}}
	default:
		s.Brief = "about " + spanOf(e)
		s.Items = []item{{Label: "Estimate", Text: "about " + spanOf(e)}, {Label: "Rests on", Text: fmt.Sprintf(
			"%s, and %s for an answer while the tenant was read. The lower end is %s, the upper one %s, as users report for similar objects. The pace that this tenant allows is found during the run: choose a window by the upper end.",
			words.Count(p.Summary.Writes(), "write"), answerWords(e), documentedQuota, reportedPace)}}
	}
	return s
}

// windowOf says when a plan may be applied.
func windowOf(p *plan.Plan) section {
	s := section{ID: "window", Title: "Window"}
	if w := p.Policy.Window; w == nil {
		s.Brief = "at any time"
		s.Items = []item{said("The policy names no window: the plan may be applied at any time.")}
	} else {
		s.Brief = OneLine(approval.WindowWords(w))
		s.Items = []item{{Label: "Open", Text: OneLine(approval.WindowWords(w))}, {Label: "First opening", Text: firstOpening(w, p.CreatedAt)}, said("A run that is still going when the window closes stops there, and can be resumed.")}
	}
	if age := p.Policy.PlanMaxAge(); age > 0 {
		s.Items = append(s.Items, item{Label: "Apply before", Text: stamp(p.CreatedAt.Add(age)) + "; after that the plan is too old"})
	}
	return s
}

// firstOpening says when the window opens for a plan that was made at a time.
func firstOpening(w *plan.Window, made time.Time) string {
	switch _, open, next, err := approval.Opening(w, made); {
	case err != nil:
		return "unknown"
	case open:
		return "it was open when the plan was made"
	default:
		return next.Format("Monday 2006-01-02 15:04 MST") + " (" + stamp(next) + "), the first after the plan was made"
	}
}
