package graph_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/graph"
)

// flaky is a host that is down for a while, in a way, for some requests. Safe
// for concurrent use.
type flaky struct {
	from, until time.Time
	down        func(*http.Request) (*http.Response, error)
	hit         func(*http.Request) bool // nil: all

	mu                 sync.Mutex
	into, atOnce, most int // attempts sent into the outage
	last               time.Time
}

func (f *flaky) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r.Body.Close()
	}
	now := time.Now()
	if now.Before(f.from) || !now.Before(f.until) || f.hit != nil && !f.hit(r) {
		f.mu.Lock()
		f.last = now
		f.mu.Unlock()
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

// client is one whose pace is a request each turn.
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

// until does a write as its callers do: what is open is looked at, and done
// again.
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

// inParallel runs f on as many workers, each a number of times.
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

// Writes are down for 15 s, reads are not: eight workers wait for one that
// knocks, and everything is done in the end.
func TestAnOutageOfWritesIsWaitedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := downFor(15*sec, refusal(503, "ServiceUnavailable"))
		f.hit = func(r *http.Request) bool { return r.Method != "GET" }
		c := f.client(t)
		began := time.Now()
		failed := inParallel(8, 5, func() error { return until(t.Context(), c, write) })
		if len(failed) > 0 || f.into > 8+10 || time.Since(began) > 21*sec {
			t.Errorf("%d attempts into the outage, all over after %s: %v", f.into, time.Since(began), failed)
		}
		if since, down := c.Down(); down {
			t.Errorf("down since %s", since)
		}
		if n := c.Requests().Writes; n != f.into+40 {
			t.Errorf("%d writes, %d of them into the outage, want 40 more", n, f.into)
		}
	})
}

// After the first misses, that were on their way, only one at a time is sent.
func TestOneKnocksForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := downFor(time.Minute, refusal(503, "ServiceUnavailable"))
		f.from = f.from.Add(sec)
		c := f.client(t)
		var all sync.WaitGroup
		for i := range 30 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * 200 * time.Millisecond)
				if err := until(t.Context(), c, write); err != nil {
					t.Error(err)
				}
			})
		}
		time.Sleep(30 * sec)
		if since, down := c.Down(); !down || since.Sub(f.from) < 0 || since.Sub(f.from) > sec {
			t.Errorf("down: %t, since %s after it began", down, since.Sub(f.from))
		}
		all.Wait()
		// Both classes are down, so both are knocked at.
		if f.most > 2 || f.into > 60 || f.into < 20 {
			t.Errorf("%d attempts into the outage, %d at once", f.into, f.most)
		}
	})
}

// A host that cannot be reached holds everybody at once, and nothing is in
// doubt: the writes go on inside of Do.
func TestARefusedConnectionIsWaitedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := downFor(3*sec, noDial)
		c := f.client(t)
		began := time.Now()
		failed := inParallel(8, 1, func() error { _, err := c.Do(t.Context(), write); return err })
		if len(failed) > 0 || f.into > 8+7 || time.Since(began) > 6*sec {
			t.Errorf("%d attempts in %s: %v", f.into, time.Since(began), failed)
		}
	})
}

// What waits for its turn in the pacing when the service goes down comes back
// and waits with the others.
func TestAnOutageHoldsWhatWaitsForItsPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := downFor(15*sec, refusal(503, "ServiceUnavailable"))
		turn := make(chan struct{}, 1)
		c := f.client(t, func(next http.RoundTripper) http.RoundTripper {
			return roundTrip(func(r *http.Request) (*http.Response, error) {
				turn <- struct{}{}
				defer func() { <-turn }()
				time.Sleep(10 * time.Millisecond)
				return next.RoundTrip(r)
			})
		})
		failed := inParallel(50, 1, func() error { _, err := c.Do(t.Context(), read); return err })
		if len(failed) > 0 || f.into > 12 {
			t.Errorf("%d attempts into the outage: %v", f.into, failed)
		}
	})
}

// An outage that is too long ends what was tried and what waits, and says how
// long it took.
func TestAnOutageThatIsTooLongEndsEverything(t *testing.T) {
	for name, c := range map[string]struct {
		down   func(*http.Request) (*http.Response, error)
		kind   graph.Kind
		status int
		says   string
	}{
		"503":         {refusal(503, "ServiceUnavailable", "Request-Id: rid"), graph.Outage, 503, "GET " + graph.TemplatePath + ": no good answer from Graph for 1m0s; the last was 503 ServiceUnavailable: said so after "},
		"no line":     {noDial, graph.Outage, 0, "no good answer from Graph for 1m0s; the last attempt: dial tcp: connection refused after "},
		"a portal":    {answer(200, "<html>"), graph.Unreadable, 200, "unreadable: a web page instead of Graph's answer"},
		"nothing":     {answer(200, ""), graph.Unreadable, 200, "unreadable: an answer without a body"},
		"a long wait": {refusal(503, "ServiceUnavailable", "Retry-After: 45"), graph.Outage, 503, "; the last was 503 ServiceUnavailable: said so after "},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := &flaky{until: time.Now().Add(time.Hour), down: c.down}
				client, err := graph.New(graph.Options{RootURL: root, Base: wire, Outage: time.Minute})
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				_, err = client.Do(t.Context(), read)
				var e *graph.Error
				if !errors.As(err, &e) || e.Kind != c.kind || e.Status != c.status || !strings.Contains(err.Error(), c.says) || e.Attempts != wire.into {
					t.Errorf("got %v", err)
				}
				if took := time.Since(began); took < time.Minute || took > 100*sec {
					t.Errorf("took %s", took)
				}
				if kind := (&graph.Error{Kind: graph.Outage, Err: e.Err}).Reason(); c.kind == graph.Outage && !strings.Contains(kind, "no good answer from Graph for") {
					t.Errorf("the reason is %q", kind)
				}
			})
		})
	}
}

// Who waits for its first attempt ends as well, and says what the others met.
func TestAnOutageEndsWhatWasNeverSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &flaky{until: time.Now().Add(time.Hour), down: noDial}
		c, err := graph.New(graph.Options{RootURL: root, Base: wire, Outage: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		began, never := time.Now(), 0
		failed := inParallel(60, 1, func() error { _, err := c.Do(t.Context(), write); return err })
		for _, err := range failed {
			var e *graph.Error
			if !errors.As(err, &e) || e.Kind != graph.Outage || !strings.Contains(err.Error(), "no good answer from Graph for 1m0s; the last attempt: ") ||
				!strings.Contains(err.Error(), "connection refused") {
				t.Fatalf("got %v", err)
			}
			if e.Attempts == 0 {
				never++
			}
		}
		// All of the sixty were let go before the first was refused.
		if len(failed) != 60 || time.Since(began) > 66*sec {
			t.Errorf("%d failed, %d never sent, after %s", len(failed), never, time.Since(began))
		}
		// Who comes later may try once: it may be over.
		wire.until = time.Now()
		if _, err := c.Do(t.Context(), write); err != nil {
			t.Errorf("when it was over: %v", err)
		}
	})
}

// One who comes when it has lasted too long is not refused without a try.
func TestALateRequestKnocksOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := played(noDial)
		c, err := graph.New(graph.Options{RootURL: root, Base: wire, Outage: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Do(t.Context(), write)
		before := len(wire.sent)
		began := time.Now()
		_, err = c.Do(t.Context(), write)
		if !errors.Is(err, graph.Outage) || len(wire.sent) != before+1 || time.Since(began) > 5*sec {
			t.Errorf("got %v after %s and %d attempts", err, time.Since(began), len(wire.sent)-before)
		}
		time.Sleep(time.Hour) // nobody asked meanwhile: that was another outage
		began, before = time.Now(), len(wire.sent)
		_, err = c.Do(t.Context(), write)
		if took := time.Since(began); !errors.Is(err, graph.Outage) || took < time.Minute || took > 66*sec || len(wire.sent)-before < 10 {
			t.Errorf("an hour later: got %v after %s and %d attempts", err, took, len(wire.sent)-before)
		}
	})
}

func TestCancellingEndsTheWaitForAService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := downFor(time.Hour, noDial)
		c := f.client(t)
		ctx, cancel := context.WithTimeout(t.Context(), 20*sec)
		defer cancel()
		began := time.Now()
		failed := inParallel(8, 1, func() error { _, err := c.Do(ctx, write); return err })
		for _, err := range failed {
			if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, graph.Indeterminate) {
				t.Errorf("got %v", err)
			}
		}
		if len(failed) != 8 || time.Since(began) != 20*sec {
			t.Errorf("%d failed after %s", len(failed), time.Since(began))
		}
		// The turn is free again.
		f.until = time.Now()
		if _, err := c.Do(t.Context(), write); err != nil {
			t.Error(err)
		}
	})
}

// Others get through, so the request is at fault and is given up by number.
func TestARequestAtFaultIsGivenUpAfterSix(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(*http.Request) (*http.Response, error)
		want   graph.Kind
	}{
		"503": {refusal(503, "ServiceUnavailable"), graph.Transient}, "a web page": {answer(200, "<html>"), graph.Unreadable}, "a reset": {reset, graph.Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bad := 0
				base := roundTrip(func(r *http.Request) (*http.Response, error) {
					if strings.Contains(r.URL.Path, fabrikam) {
						bad++
						return c.answer(r)
					}
					return done(r)
				})
				client, err := graph.New(graph.Options{RootURL: root, Base: base})
				if err != nil {
					t.Fatal(err)
				}
				stop := meanwhile(func() { _, _ = client.Do(t.Context(), read) })
				_, err = client.Do(t.Context(), graph.Request{Method: "GET", Path: graph.PartnerPath(fabrikam)})
				stop()
				if !errors.Is(err, c.want) || bad != 6 {
					t.Errorf("got %v after %d attempts", err, bad)
				}
			})
		})
	}
}

// meanwhile calls f again and again until it is stopped.
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

// What a long outage cost a request is not held against it: after it there are
// six tries again.
func TestAnOutageCostsNoTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := downFor(30*sec, refusal(503, "ServiceUnavailable"))
		c := f.client(t)
		f.hit = func(r *http.Request) bool {
			return strings.Contains(r.URL.Path, fabrikam) || time.Now().Before(f.from.Add(30*sec))
		}
		f.until = f.from.Add(30*sec + 300*time.Millisecond) // it has two bad answers more
		defer meanwhile(func() { _, _ = c.Do(t.Context(), read) })()
		if _, err := c.Do(t.Context(), graph.Request{Method: "GET", Path: graph.PartnerPath(fabrikam)}); err != nil {
			t.Errorf("got %v", err)
		}
	})
}

// The question is asked when the turn has come, after the knocking.
func TestStillIsAskedAfterTheWaitForAService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := downFor(20*sec, noDial)
		c := f.client(t)
		began := time.Now()
		r := write
		r.Still = func() bool { return time.Since(began) < 15*sec }
		_, err := c.Do(t.Context(), r)
		if !errors.Is(err, graph.ErrTooLate) || time.Since(began) < 15*sec || time.Since(began) > 20*sec {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
		if _, err := c.Do(t.Context(), write); err != nil { // the turn was given back
			t.Error(err)
		}
	})
}

// A refusal shows that Graph is there.
func TestARefusalEndsAnOutage(t *testing.T) {
	for _, status := range []int{429, 403, 401, 412} {
		synctest.Test(t, func(t *testing.T) {
			wire := played(reset, reset, reset, refusal(status, "c"))
			c := newClient(t, wire, "")
			for range 3 {
				_, _ = c.Do(t.Context(), write)
			}
			if _, down := c.Down(); !down {
				t.Error("three misses are no outage")
			}
			r := write
			r.MaxAttempts = 1
			_, _ = c.Do(t.Context(), r)
			if _, down := c.Down(); down {
				t.Errorf("%d does not end it", status)
			}
		})
	}
}

// Two misses, a good answer, and two again are no outage.
func TestMissesCountInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ok := answer(204, "")
		c := newClient(t, played(reset, reset, ok, reset, reset, ok), "")
		for range 6 {
			_, _ = c.Do(t.Context(), write)
			if since, down := c.Down(); down {
				t.Errorf("down since %s", since)
			}
		}
	})
}

// Three that hang on a dead connection while others are answered are no outage:
// nobody is held for them.
func TestHungRequestsHoldNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var slowest time.Duration
		c := (&flaky{down: silent, until: time.Now().Add(time.Hour), hit: func(r *http.Request) bool {
			return strings.Contains(r.URL.Path, fabrikam)
		}}).client(t)
		stop := meanwhile(func() {
			began := time.Now()
			_, _ = c.Do(t.Context(), graph.Request{Method: "PUT", Path: graph.SyncPath(contoso)})
			slowest = max(slowest, time.Since(began))
		})
		failed := inParallel(5, 1, func() error { _, err := c.Do(t.Context(), write); return err })
		stop()
		if len(failed) != 5 || slowest > 0 {
			t.Errorf("%v, and the others waited up to %s", failed, slowest)
		}
	})
}

// A layer in between that fails is tried again as often as a host that does.
func TestALayerThatFailsIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c, err := graph.New(graph.Options{RootURL: root, Base: played(done), Outage: 10 * sec, Layers: []func(http.RoundTripper) http.RoundTripper{
			func(next http.RoundTripper) http.RoundTripper {
				return roundTrip(func(r *http.Request) (*http.Response, error) {
					if n++; n%6 == 0 {
						return next.RoundTrip(r)
					}
					return nil, errors.New("no socket")
				})
			},
		}})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := c.Do(t.Context(), read); err != nil {
				t.Error(err)
			}
		}
		if n != 12 {
			t.Errorf("tried %d times", n)
		}
	})
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

// A connection that ends in the handshake was never one: nothing was sent.
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
