package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// The limits of one attempt. A body over its limit is refused rather than
// read on: no answer of this area comes near it.
const (
	bodyTime  = 60 * time.Second
	bodyLimit = 32 << 20
)

// ErrTooLate means that an attempt was not sent because the call had lost its
// ground when its turn came (see Request.Still). Nothing reached Graph.
var ErrTooLate = errors.New("the turn came too late")

// errNoAnswer is the cause of an attempt that was given up in silence.
var errNoAnswer = errors.New("no answer in time")

// Requests counts attempts on the wire.
type Requests struct{ Reads, Writes, Throttled, Retried int }

type counters struct{ reads, writes, throttled, retried atomic.Int64 }

func (c *counters) snapshot() Requests {
	return Requests{
		Reads: int(c.reads.Load()), Writes: int(c.writes.Load()),
		Throttled: int(c.throttled.Load()), Retried: int(c.retried.Load()),
	}
}

// call is what the attempts of one request share. It travels in the context,
// because the retry library hands its hooks no request where the transport
// failed. Only one goroutine at a time works on a call.
type call struct {
	req         Request
	attempts    int
	maxAttempts int
	reauthed    bool
	// open is true from the moment an attempt is handed to the wire until its
	// answer is there: a write that ends open may have landed.
	open bool
}

type callKey struct{}

func callFrom(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// pointless says why an attempt whose turn has come is not to be sent.
func (c *call) pointless(ctx context.Context) error {
	if c.req.Still != nil && !c.req.Still() {
		return ErrTooLate
	}
	return ctx.Err()
}

// wireContext is what ends an attempt that is on the wire.
func (c *call) wireContext(ctx context.Context) context.Context {
	if c.req.OnWire != nil {
		return c.req.OnWire
	}
	return ctx
}

// attempt is the innermost layer: one try on the wire. It counts, refuses what
// comes too late, bounds the wait for the first byte and for the body, and
// hands on an answer that is read whole, so that every connection is free
// again and a cut-off body is seen here, where it can be tried again.
type attempt struct {
	base      http.RoundTripper
	firstByte time.Duration
	count     *counters
}

func (a *attempt) RoundTrip(req *http.Request) (*http.Response, error) {
	c := callFrom(req.Context())
	if err := c.pointless(req.Context()); err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	a.counted(c)
	ctx, cancel := context.WithCancelCause(c.wireContext(req.Context()))
	defer cancel(nil)
	timer := time.AfterFunc(a.firstByte, func() { cancel(errNoAnswer) })
	defer timer.Stop()

	c.open = true
	resp, err := a.base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		c.open = !neverSent(err)
		return nil, causeOf(ctx, err)
	}
	timer.Reset(bodyTime)
	body, err := readBody(resp)
	if err != nil && !statusSaysAll(resp, c.req.Method) {
		return nil, causeOf(ctx, fmt.Errorf("reading the answer: %w", err))
	}
	c.open = false
	if resp.StatusCode == http.StatusTooManyRequests {
		a.count.throttled.Add(1)
	}
	keep(resp, body)
	return resp, nil
}

func (a *attempt) counted(c *call) {
	c.attempts++
	if c.attempts > 1 {
		a.count.retried.Add(1)
	}
	if isWrite(c.req.Method) {
		a.count.writes.Add(1)
	} else {
		a.count.reads.Add(1)
	}
}

// keep makes a body that was read the body of resp.
func keep(resp *http.Response, body []byte) {
	resp.Body = http.NoBody // what a write that succeeded is answered with
	if len(body) > 0 {
		resp.Body = io.NopCloser(bytes.NewReader(body))
	}
}

// kept returns the body of an answer that came through attempt. It is in
// memory, so reading it cannot fail.
func kept(resp *http.Response) []byte {
	if resp.Body == http.NoBody {
		return nil
	}
	body, _ := io.ReadAll(resp.Body)
	return body
}

// statusSaysAll reports whether a cut-off body can be done without: a write's
// success is told by its status, and so is what a refusal means.
func statusSaysAll(resp *http.Response, method string) bool {
	return isWrite(method) && resp.StatusCode != http.StatusOK
}

func readBody(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	if resp.ContentLength == 0 {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, bodyLimit+1))
	if err == nil && len(body) > bodyLimit {
		err = fmt.Errorf("the answer is larger than %d MiB", bodyLimit>>20)
	}
	return body, err
}

// causeOf prefers our own reason for giving up over the transport's report
// that its context was cancelled.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, errNoAnswer) {
		return errNoAnswer
	}
	return err
}

// neverSent reports whether err is known to have come before a byte of the
// request reached the host. All other errors leave that open.
func neverSent(err error) bool {
	if op := (*net.OpError)(nil); errors.As(err, &op) && op.Op == "dial" {
		return true
	}
	dns := (*net.DNSError)(nil)
	return errors.Is(err, ErrTooLate) || errors.As(err, &dns)
}

func isWrite(method string) bool { return method != http.MethodGet && method != http.MethodHead }
