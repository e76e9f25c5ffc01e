package main

import (
	"net/url"
	"strings"

	"bulksync/graph"
	"bulksync/plan"
)

// wantedTenant is the tenant that --tenant asks for; "" where it does not.
func (a *app) wantedTenant() string { return strings.ToLower(strings.Trim(a.global.tenant, "{} ")) }

// checkPlanTenant refuses a plan of another tenant than the one asked for.
func (a *app) checkPlanTenant(p *plan.Plan) error {
	if want := a.wantedTenant(); want != "" && want != p.HomeTenant.ID {
		return refused("name the plan that you mean, or leave --tenant out",
			"the plan is for home tenant %s, and --tenant asks for %s", p.HomeTenant.ID, want)
	}
	return nil
}

// checkTenant refuses a token of another tenant than the one asked for.
func (a *app) checkTenant(id string) error {
	if want := a.wantedTenant(); want != "" && want != id {
		return refused("sign in to the tenant that you mean, or leave --tenant out",
			"the token is of tenant %s, and --tenant asks for %s", id, want)
	}
	return nil
}

// checkPlan refuses a plan that was made for another tenant, cloud or host than
// the one that would be written to. Rehearsals may move from one loopback
// address to another.
func (t *tenant) checkPlan(p *plan.Plan) error {
	switch {
	case p.HomeTenant.ID != t.home.ID:
		return refused("sign in to the plan's tenant, or make a plan for this one",
			"the plan is for home tenant %s, and the token is of %s", p.HomeTenant.ID, t.home.ID)
	case p.HomeTenant.Cloud != t.home.Cloud:
		return refused("leave --cloud out, or make a plan in this cloud",
			"the plan was made in the cloud %s, not in %s", p.HomeTenant.Cloud, t.home.Cloud)
	case p.HomeTenant.GraphURL != t.home.GraphURL && !(onLoopback(p.HomeTenant.GraphURL) && onLoopback(t.home.GraphURL)):
		return refused("if that is the host you mean, say so: --graph-url "+shellQuote(p.HomeTenant.GraphURL),
			"the plan was made against %s, not %s", p.HomeTenant.GraphURL, t.home.GraphURL)
	default:
		return nil
	}
}

func onLoopback(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && graph.IsLoopback(u.Hostname())
}
