package graph_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"bulksync/graph"
)

// serve is a client of a server on loopback that counts its connections.
func serve(t testing.TB, h http.Handler) (*graph.Client, *atomic.Int64) {
	t.Helper()
	conns := &atomic.Int64{}
	s := httptest.NewUnstartedServer(h)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			conns.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	c, err := graph.New(graph.Options{RootURL: s.URL, UserAgent: agent})
	if err != nil {
		t.Fatal(err)
	}
	return c, conns
}

// Sixteen workers share three pools in turn, so there are at most as many
// connections as could be in use in each of the three at once.
func TestConnectionsAreUsedAgainWhateverIsAnswered(t *testing.T) {
	const workers, each, most = 16, 12, 3 * 16
	long := `{"error":{"code":"Request_BadRequest","message":"` + strings.Repeat("x", 20_000) + `"}}`
	for name, h := range map[string]http.HandlerFunc{
		"204":            func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) },
		"a long refusal": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(400); io.WriteString(w, long) },
		"a chunked refusal": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(403)
			w.(http.Flusher).Flush()
			io.WriteString(w, long)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, conns := serve(t, h)
			var g errgroup.Group
			for range workers {
				g.Go(func() error {
					for range each {
						_, _ = c.Do(context.Background(), write)
					}
					return nil
				})
			}
			g.Wait()
			if n, got := conns.Load(), c.Requests(); n > most || got.Writes != workers*each {
				t.Errorf("%d connections for %+v, want at most %d", n, got, most)
			}
		})
	}
}

// Two in a row, because a third such answer would make others wait.
func TestAnOpenAnswerFreesItsConnection(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"a redirect":      func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
		"a chunked 200":   func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush(); io.WriteString(w, "[7]") },
		"a gateway's 504": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(504); io.WriteString(w, "<html>") },
	} {
		c, conns := serve(t, h)
		for range 2 {
			if _, err := c.Do(t.Context(), write); !errors.Is(err, graph.Indeterminate) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		if conns.Load() != 1 {
			t.Errorf("%s: %d connections", name, conns.Load())
		}
	}
}

func TestARedirectDoesNotCarryTheTokenElsewhere(t *testing.T) {
	var visited atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visited.Add(1) }))
	defer other.Close()
	c, _ := serve(t, http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	if _, err := c.Do(t.Context(), write); err == nil || visited.Load() != 0 {
		t.Errorf("got %v, and %d visits to the other host", err, visited.Load())
	}
}

func TestAnUntrustedCertificateIsFinal(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	c, err := graph.New(graph.Options{RootURL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []graph.Request{read, write} {
		_, err := c.Do(t.Context(), r)
		var e *graph.Error
		if !errors.As(err, &e) || e.Kind != graph.Unreachable || e.Attempts != 1 || !strings.Contains(err.Error(), "the certificate is not trusted") {
			t.Errorf("%s: got %v", r.Method, err)
		}
		if cause := (*tls.CertificateVerificationError)(nil); !errors.As(err, &cause) {
			t.Errorf("%s: the cause is lost: %v", r.Method, err)
		}
	}
	if _, down := c.Down(); down {
		t.Error("a certificate is no outage")
	}
}

// A connection that breaks in the handshake was never one: nothing was sent.
func TestABrokenHandshakeLeavesNothingOpen(t *testing.T) {
	addr := listen(t, "HTTP/1.1 400 Bad Request\r\n\r\n")
	c, err := graph.New(graph.Options{RootURL: "https://" + addr, Outage: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Do(t.Context(), write)
	if !errors.Is(err, graph.Outage) {
		t.Errorf("got %v", err)
	}
}
