package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"bulksync/graph"
	"bulksync/graph/auth"
)

// nameOfHome looks up the name and domain of the home tenant; empty if Graph does not
// know it.
func (x *examination) nameOfHome(ctx context.Context) (string, error) {
	found, err := x.signedIn.Client().Tenant(ctx, x.signedIn.Identity().TenantID)
	if err != nil || found.Name == "" || found.Domain == "" {
		return cmp.Or(found.Name, found.Domain), err
	}
	return found.Name + " (" + found.Domain + ")", nil
}

// isRefusal reports whether Graph answered, and refused only this request.
func isRefusal(err error) bool {
	return errors.Is(err, graph.Forbidden) || errors.Is(err, graph.NotFound) || errors.Is(err, graph.Invalid)
}

// listed is what was seen of the partners.
type listed struct {
	partners, policies, unreadable int
	more                           bool  // the rest of the list was not asked for
	hidden                         error // why the policies are not visible
}

// pagesRead is how many pages of the partners are read. While the last one is looked
// at, the next one may already be asked for.
const pagesRead = 2

var errEnough = errors.New("enough was read")

// partners reads the first pages of the list that plan and audit read.
func (x *examination) partners(ctx context.Context) Check {
	err := x.signedIn.Client().ListPartners(ctx, func(p graph.Page) error {
		if p.Number == 1 {
			x.seen = listed{}
		}
		for i := range p.Partners {
			x.seen.add(&p.Partners[i])
		}
		if p.Number == pagesRead {
			return errEnough
		}
		return nil
	})
	var missing *graph.MissingMember
	switch {
	case errors.Is(err, errEnough):
		x.seen.more = true
	case errors.As(err, &missing) && missing.Member == "identitySynchronization":
		x.seen = listed{hidden: err}
		return ok("the list can be read")
	case err != nil:
		return x.failed(Fail, err)
	}
	if x.seen.unreadable > 0 {
		return warn("bulksync export, with the same flags, names the first of them, and why", "%s listed%s; %d of them cannot be read", counted(x.seen.partners, "partner"), x.seen.rest(), x.seen.unreadable)
	}
	return ok("%s listed%s", counted(x.seen.partners, "partner"), x.seen.rest())
}

func (l *listed) add(p *graph.Partner) {
	l.partners++
	if p.Problem != "" {
		l.unreadable++
	} else if p.Sync != nil {
		l.policies++
	}
}

// rest says that there may be more.
func (l *listed) rest() string {
	if !l.more {
		return ""
	}
	return fmt.Sprintf(" on the first %d pages; no more were asked for", pagesRead)
}

// synchronization says whether the policies of the partners are visible. Some roles
// see partners without them: Graph leaves them out, or shows none.
func (x *examination) synchronization(context.Context) Check {
	next := "use an identity that sees them: " + auth.Reading.Needs()
	role := x.signedIn.Identity().PartialRole()
	switch seen := &x.seen; {
	case seen.hidden != nil && role != "":
		return fail(next, "a %s sees partners, but not their policies", role)
	case seen.hidden != nil:
		return x.failed(Fail, seen.hidden)
	case seen.policies > 0:
		return ok("visible, for %d of %s", seen.policies, counted(seen.partners, "partner"))
	case role != "":
		return fail(next, "a %s sees partners, but not their policies: none of %s shows one", role, counted(seen.partners, "partner"))
	case seen.partners == 0:
		return ok("there is no partner to see one of")
	case x.signedIn.Identity().May(auth.Reading) != auth.Yes:
		return warn(next, "none of %s shows a policy: there is none, or this identity does not see them", counted(seen.partners, "partner"))
	default:
		return ok("none of %s has a policy", counted(seen.partners, "partner"))
	}
}

// template says whether the template can be read, which only --template needs.
func (x *examination) template(ctx context.Context) Check {
	if !x.Session.Cloud.HasTemplates() {
		return skip("the cloud " + string(x.Session.Cloud) + " has no templates")
	}
	t, err := x.signedIn.Client().Template(ctx)
	switch {
	case errors.Is(err, graph.NotFound):
		return warn("leave --template out", "this tenant has no template")
	case err != nil:
		return x.failed(Warn, err)
	default:
		return ok("readable; it applies to %s", cmp.Or(t.TemplateApplicationLevel, "none"))
	}
}

// resourceUnits is what an answer says its request cost; 0 if it does not say.
func resourceUnits(h http.Header) int {
	n, _ := strconv.ParseUint(h.Get("X-Ms-Resource-Unit"), 10, 16)
	return int(n)
}

// quota says what Graph told of the tenant's quota.
func (x *examination) quota(context.Context) Check {
	x.wire.mu.Lock()
	defer x.wire.mu.Unlock()
	w := &x.wire
	const next = "run when others do not; with --capacity 50%, apply and resume leave room for them"
	cost := ""
	if w.units > 0 {
		cost = fmt.Sprintf("; %s cost %s", counted(w.answers, "request"), counted(w.units, "resource unit"))
	}
	switch {
	case w.throttled > 0:
		return warn(next, "Graph refused %s for lack of quota%s", counted(w.throttled, "request"), cost)
	case w.used > 0:
		return warn(next, "%.0f%% of the quota is in use%s", 100*w.used, cost)
	case cost != "":
		return ok("Graph reports no shortage%s", cost)
	default:
		return ok("no quota headers seen: the pace is found by refusals alone")
	}
}

// names says whether tenants can be looked up, by the look-up of the home tenant.
func (x *examination) names(context.Context) Check {
	switch {
	case x.nameless:
		return warn("compare the names in the file with the tenant IDs yourself", "the look-up of this tenant was answered without a name or a domain: names are not checked")
	case x.lookUp == nil, errors.Is(x.lookUp, graph.NotFound): // it was looked for
		return ok("tenants can be looked up by ID and by domain")
	case !errors.Is(x.lookUp, graph.Forbidden) && x.needs(auth.LookingUp):
		return x.failed(Fail, x.lookUp)
	case !errors.Is(x.lookUp, graph.Forbidden):
		return x.failed(Warn, x.lookUp)
	case x.needs(auth.LookingUp):
		return fail(auth.LookingUp.Needs()+"; or name the partners by tenant ID", "tenants cannot be looked up, and the file names %s by domain", counted(x.File.Domains, "partner"))
	default:
		return warn(auth.LookingUp.Needs(), "tenants cannot be looked up: the file must name partners by tenant ID, and names are not checked")
	}
}

// auditLog says whether the audit log can be read, which only audit --who needs.
func (x *examination) auditLog(ctx context.Context) Check {
	err := x.signedIn.Client().DirectoryAudits(ctx, time.Now().Add(-time.Hour), func([]graph.DirectoryAudit) error { return errEnough })
	switch {
	case err == nil || errors.Is(err, errEnough):
		return ok("readable")
	case errors.Is(err, graph.Forbidden):
		return warn("for audit --who: "+auth.Tracing.Needs(), "not readable; only audit --who needs it")
	default:
		return x.failed(Warn, err)
	}
}
