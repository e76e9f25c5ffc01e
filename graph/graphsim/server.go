package graphsim

import (
	"context"
	"io"
	"net"
	"net/http"

	"bulksync/graph"
)

// maxBody is far above any body of this area; the real limit is not documented.
const maxBody = 4 << 20

// ServeHTTP serves Graph below /v1.0. Broken connections are really broken: a
// reset is sent as a TCP reset.
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
	case cutRefused: // too late to refuse it; this is as near as a server comes
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

// sendHalf sends the head, which promises the whole length, and half the body.
// An answer without a body ends before its head.
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

// reset breaks the connection with a TCP reset where it is one that can be.
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
