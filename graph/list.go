package graph

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Page is one page of the partner list.
type Page struct {
	// Number counts from 1. A second page 1 means that the listing had to begin
	// again: forget what came before.
	Number int
	// Partners are those that no page before had. One with a Problem could not be
	// read.
	Partners []Partner
	// AsOf is when the page was asked for: what it shows is no older.
	AsOf time.Time
	// Restarted says, on a page 1 that is not the first, why the listing began
	// again.
	Restarted string
}

// ListError is a list of partners that was not read to its end.
type ListError struct {
	// Page is the page that could not be had; the ones before it were read.
	Page int
	Err  error
}

// Error names the page.
func (e *ListError) Error() string {
	return fmt.Sprintf("reading page %d of the partners: %v", e.Page, e.Err)
}

// Unwrap returns what was wrong with the page.
func (e *ListError) Unwrap() error { return e.Err }

// listQuery is the one list call: what is managed and what protects a partner,
// with the synchronization policy expanded ("List partners", example 2).
// National clouds know fewer members, so no other is named.
const listQuery = "?$select=tenantId,isServiceProvider,automaticUserConsentSettings,inboundTrust&$expand=identitySynchronization"

// maxRestarts is how often one listing begins again.
const maxRestarts = 2

// ListPartners reads all partners with their identity synchronization, page by
// page, and hands each page to visit. It returns nil only if the list was read
// to its end and everything in it that was asked for: every @odata.nextLink is
// followed, and one that repeats, leads elsewhere or leads on without end is an
// error. It begins again where a page token expired, and where a partner stands
// on two pages with different content. While visit looks at a page the next one
// is asked for already.
func (c *Client) ListPartners(ctx context.Context, visit func(Page) error) error {
	why := ""
	for restarts := 0; ; restarts++ {
		l := newListing(c, why, visit)
		err := l.read(ctx)
		changed := (*ChangedPartner)(nil)
		switch e := (*Error)(nil); {
		case restarts == maxRestarts:
			return err
		case errors.As(err, &changed):
			why = changed.Error()
		case errors.As(err, &e) && e.Code == codeExpiredPage:
			why = "the page token expired"
		default:
			return err
		}
	}
}

// read reads the list to its end. A page whose partners are not as they should
// be is asked for once more, by itself, and the list goes on from there.
func (l *listing) read(ctx context.Context) error {
	for next, number := partnersPath+listQuery, 1; ; {
		odd, err := l.follow(ctx, next, number)
		if odd == nil {
			return err
		}
		again := l.client.readPage(ctx, odd.path, odd.Number, true)
		if err = l.take(ctx, &again); err != nil {
			return again.named(err)
		}
		if next, number = again.next, odd.Number+1; next == "" {
			return nil
		}
	}
}

// follow takes one page apart while the next one is on its way. It ends with
// the list, with an error, or with a page that has to be asked for again.
func (l *listing) follow(ctx context.Context, from string, number int) (odd *page, err error) {
	ctx, cancel := context.WithCancel(ctx)
	// gone, not ctx, ends a page that nobody takes: what the end of ctx makes of a
	// page has to come through, or half a list would pass for a whole one.
	pages, gone := make(chan page), make(chan struct{})
	var fetching sync.WaitGroup
	fetching.Go(func() {
		defer close(pages)
		l.client.fetch(ctx, from, number, pages, gone)
	})
	defer fetching.Wait()
	defer cancel()
	defer close(gone)
	for p := range pages {
		if err := l.take(ctx, &p); errors.Is(err, errAskAgain) {
			return &p, nil
		} else if err != nil {
			return nil, p.named(err)
		}
	}
	return nil, nil
}

// maxPagesWithoutNew is how many pages in a row may bring no new partner: empty ones are
// legal in the middle of a list.
const maxPagesWithoutNew = 10

// listing is one reading of the list: what it has seen so far.
type listing struct {
	client          *Client
	restarted       string
	visit           func(Page) error
	seed            maphash.Seed
	partners        map[uuid.UUID]mark
	links           map[string]bool
	pagesWithoutNew int // pages in a row without a new partner
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
			*problem = oneLine(p.resp.secrets.cut(*problem)) // in this order: half a secret is not found
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
	if err := l.keepNew(p); err != nil {
		return unreadable(p.resp, p.path, err)
	}
	if p.Number == 1 {
		p.Restarted = l.restarted
	}
	p.visited = true
	return l.visit(p.Page)
}

// keepNew leaves in a page what no page before had, and refuses what contradicts
// one of them, and a list that does not come to an end.
func (l *listing) keepNew(p *page) error {
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
	if l.pagesWithoutNew++; len(p.Partners) > 0 {
		l.pagesWithoutNew = 0
	}
	switch {
	case p.next == "":
		return nil
	case l.links[p.next]:
		return errors.New("@odata.nextLink repeats, so the list would never end")
	case l.pagesWithoutNew > maxPagesWithoutNew:
		return fmt.Errorf("%d pages in a row brought no new partner, so the list would never end", l.pagesWithoutNew)
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
