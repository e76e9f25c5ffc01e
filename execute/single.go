package execute

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"bulksync/graph"
	"bulksync/plan"
)

// single is a partner that is read by itself.
type single struct {
	tenantID string
	sync     bool // its policy too
}

// singlesAtOnce is how many partners are read at the same time. Pacing limits
// their rate like that of all reads.
const singlesAtOnce = 4

// singlesOf lists the partners that the plan concerns, if reading each by
// itself takes fewer requests than the list; nil if it does not. A partner
// takes two, and the plan knows how many pages the list had. A no-op is compared
// with each reading like a write, so its partner counts as well. A template
// concerns the whole tenant: such a plan reads the list.
func singlesOf(p *plan.Plan) []single {
	var all []single
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Action == plan.Blocked {
			continue
		}
		if c.Object == plan.SyncTemplate {
			return nil
		}
		if n := len(all); n == 0 || all[n-1].tenantID != c.Partner.TenantID { // a partner's changes are adjacent
			all = append(all, single{tenantID: c.Partner.TenantID})
		}
		last := &all[len(all)-1]
		last.sync = last.sync || isApart(c.Object)
		if 2*len(all) > p.Read.Pages {
			return nil
		}
	}
	return all
}

// readSingles is the first reading.
func (r *Reading) readSingles(ctx context.Context) error {
	if err := r.renewSingles(ctx); err != nil {
		return err
	}
	return r.findSync(ctx)
}

// renewSingles reads every partner of the plan again, each by itself.
func (r *Reading) renewSingles(ctx context.Context) error {
	began := time.Now()
	r.mu.Lock()
	r.noOps.begin()
	r.mu.Unlock()
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(singlesAtOnce)
	for _, s := range r.singles {
		all.Go(func() error { return r.renewSingle(ctx, s) })
	}
	if err := all.Wait(); err != nil {
		return err
	}
	r.complete(listing{began: began})
	return nil
}

// renewSingle reads one partner for a reading of all. As in a list, one that
// cannot be read leaves the others readable. The first reading fails then.
func (r *Reading) renewSingle(ctx context.Context, s single) error {
	asOf := time.Now()
	p, err := r.partner(ctx, s.tenantID, s.sync)
	if errors.Is(err, graph.Unreadable) && r.isRead() {
		p, err = &graph.Partner{TenantID: s.tenantID, Problem: reasonOf(err)}, nil
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if p != nil {
		r.noOps.take(p)
	}
	r.keep(s.tenantID, p, asOf)
	return nil
}

// isRead reports whether the tenant was read before.
func (r *Reading) isRead() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.absentAsOf.IsZero()
}

// keep takes in what a single read showed. The caller holds the lock.
func (r *Reading) keep(tenantID string, p *graph.Partner, asOf time.Time) {
	s := &snapshot{absent: p == nil, asOf: asOf}
	if p != nil {
		s.partner = *p
		r.sync = r.sync || p.Sync != nil
	}
	if _, wanted := r.partners[tenantID]; wanted {
		r.partners[tenantID] = s
	}
}

// liveSingle is live for a plan whose partners are read one by one: only the
// change's own partner is read again. No other worker needs it.
func (r *Reading) liveSingle(ctx context.Context, c *plan.Change, age func(time.Time) time.Duration, maxAge time.Duration) (plan.Live, time.Time, error) {
	if live, asOf := r.newest(c); age(asOf) < maxAge*3/4 {
		return live, asOf, nil
	}
	s := r.singles[slices.IndexFunc(r.singles, func(s single) bool { return s.tenantID == c.Partner.TenantID })]
	asOf := time.Now()
	p, err := r.partner(ctx, s.tenantID, s.sync)
	if err != nil {
		return plan.Live{}, asOf, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(s.tenantID, p, asOf)
	return plan.Live{Partner: p}, asOf, nil
}

// errSeen ends a list whose rest is not needed.
var errSeen = errors.New("enough of the list was read")

// findSync makes sure that Graph shows synchronization policies to this
// identity. If no partner of the plan has one, a single read does not tell a
// hidden policy from none; a page of the list does, unless hidden policies look
// like none there too.
func (r *Reading) findSync(ctx context.Context) error {
	if r.sees() || !slices.ContainsFunc(r.singles, func(s single) bool { return s.sync }) {
		return nil
	}
	return r.lookForSync(ctx, func(page graph.Page) bool { return len(page.Partners) > 0 })
}

// lookForSync reads the list up to the first policy, or until enough says so.
func (r *Reading) lookForSync(ctx context.Context, enough func(graph.Page) bool) error {
	err := r.client.ListPartners(ctx, func(page graph.Page) error {
		shown := slices.ContainsFunc(page.Partners, hasSync)
		if shown {
			r.mu.Lock()
			r.sync = true
			r.mu.Unlock()
		}
		if shown || enough(page) {
			return errSeen
		}
		return nil
	})
	if errors.Is(err, errSeen) {
		return nil
	}
	return err
}

// sees reports whether some reading showed a policy.
func (r *Reading) sees() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sync
}

// showsSync reports whether the last whole list showed any synchronization
// policy: an identity that sees one sees them all. Where the partners are read
// one by one, the list is read for that, at most once. If it cannot be read to
// its end, nothing is proved, and the answer is yes.
func (r *Reading) showsSync(ctx context.Context) bool {
	r.looking.Lock()
	defer r.looking.Unlock()
	if r.singles == nil || r.looked || r.sees() {
		return r.sees()
	}
	err := r.lookForSync(ctx, func(graph.Page) bool { return false })
	if err != nil && !errors.Is(err, graph.NotVisible) {
		return true
	}
	r.looked = true
	return r.sees()
}

func hasSync(p graph.Partner) bool { return p.Sync != nil }
