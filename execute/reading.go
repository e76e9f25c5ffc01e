package execute

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"bulksync/graph"
	"bulksync/plan"
)

// Reading is the part of the tenant that a plan concerns, as it was read, and
// how old each part is. It is renewed page by page: a long run never falls back
// to one read per partner. Only where the whole plan concerns few partners of
// many is each read by itself (see singles). Its methods are safe for
// concurrent use.
type Reading struct {
	client   *graph.Client
	whole    map[string]bool // the tenants whose partner configuration itself is changed
	template bool
	// allMembers: the list is read with all members of the partners, because some
	// are removed or added again with them.
	allMembers bool
	// singles are the partners to read one by one; nil if the list is read.
	// Prepare decides.
	singles []single
	// looked: for singles, the whole list was searched for a policy. looking is
	// held meanwhile.
	looking sync.Mutex
	looked  bool

	mu sync.Mutex
	// partners has every tenant of the plan: what was last read of it, or nil. A
	// snapshot is replaced, never changed.
	partners map[string]*snapshot
	// absentAsOf is when the last whole list began: a partner without a snapshot
	// did not exist then.
	absentAsOf time.Time
	// took is how long the last whole list took to read, page how long its
	// slowest page.
	took, page time.Duration
	// sync: the last whole list showed at least one synchronization policy; for
	// singles, some reading did.
	sync     bool
	tmpl     graph.Template
	tmplAsOf time.Time
	// renewal is closed when a page is in or the renewal ended; nil when none
	// is under way.
	renewal chan struct{}
	// noOps are the plan's no-ops that are no longer as wanted.
	noOps *noOps
	// Restarts says why the first list was read again, once per restart.
	Restarts []string
}

type snapshot struct {
	partner graph.Partner
	absent  bool // a single read showed that there is no such partner
	asOf    time.Time
}

// Prepare reads the tenant before a run, and fails unless everything that the
// plan concerns can be read. It writes nothing.
func Prepare(ctx context.Context, c *graph.Client, p *plan.Plan) (*Reading, error) {
	r := newReading(c, p)
	r.noOps = newNoOps(p.Changes, false)
	r.whole, r.partners = map[string]bool{}, make(map[string]*snapshot, p.Summary.Writes())
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Writes() && c.Object != plan.SyncTemplate {
			r.partners[c.Partner.TenantID] = nil
			if c.Object == plan.PartnerConfiguration {
				r.whole[c.Partner.TenantID] = true
			}
		}
	}
	return r, r.begin(ctx)
}

// newReading is a reading that keeps nothing.
func newReading(c *graph.Client, p *plan.Plan) *Reading {
	return &Reading{
		client: c, singles: singlesOf(p), allMembers: slices.ContainsFunc(p.Changes, func(c plan.Change) bool { return c.IsWhole() }),
		template: slices.ContainsFunc(p.Changes, func(c plan.Change) bool { return c.Object == plan.SyncTemplate && c.Action != plan.Blocked }),
	}
}

// begin reads everything for the first time.
func (r *Reading) begin(ctx context.Context) error {
	if r.singles != nil {
		if err := r.readSingles(ctx); err == nil || ctx.Err() != nil {
			return err
		}
		r.singles, r.absentAsOf = nil, time.Time{} // the list says best what cannot be read, and why
	}
	return r.renew(ctx)
}

// renew reads everything again. Each page can be used as soon as it is in.
func (r *Reading) renew(ctx context.Context) error {
	if r.singles != nil {
		return r.renewSingles(ctx)
	}
	l := listing{began: time.Now()}
	list := r.client.ListPartners
	if r.allMembers {
		list = r.client.ListWholePartners
	}
	err := list(ctx, func(page graph.Page) error {
		l.add(page)
		r.take(page)
		return nil
	})
	if err == nil && r.template {
		err = r.renewTemplate(ctx)
	}
	if err == nil {
		r.complete(l)
	}
	return err
}

// listing collects what a whole list shows while its pages come in.
type listing struct {
	began    time.Time
	slowest  time.Duration // page
	sync     bool          // some partner has a synchronization policy
	restarts []string
}

func (l *listing) add(page graph.Page) {
	if page.Number == 1 {
		l.began, l.sync = page.AsOf, false
	}
	if page.Restarted != "" {
		l.restarts = append(l.restarts, page.Restarted)
	}
	l.slowest = max(l.slowest, time.Since(page.AsOf))
	l.sync = l.sync || slices.ContainsFunc(page.Partners, hasSync)
}

func (r *Reading) renewTemplate(ctx context.Context) error {
	asOf := time.Now()
	t, err := r.client.Template(ctx)
	if err != nil {
		return fmt.Errorf("reading the template: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tmpl, r.tmplAsOf = t, asOf
	return nil
}

// complete ends a whole list: a partner that was not in it does not exist.
func (r *Reading) complete(l listing) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.absentAsOf.IsZero() {
		r.Restarts = l.restarts
	}
	r.noOps.end(r.readTemplate())
	r.absentAsOf, r.took, r.page = l.began, time.Since(l.began), l.slowest
	r.sync = l.sync || r.sync && r.singles != nil
	for id, s := range r.partners {
		if s != nil && s.asOf.Before(l.began) {
			r.partners[id] = nil
		}
	}
}

// readTemplate is the template as it was read; nil if it was not.
func (r *Reading) readTemplate() *graph.Template {
	if !r.template {
		return nil
	}
	t := r.tmpl
	return &t
}

// lostNoOp returns what the last whole list showed of a no-op that is no longer
// as wanted or could not be read.
func (r *Reading) lostNoOp(c *plan.Change) (lostNoOp, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	lost, is := r.noOps.lost[c.Seq]
	return lost, is
}

// take publishes one page to all waiting workers.
func (r *Reading) take(page graph.Page) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if page.Number == 1 {
		r.noOps.begin()
	}
	for i := range page.Partners {
		p := &page.Partners[i]
		r.noOps.take(p)
		if _, wanted := r.partners[p.TenantID]; wanted {
			s := &snapshot{partner: *p, asOf: page.AsOf}
			if !r.whole[p.TenantID] {
				s.partner.Raw = nil // the largest part, and only the removal of a partner looks at the rest of it
			}
			r.partners[p.TenantID] = s
		}
	}
	if r.renewal != nil {
		close(r.renewal)
		r.renewal = make(chan struct{})
	}
}

// look returns what is known about a change's object, and as of when.
func (r *Reading) look(c *plan.Change) (plan.Live, time.Time) {
	if c.Object == plan.SyncTemplate {
		t := r.tmpl
		return plan.Live{Template: &t}, r.tmplAsOf
	}
	switch s := r.partners[c.Partner.TenantID]; {
	case s == nil:
		return plan.Live{}, r.absentAsOf
	case s.absent:
		return plan.Live{}, s.asOf
	default:
		return plan.Live{Partner: &s.partner}, s.asOf
	}
}

// newest returns what the newest reading shows for a change, and as of when.
func (r *Reading) newest(c *plan.Change) (plan.Live, time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.look(c)
}

// live returns what is there now for a change, read within maxAge as measured
// by age. The first worker that finds the reading too old renews it for all,
// and the others wait for the page they need. From three quarters of maxAge on,
// one worker renews ahead while the others continue. An object is read by
// itself if the list takes too long to be kept fresh, or if the page it needs
// hangs.
func (r *Reading) live(ctx context.Context, c *plan.Change, age func(time.Time) time.Duration, maxAge time.Duration) (plan.Live, time.Time, error) {
	if r.singles != nil {
		return r.liveSingle(ctx, c, age, maxAge)
	}
	for renewed := false; ; {
		r.mu.Lock()
		live, asOf := r.look(c)
		old := age(asOf)
		idle, slow := r.renewal == nil, r.took > maxAge/2
		pageLimit := max(hungPage, 4*r.page)
		if old < maxAge*3/4 || old < maxAge && (slow || !idle) || renewed && !slow {
			r.mu.Unlock()
			return live, asOf, nil
		}
		if slow {
			r.mu.Unlock()
			return r.object(ctx, c)
		}
		wait := r.renewal
		if idle {
			r.renewal = make(chan struct{})
		}
		r.mu.Unlock()
		if idle {
			if err := r.lead(ctx); err != nil {
				return plan.Live{}, time.Time{}, err
			}
			renewed = true // it cannot get newer than this
			continue
		}
		select {
		case <-wait:
		case <-time.After(pageLimit):
			return r.object(ctx, c)
		case <-ctx.Done():
			return plan.Live{}, time.Time{}, context.Cause(ctx)
		}
	}
}

// hungPage is how long a page may take at least before the others continue
// without it.
const hungPage = 1500 * time.Millisecond

// lead renews on behalf of all workers, and wakes those still waiting.
func (r *Reading) lead(ctx context.Context) error {
	err := r.renew(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.renewal)
	r.renewal = nil
	return err
}

// object reads the one object of a change, to find out what a list cannot show.
func (r *Reading) object(ctx context.Context, c *plan.Change) (plan.Live, time.Time, error) {
	asOf := time.Now()
	if c.Object == plan.SyncTemplate {
		t, err := r.client.Template(ctx)
		return plan.Live{Template: &t}, asOf, err
	}
	p, err := r.partner(ctx, c.Partner.TenantID, isApart(c.Object))
	return plan.Live{Partner: p}, asOf, err
}

// partner reads one partner, nil if there is none, and with sync its policy:
// two reads, because Graph documents $expand for the list only.
func (r *Reading) partner(ctx context.Context, tenantID string, sync bool) (*graph.Partner, error) {
	p, err := orNone(r.client.Partner(ctx, tenantID))
	if err != nil || p == nil || !sync {
		return p, err
	}
	s, err := orNone(r.client.IdentitySynchronization(ctx, tenantID))
	if err != nil {
		return nil, err
	}
	if p.Sync = nil; s != nil {
		p.Sync = *s
	}
	return p, nil
}

// isApart reports whether an object is not, or not only, a part of the partner
// configuration.
func isApart(o plan.Object) bool { return o.Member() == "" }

// orNone turns Graph's 404 into nil: that something does not exist is an
// answer.
func orNone[T any](v T, err error) (*T, error) {
	switch {
	case err == nil:
		return &v, nil
	case errors.Is(err, graph.NotFound):
		return nil, nil
	default:
		return nil, err
	}
}
