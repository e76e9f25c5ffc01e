package main

import (
	"cmp"
	"context"
	"errors"
	"time"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/internal/session"
	"bulksync/plan"
	"bulksync/ratelimit"
)

// demand is what a command needs from its session. The zero value is for a
// command that reads.
type demand struct {
	cloud    graph.Cloud
	pace     ratelimit.Options
	priority graph.Priority
	outage   time.Duration
	// record receives every attempt; nil for none.
	record func(graph.Exchange)
}

// sessionOptions are the way to the home tenant.
func (e *env) sessionOptions(d demand) session.Options {
	return session.Options{
		Cloud: cmp.Or(e.cloud, d.cloud), GraphURL: e.address.graphURL, Tenant: e.homeTenant,
		Auth: e.auth, Token: e.getenv("BULKSYNC_ACCESS_TOKEN"), Getenv: e.getenv, Prompt: e.instruct,
		Pace: d.pace, Priority: d.priority, Outage: cmp.Or(d.outage, e.outage),
		UserAgent: "bulksync/" + version(), Log: e.log, Record: d.record,
	}
}

// connect signs in to the home tenant. It sends nothing to Graph.
func (e *env) connect(ctx context.Context, d demand) (*session.Session, error) {
	s, err := session.Open(ctx, e.sessionOptions(d))
	var other *session.MismatchError
	switch {
	case err == nil && e.inFleet: // the process goes on with other tenants
		context.AfterFunc(ctx, s.CloseIdleConnections)
		return s, nil
	case !errors.As(err, &other):
		return s, err
	case e.inFleet:
		return nil, refused("give the tenant an identity of its own, or correct its tenantId in the manifest",
			"the token is for tenant %s, and the manifest asks for %s", other.Have, other.Want)
	default:
		return nil, refused("sign in to that tenant, or leave --tenant (BULKSYNC_TENANT) out",
			"the token is for tenant %s, and --tenant asks for %s", other.Have, other.Want)
	}
}

// checkPlanTenant refuses a plan for another tenant than --tenant names.
func (e *env) checkPlanTenant(p *plan.Plan) error {
	if e.homeTenant != "" && e.homeTenant != p.HomeTenant.ID {
		return refused("give a plan for that tenant, or leave --tenant (BULKSYNC_TENANT) out",
			"the plan is for home tenant %s, and --tenant asks for %s", p.HomeTenant.ID, e.homeTenant)
	}
	return nil
}

// guard refuses a plan made for another tenant, cloud or host than the one that
// would be written to.
func guard(s *session.Session, p *plan.Plan) error {
	err := s.Guard(p.HomeTenant)
	var other *session.MismatchError
	switch {
	case !errors.As(err, &other):
		return err
	case other.What == session.ErrOtherTenant:
		return refused("sign in to the plan's tenant, or make a plan for this one",
			"the plan is for home tenant %s, and the token is for %s", other.Want, other.Have)
	case other.What == session.ErrOtherCloud:
		return refused("leave --cloud out, or make a plan in this cloud",
			"the plan was made in the cloud %s, not in %s", other.Want, other.Have)
	default:
		return refused("if that host is meant, say so: --graph-url "+shellQuote(other.Want),
			"the plan was made against %s, not %s", other.Want, other.Have)
	}
}

// who is the identity in the form that the journal keeps.
func who(id auth.Identity) journal.Identity {
	return journal.Identity{Kind: string(id.Kind), AppID: id.AppID, AppName: id.AppName, User: id.User, TenantID: id.TenantID}
}

// learned is what pacing has learned, in the form that the journal keeps.
func learned(s *session.Session) journal.Pace {
	w := s.Writes()
	return journal.Pace{WritesPerSecond: w.Rate, Burst: w.Burst, Refusals: w.Refused, Pauses: w.Pauses, PausedMs: int64(w.PausedSeconds * 1000)}
}
