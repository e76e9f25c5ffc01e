package ratelimit_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bulksync/ratelimit"
)

// paced is a Transport over base that understands the service's answers.
func paced(t testing.TB, base http.RoundTripper, o ratelimit.Options) *ratelimit.Transport {
	t.Helper()
	o.Read = read
	tr, err := ratelimit.New(base, o)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// outcome of a run.
type outcome struct {
	took          time.Duration
	done, refused int
	err           error // one of those that ended a worker
}

// work sends n writes from that many workers. They retry a refused write as the
// layer above does: after exactly its Retry-After, or else after an exponential
// backoff from one second.
func work(ctx context.Context, tr http.RoundTripper, n, workers int) outcome {
	var (
		next, done, refused atomic.Int64
		wg                  sync.WaitGroup
		failed              = make(chan error, workers)
	)
	start := time.Now()
	for range workers {
		wg.Go(func() {
			for next.Add(1) <= int64(n) {
				r, err := persist(ctx, tr)
				refused.Add(int64(r))
				if err != nil {
					failed <- err
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	close(failed)
	return outcome{time.Since(start), int(done.Load()), int(refused.Load()), <-failed}
}

// persist sends one write until it is accepted or cannot be sent.
func persist(ctx context.Context, tr http.RoundTripper) (refused int, err error) {
	for {
		res, err := send(ctx, tr, http.MethodPatch)
		if err != nil {
			return refused, err
		}
		s := read(res)
		if !s.Refused && !s.ConcurrencyConflict {
			return refused, nil
		}
		wait := s.RetryAfter
		if wait <= 0 {
			wait = time.Second<<min(refused, 5) + rand.N(250*time.Millisecond)
		}
		if s.Refused {
			refused++
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return refused, ctx.Err()
		}
	}
}

func send(ctx context.Context, tr http.RoundTripper, method string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "https://graph.test/v1.0/x", nil)
	if err != nil {
		return nil, err
	}
	return tr.RoundTrip(req)
}
