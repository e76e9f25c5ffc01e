package graph_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/graph"
	"bulksync/graph/graphsim"
)

// silent is a host that accepts a request and never answers.
func silent(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// A write is given up after thirty seconds; a page may take two minutes.
func TestASilentConnectionIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, wire := time.Now(), played(silent)
		_, err := newClient(t, wire, "").Do(t.Context(), write)
		if !errors.Is(err, graph.Indeterminate) || !strings.Contains(err.Error(), "no answer in time") || time.Since(began) != 30*time.Second {
			t.Errorf("a write: %v after %s", err, time.Since(began))
		}
		wire = played(silent, done)
		if _, err = newClient(t, wire, "").Do(t.Context(), read); err != nil {
			t.Errorf("a read: %v", err)
		}
		checkWaits(t, wire.waits(), []span{{120*time.Second + fault/2, 120*time.Second + fault}})
	})
}

func TestTheWaitForTheFirstByteIsAnOption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := played(silent)
		c, err := graph.New(graph.Options{RootURL: root, Base: wire, FirstByte: 2 * time.Second, ReadFirstByte: 3 * time.Second, Outage: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := c.Do(t.Context(), write); !errors.Is(err, graph.Indeterminate) || time.Since(began) != 2*time.Second {
			t.Errorf("a write: got %v after %s", err, time.Since(began))
		}
		began = time.Now()
		if _, err := c.Do(t.Context(), read); !errors.Is(err, graph.Outage) || time.Since(began) != 3*time.Second || len(wire.sent) != 2 {
			t.Errorf("a read: got %v after %s", err, time.Since(began))
		}
	})
}

func TestABodyMayTakeAMinuteButNoLonger(t *testing.T) {
	for delay, attempts := range map[time.Duration]int{59 * time.Second: 1, 61 * time.Second: 2} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, graphsim.Config{Partners: 10})
			r.Inject(graphsim.Fault{Kind: graphsim.FaultSlow, Delay: delay, Times: 1})
			partners, _, err := list(t.Context(), r.Client)
			if err != nil || len(partners) != 10 || len(r.Requests()) != attempts {
				t.Errorf("%s: %d partners in %d attempts, %v", delay, len(partners), len(r.Requests()), err)
			}
		})
	}
}

// endless is a body without an end that counts how much of it was read.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) { e.read += len(p); return len(p), nil }

func TestABodyWithoutAnEndIsNotReadOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := &endless{}
		wire := played(func(r *http.Request) (*http.Response, error) {
			resp, err := answer(200, "")(r)
			resp.Body, resp.ContentLength = io.NopCloser(body), -1
			return resp, err
		})
		_, err := newClient(t, wire, "").Do(t.Context(), read)
		if !errors.Is(err, graph.Unreadable) || !strings.Contains(err.Error(), "the answer is larger than 32 MiB") || body.read > 65<<20 || len(wire.sent) != 1 {
			t.Errorf("got %v after %d bytes", err, body.read)
		}
	})
}

func TestACancelledContextSendsNothing(t *testing.T) {
	r := newRig(t, graphsim.Config{Partners: 1})
	stopped := errors.New("stopped by the user")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stopped)
	_, err := r.Do(ctx, write)
	_, _, listErr := list(ctx, r.Client)
	if !errors.Is(err, stopped) || !errors.Is(listErr, stopped) || len(r.Requests()) != 0 || r.Client.Requests() != (graph.Requests{}) {
		t.Errorf("got %v and %v after %d requests", err, listErr, len(r.Requests()))
	}
}

func TestCancellingEndsTheWaitBetweenAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		began, wire := time.Now(), played(throttled("Retry-After: 60"), done)
		_, err := newClient(t, wire, "").Do(ctx, write)
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, graph.Indeterminate) || time.Since(began) != 2*time.Second || len(wire.sent) != 1 {
			t.Errorf("got %v after %s and %d attempts", err, time.Since(began), len(wire.sent))
		}
	})
}

func TestCancellingAWriteInFlightLeavesItOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if _, err := newClient(t, played(silent), "").Do(ctx, write); !errors.Is(err, graph.Indeterminate) {
			t.Errorf("a write: got %v, want indeterminate", err)
		}
		if _, err := newClient(t, played(silent), "").Do(ctx, read); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a read: got %v, want the context's error", err)
		}
	})
}

// InFlight is how a run lets requests in flight finish when it is interrupted.
func TestAnAnswerInFlightArrivesAfterAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			answer func(*http.Request) (*http.Response, error)
			hard   time.Duration
			want   error
			after  time.Duration
		}{
			"success":            {answer(204, ""), time.Hour, nil, 10 * time.Second},
			"a refusal is final": {throttled(), time.Hour, graph.Throttled, 10 * time.Second},
			"an open answer":     {refusal(503, "ServiceUnavailable"), time.Hour, graph.Indeterminate, 10 * time.Second},
			"the second stop":    {answer(204, ""), 5 * time.Second, graph.Indeterminate, 5 * time.Second},
		} {
			soft, cancel := context.WithTimeout(t.Context(), time.Second)
			hard, stop := context.WithTimeout(t.Context(), c.hard)
			wire := played(func(r *http.Request) (*http.Response, error) {
				select {
				case <-time.After(10 * time.Second):
					return c.answer(r)
				case <-r.Context().Done():
					return nil, r.Context().Err()
				}
			})
			r := write
			r.InFlight = hard
			began := time.Now()
			_, err := newClient(t, wire, "").Do(soft, r)
			if !errors.Is(err, c.want) || time.Since(began) != c.after || len(wire.sent) != 1 {
				t.Errorf("%s: got %v after %s and %d attempts", name, err, time.Since(began), len(wire.sent))
			}
			cancel()
			stop()
		}
	})
}

func TestAnAttemptNeedsItsPrecondition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := played(throttled("Retry-After: 60"), done)
		r := write
		within := func(d time.Duration) func() bool {
			began := time.Now()
			return func() bool { return time.Since(began) <= d }
		}
		r.Precondition = within(59 * time.Second)
		_, err := newClient(t, wire, "").Do(t.Context(), r)
		var e *graph.Error
		if !errors.Is(err, graph.ErrPrecondition) || !errors.As(err, &e) || e.Kind == graph.Indeterminate || e.Attempts != 1 || len(wire.sent) != 1 {
			t.Errorf("got %v after %d attempts", err, len(wire.sent))
		}
		r.Precondition = within(60 * time.Second)
		if _, err = newClient(t, played(throttled("Retry-After: 60"), done), "").Do(t.Context(), r); err != nil {
			t.Errorf("in time: got %v", err)
		}
	})
}
