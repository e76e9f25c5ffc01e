package graph

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"net/http"

	"github.com/google/uuid"
)

// maxBarren is how many pages in a row may bring no new partner: empty ones are
// legal in the middle of a list.
const maxBarren = 10

// listing is one reading of the list: what it has seen so far.
type listing struct {
	client    *Client
	restarted string
	visit     func(Page) error
	seed      maphash.Seed
	partners  map[uuid.UUID]mark
	links     map[string]bool
	barren    int // pages in a row without a new partner
}

// mark is what is kept of a partner: enough to tell another content.
type mark struct {
	hash uint64
	page int
}

func newListing(c *Client, restarted string, visit func(Page) error) *listing {
	return &listing{
		client: c, restarted: restarted, visit: visit, seed: maphash.MakeSeed(),
		partners: map[uuid.UUID]mark{}, links: map[string]bool{},
	}
}

// errAskAgain is a page that is not believed before it was asked for again.
var errAskAgain = errors.New("the page is asked for again")

// ChangedPartner is a partner that the list shows in two ways: somebody changed
// it while the list was read.
type ChangedPartner struct {
	tenantID      string
	first, second int
}

// Error names the partner and the pages.
func (c *ChangedPartner) Error() string {
	if c.first == c.second {
		return fmt.Sprintf("partner %s is shown twice on page %d, and differently", c.tenantID, c.first)
	}
	return fmt.Sprintf("partner %s is shown differently on page %d and page %d", c.tenantID, c.first, c.second)
}

// take looks at a page, and hands it on.
func (l *listing) take(ctx context.Context, p *page) error {
	if p.err != nil {
		return p.err
	}
	if !p.again {
		p.parsed = parsePartners(p.raw)
	}
	found := &p.parsed
	for i := range found.partners { // a name that stands twice is told, whatever it is
		if problem := &found.partners[i].Problem; *problem != "" {
			*problem = oneLine(p.resp.hide.cut(*problem)) // in this order: half a secret is not found
		}
	}
	switch {
	case found.unreadable != nil:
		return errAskAgain
	case found.missing == "":
	case p.again, p.Number == 1 && found.lacking == len(p.raw):
		return l.client.notVisible(ctx, p)
	default:
		return errAskAgain
	}
	if err := l.isNew(p); err != nil {
		return unreadable(p.resp, p.path, err)
	}
	if p.Number == 1 {
		p.Restarted = l.restarted
	}
	p.visited = true
	return l.visit(p.Page)
}

// isNew leaves in a page what no page before had, and refuses what contradicts
// one of them, and a list that does not come to an end.
func (l *listing) isNew(p *page) error {
	all := p.parsed.partners
	p.Partners = all[:0]
	for i := range all {
		id := uuid.MustParse(all[i].TenantID) // it was held to be a GUID
		m := mark{maphash.Bytes(l.seed, p.raw[i]), p.Number}
		known, twice := l.partners[id]
		switch {
		case !twice:
			l.partners[id] = m
			p.Partners = append(p.Partners, all[i])
		case known.hash != m.hash:
			return &ChangedPartner{all[i].TenantID, known.page, p.Number}
		}
	}
	if l.barren++; len(p.Partners) > 0 {
		l.barren = 0
	}
	switch {
	case p.next == "":
		return nil
	case l.links[p.next]:
		return errors.New("@odata.nextLink repeats, so the list would never end")
	case l.barren > maxBarren:
		return fmt.Errorf("%d pages in a row brought no new partner, so the list would never end", l.barren)
	}
	l.links[p.next] = true
	return nil
}

// notVisible tells that a page lacks a member that was asked for. One request
// for it alone says more about the reason.
func (c *Client) notVisible(ctx context.Context, p *page) error {
	found := &p.parsed
	path, likely := PartnerPath(found.lacksIt), ""
	if found.missing == memberSync {
		path = SyncPath(found.lacksIt)
		likely = "; the roles Teams Administrator and Global Secure Access Administrator see partners without it"
	}
	probed := "succeeded"
	_, err := c.Do(ctx, Request{Method: http.MethodGet, Path: path})
	if e := (*Error)(nil); errors.As(err, &e) {
		probed = "ended with " + e.said() + likely
	} else if err != nil {
		return err
	}
	e := unreadable(p.resp, p.path, &MissingMember{Member: found.missing, Shown: err == nil, why: fmt.Sprintf(
		"Graph left %s out for %d of %d partners on the page, although it was asked for; a request for it alone, for partner %s, %s",
		found.missing, found.lacking, len(p.raw), found.lacksIt, probed)}).(*Error)
	e.Kind = NotVisible
	return e
}
