package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"time"
)

// Page is one page of the partner list.
type Page struct {
	// Number counts from 1. A second page 1 means that the listing had to begin
	// again because its page token expired: forget what came before.
	Number   int
	Partners []Partner
	// AsOf is when the page was asked for: what it shows is no older.
	AsOf time.Time
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

// ListPartners reads all partners with their identity synchronization, page by
// page, and hands each page to visit. It returns nil only if the list was read
// to its end: every @odata.nextLink is followed as it stands, and a link that
// repeats or that leads elsewhere is an error. While visit looks at a page the
// next one is asked for already.
func (c *Client) ListPartners(ctx context.Context, visit func(Page) error) error {
	for restarts := 0; ; restarts++ {
		err := c.listOnce(ctx, visit)
		if e := (*Error)(nil); errors.As(err, &e) && e.Code == codeExpiredPage && restarts < 2 {
			continue
		}
		return err
	}
}

// listOnce takes one page apart while the next one is on its way.
func (c *Client) listOnce(ctx context.Context, visit func(Page) error) error {
	ctx, cancel := context.WithCancel(ctx)
	// gone, not ctx, ends a page that nobody takes: what the end of ctx makes of a
	// page has to come through, or half a list would pass for a whole one.
	pages, gone := make(chan page), make(chan struct{})
	var fetching sync.WaitGroup
	fetching.Go(func() {
		defer close(pages)
		c.fetch(ctx, pages, gone)
	})
	defer fetching.Wait()
	defer cancel()
	defer close(gone)
	for p := range pages {
		if p.err == nil {
			p.Partners, p.err = parsePartners(p.raw)
			p.err = unreadable(p.resp, p.path, p.err)
		}
		if p.err != nil {
			return &ListError{p.Number, p.err}
		}
		if err := visit(p.Page); err != nil {
			return err
		}
	}
	return nil
}

// page is a page on its way from the wire.
type page struct {
	Page
	path string
	resp *Response
	raw  []json.RawMessage
	err  error
}

// fetch reads page after page until the list ends, something fails or the
// receiver is gone.
func (c *Client) fetch(ctx context.Context, pages chan<- page, gone <-chan struct{}) {
	seen := map[string]bool{}
	next := partnersPath + listQuery
	for n := 1; next != ""; n++ {
		p := page{Page: Page{Number: n, AsOf: time.Now()}, path: next}
		next = ""
		if p.resp, p.err = c.Do(ctx, Request{Method: http.MethodGet, Path: p.path}); p.err == nil {
			p.raw, next, p.err = c.split(p.resp.Body, seen)
			p.err = unreadable(p.resp, p.path, p.err)
		}
		select {
		case pages <- p:
		case <-gone:
			return
		}
	}
}

// split finds the partners of a page and the link to the next, which it checks.
func (c *Client) split(body []byte, seen map[string]bool) (partners []json.RawMessage, link string, err error) {
	var wire struct {
		Value    *[]json.RawMessage `json:"value"`
		NextLink string             `json:"@odata.nextLink"`
	}
	if err := decode(body, &wire); err != nil {
		return nil, "", fmt.Errorf("not the JSON that Graph answers (is a proxy or a sign-in page in between?): %w", err)
	}
	if wire.Value == nil {
		return nil, "", errors.New("no value in the answer, so it is no list")
	}
	if err := c.checkLink(wire.NextLink, seen); err != nil {
		return nil, "", err
	}
	return *wire.Value, wire.NextLink, nil
}

// parsePartners decodes the partners of a page on all processors: of reading a
// large tenant it is what takes the time here.
func parsePartners(raw []json.RawMessage) ([]Partner, error) {
	partners := make([]Partner, len(raw))
	errs := make([]error, min(runtime.GOMAXPROCS(0), 1+len(raw)/32))
	var all sync.WaitGroup
	for w := range errs {
		all.Go(func() {
			for i := w; i < len(raw) && errs[w] == nil; i += len(errs) {
				partners[i], errs[w] = ParsePartner(raw[i])
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return partners, nil
}

func (c *Client) checkLink(link string, seen map[string]bool) error {
	if link == "" {
		return nil
	}
	u, err := url.Parse(link)
	if err != nil || !strings.HasPrefix(link, c.root+apiVersion+"/") {
		where := "an unreadable address"
		if err == nil {
			where = u.Scheme + "://" + u.Host + u.Path // the query may hold a page token
		}
		return fmt.Errorf("@odata.nextLink leads to %s, which is not below %s", where, c.root+apiVersion)
	}
	if seen[link] {
		return errors.New("@odata.nextLink repeats, so the list would never end")
	}
	seen[link] = true
	return nil
}

// unreadable says which answer err, if it is not nil, is about.
func unreadable(resp *Response, path string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{
		Kind: Unreadable, Method: http.MethodGet, Path: shortPath(path), RequestID: resp.RequestID,
		ClientRequestID: resp.ClientRequestID, Attempts: resp.Attempts, Err: err,
	}
}
