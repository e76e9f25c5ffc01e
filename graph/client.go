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
	// FirstByte bounds the wait for the answer to a write to begin; 0 means
	// DefaultFirstByte. ReadFirstByte is the same for a read; 0 means
	// DefaultReadFirstByte.
	FirstByte, ReadFirstByte time.Duration
	// Outage is how long Graph may give no good answer until a request is given
	// up; 0 means DefaultOutage. Reads and writes are counted apart.
	Outage time.Duration
	// Priority goes with each request; empty sends none.
	Priority Priority
}

// Defaults of Options. A page of a large tenant takes its time.
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
	outage *outage
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
		o.Base = newTransport()
	}
	var rt http.RoundTripper = &attempt{
		base: o.Base, own: own, count: &c.count, secrets: ofProxy(root),
		firstWrite: cmp.Or(o.FirstByte, DefaultFirstByte), firstRead: cmp.Or(o.ReadFirstByte, DefaultReadFirstByte),
	}
	for i := len(o.Layers) - 1; i >= 0; i-- {
		rt = o.Layers[i](rt)
	}
	c.outage = newOutage(rt, cmp.Or(o.Outage, DefaultOutage))
	// The wrapper keeps the retry library from closing everybody's idle connections
	// when one request gives up. No Timeout: it would count time spent pacing.
	c.http = &http.Client{Transport: onlyRoundTrip{c.outage}, CheckRedirect: noRedirect}
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
		return "", fmt.Errorf("graph URL %q is not a host URL such as https://graph.microsoft.com", withoutPassword(raw))
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
	// MaxAttempts bounds the tries of a request that is refused for its pace, or
	// that fails while others are answered; 0 means six. An outage is bounded by
	// Options.Outage instead.
	MaxAttempts int
	// InFlight is the context of attempts that are on the wire. Ending the context
	// of Do then stops waits and further attempts only, and the answer to an attempt
	// in flight may still arrive. Nil means the context of Do.
	InFlight context.Context
	// Repeats means that the call sends again what an earlier one sent, so that it
	// counts as a retry from its first attempt on.
	Repeats bool
	// Precondition is asked right before each attempt is sent. If it is false, the
	// attempt is not sent and the call ends with ErrPrecondition. It runs in the
	// goroutine of Do, and may read through the same client. Nil means true.
	Precondition func() bool
	// check takes apart what a read brought. What it refuses is asked for again.
	check func(body []byte) error
}

// Response is a call that succeeded.
type Response struct {
	Status          int
	Body            []byte
	RequestID       string
	ClientRequestID string
	Attempts        int

	sent    time.Time // when the attempt began that was answered
	secrets secrets   // that nothing said of its content may repeat
}

// NewRequestID returns a fresh client-request-id.
func NewRequestID() string { return uuid.NewString() }

// Requests returns how many attempts went over the wire so far.
func (c *Client) Requests() Requests { return c.count.snapshot() }

// Do sends a request until its answer proves what became of it, or until that
// cannot be had: see Kind. Its error is an *Error, unless ctx ended first: then
// it is ctx's error if no write can have landed, and an Indeterminate *Error if
// one was on its way. A write that may have landed is not sent again.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	if r.ClientRequestID == "" {
		r.ClientRequestID = NewRequestID()
	}
	st := &call{req: r, class: c.outage.class(r.Method), maxAttempts: cmp.Or(r.MaxAttempts, maxAttempts)}
	req, err := c.newRequest(context.WithValue(ctx, callKey{}, st), r)
	if err != nil {
		return nil, err
	}
	// One of these for each request: the library's hooks are not told which
	// request they are about where the transport failed.
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
	if err != nil { // it ended in the wait after an answer, or before the first attempt
		return nil, fmt.Errorf("%s %s: %w", r.Method, shortPath(r.Path), err)
	}
	return &Response{
		Status: resp.StatusCode, Body: bodyOf(resp), Attempts: st.attempts, sent: st.sent, secrets: st.secrets,
		RequestID: resp.Header.Get("Request-Id"), ClientRequestID: r.ClientRequestID,
	}, nil
}

// target is the URL of a path, which may be a whole one below our root already.
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
	maps.Copy(req.Header, c.header) // the values are shared, and nobody changes them
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
