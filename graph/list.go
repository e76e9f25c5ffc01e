package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
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
const listQuery = "?$select=tenantId,isServiceProvider,automaticUserConsentSettings&$expand=identitySynchronization"

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

// page is a page on its way from the wire.
type page struct {
	Page
	path string
	resp *Response
	raw  [][]byte
	next string // as resolved; "" at the end
	err  error
	// again is set where the page was asked for a second time: its partners were
	// parsed as it came.
	again   bool
	parsed  parsed
	visited bool
}

// named says which page err is about, unless it is the visitor's.
func (p *page) named(err error) error {
	if p.visited {
		return err
	}
	return &ListError{p.Number, err}
}

// fetch reads page after page until the list ends, something fails or the
// receiver is gone.
func (c *Client) fetch(ctx context.Context, next string, number int, pages chan<- page, gone <-chan struct{}) {
	for next != "" {
		p := c.readPage(ctx, next, number, false)
		next, number = p.next, number+1
		select {
		case pages <- p:
		case <-gone:
			return
		}
	}
}

// readPage reads one page. With again, partners that cannot be read make it an
// unreadable answer, which is asked for like any other.
func (c *Client) readPage(ctx context.Context, path string, number int, again bool) page {
	p := page{Page: Page{Number: number}, path: path, again: again}
	var link string
	p.resp, p.err = c.Do(ctx, Request{Method: http.MethodGet, Path: path, check: func(body []byte) (err error) {
		if p.raw, link, err = splitPage(body); err == nil && again {
			p.parsed = parsePartners(p.raw)
			err = p.parsed.unreadable
		}
		return err
	}})
	if p.err == nil {
		p.AsOf = p.resp.sent
		next, err := c.checkLink(path, link)
		p.next, p.err = next, unreadable(p.resp, path, err)
	}
	return p
}

// unreadable says which answer err, if it is not nil, is about.
func unreadable(resp *Response, path string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{
		Kind: Unreadable, Method: http.MethodGet, Path: oneLine(resp.hide.cut(shortPath(path))), RequestID: resp.RequestID,
		ClientRequestID: resp.ClientRequestID, Attempts: resp.Attempts, Err: resp.hide.fromError(err),
	}
}
