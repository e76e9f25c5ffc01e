package report

import (
	"fmt"
	"strings"
	"time"

	"bulksync/execute/journal"
	"bulksync/internal/words"
	"bulksync/plan"
)

// section is one heading of the change form: what people ask before they say
// yes. Its lines are clean text.
type section struct {
	ID, Title string
	Items     []item
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
	took := elapsed(r.FinishedAt.Sub(r.StartedAt))
	if running {
		took += " so far"
	}
	lasted, checks := durationOf(p), checksOf()
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
		s.Items = append(s.Items, item{Label: "Written", Text: words.Count(len(written.seen), "partner"), Partners: written.Partners, More: written.More})
	}
	return section{s.ID, s.Title, append(s.Items,
		item{Label: "Not touched", Text: untouched(p, known)},
		item{Label: "Planned", Text: stamp(p.CreatedAt) + " by " + toolName(p.Tool)},
		item{Label: "Read for it", Text: readFact(p.Read).Value})}
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
		parts = append(parts, "the other "+words.Count(n, "partner")+" of the tenant")
	}
	return strings.Join(append(parts, "every setting that the changes below do not name"), "; ")
}

// riskOf says each danger with its partners, then how far the plan is from each
// limit. Allowed are the limits that were lifted.
func riskOf(p *plan.Plan, allowed []plan.LimitName) section {
	s := section{ID: "risk", Title: "Risk"}
	for _, a := range planAlerts(p) {
		s.Items = append(s.Items, item{
			Label: a.Title, Text: a.Count("change") + ": " + a.Words, Tone: a.Tone, Partners: a.Partners, More: a.More, Link: a.Link,
		})
	}
	if len(s.Items) == 0 {
		s.Items = append(s.Items, said("No change of this plan is a known danger."))
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
	return section{s.ID, s.Title, append(s.Items, factItems(policyFacts(p))...)}
}

// policyFacts name the policy that holds.
func policyFacts(p *plan.Plan) []fact {
	if p.Policy.SHA256 == "" {
		return []fact{{"Policy", "the built-in one", false}}
	}
	return []fact{{"Policy", OneLine(p.Policy.Name), false}, {"SHA-256 of the policy", OneLine(p.Policy.SHA256), true}}
}

// limitWords say how much of what a limit counts: "7 partners that stop
// synchronizing".
func limitWords(name plan.LimitName, n int) string {
	switch name {
	case plan.LimitStopped:
		return words.Count(n, "partner") + agree(n, " that stops", " that stop") + " synchronizing"
	case plan.LimitConsentOff:
		return words.Count(n, "partner") + agree(n, " that loses", " that lose") + " automatic redemption"
	case plan.LimitNewPartners:
		return words.Count(n, "new partner")
	default:
		return words.Count(n, "change")
	}
}

// limitItems say how far a plan is from each limit of its policy.
func limitItems(p *plan.Plan, allowed []plan.LimitName) (out []item) {
	for _, u := range p.Usage() {
		name := OneLine(string(u.Name))
		i := item{Label: "Limit " + name, Text: fmt.Sprintf("%s; at most %s", limitWords(u.Name, u.Used), words.Thousands(u.Max)), Gauge: &gauge{u.Used, u.Max}}
		if u.IsAbove() && !p.Reverts() {
			i.Tone = bad
			i.Text += fmt.Sprintf(": %s above it; %s", words.Thousands(u.Used-u.Max), aboveWords(&p.Policy, u.Name, allowed))
		}
		out = append(out, i)
	}
	if p.Reverts() && len(out) > 0 {
		out = append(out, said("No limit holds a plan back that reverts a run."))
	}
	return out
}

// durationOf says how long the writes may take, and what that rests on.
func durationOf(p *plan.Plan) section {
	s := section{ID: "duration", Title: "Duration"}
	e := p.Estimate
	switch {
	case p.Summary.Writes() == 0:
		s.Items = []item{said("Nothing is written.")}
	case e == nil:
		s.Items = []item{{Label: "Estimate", Text: "none: the tenant was not read for this plan"}}
	default:
		low, high := roughly(e.LowMs), roughly(e.HighMs)
		text := "about " + low + " to " + high
		if low == high {
			text = "about " + low
		}
		s.Items = []item{{Label: "Estimate", Text: text}, {Label: "Rests on", Text: fmt.Sprintf(
			"%s; %d ms for an answer while the tenant was read; Graph's documented limit for writes. The pace that this tenant allows is found during the run.",
			words.Count(p.Summary.Writes(), "write"), e.LatencyMs)}}
	}
	return s
}

// roughly formats an estimated duration for people, in whole seconds or minutes.
func roughly(ms int64) string {
	switch d := time.Duration(ms) * time.Millisecond; {
	case d < time.Second:
		return "a second"
	case d < 2*time.Minute:
		return words.Count(int(d.Round(time.Second)/time.Second), "second")
	case d < 2*time.Hour:
		return words.Count(int(d.Round(time.Minute)/time.Minute), "minute")
	default:
		return words.Count(int(d.Round(time.Hour)/time.Hour), "hour")
	}
}

// windowOf says when a plan may be applied.
func windowOf(p *plan.Plan) section {
	s := section{ID: "window", Title: "Window"}
	if w := p.Policy.Window; w == nil {
		s.Items = []item{said("The policy names no window: the plan may be applied at any time.")}
	} else {
		s.Items = []item{{Label: "Open", Text: windowWords(w)}, {Label: "First opening", Text: firstOpening(w, p.CreatedAt)}, said("A run that is still going when the window closes stops there, and can be resumed.")}
	}
	if age := p.Policy.PlanMaxAge(); age > 0 {
		s.Items = append(s.Items, item{Label: "Apply before", Text: stamp(p.CreatedAt.Add(age)) + ", when the plan is too old"})
	}
	return s
}

// windowWords say a window in a sentence: "Saturdays and Sundays, 22:00 to 04:00,
// Europe/Berlin".
func windowWords(w *plan.Window) string {
	names := map[string]string{"mon": "Mondays", "tue": "Tuesdays", "wed": "Wednesdays", "thu": "Thursdays", "fri": "Fridays", "sat": "Saturdays", "sun": "Sundays"}
	var days []string
	for _, day := range w.Days {
		if name, known := names[day]; known {
			day = name
		}
		days = append(days, OneLine(day))
	}
	if n := len(days); n > 1 {
		days = []string{strings.Join(days[:n-1], ", ") + " and " + days[n-1]}
	}
	to := OneLine(w.To)
	if w.To <= w.From {
		to += " of the next day"
	}
	return fmt.Sprintf("%s, %s to %s, %s", strings.Join(days, ""), OneLine(w.From), to, OneLine(w.Timezone))
}

// firstOpening is when the window was first open, seen from a time: a page does
// not know when it is read.
func firstOpening(w *plan.Window, from time.Time) string {
	zone, err := w.Location()
	if err != nil {
		return "unknown"
	}
	const week = 8 * 24 * 60 // in minutes, and a day more for the clock's changes
	at := from.In(zone)
	if w.Contains(at) {
		return "it was open when the plan was made"
	}
	at = at.Truncate(time.Minute)
	for range week {
		if at = at.Add(time.Minute); w.Contains(at) {
			return at.Format("Monday 2006-01-02 15:04 MST") + " (" + stamp(at) + "), the first after the plan was made"
		}
	}
	return "never"
}
