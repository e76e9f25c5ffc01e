package graph

import (
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// connections is a few transports used in turn. Over HTTP/2 each is one
// connection, so that a reset takes only a share of the requests in flight
// with it. Plain HTTP has a connection for each request in flight anyway, and
// stays with one pool.
type connections struct {
	next  atomic.Uint32
	inner [3]*http.Transport
}

// newTransport keeps at least as many idle connections as there are workers:
// the standard library's default of two per host makes most requests of a
// concurrent run pay for a new connection.
func newTransport() http.RoundTripper {
	c := &connections{}
	for i := range c.inner {
		c.inner[i] = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
			TLSHandshakeTimeout:   10 * time.Second,
			ExpectContinueTimeout: time.Second,
			MaxIdleConnsPerHost:   64,
			IdleConnTimeout:       90 * time.Second,
			ForceAttemptHTTP2:     true,
		}
	}
	return c
}

func (c *connections) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme == "http" {
		return c.inner[0].RoundTrip(req)
	}
	return c.inner[c.next.Add(1)%uint32(len(c.inner))].RoundTrip(req)
}
