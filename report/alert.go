package report

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"bulksync/execute/journal"
	"bulksync/internal/words"
	"bulksync/plan"
)

const (
	// alertPartners bounds the partners that an alert names.
	alertPartners = 1000
	// alertGroups bounds the alerts of one kind, in case a plan has a thousand
	// different reasons.
	alertGroups = 8
	// hazardGroups is the same for hazards, of which there are few.
	hazardGroups = 16
)

// alert is a group of rows that a reader must see first.
type alert struct {
	Tone  tone
	Title string // "sync-off", "failed: 403 Authorization_RequestDenied"
	Words string
	Hint  string
	// Link filters the list of a page to the alert's rows.
	Link     string
	Partners []partner
	// Who is what Partners are; empty means partner.
	Who string
	// More is how many partners are missing from Partners.
	More  int
	rows  int
	home  bool // the home tenant is among them
	seen  map[string]bool
	mixed bool // Words does not hold for every row
	like  bool // Hint is that of the first row, and the others have one like it
}

// add counts a row of the alert and adds its partner if it is new.
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

// Count says how many rows and partners the alert is about: "2 partners", or "3
// changes to 2 partners" if the numbers differ.
func (a *alert) Count(noun string) string {
	partners := len(a.seen)
	if a.home {
		partners--
	}
	switch rows := words.Count(a.rows, noun); {
	case partners == 0:
		return rows
	case partners == a.rows:
		return words.Count(partners, a.who())
	case a.home:
		return rows + " to " + words.Count(partners, "partner") + " and the home tenant"
	case noun == "finding":
		return rows + " on " + words.Count(partners, "partner")
	default:
		return rows + " to " + words.Count(partners, "partner")
	}
}

// who is what a partner of the alert is called.
func (a *alert) who() string { return cmp.Or(a.Who, "partner") }

// otherKey is the key of the alert for rows past the bound.
const otherKey = "…"

// groups collects alerts by key, in the order in which the keys first appear.
type groups struct {
	most   int // how many; 0 means alertGroups
	keys   []string
	alerts map[string]*alert
}

// at returns the alert of key, made by mk if it is new. Past the bound, all new
// keys share one alert.
func (g *groups) at(key string, mk func() alert) *alert {
	if a := g.alerts[key]; a != nil {
		return a
	}
	if len(g.keys) >= cmp.Or(g.most, alertGroups) {
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
		a = alert{Tone: a.Tone, Who: a.Who, Title: "other", Link: "#changes", Words: "for other reasons; each row has its own"}
	}
	g.keys, g.alerts[key] = append(g.keys, key), &a
	return &a
}

func (g *groups) list() []*alert {
	var out []*alert
	for _, k := range g.keys {
		a := g.alerts[k]
		if a.mixed && k != otherKey {
			a.Words = "for example, " + a.Words + "; each row has its own message"
		}
		out = append(out, a)
	}
	return out
}

// planAlerts groups the changes that a board must see: those with hazards, most
// serious first, then the other blocked ones by reason.
func planAlerts(p *plan.Plan) []*alert {
	dangers, blocked := groups{most: hazardGroups}, groups{}
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Action == plan.NoOp {
			continue
		}
		for _, h := range c.Hazards {
			dangers.at(string(h), func() alert {
				return alert{Tone: hazardTone(h), Title: OneLine(string(h)), Words: OneLine(h.Info().Meaning(p.Reverts())), Link: filter("hazard", string(h))}
			}).add(partnerOf(c.Partner))
		}
		if c.Action == plan.Blocked && !slices.Contains(c.Hazards, plan.ServiceOwned) {
			reason := OneLine(c.Reason)
			blocked.at(reason, func() alert {
				return alert{Tone: warn, Title: "blocked", Words: reason, Link: filter("action", "blocked", "q", reason)}
			}).add(partnerOf(c.Partner))
		}
	}
	slices.SortStableFunc(dangers.keys, func(a, b string) int { return plan.Hazard(a).Rank() - plan.Hazard(b).Rank() })
	return append(dangers.list(), blocked.list()...)
}

// hazardTone is the tone of a hazard.
func hazardTone(h plan.Hazard) tone {
	if h.Info().TakesAway {
		return bad
	}
	return warn
}

// runAlerts groups the changes that did not succeed by status and code, so that
// a cause with a thousand rows is read once, and the done changes that have a
// notice by that notice. Each kind has its own bound, so that a thousand
// notices never crowd out a failure.
func runAlerts(p *plan.Plan, r *journal.Result, running bool) []*alert {
	kinds := map[tone]*groups{bad: {}, warn: {}, plain: {}}
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		if o.Status.Done() && o.Message == "" || running && isPending(o) {
			continue
		}
		n := alert{Tone: alertTone(o), Title: alertTitle(o), Words: alertWords(o, r.Stopped), Link: filter("status", string(o.Status), "q", alertCode(o))}
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

// alertTone is the tone of an alert: a done change is no worse than a notice,
// unless it was looked for in vain.
func alertTone(o *journal.Outcome) tone {
	if o.Status.Done() && !o.Unseen {
		return plain
	}
	return outcomeTone(o)
}

// alertTitle is the status, with the code if something went wrong. Otherwise a
// code does not say why the change ended as it did.
func alertTitle(o *journal.Outcome) string {
	if code := alertCode(o); code != "" {
		return string(o.Status) + ": " + code
	}
	return string(o.Status)
}

// alertCode is the code of what went wrong.
func alertCode(o *journal.Outcome) string {
	if o.Status.Info().Severity == journal.Bad {
		return graphCode(o)
	}
	return ""
}

// filter is the end of an address that filters a page's list by pairs of a name
// and a value; empty if there is no value.
func filter(pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if value := OneLine(pairs[i+1]); value != "" {
			v.Set(pairs[i], value)
		}
	}
	if len(v) == 0 {
		return ""
	}
	return "#" + v.Encode()
}

// alertKey is what the outcomes of one alert share: the code if something went
// wrong, because messages can name a single row; else the words.
func alertKey(o *journal.Outcome, a *alert) string {
	if o.Status.Info().Severity == journal.Bad {
		return a.Title
	}
	return a.Title + ": " + a.Words
}

// alertWords is what the outcomes of an alert have in common: the words of the
// reason, else the message, else what the status means.
func alertWords(o *journal.Outcome, stopped string) string {
	switch said := reasonWords(o.Reason); {
	case said != "":
		return said
	case o.Status == journal.NotAttempted:
		return strings.TrimSuffix(o.Status.Info().Words+": "+OneLine(stopped), ": ")
	case o.Message != "":
		return OneLine(o.Message)
	default:
		return o.Status.Info().Words
	}
}

// reasonWords describes a reason whose messages are about a single object.
func reasonWords(r journal.Reason) string {
	return map[journal.Reason]string{
		journal.ReasonPredecessor: "another change of the same partner did not succeed",
		journal.ReasonDrifted:     "changed since the plan, so not overwritten",
		journal.ReasonNeverSeen:   "accepted by Graph, never seen there",
		journal.ReasonReplaced:    "made by this run, different now",
		journal.ReasonNoOpLost:    "as wanted when the plan was made, different now",
		journal.ReasonMatchLost:   "as wanted when this run first looked, different now",
		journal.ReasonUnreadable:  "the object could not be read",
	}[r]
}

// outcomeTone is the tone of a status. A change that Graph accepted and did not
// show needs attention.
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
