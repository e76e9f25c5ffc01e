package graph_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"bulksync/graph"
)

// flaky is a host that is down for a while, in one of several ways, for some requests. It is safe
// for concurrent use.
type flaky struct {
	from, until time.Time
	down        func(*http.Request) (*http.Response, error)
	hit         func(*http.Request) bool // nil: all

	mu                 sync.Mutex
	into, atOnce, most int // attempts sent into the outage
}

func (f *flaky) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r.Body.Close()
	}
	now := time.Now()
	if now.Before(f.from) || !now.Before(f.until) || f.hit != nil && !f.hit(r) {
		if r.Method == "GET" {
			return done(r)
		}
		return answer(204, "")(r)
	}
	f.mu.Lock()
	f.into++
	f.atOnce++
	f.most = max(f.most, f.atOnce)
	f.mu.Unlock()
	time.Sleep(10 * time.Millisecond)
	f.mu.Lock()
	f.atOnce--
	f.mu.Unlock()
	return f.down(r)
}

// client is a client of the host.
func (f *flaky) client(t *testing.T, layers ...func(http.RoundTripper) http.RoundTripper) *graph.Client {
	t.Helper()
	c, err := graph.New(graph.Options{RootURL: root, Base: f, Layers: layers})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func downFor(d time.Duration, how func(*http.Request) (*http.Response, error)) *flaky {
	return &flaky{from: time.Now(), until: time.Now().Add(d), down: how}
}

// until does a write as a caller would: if it ends open, the object is read and the write repeated.
func until(ctx context.Context, c *graph.Client, r graph.Request) error {
	for {
		_, err := c.Do(ctx, r)
		if !errors.Is(err, graph.Indeterminate) {
			return err
		}
		if _, err := c.Do(ctx, read); err != nil {
			return err
		}
	}
}

// inParallel runs f on that many workers, a number of times each.
func inParallel(workers, times int, f func() error) (failed []error) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for range times {
				if err := f(); err != nil {
					mu.Lock()
					failed = append(failed, err)
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	return failed
}

// meanwhile calls f repeatedly until it is stopped.
func meanwhile(f func()) (stop func()) {
	end := make(chan struct{})
	var calling sync.WaitGroup
	calling.Go(func() {
		for {
			select {
			case <-end:
				return
			case <-time.After(20 * time.Millisecond):
				f()
			}
		}
	})
	return func() { close(end); calling.Wait() }
}

// listen answers each connection on loopback with the same bytes.
func listen(t *testing.T, reply string) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = conn.Read(make([]byte, 4096))
				fmt.Fprint(conn, reply)
			}()
		}
	}()
	return l.Addr().String()
}
