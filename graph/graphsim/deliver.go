package graphsim

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"bulksync/graph"
)

// maxBody is far above any body of this area; the real limit is not documented.
const maxBody = 4 << 20

// ServeHTTP serves Graph below /v1.0. A fault that breaks the connection really breaks
// it: a reset is a TCP reset.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	c := &call{method: r.Method, path: r.URL.Path, rawQuery: r.URL.RawQuery, header: r.Header, body: body, base: scheme + r.Host}
	defer s.leave(c)
	a, err := s.serve(r.Context(), c)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	send(r.Context(), w, a)
}

// send delivers an answer over a connection.
func send(ctx context.Context, w http.ResponseWriter, a answer) {
	switch a.cut {
	case cutReset:
		reset(w)
	case cutRefused: // a server can no longer refuse; this comes closest
		panic(http.ErrAbortHandler)
	case cutSilent:
		<-ctx.Done()
		panic(http.ErrAbortHandler)
	case cutSlow:
		sendSlowly(ctx, w, a)
	case cutTruncated:
		sendHalf(w, a)
		panic(http.ErrAbortHandler)
	default:
		sendHead(w, a)
		io.Copy(w, a.content())
	}
}

func sendHead(w http.ResponseWriter, a answer) {
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	w.WriteHeader(a.status)
}

// sendHalf sends the head, with the full length, and half of the body. An answer
// without a body is cut off before its head.
func sendHalf(w http.ResponseWriter, a answer) {
	if len(a.body) > 0 {
		sendHead(w, a)
		w.Write(a.body[:len(a.body)/2])
		http.NewResponseController(w).Flush()
	}
}

func sendSlowly(ctx context.Context, w http.ResponseWriter, a answer) {
	sendHalf(w, a)
	if graph.Sleep(ctx, a.delay) != nil {
		panic(http.ErrAbortHandler)
	}
	if len(a.body) == 0 {
		sendHead(w, a)
		return
	}
	w.Write(a.body[len(a.body)/2:])
}

// reset breaks the connection, by a TCP reset if it is a TCP connection.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}

// Transport returns a RoundTripper that passes requests to the simulator in process, whatever host
// they name. It uses no sockets, so that it works in a testing/synctest bubble. It fails as a real
// transport does: with the error of the context, a *net.OpError around ECONNRESET, io.EOF before
// the head, and io.ErrUnexpectedEOF within the body. It is safe for concurrent use.
func (s *Sim) Transport() http.RoundTripper { return transport{s} }

type transport struct{ sim *Sim }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	c := &call{method: cmp.Or(r.Method, http.MethodGet), path: r.URL.Path, rawQuery: r.URL.RawQuery, header: r.Header, body: body,
		base: r.URL.Scheme + "://" + r.URL.Host}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	defer t.sim.leave(c)
	a, err := t.sim.serve(r.Context(), c)
	if err != nil {
		return nil, err
	}
	return receive(r, a)
}

// readBody reads and closes the request's body, as a RoundTripper must.
func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	defer r.Body.Close()
	return io.ReadAll(r.Body)
}

// receive delivers an answer in process.
func receive(r *http.Request, a answer) (*http.Response, error) {
	ctx := r.Context()
	body, length := a.content(), int64(len(a.body))
	if a.padding > 0 {
		length = -1 // as for an answer sent in chunks
	}
	switch {
	case a.cut == cutReset:
		return nil, connectionReset()
	case a.cut == cutRefused:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	case a.cut == cutSilent:
		<-ctx.Done()
		return nil, ctx.Err()
	case a.cut == cutTruncated && len(a.body) == 0:
		return nil, io.EOF
	case a.cut == cutSlow && len(a.body) == 0:
		if err := graph.Sleep(ctx, a.delay); err != nil {
			return nil, err
		}
	case a.cut == cutTruncated:
		body = io.MultiReader(bytes.NewReader(a.body[:len(a.body)/2]), failure{io.ErrUnexpectedEOF})
	case a.cut == cutSlow:
		half := len(a.body) / 2
		body = io.MultiReader(bytes.NewReader(a.body[:half]), pause{ctx, a.delay}, bytes.NewReader(a.body[half:]))
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header, Body: io.NopCloser(body), ContentLength: length, Request: r,
	}, nil
}

func connectionReset() error {
	return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
}

// failure is a reader that only fails.
type failure struct{ err error }

func (f failure) Read([]byte) (int, error) { return 0, f.err }

// pause is an empty reader that reports its end after a delay.
type pause struct {
	ctx   context.Context
	delay time.Duration
}

func (p pause) Read([]byte) (int, error) {
	if err := graph.Sleep(p.ctx, p.delay); err != nil {
		return 0, err
	}
	return 0, io.EOF
}
