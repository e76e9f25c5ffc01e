package auth

import (
	"fmt"
	"io"
	"maps"
	"net/http"

	"bulksync/graph"
)

// Transport returns base with the session's token on each request; it fits graph.Options.Layers.
// The caller's request is not changed. Plain http is refused before a token is requested, except to
// loopback.
//
// After a 401 the request is sent once more with another token if Graph asked for one by a claims
// challenge, or if another request has renewed the token meanwhile. Any other 401 is returned, and
// the next request fetches a new token. The Azure identity library caches tokens: without a
// challenge it may hand out the same one until five minutes before it expires.
func (s *Session) Transport(base http.RoundTripper) http.RoundTripper {
	return &transport{session: s, base: base}
}

type transport struct {
	session *Session
	base    http.RoundTripper
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	token, err := t.token(req)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	resp, err := t.base.RoundTrip(authorized(req, token))
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	next, err := t.session.renew(req.Context(), token, resp.Header)
	if err != nil {
		drain(resp)
		return nil, refused(resp, err)
	}
	again, ok := rewound(req)
	if next == "" || !ok {
		return resp, nil
	}
	drain(resp)
	return t.base.RoundTrip(authorized(again, next))
}

func (t *transport) token(req *http.Request) (string, error) {
	if req.URL.Scheme != "https" && !graph.IsLoopback(req.URL.Hostname()) {
		return "", &Error{msg: fmt.Sprintf("refusing to send a token in clear to %s: use https", req.URL.Host)}
	}
	return t.session.authorization(req.Context())
}

// refused adds the answer's request-id to err, so that it can be found in Microsoft's log.
func refused(resp *http.Response, err error) error {
	if id := resp.Header.Get("Request-Id"); id != "" {
		return fmt.Errorf("renewing the token that Graph refused (request-id %s): %w", id, err)
	}
	return fmt.Errorf("renewing the token that Graph refused: %w", err)
}

func authorized(req *http.Request, token string) *http.Request {
	r := req.WithContext(req.Context()) // a shallow copy: base must not touch the caller's headers
	r.Header = make(http.Header, len(req.Header)+1)
	maps.Copy(r.Header, req.Header)
	r.Header["Authorization"] = []string{token}
	return r
}

// rewound is req with its body at the start again, if that is possible.
func rewound(req *http.Request) (*http.Request, bool) {
	if req.Body == nil || req.Body == http.NoBody {
		return req, true
	}
	if req.GetBody == nil {
		return nil, false
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, false
	}
	r := req.WithContext(req.Context())
	r.Body = body
	return r, true
}

// drain reads the rest of a body so that the connection can be used again. It stops at a body
// longer than any refusal: reading that is not worth it.
func drain(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	_ = resp.Body.Close()
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}
