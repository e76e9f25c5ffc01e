package report

import (
	"slices"
	"strings"

	"bulksync/execute/journal"
	"bulksync/internal/words"
	"bulksync/plan"
)

const (
	// alertPartners bounds the partners that an alert names.
	alertPartners = 1000
	// alertGroups bounds the alerts of one kind, for a plan with a thousand
	// different reasons.
	alertGroups = 8
)

// alert is a group of rows that a reader must see first.
type alert struct {
	Tone     tone
	Title    string // "sync-off", "failed: 403 Authorization_RequestDenied"
	Words    string
	Hint     string
	Partners []partner
	// More is how many partners are not in Partners.
	More  int
	rows  int
	home  bool // the home tenant is among them
	seen  map[string]bool
	mixed bool // the words are not those of every row
}

// add counts a row of the alert and keeps its partner, each once.
func (a *alert) add(p partner) {
	a.rows++
	id := strings.ToLower(p.TenantID)
	if a.seen[id] {
		return
	}
	if a.seen == nil {
		a.seen = map[string]bool{}
	}
	a.seen[id] = true
	a.home = a.home || id == ""
	if len(a.Partners) < alertPartners {
		a.Partners = append(a.Partners, p)
		return
	}
	a.More++
}

// Count says how many rows and partners the alert is about: "2 partners", or
// "3 changes to 2 partners" where these are different numbers.
func (a *alert) Count(noun string) string {
	partners := len(a.seen)
	if a.home {
		partners--
	}
	switch rows := words.Count(a.rows, noun); {
	case partners == 0:
		return rows
	case partners == a.rows:
		return words.Count(partners, "partner")
	case a.home:
		return rows + " to " + words.Count(partners, "partner") + " and the home tenant"
	case noun == "finding":
		return rows + " on " + words.Count(partners, "partner")
	default:
		return rows + " to " + words.Count(partners, "partner")
	}
}

// otherKey is the key of the alert for what has none of its own.
const otherKey = "…"

// groups collects alerts by key, in the order in which the keys come.
type groups struct {
	keys   []string
	alerts map[string]*alert
}

// at returns the alert of key, made by mk if it is new. Past the bound all
// new keys share one alert.
func (g *groups) at(key string, mk func() alert) *alert {
	if a := g.alerts[key]; a != nil {
		return a
	}
	if len(g.keys) >= alertGroups {
		key = otherKey
		if a := g.alerts[key]; a != nil {
			return a
		}
	}
	if g.alerts == nil {
		g.alerts = map[string]*alert{}
	}
	a := mk()
	if key == otherKey {
		a = alert{Tone: a.Tone, Title: "other", Words: "for other reasons; each row has its own"}
	}
	g.keys, g.alerts[key] = append(g.keys, key), &a
	return &a
}

func (g *groups) list() []*alert {
	var out []*alert
	for _, k := range g.keys {
		a := g.alerts[k]
		if a.mixed && k != otherKey {
			a.Words = "for one, " + a.Words + "; each row has its own message"
		}
		out = append(out, a)
	}
	return out
}

// planAlerts groups the changes that a board must see: those with hazards,
// the gravest first, then the other blocked ones by reason.
func planAlerts(p *plan.Plan) []*alert {
	var dangers, blocked groups
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Action == plan.NoOp {
			continue
		}
		for _, h := range c.Hazards {
			dangers.at(string(h), func() alert {
				return alert{Tone: hazardTone(h), Title: OneLine(string(h)), Words: OneLine(h.Words())}
			}).add(partnerOf(c.Partner))
		}
		if c.Action == plan.Blocked && len(c.Hazards) == 0 {
			reason := OneLine(c.Reason)
			blocked.at(reason, func() alert {
				return alert{Tone: warn, Title: "blocked", Words: reason}
			}).add(partnerOf(c.Partner))
		}
	}
	slices.SortStableFunc(dangers.keys, func(a, b string) int { return gravityOf(a) - gravityOf(b) })
	return append(dangers.list(), blocked.list()...)
}

// gravity is the order of hazards: what takes something away from people comes
// first, then what lets something in. It is never written to.
var gravity = [...]struct {
	hazard plan.Hazard
	tone   tone
}{
	{plan.PartnerRemoved, bad},
	{plan.SyncRemoved, bad},
	{plan.SyncOff, bad},
	{plan.ConsentOff, bad},
	{plan.TrustOn, warn},
	{plan.NewPartner, warn},
	{plan.TemplateWrite, warn},
	{plan.ServiceOwned, warn},
}

// gravityOf is the place of a hazard in that order; an unknown one comes last.
func gravityOf(h string) int {
	for i := range gravity {
		if string(gravity[i].hazard) == h {
			return i
		}
	}
	return len(gravity)
}

func hazardTone(h plan.Hazard) tone {
	if i := gravityOf(string(h)); i < len(gravity) {
		return gravity[i].tone
	}
	return warn
}

// runAlerts groups the changes that did not succeed by how and with what code
// they ended, so that a cause with a thousand rows is read once; and those that
// are done with something to tell, by what it is. Each kind is bounded for
// itself, so that a thousand notices never crowd out a failure.
func runAlerts(p *plan.Plan, r *journal.Result, running bool) []*alert {
	kinds := map[tone]*groups{bad: {}, warn: {}, plain: {}}
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		if o.Status.Done() && o.Message == "" || running && isPending(o) {
			continue
		}
		n := alert{Tone: alertTone(o), Title: alertTitle(o), Words: alertWords(o, r.Stopped)}
		a := kinds[n.Tone].at(alertKey(o, &n), func() alert {
			if !running {
				n.Hint = hint(&p.Changes[i], o, r)
			}
			return n
		})
		a.add(partnerOf(p.Changes[i].Partner))
		a.mixed = a.mixed || a.Words != n.Words
	}
	return slices.Concat(kinds[bad].list(), kinds[warn].list(), kinds[plain].list())
}

// alertTone is the tone of an alert: what is done is no worse than a notice,
// unless it was looked for in vain.
func alertTone(o *journal.Outcome) tone {
	if o.Status.Done() && !o.Unseen {
		return plain
	}
	return outcomeTone(o)
}

// alertTitle is the status, with the code of what went wrong. Elsewhere a code
// does not say why the change ended as it did.
func alertTitle(o *journal.Outcome) string {
	title := string(o.Status)
	if code := graphCode(o); code != "" && o.Status.Info().Severity == journal.Bad {
		title += ": " + code
	}
	return title
}

// alertKey is what outcomes of one alert share: for what went wrong the code,
// as messages can name the single row; else the words.
func alertKey(o *journal.Outcome, a *alert) string {
	if o.Status.Info().Severity == journal.Bad {
		return a.Title
	}
	return a.Title + ": " + a.Words
}

// alertWords is what is common to the outcomes of an alert: the words of the
// reason, else the message, else what the status means.
func alertWords(o *journal.Outcome, stopped string) string {
	switch said := reasonWords(o.Reason); {
	case said != "":
		return said
	case o.Status == journal.NotAttempted:
		return strings.TrimSuffix(statusWords(o.Status)+": "+OneLine(stopped), ": ")
	case o.Message != "":
		return OneLine(o.Message)
	default:
		return statusWords(o.Status)
	}
}

// reasonWords says what is common to outcomes of one reason, where their
// messages are about the single object.
func reasonWords(r journal.Reason) string {
	return map[journal.Reason]string{
		journal.ReasonPredecessor: "a change of the same partner before it did not succeed",
		journal.ReasonDrifted:     "changed since the plan, and left alone",
		journal.ReasonNeverSeen:   "accepted by Graph, never seen there",
		journal.ReasonReplaced:    "made by this run, different now",
		journal.ReasonNoOpLost:    "as wanted when the plan was made, different now",
		journal.ReasonMatchLost:   "as wanted when it was looked at first, different now",
		journal.ReasonUnreadable:  "the object could not be read",
	}[r]
}

// statusWords says what a status means, where the outcome tells no more.
func statusWords(s journal.Status) string {
	return map[journal.Status]string{
		journal.Held:          "somebody changed the object, so it was left alone",
		journal.Skipped:       "blocked in the plan",
		journal.Failed:        "refused",
		journal.Indeterminate: "sent, and nothing settled what became of it",
		journal.NotAttempted:  "the run stopped before it got there",
	}[s]
}

// outcomeTone is the tone of a status. What Graph accepted and did not show is
// to be looked at.
func outcomeTone(o *journal.Outcome) tone {
	if o.Unseen {
		return warn
	}
	return statusTone(o.Status.Info())
}

func statusTone(s journal.StatusInfo) tone {
	switch {
	case s.Severity == journal.Bad:
		return bad
	case s.Severity == journal.Notable:
		return warn
	case s.MayHaveLanded:
		return good
	default:
		return plain // there was nothing to do
	}
}
