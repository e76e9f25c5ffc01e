package graph_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/graph"
)

// Writes are down for 15 s and reads are not: eight workers wait for one that probes, and
// everything is done in the end.
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

// After the first failures, which were in flight, only one attempt at a time is sent.
func TestOneAttemptProbesForAll(t *testing.T) {
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
		// Both classes are down, so both are probed.
		if f.most > 2 || f.into > 60 || f.into < 20 {
			t.Errorf("%d attempts into the outage, %d at once", f.into, f.most)
		}
	})
}

// A host that cannot be reached makes all wait at once, and leaves nothing open: the writes
// continue inside Do.
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

// A request that is waiting in the pacing when the service goes down comes back and waits with the
// others.
func TestAnOutageHoldsRequestsInThePacing(t *testing.T) {
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
		// Those that came back and never had a turn report what the others met.
		f.until = time.Now().Add(time.Hour)
		for _, err := range inParallel(120, 1, func() error { _, err := c.Do(t.Context(), read); return err }) {
			if !errors.Is(err, graph.Outage) || !strings.Contains(err.Error(), "503 ServiceUnavailable") {
				t.Errorf("got %v", err)
			}
		}
	})
}

// A wait that an answer names applies to all requests, not only to the answered one.
func TestAnOutageIsWaitedOutAsLongAsItIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := played(refusal(503, "c"), refusal(503, "c"), refusal(503, "c", "Retry-After: 20"), answer(204, ""))
		c := newClient(t, wire, "")
		for range 4 {
			_, _ = c.Do(t.Context(), write)
		}
		checkWaits(t, wire.waits(), []span{{}, {}, exactly(20 * sec)})
	})
}

// A request that was cancelled says nothing about the service.
func TestACancelledRequestIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := make(chan struct{})
		paced, err := graph.New(graph.Options{RootURL: root, Base: played(done), Layers: []func(http.RoundTripper) http.RoundTripper{
			func(http.RoundTripper) http.RoundTripper {
				return roundTrip(func(r *http.Request) (*http.Response, error) {
					select {
					case <-turns:
					case <-r.Context().Done():
					}
					return nil, r.Context().Err()
				})
			},
		}})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []*graph.Client{newClient(t, played(silent), ""), paced} {
			for _, r := range []graph.Request{read, write} {
				for range 4 {
					ctx, cancel := context.WithTimeout(t.Context(), sec)
					r.InFlight = nil
					if c == paced {
						r.InFlight = t.Context() // the wait for a turn is ended all the same
					}
					_, _ = c.Do(ctx, r)
					cancel()
				}
				if since, down := c.Down(); down {
					t.Errorf("%s: down since %s", r.Method, since)
				}
			}
		}
	})
}

// An outage that lasts too long ends all requests, waiting ones too, and the error says how long it
// lasted.
func TestAnOutageThatIsTooLongEndsEverything(t *testing.T) {
	for name, c := range map[string]struct {
		down   func(*http.Request) (*http.Response, error)
		kind   graph.Kind
		status int
		says   string
	}{
		"503":         {refusal(503, "ServiceUnavailable", "Request-Id: rid"), graph.Outage, 503, "GET " + graph.TemplatePath + ": no good answer from Graph for 1m0s; the last was 503 ServiceUnavailable: said so, after "},
		"no line":     {noDial, graph.Outage, 0, "no good answer from Graph for 1m0s; the last attempt: dial tcp: connection refused, after "},
		"a portal":    {answer(200, "<html>"), graph.Unreadable, 200, "unreadable: a web page instead of Graph's answer"},
		"nothing":     {answer(200, ""), graph.Unreadable, 200, "unreadable: an answer without a body"},
		"a long wait": {refusal(503, "ServiceUnavailable", "Retry-After: 45"), graph.Outage, 503, "; the last was 503 ServiceUnavailable: said so, after "},
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

// A request that waits for its first attempt ends too, with the failure of the others.
func TestAnOutageEndsWhatWasNeverSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := &flaky{until: time.Now().Add(time.Hour), down: noDial}
		c, err := graph.New(graph.Options{RootURL: root, Base: wire, Outage: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		began, never := time.Now(), 0
		var first sync.WaitGroup
		first.Go(func() { _, _ = c.Do(t.Context(), write) })
		time.Sleep(sec) // it is down when the others come
		failed := inParallel(60, 1, func() error { _, err := c.Do(t.Context(), write); return err })
		first.Wait()
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
		if len(failed) != 60 || never < 40 || time.Since(began) > 66*sec {
			t.Errorf("%d failed, %d never sent, after %s", len(failed), never, time.Since(began))
		}
		// A later request may try once: the outage may be over.
		wire.until = time.Now()
		if _, err := c.Do(t.Context(), write); err != nil {
			t.Errorf("when it was over: %v", err)
		}
	})
}

// Only the caller sends an open write again, so nothing here waits for the end of the outage. Its
// length is reported all the same.
func TestAnOutageEndsOpenWrites(t *testing.T) {
	for name, down := range map[string]func(*http.Request) (*http.Response, error){
		"503":      refusal(503, "ServiceUnavailable"),
		"408":      refusal(408, "RequestTimeout"),
		"a portal": answer(200, "<html>"),
		"a reset":  reset,
		"silence":  silent, // the outage lasts too long while a write is on its way
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := &flaky{until: time.Now().Add(time.Hour), down: down, hit: func(r *http.Request) bool { return r.Method != "GET" }}
				c, err := graph.New(graph.Options{RootURL: root, Base: wire, Outage: time.Minute})
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				for err = nil; !errors.Is(err, graph.Outage) && time.Since(began) < time.Hour; {
					_, err = c.Do(t.Context(), write)
				}
				if took := time.Since(began); took < time.Minute || took > 66*sec || !strings.Contains(err.Error(), "no good answer from Graph for 1m") {
					t.Errorf("after %s: %v", took, err)
				}
			})
		})
	}
}

// A request that arrives when the outage has lasted too long still has one attempt.
func TestALateRequestProbesOnce(t *testing.T) {
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
		time.Sleep(time.Hour) // without a request meanwhile: that was another outage
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

// The precondition is checked right before sending, after the wait for the service.
func TestThePreconditionIsAskedAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := downFor(20*sec, noDial)
		c := f.client(t)
		began := time.Now()
		r := write
		r.Precondition = func() bool { return time.Since(began) < 15*sec }
		_, err := c.Do(t.Context(), r)
		if !errors.Is(err, graph.ErrPrecondition) || time.Since(began) < 15*sec || time.Since(began) > 20*sec {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
		if _, err := c.Do(t.Context(), write); err != nil { // the turn was released
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

// Two failures, a good answer, and two failures again are no outage.
func TestFailuresCountInARow(t *testing.T) {
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

// Three requests that hang on a dead connection while others are answered are no
// outage: no other request waits for them.
func TestHungRequestsAreNoOutage(t *testing.T) {
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
		time.Sleep(sec)
		stop()
		if len(failed) != 5 || slowest > 0 {
			t.Errorf("%v, and the others waited up to %s", failed, slowest)
		}
	})
}
