package graph

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"runtime"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// splitPage finds the elements of a page, one by one, and the link to the next
// page. It does not look into the elements, but refuses a page on which a member
// appears twice.
func splitPage(body []byte) (elements [][]byte, link string, err error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(body), lenient)
	if t, err := dec.ReadToken(); err != nil || t.Kind() != '{' {
		return nil, "", notJSON(cmp.Or(err, errNoList))
	}
	seen := members{}
	for dec.PeekKind() == '"' {
		t, _ := dec.ReadToken() // it was peeked at
		name := strings.ToLower(t.String())
		if seen[name] {
			return nil, "", notJSON(fmt.Errorf("%s appears twice", name))
		}
		seen[name] = true
		if name == "value" {
			elements, err = splitValue(dec)
		} else {
			err = otherMember(dec, name, &link)
		}
		if err != nil {
			return nil, "", err
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, "", notJSON(err)
	}
	if _, err := dec.ReadToken(); err != io.EOF {
		return nil, "", notJSON(errors.New("something follows it"))
	}
	if !seen["value"] {
		return nil, "", errNoList
	}
	return elements, link, nil
}

var errNoList = errors.New("the answer holds no list")

// splitValue reads the array. Each element is a copy, so that keeping one does not
// keep the whole page in memory.
func splitValue(dec *jsontext.Decoder) (elements [][]byte, err error) {
	switch dec.PeekKind() {
	case '[':
	case 'n':
		return nil, errNoList
	default:
		return nil, notJSON(errNoList)
	}
	_, _ = dec.ReadToken() // it was peeked at
	for {
		kind := dec.PeekKind()
		if kind == ']' {
			_, err = dec.ReadToken()
			return elements, err
		}
		one, err := dec.ReadValue()
		if err != nil {
			return nil, notJSON(err)
		}
		elements = append(elements, bytes.Clone(one))
	}
}

// otherMember reads a member other than the list itself.
func otherMember(dec *jsontext.Decoder, name string, link *string) error {
	value, err := dec.ReadValue()
	switch {
	case err != nil:
		return notJSON(err)
	case name == "error":
		return errInSuccess
	case name == "@odata.nextlink":
		if err := json.Unmarshal(value, link); err != nil { // null is none
			return fmt.Errorf("@odata.nextLink: %w", err)
		}
		if string(value) == `""` {
			return errors.New("@odata.nextLink is empty, so it is not known whether more follows")
		}
	case strings.HasSuffix(name, "nextlink"):
		// Other versions of OData spell it like this. Ignored, it would end the list early.
		return fmt.Errorf("%s instead of @odata.nextLink, so it is not known whether more follows", name)
	}
	return nil
}

// parsed is the partners of a page, and what is wrong with them.
type parsed struct {
	partners   []Partner
	unreadable error  // of a partner that does not even say which one it is
	missing    string // a member that was asked for but is missing
	lacksIt    string // a partner that lacks it
	lacking    int    // how many partners lack something
}

// parsePartners decodes the partners of a page on all processors: for a large tenant, this takes
// most of the time that a reading costs us.
func parsePartners(raw [][]byte) parsed {
	all := parsed{partners: make([]Partner, len(raw))}
	shares := make([]parsed, min(runtime.GOMAXPROCS(0), 1+len(raw)/32))
	var working sync.WaitGroup
	for w := range shares {
		working.Go(func() {
			for i := w; i < len(raw); i += len(shares) {
				shares[w].add(&all.partners[i], raw[i])
			}
		})
	}
	working.Wait()
	for _, s := range shares {
		all.lacking += s.lacking
		all.unreadable = cmp.Or(all.unreadable, s.unreadable)
		if all.missing == "" {
			all.missing, all.lacksIt = s.missing, s.lacksIt
		}
	}
	return all
}

// add reads one partner. One with a broken member has a Problem, as long as it
// says which partner it is. The Problem does not repeat the ID, so that equal
// ones can be reported together.
func (s *parsed) add(into *Partner, raw []byte) {
	p, missing, err := parsePartner(raw, true)
	if err != nil {
		id, ok := tenantIDOf(raw)
		if !ok {
			s.unreadable = &broken{fmt.Errorf("a partner that does not say which one it is: %w", err)}
			return
		}
		p, missing = Partner{TenantID: id, Problem: err.Error()}, ""
	}
	*into = p
	if missing == "" {
		return
	}
	if s.lacking++; s.lacking == 1 {
		s.missing, s.lacksIt = missing, p.TenantID
	}
}

// tenantIDOf finds the ID of a partner that could not be read, unless the ID itself can be read in
// two ways.
func tenantIDOf(raw []byte) (id string, ok bool) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(raw), lenient)
	if t, err := dec.ReadToken(); err != nil || t.Kind() != '{' {
		return "", false
	}
	for dec.PeekKind() == '"' {
		name, _ := dec.ReadToken() // it was peeked at
		isID := strings.EqualFold(name.String(), "tenantId")
		value, err := dec.ReadValue()
		if err != nil {
			return "", false
		}
		if !isID {
			continue
		}
		var one string
		if json.Unmarshal(value, &one) != nil || !isGUID(one) || id != "" && !strings.EqualFold(one, id) {
			return "", false
		}
		id = strings.ToLower(one)
	}
	return id, id != ""
}

// checkLink returns the link to the next page as it is followed: resolved against its page, with
// the host in our spelling. It must lead to the host and the API that were asked.
func (c *Client) checkLink(page, link string) (next string, err error) {
	if link == "" {
		return "", nil
	}
	base, err := url.Parse(c.target(page))
	if err != nil {
		return "", err
	}
	u, err := base.Parse(link)
	if err != nil {
		return "", c.wrongLink("an unreadable address")
	}
	sameHost := u.Scheme == c.root.Scheme && strings.EqualFold(u.Hostname(), c.root.Hostname()) && portOf(u) == portOf(c.root)
	if !sameHost || u.User != nil || u.Opaque != "" || !isBelow(u.Path, apiVersion+"/") {
		return "", c.wrongLink(u.Scheme + "://" + u.Host + u.Path) // the query may hold a page token
	}
	u.Host, u.Fragment, u.RawFragment = c.root.Host, "", ""
	return u.String(), nil
}

func (c *Client) wrongLink(where string) error {
	return fmt.Errorf("@odata.nextLink leads to %s, which is not below %s", where, c.base)
}

// isBelow reports whether a path certainly leads below root. A server may take a
// backslash for a slash, or decode dots after its own check.
func isBelow(p, root string) bool {
	plain := strings.TrimSuffix(p, "/")
	return strings.HasPrefix(p, root) && path.Clean(plain) == plain && !strings.ContainsAny(p, `\%`)
}

// followed holds the links of one list so far.
type followed map[string]bool

// add adds a link, which is empty on the last page, and refuses one that repeats.
func (f followed) add(link string) error {
	if f[link] {
		return errors.New("@odata.nextLink repeats, so the list would never end")
	}
	f[link] = link != ""
	return nil
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http":
		return "80"
	default:
		return "443"
	}
}

// page is a page between the wire and the visitor.
type page struct {
	Page
	path string
	resp *Response
	raw  [][]byte
	next string // as resolved; "" at the end
	err  error
	// again is set if the page was requested a second time: its partners are then parsed on
	// arrival.
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
// unreadable answer, which is tried again like any other.
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

// unreadable turns err, unless it is nil, into an *Error about an answer.
func unreadable(resp *Response, path string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{
		Kind: Unreadable, Method: http.MethodGet, Path: printable(resp.secrets.cut(shortPath(path))), RequestID: resp.RequestID,
		ClientRequestID: resp.ClientRequestID, Attempts: resp.Attempts, Err: resp.secrets.fromError(err),
	}
}
