package plan

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"bulksync/plan/desired"
)

// LimitName names something that a policy limits.
type LimitName string

// The limits. Each counts what a plan does.
const (
	// LimitStopped counts the partners whose synchronization stops.
	LimitStopped LimitName = "stopped"
	// LimitConsentOff counts the partners for which automatic consent is turned off.
	LimitConsentOff LimitName = "consentOff"
	// LimitNewPartners counts the partner configurations that are added.
	LimitNewPartners LimitName = "newPartners"
	// LimitChanges counts the writes.
	LimitChanges LimitName = "changes"
)

// AllLimits lists the limits in the order of reports.
func AllLimits() []LimitName {
	return []LimitName{LimitStopped, LimitConsentOff, LimitNewPartners, LimitChanges}
}

// Limit is the most that a plan may do of one thing: a number, a share of those
// of which it is true today, or whichever of the two is larger.
type Limit struct {
	Name  LimitName `json:"name"`
	Count *int      `json:"count,omitempty"`
	// Percent is of the partners that synchronize today (LimitStopped), or that
	// consent automatically today (LimitConsentOff); the other limits have none.
	Percent *float64 `json:"percent,omitempty"`
}

// HasShare reports whether a limit can be a share.
func (n LimitName) HasShare() bool { return n == LimitStopped || n == LimitConsentOff }

// checkLimits refuses limits that mean nothing.
func (p *Policy) checkLimits() error {
	all, next := AllLimits(), 0
	for _, l := range p.Limits {
		at := slices.Index(all, l.Name)
		switch {
		case at < 0:
			return fmt.Errorf("limits: there is no limit %s", desired.Quote(string(l.Name)))
		case at < next:
			return fmt.Errorf("limits: %s appears twice or out of order", l.Name)
		}
		next = at + 1
		if err := l.check(); err != nil {
			return fmt.Errorf("limits: %s: %w", l.Name, err)
		}
	}
	for i, name := range p.Overridable {
		if !slices.Contains(all, name) {
			return fmt.Errorf("overridable: there is no limit %s", desired.Quote(string(name)))
		}
		if slices.Contains(p.Overridable[:i], name) {
			return fmt.Errorf("overridable: %s appears twice", name)
		}
	}
	return nil
}

func (l Limit) check() error {
	switch {
	case l.Count == nil && l.Percent == nil:
		return errors.New("it has no value")
	case l.Count != nil && *l.Count < 0:
		return fmt.Errorf("%d is negative", *l.Count)
	case l.Percent != nil && !l.Name.HasShare():
		return errors.New("it takes a number, not a share")
	case l.Percent != nil && !(*l.Percent >= 0 && *l.Percent <= 100):
		return fmt.Errorf("%v%% is not a share from 0%% to 100%%", *l.Percent)
	default:
		return nil
	}
}

// Usage is how far a plan goes towards one limit of its policy.
type Usage struct {
	Limit
	// Used is what the plan does, and Of what a share is taken of.
	Used, Of int
	// Max is the most that the limit allows.
	Max int
}

// IsAbove reports whether the plan does more than the limit allows.
func (u Usage) IsAbove() bool { return u.Used > u.Max }

// Usage says how far the plan goes towards each limit of its policy.
func (p *Plan) Usage() []Usage {
	used := p.limited()
	of := map[LimitName]int{LimitStopped: p.Read.Synchronizing, LimitConsentOff: p.Read.Consenting}
	usage := make([]Usage, 0, len(p.Policy.Limits))
	for _, l := range p.Policy.Limits {
		u := Usage{Limit: l, Used: used[l.Name], Of: of[l.Name]}
		if l.Count != nil {
			u.Max = *l.Count
		}
		if l.Percent != nil {
			u.Max = max(u.Max, shareOf(*l.Percent, u.Of))
		}
		usage = append(usage, u)
	}
	return usage
}

// shareOf is a share of a number, rounded down. A share has at most six decimals,
// so that it is counted in whole millionths: 1.14% of 5,000 is 57, which a float
// misses.
func shareOf(percent float64, of int) int {
	const millionths = 1e6
	return int(int64(math.Round(percent*millionths)) * int64(of) / (100 * millionths))
}

// Above lists the limits that the plan is above, in the order of AllLimits. A
// plan that reverts a run is above none: the way back is always open.
func (p *Plan) Above() []Usage {
	if p.Reverts() {
		return nil
	}
	return slices.DeleteFunc(p.Usage(), func(u Usage) bool { return !u.IsAbove() })
}

// Lifts lists the limits that must be lifted before the plan can be applied. It
// is not ok if the policy lets nobody lift one of them.
func (p *Plan) Lifts() (names []LimitName, ok bool) {
	for _, u := range p.Above() {
		if !slices.Contains(p.Policy.Overridable, u.Name) {
			return []LimitName{u.Name}, false
		}
		names = append(names, u.Name)
	}
	return names, true
}

// limited counts what the plan does of each thing that can be limited. A partner
// counts once.
func (p *Plan) limited() map[LimitName]int {
	used := map[LimitName]int{}
	var stopped, consentOff string // the last partner that was counted; its changes are next to each other
	for i := range p.Changes {
		c := &p.Changes[i]
		if !c.Writes() {
			continue
		}
		used[LimitChanges]++
		switch id := c.Partner.TenantID; {
		case c.Object == PartnerConfiguration && c.Action == Create:
			used[LimitNewPartners]++
		case c.StopsSync() && stopped != id:
			stopped = id
			used[LimitStopped]++
		case slices.Contains(c.Hazards, ConsentOff) && consentOff != id:
			consentOff = id
			used[LimitConsentOff]++
		}
	}
	return used
}
