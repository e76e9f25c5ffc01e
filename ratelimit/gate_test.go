package ratelimit_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/ratelimit"
)

// respond is a RoundTripper made of a function.
type respond func(*http.Request) (*http.Response, error)

func (f respond) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, retryAfter string) *http.Response {
	res := &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody}
	if retryAfter != "" {
		res.Header.Set("Retry-After", retryAfter)
	}
	return res
}

func TestARefusalOfOneHoldsAllAndTheyComeBackOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var mu sync.Mutex
		var sent []time.Duration
		base := respond(func(*http.Request) (*http.Response, error) {
			at := time.Since(start)
			mu.Lock()
			sent = append(sent, at)
			mu.Unlock()
			time.Sleep(20 * time.Millisecond)
			if at >= time.Second && at < 2*time.Second {
				return answer(429, "30"), nil
			}
			return answer(204, ""), nil
		})
		tr := paced(t, base, ratelimit.Options{})
		got := work(t.Context(), tr, 1000, 16)

		w := tr.Stats().Writes
		if got.refused < 2 || w.Pauses != 1 || w.Refused != int64(got.refused) {
			t.Errorf("%d refusals in flight together made %d pauses, want 1", got.refused, w.Pauses)
		}
		if lost := w.PausedSeconds; lost < 30 || lost > 31 {
			t.Errorf("lost %.2f s to pauses, want 30", lost)
		}
		end := time.Second + 20*time.Millisecond + 30*time.Second
		back := 0
		for _, at := range sent {
			if at > time.Second+20*time.Millisecond && at < end {
				t.Errorf("a write left %v after the start, while the gate was shut", at)
			}
			if at >= end && at < end+20*time.Millisecond {
				back++
			}
		}
		if back != 1 {
			t.Errorf("%d writes left in the first round trip after the pause, want 1", back)
		}
	})
}

func TestReadsPassWhileWritesAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := respond(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodGet {
				return answer(200, ""), nil
			}
			return answer(429, "60"), nil
		})
		tr := paced(t, base, ratelimit.Options{})
		if _, err := send(t.Context(), tr, http.MethodPut); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := send(t.Context(), tr, http.MethodGet); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(start); waited > 0 {
			t.Errorf("a read waited %v behind refused writes", waited)
		}
		if s := tr.Stats(); s.Writes.State != ratelimit.Paused || s.Writes.String() != "paused 60 s" || s.Reads.State != ratelimit.Open {
			t.Errorf("writes %v (%v), reads %v", s.Writes.State, s.Writes, s.Reads.State)
		}
		time.Sleep(20 * time.Second)
		if w := tr.Stats().Writes; w.PausedSeconds != 20 || w.PauseLeftSeconds != 40 {
			t.Errorf("after 20 s of 60, %v s are spent and %v s left", w.PausedSeconds, w.PauseLeftSeconds)
		}
	})
}

func TestATooLongPauseFailsWaitingAndLaterRequests(t *testing.T) {
	for _, asked := range []string{"600", "31536000", "9000000000"} {
		t.Run(asked+" seconds", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				base := respond(func(*http.Request) (*http.Response, error) {
					time.Sleep(20 * time.Millisecond)
					return answer(429, asked), nil
				})
				tr := paced(t, base, ratelimit.Options{})
				waiting := make(chan error, 8)
				for range cap(waiting) {
					go func() { _, err := send(t.Context(), tr, http.MethodPut); waiting <- err }()
				}
				failed := 0
				for range cap(waiting) {
					if err := <-waiting; isPause(t, err) {
						failed++
					}
				}
				if failed != cap(waiting)-1 { // only the first request was sent
					t.Errorf("%d waiting requests failed, want %d", failed, cap(waiting)-1)
				}
				if _, err := send(t.Context(), tr, http.MethodPut); !isPause(t, err) {
					t.Errorf("a later request got %v, want a PauseError", err)
				}
				if s := tr.Stats().Writes; s.State != ratelimit.Closed || s.PauseLeftSeconds < 599 {
					t.Errorf("state %q for %v s, want closed for the time asked", s.State, s.PauseLeftSeconds)
				}
			})
		})
	}
}

// isPause also checks that the error says when to come back.
func isPause(t *testing.T, err error) bool {
	t.Helper()
	var p *ratelimit.PauseError
	if !errors.As(err, &p) {
		return false
	}
	if p.Asked < ratelimit.DefaultMaxPause || !p.Until.After(time.Now()) || !strings.Contains(err.Error(), "resume after") {
		t.Errorf("a PauseError of %v until %v that says %q", p.Asked, p.Until, err)
	}
	return true
}

// The longest pause itself is waited out.
func TestTheLongestPauseIsWaitedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		tr := paced(t, respond(func(*http.Request) (*http.Response, error) {
			if sent++; sent == 1 {
				return answer(429, "300"), nil
			}
			return answer(204, ""), nil
		}), ratelimit.Options{})
		if got := work(t.Context(), tr, 1, 1); got.err != nil || got.took != ratelimit.DefaultMaxPause {
			t.Errorf("%v after %v", got.err, got.took)
		}
	})
}

// Without a Retry-After the pause is a second and a little more, never the same for two processes.
func TestTwoProcessesDoNotComeBackTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var left [2]float64
		for i := range left {
			tr := paced(t, respond(func(*http.Request) (*http.Response, error) { return answer(429, ""), nil }), ratelimit.Options{})
			send(t.Context(), tr, http.MethodPut)
			if left[i] = tr.Stats().Writes.PauseLeftSeconds; left[i] < 1 || left[i] > 1.25 {
				t.Errorf("a pause of %v s", left[i])
			}
		}
		if left[0] == left[1] {
			t.Errorf("both pause for %v s", left[0])
		}
	})
}

// A request that got no answer makes room for the next one at once.
func TestALostRequestMakesRoomForTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := errors.New("connection reset")
		tr := paced(t, respond(func(*http.Request) (*http.Response, error) {
			time.Sleep(10 * time.Millisecond)
			return nil, lost
		}), ratelimit.Options{Concurrency: 1})
		start := time.Now()
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() { send(t.Context(), tr, http.MethodPut) })
		}
		wg.Wait()
		if took := time.Since(start); took != 50*time.Millisecond {
			t.Errorf("five took %v, one after the other", took)
		}
	})
}

func TestTheGateOpensAgainWhenATooLongPauseIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := true
		tr := paced(t, respond(func(*http.Request) (*http.Response, error) {
			if first {
				first = false
				return answer(429, "600"), nil
			}
			return answer(204, ""), nil
		}), ratelimit.Options{})
		send(t.Context(), tr, http.MethodPut)
		time.Sleep(601 * time.Second)
		if _, err := send(t.Context(), tr, http.MethodPut); err != nil {
			t.Errorf("after the pause: %v", err)
		}
	})
}

func TestACollisionNarrowsTheGateAndKeepsTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{latency: 50 * time.Millisecond, crowd: 6}
		tr := paced(t, s, ratelimit.Options{})
		got := work(t.Context(), tr, 2000, 16)
		w := tr.Stats().Writes
		if got.done != 2000 || w.Rate != 0 || w.Pauses != 0 {
			t.Errorf("%d done, rate %v, %d pauses; want 2000 and neither", got.done, w.Rate, w.Pauses)
		}
		if w.Accepted != int64(len(s.sent)) {
			t.Errorf("%d of %d answers count as accepted; a conflict is no refusal", w.Accepted, len(s.sent))
		}
		if w.Conflicts == 0 || w.Conflicts != int64(s.collided) || s.collided > 100 {
			t.Errorf("%d of 2000 collided, %d counted; want the same, some, and under 100", s.collided, w.Conflicts)
		}
		if best := 2000.0 / 6 * 0.05; got.took.Seconds() > 1.6*best {
			t.Errorf("took %v where six at a time need %.1f s", got.took, best)
		}
	})
}

func TestCancelReturnsAtOnceAndClosesTheBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := paced(t, respond(func(*http.Request) (*http.Response, error) { return answer(429, "60"), nil }), ratelimit.Options{})
		send(t.Context(), tr, http.MethodPut)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		body := &closing{Reader: strings.NewReader("{}")}
		req, err := http.NewRequestWithContext(ctx, http.MethodPut, "https://graph.test/", body)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err = tr.RoundTrip(req); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
		if waited := time.Since(start); waited != time.Second {
			t.Errorf("returned after %v, want 1s", waited)
		}
		if !body.closed {
			t.Error("the body of a request that never left stays open")
		}
	})
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }

func TestACancelledContextSendsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &service{}
	if _, err := send(ctx, paced(t, s, ratelimit.Options{}), http.MethodPut); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if len(s.sent) != 0 {
		t.Errorf("%d requests left", len(s.sent))
	}
}

func TestTheAnswerIsHandedOnUntouched(t *testing.T) {
	lost := errors.New("connection reset")
	want := answer(429, "1")
	want.Body = io.NopCloser(strings.NewReader(`{"error":{}}`))
	for _, tc := range []struct {
		res *http.Response
		err error
	}{{want, nil}, {nil, lost}} {
		tr := paced(t, respond(func(*http.Request) (*http.Response, error) { return tc.res, tc.err }), ratelimit.Options{})
		res, err := send(t.Context(), tr, http.MethodPut)
		if res != tc.res || err != tc.err {
			t.Errorf("got %v and %v, want %v and %v", res, err, tc.res, tc.err)
		}
	}
	if b, _ := io.ReadAll(want.Body); string(b) != `{"error":{}}` {
		t.Errorf("the body was read: %q is left", b)
	}
}

// A request that hangs delays the others by less than two seconds, whether it is
// the first of all or comes after a refusal, when only one may be in flight.
func TestAHungRequestDelaysNoOther(t *testing.T) {
	for name, hangs := range map[string]int{"the first": 1, "the first after a refusal": 41} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				sent := 0
				var gap time.Duration
				last := time.Now()
				base := respond(func(*http.Request) (*http.Response, error) {
					mu.Lock()
					sent++
					n := sent
					gap, last = max(gap, time.Since(last)), time.Now()
					mu.Unlock()
					switch {
					case n == hangs:
						time.Sleep(time.Minute)
					case n == 40 && hangs > 40:
						return answer(429, "1"), nil
					}
					time.Sleep(20 * time.Millisecond)
					return answer(204, ""), nil
				})
				tr := paced(t, base, ratelimit.Options{Concurrency: 4})
				began := time.Now()
				got := work(t.Context(), tr, 60, 4)
				if gap > 2*time.Second {
					t.Errorf("nothing was sent for %s", gap)
				}
				if took := time.Since(began); got.refused > 1 || took < time.Minute || took > time.Minute+5*time.Second {
					t.Errorf("%d refused, %s", got.refused, took)
				}
			})
		})
	}
}

// Concurrency bounds the requests in flight, including those that hang.
func TestHungRequestsCountAgainstConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		flying, most := 0, 0
		base := respond(func(*http.Request) (*http.Response, error) {
			mu.Lock()
			flying++
			most = max(most, flying)
			mu.Unlock()
			time.Sleep(time.Minute)
			mu.Lock()
			flying--
			mu.Unlock()
			return answer(204, ""), nil
		})
		tr := paced(t, base, ratelimit.Options{Concurrency: 3})
		work(t.Context(), tr, 12, 12)
		if most != 3 {
			t.Errorf("%d in flight at once, want 3", most)
		}
	})
}
