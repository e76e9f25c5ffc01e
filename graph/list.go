package graph

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Page is one page of the partner list.
type Page struct {
	// Number counts from 1. A second page 1 means that the listing started over:
	// forget everything before it.
	Number int
	// Partners are those that no earlier page had. One with a Problem could not
	// be read.
	Partners []Partner
	// AsOf is when the page was requested: its data is no older.
	AsOf time.Time
	// Restarted says, on a page 1 that is not the first, why the listing started
	// over.
	Restarted string
}

// ListError says that the list of partners was not read to its end.
type ListError struct {
	// Page is the page that could not be read; all pages before it were.
	Page int
	Err  error
}

// Error names the page.
func (e *ListError) Error() string {
	return fmt.Sprintf("reading page %d of the partners: %v", e.Page, e.Err)
}

// Unwrap returns what was wrong with the page.
func (e *ListError) Unwrap() error { return e.Err }

// listQuery is the one list call: the members that are managed or protect a partner, with the
// synchronization policy expanded ("List partners", example 2). It names no others, because
// national clouds know fewer members.
const listQuery = "?$select=tenantId,isServiceProvider,automaticUserConsentSettings,inboundTrust&$expand=identitySynchronization"

// maxRestarts is how often one listing starts over.
const maxRestarts = 2

// wholeQuery asks for every member that Graph shows.
const wholeQuery = "?$expand=identitySynchronization"

// ListWholePartners is ListPartners with all members of each partner configuration,
// which removing one would lose.
func (c *Client) ListWholePartners(ctx context.Context, visit func(Page) error) error {
	return c.list(ctx, wholeQuery, visit)
}

// ListPartners reads all partners with their identity synchronization, page by page, and passes
// each page to visit. It returns nil only if it read the list to its end, with every member that
// was asked for. It follows every @odata.nextLink; one that repeats, leads elsewhere or never ends
// is an error. It starts over if a page token expired, and if a partner is on two pages with
// different content. While visit handles a page the next one is already being read.
func (c *Client) ListPartners(ctx context.Context, visit func(Page) error) error {
	return c.list(ctx, listQuery, visit)
}

func (c *Client) list(ctx context.Context, query string, visit func(Page) error) error {
	why := ""
	for restarts := 0; ; restarts++ {
		l := newListing(c, why, visit)
		err := l.read(ctx, query)
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

// read reads the list to its end. A page with broken partners is requested once more, by itself,
// and the list continues from there.
func (l *listing) read(ctx context.Context, query string) error {
	for next, number := partnersPath+query, 1; ; {
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

// follow handles one page while the next one is being read. It ends with the
// list, with an error, or with a page that has to be requested again.
func (l *listing) follow(ctx context.Context, from string, number int) (odd *page, err error) {
	ctx, cancel := context.WithCancel(ctx)
	// gone, not ctx, stops the fetching: if the end of ctx causes an error of a page, that error
	// must be received, or half a list would pass for a whole one.
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

// maxPagesWithoutNew is how many pages in a row may bring no new partner: empty pages
// are legal in the middle of a list.
const maxPagesWithoutNew = 10

// listing is one reading of the list, and what it has seen so far.
type listing struct {
	client          *Client
	restarted       string
	visit           func(Page) error
	seed            maphash.Seed
	partners        map[uuid.UUID]mark
	links           followed
	pagesWithoutNew int // pages in a row without a new partner
}

// mark is what is kept of a partner: enough to notice different content.
type mark struct {
	hash uint64
	page int
}

func newListing(c *Client, restarted string, visit func(Page) error) *listing {
	return &listing{
		client: c, restarted: restarted, visit: visit, seed: maphash.MakeSeed(),
		partners: map[uuid.UUID]mark{}, links: followed{},
	}
}

// errAskAgain marks a page that is not believed until it was requested again.
var errAskAgain = errors.New("the page is requested again")

// ChangedPartner is a partner that the list shows with different content: it was
// changed while the list was read.
type ChangedPartner struct {
	tenantID      string
	first, second int
}

// Error names the partner and the pages.
func (c *ChangedPartner) Error() string {
	if c.first == c.second {
		return fmt.Sprintf("partner %s is shown twice on page %d, with different content", c.tenantID, c.first)
	}
	return fmt.Sprintf("partner %s is shown differently on page %d and page %d", c.tenantID, c.first, c.second)
}

// take checks a page and passes it to visit.
func (l *listing) take(ctx context.Context, p *page) error {
	if p.err != nil {
		return p.err
	}
	if !p.again {
		p.parsed = parsePartners(p.raw)
	}
	found := &p.parsed
	for i := range found.partners { // it may quote a name, which may hold anything
		if problem := &found.partners[i].Problem; *problem != "" {
			*problem = printable(p.resp.secrets.cut(*problem)) // in this order: half a secret would not be found
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

// keepNew removes from a page the partners that an earlier page had. It refuses a partner that
// contradicts an earlier page, and a list that does not end.
func (l *listing) keepNew(p *page) error {
	all := p.parsed.partners
	p.Partners = all[:0]
	for i := range all {
		id := uuid.MustParse(all[i].TenantID) // parsePartner checked it
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
	if err := l.links.add(p.next); err != nil {
		return err
	}
	if p.next != "" && l.pagesWithoutNew > maxPagesWithoutNew {
		return fmt.Errorf("%d pages in a row brought no new partner, so the list would never end", l.pagesWithoutNew)
	}
	return nil
}

// notVisible is the error for a page that lacks a member that was asked for. It requests that
// member alone once, which says more about the reason.
func (c *Client) notVisible(ctx context.Context, p *page) error {
	found := &p.parsed
	path, likely := PartnerPath(found.lacksIt), ""
	if found.missing == memberSync {
		path = SyncPath(found.lacksIt)
		likely = "; the roles Teams Administrator and Global Secure Access Administrator see partners without it"
	}
	probed, shown := "succeeded", true
	resp, err := c.Do(ctx, Request{Method: http.MethodGet, Path: path})
	if e := (*Error)(nil); errors.As(err, &e) {
		probed, shown = "ended with "+e.said()+likely, false
	} else if err != nil {
		return err
	} else if has, _ := membersOf(resp.Body); found.missing != memberSync && !has[strings.ToLower(found.missing)] {
		probed, shown = "left it out too", false // it is a request for the whole partner
	}
	e := unreadable(p.resp, p.path, &MissingMember{Member: found.missing, Shown: shown, why: fmt.Sprintf(
		"Graph left %s out for %d of %d partners on the page, although it was asked for; a request for it alone, for partner %s, %s",
		found.missing, found.lacking, len(p.raw), found.lacksIt, probed)}).(*Error)
	e.Kind = NotVisible
	return e
}
