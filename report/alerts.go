package report

import (
	"slices"

	"bulksync/plan"
)

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
	order := []plan.Hazard{plan.PartnerRemoved, plan.SyncRemoved, plan.SyncOff, plan.ConsentOff, plan.TrustOn, plan.NewPartner, plan.TemplateWrite, plan.ServiceOwned}
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
