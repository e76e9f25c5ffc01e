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
	slices.SortStableFunc(dangers.keys, func(a, b string) int { return gravity(a) - gravity(b) })
	return append(dangers.list(), blocked.list()...)
}

// gravity orders hazards: what takes something away from people comes first.
func gravity(h string) int {
	order := []plan.Hazard{plan.PartnerRemoved, plan.SyncRemoved, plan.SyncOff, plan.ConsentOff, plan.NewPartner, plan.TemplateWrite, plan.ServiceOwned}
	if i := slices.Index(order, plan.Hazard(h)); i >= 0 {
		return i
	}
	return len(order)
}

func hazardTone(h plan.Hazard) tone {
	switch h {
	case plan.PartnerRemoved, plan.SyncRemoved, plan.SyncOff, plan.ConsentOff:
		return bad
	default:
		return warn
	}
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
		n := alert{Tone: alertTone(o), Title: alertTitle(o), Words: alertWords(&p.Changes[i], o, r.Stopped)}
		if !running {
			n.Hint = hint(&p.Changes[i], o, r)
		}
		a := kinds[n.Tone].at(alertKey(o, &n), func() alert { return n })
		a.add(partnerOf(p.Changes[i].Partner))
		a.mixed = a.mixed || a.Words != n.Words
	}
	return slices.Concat(kinds[bad].list(), kinds[warn].list(), kinds[plain].list())
}

// alertTone is the tone of an alert: what is done is no worse than a notice,
// unless somebody looked for it in vain.
func alertTone(o *journal.Outcome) tone {
	if o.Status.Done() && !isUnseen(o) {
		return plain
	}
	return outcomeTone(o)
}

func alertTitle(o *journal.Outcome) string {
	switch o.Status {
	case journal.Failed, journal.Indeterminate:
		return strings.TrimSuffix(string(o.Status)+": "+graphCode(o), ": ")
	default:
		return string(o.Status) // a code says nothing about why it was left alone
	}
}

// alertKey is what outcomes of one alert share: for refusals the code, whose
// messages can name the single row; else the words.
func alertKey(o *journal.Outcome, a *alert) string {
	switch o.Status {
	case journal.Failed, journal.Indeterminate:
		return a.Title
	default:
		return a.Title + ": " + a.Words
	}
}

// alertWords is what is common to the outcomes of an alert: Graph's message, or
// what the status means.
func alertWords(c *plan.Change, o *journal.Outcome, stopped string) string {
	switch {
	case o.Status == journal.Held:
		return heldWords(o)
	case o.Status == journal.Skipped && c.Action != plan.Blocked && strings.HasSuffix(o.Message, "of this partner did not succeed"):
		return "a change of the same partner before it did not succeed"
	case o.Status == journal.NotAttempted:
		return strings.TrimSuffix("the run stopped before it got there: "+OneLine(stopped), ": ")
	case o.Message != "":
		return OneLine(o.Message)
	case o.Status == journal.Indeterminate:
		return "sent, and nothing settled what became of it"
	case o.Status == journal.Skipped:
		return "blocked in the plan"
	default:
		return "refused"
	}
}

// heldWords is what the engine says of all that was held for one reason; what
// it says of the single object stands behind the colon.
func heldWords(o *journal.Outcome) string {
	kind, _, _ := strings.Cut(OneLine(o.Message), ": ")
	switch {
	case kind == "" && isUndone(o):
		return madeThen
	case kind == "" || kind == sincePlan:
		return sincePlan + ", and left alone"
	default:
		return kind
	}
}

// How the engine begins what it says of changes that were held.
const (
	sincePlan    = "changed since the plan"
	madeThen     = "made by this run, different now"
	unreadObject = "the object could not be read"
)

// isUndone reports whether o was made by this run, or may have been, and is
// different now.
func isUndone(o *journal.Outcome) bool { return o.Status == journal.Held && o.MayHaveLanded() }

// isUnseen reports whether somebody looked for what Graph accepted, and it was
// not there. Where nobody looked, that is not known.
func isUnseen(o *journal.Outcome) bool {
	return o.Status == journal.Succeeded && o.Unseen
}

func outcomeTone(o *journal.Outcome) tone {
	switch o.Status {
	case journal.Succeeded:
		if isUnseen(o) {
			return warn
		}
		return good
	case journal.Verified:
		return good
	case journal.Unchanged:
		return plain
	case journal.Failed, journal.Indeterminate:
		return bad
	default:
		return warn
	}
}
