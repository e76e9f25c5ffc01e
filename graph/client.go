package graph

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/go-retryablehttp"
)

const apiVersion = "/v1.0"

// Options configure a Client. RootURL is required.
type Options struct {
	// RootURL is the Graph host without a version: https, or http to loopback.
	RootURL string
	// UserAgent is sent with each request, as Graph's guide asks: name/version.
	UserAgent string
	// Layers lie between the retries and the wire, the outermost first. Each attempt passes through
	// them.
	Layers []func(http.RoundTripper) http.RoundTripper
	// Base carries the attempts; nil means connections of its own.
	Base http.RoundTripper
	// FirstByte bounds the wait for the first byte of the answer to a write; 0
	// means DefaultFirstByte. ReadFirstByte is the same for a read; 0 means
	// DefaultReadFirstByte.
	FirstByte, ReadFirstByte time.Duration
	// Outage is how long Graph may give no good answer until a request is given
	// up; 0 means DefaultOutage. Reads and writes are counted separately.
	Outage time.Duration
	// Priority is sent with each request; empty sends none.
	Priority Priority
}

// Defaults of Options. A page of a large tenant takes time.
const (
	DefaultFirstByte     = 30 * time.Second
	DefaultReadFirstByte = 2 * time.Minute
	DefaultOutage        = 5 * time.Minute
)

// Client sends requests to one Graph host. It is safe for concurrent use.
type Client struct {
	root   *url.URL
	base   string // root and version
	http   *http.Client
	own    *connections // nil if the caller has given others
	outage *outage
	header http.Header
	count  counters
}

// New returns a client. It refuses a root URL that would send a token in clear,
// or that already has a path.
func New(o Options) (*Client, error) {
	root, err := CheckRoot(o.RootURL)
	if err != nil {
		return nil, err
	}
	c := &Client{header: http.Header{}}
	if c.root, err = url.Parse(root); err != nil {
		return nil, err
	}
	c.base = root + apiVersion
	c.header.Set("Accept", "application/json")
	c.header.Set("User-Agent", o.UserAgent)
	if o.Priority != "" {
		c.header.Set("x-ms-throttle-priority", string(o.Priority))
	}
	own := o.Base == nil
	if own {
		c.own = newTransport()
		o.Base = c.own
	}
	var rt http.RoundTripper = &attempt{
		base: o.Base, own: own, count: &c.count, secrets: ofProxy(root),
		firstWrite: cmp.Or(o.FirstByte, DefaultFirstByte), firstRead: cmp.Or(o.ReadFirstByte, DefaultReadFirstByte),
	}
	for i := len(o.Layers) - 1; i >= 0; i-- {
		rt = o.Layers[i](rt)
	}
	c.outage = newOutage(rt, cmp.Or(o.Outage, DefaultOutage))
	// The wrapper keeps the retry library from closing the idle connections of all requests when
	// one gives up. No Timeout: it would include the time spent pacing.
	c.http = &http.Client{Transport: onlyRoundTrip{c.outage}, CheckRedirect: noRedirect}
	return c, nil
}

type onlyRoundTrip struct{ http.RoundTripper }

// CloseIdleConnections closes the client's own connections that wait for another
// request. They would otherwise stay open for a while after the last one.
func (c *Client) CloseIdleConnections() {
	if c.own != nil {
		c.own.closeIdle()
	}
}

// noRedirect keeps a token from being sent to another host. Graph does not
// redirect in this area.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// CheckRoot returns a root URL in its plain form, or says what is wrong with it.
func CheckRoot(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("graph URL %q is not a host URL such as https://graph.microsoft.com", withoutPassword(raw))
	}
	if u.Path != "" && u.Path != "/" {
		return "", fmt.Errorf("graph URL %q names a path: give the host alone, %s is added", raw, apiVersion)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !IsLoopback(u.Hostname())) {
		return "", fmt.Errorf("graph URL %q would send the token in clear: use https; plain http is only for loopback addresses", raw)
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil // as Graph's own links spell it
}

// IsLoopback reports whether host is this machine, by address or by the name
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
	// ClientRequestID is the same for all attempts; empty means a fresh one.
	ClientRequestID string
	// MaxAttempts bounds the attempts of a request that is throttled, or that fails while others
	// are answered; 0 means six. An outage is bounded by Options.Outage instead.
	MaxAttempts int
	// MaxWait is the longest wait that is accepted when an answer names one; 0 means MaxRetryAfter.
	MaxWait time.Duration
	// InFlight is the context of attempts that are on the wire. Ending the context of Do then stops
	// only waits and further attempts, and the answer to an attempt in flight may still arrive. Nil
	// means the context of Do.
	InFlight context.Context
	// Repeats means that an earlier call sent the same request, so that even the first attempt
	// counts as a retry.
	Repeats bool
	// Precondition is called right before each attempt is sent. If it returns
	// false, the attempt is not sent and the call ends with ErrPrecondition. It
	// runs in the goroutine of Do, and may read through the same client. Nil
	// means true.
	Precondition func() bool
	// check parses the body of a read. If it refuses the body, the request is sent again.
	check func(body []byte) error
}

// Response is a call that succeeded.
type Response struct {
	Status          int
	Body            []byte
	RequestID       string
	ClientRequestID string
	Attempts        int

	sent    time.Time // when the answered attempt began
	secrets secrets   // that no message about its content may repeat
}

// NewRequestID returns a fresh client-request-id.
func NewRequestID() string { return uuid.NewString() }

// Requests returns how many attempts have gone over the wire so far.
func (c *Client) Requests() Requests { return c.count.snapshot() }

// Do sends a request until an answer proves its result, or until it has to give up: see Kind. Its
// error is an *Error. If ctx ends first, it is ctx's error if no write can have taken effect, and
// an Indeterminate *Error if one was in flight. A write that may have taken effect is not sent
// again.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	if r.ClientRequestID == "" {
		r.ClientRequestID = NewRequestID()
	}
	st := &call{req: r, class: c.outage.class(r.Method), maxAttempts: cmp.Or(r.MaxAttempts, maxAttempts)}
	req, err := c.newRequest(context.WithValue(ctx, callKey{}, st), r)
	if err != nil {
		return nil, err
	}
	// One of these for each request: after a failure of the transport, the library does not tell
	// its hooks which request they are about.
	retries := &retryablehttp.Client{
		HTTPClient:   c.http,
		RetryMax:     math.MaxInt32, // the policy decides
		CheckRetry:   st.retry,
		Backoff:      func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return st.wait },
		ErrorHandler: retryablehttp.PassthroughErrorHandler, // keeps Graph's own error body
	}
	resp, err := retries.Do(req)
	if fault := st.verdict.err; fault != nil {
		open := fault.Kind == Indeterminate
		if err != nil && ctx.Err() != nil && !open {
			return nil, context.Cause(ctx)
		}
		return nil, fault
	}
	if err != nil { // it ended while waiting after an answer, or before the first attempt
		return nil, fmt.Errorf("%s %s: %w", r.Method, shortPath(r.Path), err)
	}
	return &Response{
		Status: resp.StatusCode, Body: bodyOf(resp), Attempts: st.attempts, sent: st.sent, secrets: st.secrets,
		RequestID: resp.Header.Get("Request-Id"), ClientRequestID: r.ClientRequestID,
	}, nil
}

// target is the URL of a path, which may already be a whole URL below our root.
func (c *Client) target(path string) string {
	if strings.HasPrefix(path, c.base+"/") {
		return path
	}
	return c.base + path
}

var contentJSON = []string{"application/json"}

func (c *Client) newRequest(ctx context.Context, r Request) (*retryablehttp.Request, error) {
	var body any
	if r.Body != nil {
		body = r.Body
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, r.Method, c.target(r.Path), body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.Method, r.Path, err)
	}
	maps.Copy(req.Header, c.header) // the values are shared and never changed
	req.Header["Client-Request-Id"] = []string{r.ClientRequestID}
	if r.Body != nil {
		req.Header["Content-Type"] = contentJSON
	}
	return req, nil
}

func shortPath(p string) string {
	if i := strings.Index(p, apiVersion+"/"); i >= 0 {
		p = p[i+len(apiVersion):]
	}
	p, _, _ = strings.Cut(p, "?")
	return p
}
