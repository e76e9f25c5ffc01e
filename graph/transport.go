package graph

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// connections is a few transports used in turn. Over HTTP/2 each is one connection, so that a reset
// ends only a share of the requests in flight. Plain HTTP has a connection for each request in
// flight anyway, and uses one pool.
type connections struct {
	next  atomic.Uint32
	inner [3]*http.Transport
}

// newTransport keeps at least as many idle connections as there are workers: with the standard
// library's default of two per host, most requests of a concurrent run would open a new connection.
func newTransport() *connections {
	c := &connections{}
	for i := range c.inner {
		c.inner[i] = &http.Transport{
			Proxy:                  proxyOf,
			OnProxyConnectResponse: proxyAnswered,
			DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
			TLSHandshakeTimeout:    10 * time.Second,
			ExpectContinueTimeout:  time.Second,
			MaxIdleConnsPerHost:    64,
			IdleConnTimeout:        90 * time.Second,
			ForceAttemptHTTP2:      true,
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

func (c *connections) closeIdle() {
	for _, t := range c.inner {
		t.CloseIdleConnections()
	}
}

// proxyOf is the environment's proxy. The standard library's error for an unreadable proxy URL
// would show its password.
func proxyOf(req *http.Request) (*url.URL, error) {
	proxy, err := http.ProxyFromEnvironment(req)
	if err != nil {
		return nil, errors.New("the proxy's URL in the environment (HTTPS_PROXY) cannot be read")
	}
	return proxy, nil
}

// proxyAnswered turns a proxy's refusal to connect into an error.
func proxyAnswered(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusProxyAuthRequired:
		return errProxyAuth
	default:
		return &noConnection{fmt.Errorf("the proxy %s answered %d %s", proxy.Host, resp.StatusCode, http.StatusText(resp.StatusCode))}
	}
}
