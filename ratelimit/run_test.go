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

// pace builds a Transport over base.
func pace(t testing.TB, base http.RoundTripper, o ratelimit.Options) *ratelimit.Transport {
	t.Helper()
	if o.Read == nil {
		o.Read = read
	}
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
}

// work sends n writes with so many workers that retry a refused one as the
// layer above does: after its Retry-After exactly, or else after an
// exponential backoff from one second.
func work(ctx context.Context, tr http.RoundTripper, n, workers int) outcome {
	var (
		next, done, refused atomic.Int64
		wg                  sync.WaitGroup
	)
	start := time.Now()
	for range workers {
		wg.Go(func() {
			for next.Add(1) <= int64(n) {
				if r, ok := write(ctx, tr); ok {
					refused.Add(int64(r))
					done.Add(1)
				} else {
					return
				}
			}
		})
	}
	wg.Wait()
	return outcome{time.Since(start), int(done.Load()), int(refused.Load())}
}

// write sends one request until it is taken or fails.
func write(ctx context.Context, tr http.RoundTripper) (refused int, ok bool) {
	for {
		res, err := send(ctx, tr, http.MethodPatch)
		if err != nil {
			return refused, false
		}
		s := read(res)
		if !s.Refused {
			return refused, true
		}
		wait := s.RetryAfter
		if wait <= 0 {
			wait = time.Second<<min(refused, 5) + rand.N(250*time.Millisecond)
		}
		refused++
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return refused, false
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
