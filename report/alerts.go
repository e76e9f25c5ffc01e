package report

import (
	"fmt"
	"slices"
	"strings"

	"bulksync/execute"
	"bulksync/plan"
)

// alertGroups bounds the alerts of one cause, for a plan with a thousand
// different reasons.
const alertGroups = 8

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
		key, mk = "…", func() alert {
			return alert{Tone: warn, Title: "other", Words: "for other reasons; each row has its own"}
		}
		if a := g.alerts[key]; a != nil {
			return a
		}
	}
	if g.alerts == nil {
		g.alerts = map[string]*alert{}
	}
	a := mk()
	g.keys, g.alerts[key] = append(g.keys, key), &a
	return &a
}

func (g *groups) list() []alert {
	var out []alert
	for _, k := range g.keys {
		out = append(out, *g.alerts[k])
	}
	return out
}

// planAlerts groups the changes that a board must see: those with hazards,
// the gravest first, then the other blocked ones by reason.
func planAlerts(p *plan.Plan) []alert {
	var dangers, blocked groups
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Action == plan.NoOp {
			continue
		}
		for _, h := range c.Hazards {
			dangers.at(string(h), func() alert {
				return alert{Tone: hazardTone(h), Title: oneLine(string(h)), Words: oneLine(h.Words())}
			}).add(partnerOf(c.Partner))
		}
		if c.Action == plan.Blocked && len(c.Hazards) == 0 {
			reason := oneLine(c.Reason)
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
	order := []plan.Hazard{plan.SyncRemoved, plan.SyncOff, plan.ConsentOff, plan.NewPartner, plan.TemplateWrite, plan.ServiceOwned}
	if i := slices.Index(order, plan.Hazard(h)); i >= 0 {
		return i
	}
	return len(order)
}

func hazardTone(h plan.Hazard) tone {
	switch h {
	case plan.SyncRemoved, plan.SyncOff, plan.ConsentOff:
		return bad
	default:
		return warn
	}
}

// runAlerts groups the changes that did not succeed by how and with what code
// they ended, so that a cause with a thousand rows is read once.
func runAlerts(p *plan.Plan, r *execute.Result) []alert {
	var g groups
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		if o.Status.Done() {
			continue
		}
		title := strings.TrimSuffix(string(o.Status)+": "+graphCode(o), ": ")
		a := g.at(title, func() alert {
			return alert{Tone: statusTone(o.Status), Title: title, Words: groupWords(o), Hint: hint(o)}
		})
		a.add(partnerOf(p.Changes[i].Partner))
	}
	out := g.list()
	slices.SortStableFunc(out, func(a, b alert) int { return toneRank(a.Tone) - toneRank(b.Tone) })
	return out
}

func toneRank(t tone) int { return slices.Index([]tone{bad, warn, plain, good}, t) }

// groupWords is what is common to outcomes of one status and code: Graph's
// message, or what the status means.
func groupWords(o *execute.Outcome) string {
	switch {
	case o.Status == execute.Held:
		return "somebody changed the object after the plan was made; it was left alone"
	case o.Status == execute.Skipped:
		return "blocked in the plan, or a step before it did not succeed"
	case o.Status == execute.NotAttempted:
		return "the run stopped before it got there"
	case o.Message != "":
		return oneLine(o.Message)
	case o.Status == execute.Indeterminate:
		return "sent, and nothing settled what became of it"
	default:
		return "refused"
	}
}

// graphCode is the HTTP status and Graph's code: "403 Authorization_RequestDenied".
func graphCode(o *execute.Outcome) string {
	if o.HTTPStatus == 0 {
		return oneLine(o.GraphCode)
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", o.HTTPStatus, oneLine(o.GraphCode)))
}

func statusTone(s execute.Status) tone {
	switch s {
	case execute.Verified, execute.Succeeded:
		return good
	case execute.Unchanged:
		return plain
	case execute.Failed, execute.Indeterminate:
		return bad
	default:
		return warn
	}
}
