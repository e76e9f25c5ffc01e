package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// The limits of one attempt. A body over its limit is refused rather than read to
// its end: no answer of this area comes near it.
const (
	bodyTime  = 60 * time.Second
	bodyLimit = 32 << 20
)

// ErrPrecondition means that an attempt was not sent because Request.Precondition
// was no longer true. Nothing reached Graph.
var ErrPrecondition = errors.New("the precondition of the request no longer held")

var (
	// errNoAnswer is the cause of an attempt that was given up without an answer.
	errNoAnswer = errors.New("no answer in time")
	errTooLarge = fmt.Errorf("the answer is larger than %d MiB", bodyLimit>>20)
	// errServiceDown means that the service went down while an attempt waited
	// below the outage layer. The attempt goes back there to wait.
	errServiceDown = errors.New("the service is down")
)

// Requests counts attempts on the wire.
type Requests struct{ Reads, Writes, Throttled, Retried int }

type counters struct{ reads, writes, throttled, retried atomic.Int64 }

func (c *counters) snapshot() Requests {
	return Requests{
		Reads: int(c.reads.Load()), Writes: int(c.writes.Load()),
		Throttled: int(c.throttled.Load()), Retried: int(c.retried.Load()),
	}
}

// call is what the attempts of one request share. It travels in the context, which is all that the
// layers in between pass on. Only one goroutine at a time works on a call.
type call struct {
	req         Request
	class       *class
	maxAttempts int
	attempts    int // on the wire
	// counted is the number of attempts since countedSince: all of them, or those
	// since the last long outage ended. firstSent is when the very first one
	// began.
	counted                 int
	countedSince, firstSent time.Duration
	reauthed                bool
	probing                 bool
	verdict                 verdict
	wait                    time.Duration // before the next attempt

	// The following fields are about the newest attempt only.
	sent    time.Time
	secrets secrets
	// unsent means that a layer in between ended it before it was sent.
	unsent bool
	// open means that the attempt was sent and that no answer came: a write that
	// ends open may have taken effect.
	open bool
	// cutShort is why the body of a write's answer was not read to its end.
	cutShort error
	// connected is set by trace when the attempt has a connection.
	connected atomic.Bool
	trace     httptrace.ClientTrace
}

type callKey struct{}

func callFrom(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// refuse says why an attempt must not be sent, or returns nil.
func (c *call) refuse(ctx context.Context) error {
	if !c.probing && c.class.down.Load() {
		return errServiceDown
	}
	if c.req.Precondition != nil && !c.req.Precondition() {
		return ErrPrecondition
	}
	return ctx.Err()
}

// inFlightContext is the context of an attempt that is on the wire.
func (c *call) inFlightContext(ctx context.Context) context.Context {
	if c.req.InFlight != nil {
		return c.req.InFlight
	}
	return ctx
}

// attempt is the innermost layer: it sends one attempt. It counts attempts, refuses those that must
// no longer be sent, bounds the wait for the first byte and for the body, removes the secrets that
// an answer repeats, and returns an answer that is read to its end, so that every connection is
// free again and a cut-off body is noticed here.
type attempt struct {
	base                  http.RoundTripper
	own                   bool          // base is connections
	firstWrite, firstRead time.Duration // the wait for the first byte of an answer
	count                 *counters
	secrets               secrets // of the proxy
	lastKnown             atomic.Pointer[knownSecrets]
}

// knownSecrets are the secrets in the header that was seen last, so that they
// need not be worked out for each request.
type knownSecrets struct {
	authorization string
	secrets       secrets
}

func (a *attempt) RoundTrip(req *http.Request) (*http.Response, error) {
	c := callFrom(req.Context())
	if err := c.refuse(req.Context()); err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	a.countAttempt(c)
	c.secrets = a.secretsOf(req.Header)
	ctx, cancel := context.WithCancelCause(c.inFlightContext(req.Context()))
	defer cancel(nil)
	limit := a.firstRead
	if isWrite(c.req.Method) {
		limit = a.firstWrite
	}
	timer := time.AfterFunc(limit, func() { cancel(errNoAnswer) })
	defer timer.Stop()

	resp, err := a.send(ctx, c, req)
	if err != nil {
		c.open = !neverSent(err)
		return nil, c.secrets.fromError(causeOf(ctx, err))
	}
	timer.Reset(bodyTime)
	body, err := readBody(resp)
	if err = causeOf(ctx, err); err != nil && !isWrite(c.req.Method) {
		return nil, c.secrets.fromError(fmt.Errorf("reading the answer: %w", err))
	}
	// The status says most about a write, so the answer is passed on.
	c.open, c.cutShort = false, err
	a.complete(c, resp, body)
	return resp, nil
}

// complete prepares an answer for the layers above.
func (a *attempt) complete(c *call, resp *http.Response, body []byte) {
	if resp.StatusCode == http.StatusTooManyRequests {
		a.count.throttled.Add(1)
	}
	c.secrets.fromHeader(resp.Header)
	if id := resp.Header.Get("Request-Id"); id != cleanID(id) {
		resp.Header.Set("Request-Id", cleanID(id))
	}
	if resp.StatusCode/100 != 2 {
		body = c.secrets.fromBody(body)
	}
	setBody(resp, body)
}

// send sends an attempt. Over our own connections it finds out whether there was
// a connection: without one, nothing was sent.
func (a *attempt) send(ctx context.Context, c *call, req *http.Request) (*http.Response, error) {
	if !a.own {
		return a.base.RoundTrip(req.WithContext(ctx))
	}
	c.connected.Store(false)
	c.trace.GotConn = func(httptrace.GotConnInfo) { c.connected.Store(true) }
	resp, err := a.base.RoundTrip(req.WithContext(httptrace.WithClientTrace(ctx, &c.trace)))
	if err != nil && !c.connected.Load() {
		return nil, &noConnection{err}
	}
	return resp, err
}

// secretsOf returns what no answer to a request may repeat.
func (a *attempt) secretsOf(h http.Header) secrets {
	authorization := h.Get("Authorization")
	if authorization == "" {
		return a.secrets
	}
	k := a.lastKnown.Load()
	if k == nil || k.authorization != authorization {
		k = &knownSecrets{authorization, a.secrets.with(authorization)}
		a.lastKnown.Store(k)
	}
	return k.secrets
}

func (a *attempt) countAttempt(c *call) {
	c.attempts++
	c.markSent()
	if c.attempts > 1 || c.req.Repeats {
		a.count.retried.Add(1)
	}
	if isWrite(c.req.Method) {
		a.count.writes.Add(1)
	} else {
		a.count.reads.Add(1)
	}
}

// markSent notes that an attempt begins.
func (c *call) markSent() {
	c.sent = time.Now()
	if c.counted++; c.counted == 1 {
		c.countedSince = c.class.at(c.sent)
		c.firstSent = c.countedSince
	}
}

// buffered is a body that was read into memory.
type buffered struct {
	bytes.Reader
	all []byte
}

func (h *buffered) Close() error { return nil }

// setBody gives resp a body that was already read.
func setBody(resp *http.Response, body []byte) {
	resp.Body = http.NoBody // the usual answer to a write
	if len(body) > 0 {
		h := &buffered{all: body}
		h.Reset(body)
		resp.Body = h
	}
}

// bodyOf returns the body of an answer that came through attempt, and leaves it readable. It is in
// memory, so reading it cannot fail.
func bodyOf(resp *http.Response) []byte {
	if resp.Body == http.NoBody || resp.Body == nil {
		return nil
	}
	if h, ok := resp.Body.(*buffered); ok {
		return h.all
	}
	body, _ := io.ReadAll(resp.Body)
	setBody(resp, body)
	return body
}

func readBody(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	if resp.ContentLength == 0 {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, bodyLimit+1))
	if err == nil && len(body) > bodyLimit {
		err = errTooLarge
	}
	return body, err
}

// causeOf prefers our own reason for giving up over the transport's report
// that its context was cancelled.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, errNoAnswer) {
		return errNoAnswer
	}
	return err
}

// neverSent reports whether err certainly came before a byte of the request
// reached the host. All other errors leave that open.
func neverSent(err error) bool {
	op, dns, none := (*net.OpError)(nil), (*net.DNSError)(nil), (*noConnection)(nil)
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") ||
		errors.As(err, &dns) || errors.As(err, &none) || errors.Is(err, errProxyAuth) || isUntrusted(err)
}

// noConnection is an error from before a connection was made.
type noConnection struct{ error }

func (e *noConnection) Unwrap() error { return e.error }

func isWrite(method string) bool { return method != http.MethodGet && method != http.MethodHead }
