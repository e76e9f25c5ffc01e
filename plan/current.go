package plan

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"bulksync/graph"
	"bulksync/plan/desired"
)

// Current is what a tenant looked like at one reading.
type Current struct {
	// Partners is keyed by the tenant ID in lower case.
	Partners map[string]graph.Partner
	// Template is nil if it was not asked for or the cloud has none.
	Template *graph.Template
	// TenantIDs holds the tenant of each domain name that was looked up and found.
	TenantIDs map[string]string
	Read      Read
	// Restarts says why the list was read again, once for each time. What had
	// been read before was thrown away.
	Restarts []string
}

// Needs says what ReadCurrent reads besides the partners.
type Needs struct {
	Template bool
	Domains  []string
	// Whole asks for all members of each partner configuration: a partner that is
	// removed loses them.
	Whole bool
	// Keeps reports whether to keep the JSON of an object. Without it, the object
	// has its values all the same, but its change would have no before-image. The
	// JSON is most of what is read. Nil keeps all of it.
	Keeps func(Object) bool
}

// list is the reading of the partners.
func (n *Needs) list(c *graph.Client) func(context.Context, func(graph.Page) error) error {
	if n.Whole {
		return c.ListWholePartners
	}
	return c.ListPartners
}

// lookups bounds how many domain names are looked up at once.
const lookups = 8

// ReadCurrent reads the tenant: one paged list of the partners and, in parallel,
// the template and the domain names if they are needed. It returns an error
// unless everything was read to the end; the Current that comes with an error
// only says how far the reading got.
func ReadCurrent(ctx context.Context, c *graph.Client, needs Needs) (*Current, error) {
	cur := &Current{Partners: map[string]graph.Partner{}, TenantIDs: map[string]string{}}
	// The first page goes alone: if the host or the token is bad, it fails for all.
	first := make(chan struct{})
	firstIsIn := sync.OnceFunc(func() { close(first) }) // a listing can start over
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return needs.list(c)(gctx, func(p graph.Page) error {
			cur.add(p, needs.Keeps)
			firstIsIn()
			return nil
		})
	})
	found := make([]string, len(needs.Domains))
	g.Go(func() error {
		select {
		case <-first:
		case <-gctx.Done():
			return nil // the list says why
		}
		if needs.Template {
			t, err := c.Template(gctx)
			if err != nil {
				return fmt.Errorf("reading the template: %w", err)
			}
			cur.Template = &t
		}
		return resolve(gctx, c, needs.Domains, found)
	})
	if err := g.Wait(); err != nil {
		return cur, err
	}
	for i, id := range found {
		if id != "" {
			cur.TenantIDs[needs.Domains[i]] = id
		}
	}
	cur.Read.Complete = true
	return cur, nil
}

// add adds one page. If the listing starts over, so does this.
func (c *Current) add(p graph.Page, keeps func(Object) bool) {
	if p.Number == 1 {
		clear(c.Partners)
		c.Read = Read{}
	}
	if p.Restarted != "" {
		c.Restarts = append(c.Restarts, p.Restarted)
	}
	for _, partner := range p.Partners {
		if keeps != nil {
			drop(&partner, keeps)
		}
		if _, twice := c.Partners[partner.TenantID]; !twice {
			c.Read.count(&partner)
		}
		c.Partners[partner.TenantID] = partner
	}
	c.Read.Pages++
	c.Read.Partners = len(c.Partners)
}

// count counts what shares in a limit are of.
func (r *Read) count(p *graph.Partner) {
	if p.Problem != "" {
		return
	}
	if p.Sync != nil && isOn(p.Sync.IsSyncAllowed) {
		r.Synchronizing++
	}
	if isOn(p.InboundAllowed) || isOn(p.OutboundAllowed) {
		r.Consenting++
	}
}

func isOn(b *bool) bool { return b != nil && *b }

// drop removes the JSON of the objects that are not kept.
func drop(p *graph.Partner, keeps func(Object) bool) {
	if !keeps(PartnerConfiguration) {
		p.Raw = nil
	}
	for _, o := range desired.PartnerObjects[1:] {
		if o.Raw(p) != nil && !keeps(o) {
			o.SetRaw(p, nil)
		}
	}
}

// LookupError is a domain name whose tenant could not be looked up.
type LookupError struct {
	Domain string
	Err    error
}

// Error names the domain, and the permission if that is missing: it is not the
// one that the partners need.
func (e *LookupError) Error() string {
	if errors.Is(e.Err, graph.Forbidden) {
		return fmt.Sprintf("looking up %s: the permission %s is missing: %v", e.Domain, graph.PermissionTenantInformation, e.Err)
	}
	return fmt.Sprintf("looking up %s: %v", e.Domain, e.Err)
}

// Unwrap returns what was wrong with the request.
func (e *LookupError) Unwrap() error { return e.Err }

// resolve sets ids[i] to the tenant of domains[i]. A domain that belongs to no
// tenant stays empty: the caller can name its row.
func resolve(ctx context.Context, c *graph.Client, domains, ids []string) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(lookups)
	for i, domain := range domains {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			id, err := c.TenantIDOfDomain(ctx, domain)
			if err != nil && !errors.Is(err, graph.NotFound) && !errors.Is(err, graph.Invalid) {
				return &LookupError{Domain: domain, Err: err}
			}
			ids[i] = id
			return nil
		})
	}
	return g.Wait()
}
