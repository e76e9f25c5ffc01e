package graph

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/go-retryablehttp"
)

const apiVersion = "/v1.0"

// Options are what a Client is made of. RootURL is required.
type Options struct {
	// RootURL is the Graph host without a version: https, or http to loopback.
	RootURL string
	// UserAgent goes with each request, as Graph's guide asks for: name/version.
	UserAgent string
	// Layers lie between the retries and the wire, the outermost first. They see
	// each attempt.
	Layers []func(http.RoundTripper) http.RoundTripper
	// Base carries the attempts; nil means connections of its own.
	Base http.RoundTripper
	// FirstByte bounds the wait for an answer to begin; 0 means 30 seconds.
	FirstByte time.Duration
	// Priority is sent as x-ms-throttle-priority (low, normal or high) and says
	// who is refused first when a tenant is short of quota; empty sends none.
	Priority string
}

// Client sends requests to one Graph host. It is safe for concurrent use.
type Client struct {
	root   string
	http   *retryablehttp.Client
	header http.Header
	count  counters
}

// New returns a client. It refuses a root URL that would carry a token in
// clear, or that already names a path.
func New(o Options) (*Client, error) {
	root, err := CheckRoot(o.RootURL)
	if err != nil {
		return nil, err
	}
	c := &Client{root: root, header: http.Header{}}
	c.header.Set("Accept", "application/json")
	c.header.Set("User-Agent", o.UserAgent)
	if o.Priority != "" {
		c.header.Set("x-ms-throttle-priority", o.Priority)
	}
	if o.Base == nil {
		o.Base = newTransport()
	}
	if o.FirstByte == 0 {
		o.FirstByte = 30 * time.Second
	}
	var rt http.RoundTripper = &attempt{base: o.Base, firstByte: o.FirstByte, count: &c.count}
	for i := len(o.Layers) - 1; i >= 0; i-- {
		rt = o.Layers[i](rt)
	}
	c.http = &retryablehttp.Client{
		// The wrapper keeps the library from closing everybody's idle connections
		// when one request gives up. No Timeout: it would count time spent pacing.
		HTTPClient:   &http.Client{Transport: onlyRoundTrip{rt}, CheckRedirect: noRedirect},
		RetryMax:     1 << 20, // checkRetry decides, by attempts that reached the wire
		CheckRetry:   checkRetry,
		Backoff:      backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler, // keeps Graph's own error body
	}
	return c, nil
}

type onlyRoundTrip struct{ http.RoundTripper }

// noRedirect keeps a token from being carried to another host. Graph does not
// redirect in this area.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// CheckRoot returns a root URL in its plain form, or says what is wrong with it.
func CheckRoot(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("graph URL %q is not a host URL such as https://graph.microsoft.com", raw)
	}
	if u.Path != "" && u.Path != "/" {
		return "", fmt.Errorf("graph URL %q names a path: give the host alone, %s is added", raw, apiVersion)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !IsLoopback(u.Hostname())) {
		return "", fmt.Errorf("graph URL %q would send the token in clear: use https, plain http is for loopback addresses alone", raw)
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil // as Graph's own links spell it
}

// IsLoopback reports whether host is this machine by address or by the name
// localhost. Other names are not looked up: a name server could lie.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Request is one logical call. Path starts below the API version.
type Request struct {
	Method, Path string
	Body         []byte
	// ClientRequestID is kept over all attempts; empty means a fresh one.
	ClientRequestID string
	// MaxAttempts bounds the tries; 0 means six.
	MaxAttempts int
	// OnWire governs attempts that are on the wire, so that ending the context of
	// Do stops waits and further attempts and lets an answer under way arrive.
	// Nil means the context of Do.
	OnWire context.Context
	// Still is asked when the turn of an attempt has come: does the call still
	// have its ground? If not, the attempt is not sent and the call ends with
	// ErrTooLate. It runs in the goroutine of Do, and may read through the same
	// client. Nil means always.
	Still func() bool
}

// Response is a call that succeeded.
type Response struct {
	Status          int
	Body            []byte
	RequestID       string
	ClientRequestID string
	Attempts        int
}

// NewRequestID returns a fresh client-request-id.
func NewRequestID() string { return uuid.NewString() }

// Requests returns how many attempts went over the wire so far.
func (c *Client) Requests() Requests { return c.count.snapshot() }

// Do sends a request until it is answered for good. Its error is an *Error,
// unless ctx ended first: then it is ctx's error if no write can have landed,
// and an Indeterminate *Error if one was on its way.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	if r.ClientRequestID == "" {
		r.ClientRequestID = NewRequestID()
	}
	if r.MaxAttempts == 0 {
		r.MaxAttempts = maxAttempts
	}
	st := &call{req: r, maxAttempts: r.MaxAttempts}
	req, err := c.newRequest(context.WithValue(ctx, callKey{}, st), r)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, st.fault(ctx, err)
	}
	body := kept(resp)
	if resp.StatusCode >= 300 || resp.StatusCode < 200 {
		return nil, st.refusal(resp, body)
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		return nil, st.foreign(resp)
	}
	return &Response{
		Status: resp.StatusCode, Body: body, Attempts: st.attempts,
		RequestID: resp.Header.Get("Request-Id"), ClientRequestID: r.ClientRequestID,
	}, nil
}

var contentJSON = []string{"application/json"}

func (c *Client) newRequest(ctx context.Context, r Request) (*retryablehttp.Request, error) {
	target := r.Path
	if !strings.HasPrefix(target, c.root+apiVersion+"/") {
		target = c.root + apiVersion + r.Path
	}
	var body any
	if r.Body != nil {
		body = r.Body
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, r.Method, target, body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.Method, r.Path, err)
	}
	maps.Copy(req.Header, c.header) // the values are shared, and nobody changes them
	req.Header["Client-Request-Id"] = []string{r.ClientRequestID}
	if r.Body != nil {
		req.Header["Content-Type"] = contentJSON
	}
	return req, nil
}

// fault turns a transport error into what it means for the request.
func (st *call) fault(ctx context.Context, err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err // the URL is in Error.Path, without its query
	}
	e := &Error{
		Kind: Unreachable, Method: st.req.Method, Path: shortPath(st.req.Path),
		ClientRequestID: st.req.ClientRequestID, Attempts: st.attempts, Err: err,
	}
	var final nonRetriable
	var pause longPause
	switch {
	case isWrite(st.req.Method) && st.open:
		e.Kind = Indeterminate
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &pause):
		e.Kind, e.RetryAfter = Throttled, pause.RetryAfter()
	case errors.As(err, &final):
		e.Kind = Unauthorized
	}
	return e
}

// refusal turns an answer that is no success into an *Error.
func (st *call) refusal(resp *http.Response, body []byte) *Error {
	e := decodeError(resp.StatusCode, resp.Header, body)
	e.Method, e.Path, e.Attempts = st.req.Method, shortPath(st.req.Path), st.attempts
	e.ClientRequestID = st.req.ClientRequestID
	e.RetryAfter, _ = RetryAfter(resp.Header, time.Now())
	if mayHaveLanded(st.req.Method, resp.StatusCode) {
		e.Kind = Indeterminate
	}
	return e
}

// foreign is a success that Graph did not give: a sign-in page or a filter in
// between answers 200 to anything, and whether Graph saw a write is not known.
func (st *call) foreign(resp *http.Response) *Error {
	e := st.refusal(resp, nil)
	e.Status, e.Kind, e.Err = 0, Unreadable, errors.New("a web page instead of Graph's answer (is a proxy or a sign-in page in between?)")
	if isWrite(st.req.Method) {
		e.Kind = Indeterminate
	}
	return e
}

func shortPath(p string) string {
	if i := strings.Index(p, apiVersion+"/"); i >= 0 {
		p = p[i+len(apiVersion):]
	}
	p, _, _ = strings.Cut(p, "?")
	return p
}
