package graphsim

import (
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

// Proxy is an HTTP proxy that leads nowhere: whatever host a client asks it for,
// over TLS or in clear, a handler answers. So a program meets the built-in Graph
// and its sign-in host under their real names, without a change of its machine.
type Proxy struct {
	handler http.Handler
	tunnels *tunnels
	server  *http.Server
	served  sync.WaitGroup
}

// NewProxy serves h under every name, with certificates of a. It must be closed.
func NewProxy(h http.Handler, a *Authority) *Proxy {
	p := &Proxy{
		handler: h, tunnels: &tunnels{conns: make(chan net.Conn), closed: make(chan struct{})},
		server: &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second},
	}
	p.served.Go(func() { _ = p.server.Serve(tls.NewListener(p.tunnels, a.ServerConfig())) }) // ends with ErrServerClosed
	return p
}

// Close ends all tunnels, and waits for that.
func (p *Proxy) Close() {
	p.server.Close()
	p.served.Wait()
}

// ServeHTTP opens a tunnel for CONNECT, and hands over everything else.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		p.handler.ServeHTTP(w, r)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if _, err := conn.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		conn.Close()
		return
	}
	select {
	case p.tunnels.conns <- conn:
	case <-p.tunnels.closed:
		conn.Close()
	}
}

// tunnels hands connections to a server.
type tunnels struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (t *tunnels) Accept() (net.Conn, error) {
	select {
	case c := <-t.conns:
		return c, nil
	case <-t.closed:
		return nil, net.ErrClosed
	}
}

func (t *tunnels) Close() error   { t.once.Do(func() { close(t.closed) }); return nil }
func (t *tunnels) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443} }
