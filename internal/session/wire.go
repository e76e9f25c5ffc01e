package session

import (
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"bulksync/graph"
	"bulksync/ratelimit"
)

// paceSignal translates what Graph says about pace for the pacing layer.
func paceSignal(resp *http.Response) ratelimit.Signal {
	wait, _ := graph.RetryAfter(resp.Header, time.Now())
	return ratelimit.Signal{
		Refused: graph.IsThrottled(resp), ConcurrencyConflict: graph.IsConcurrencyConflict(resp),
		RetryAfter: wait, QuotaUsed: graph.QuotaUsed(resp.Header),
	}
}

// attempts is the layer next to the wire: it times each attempt, and logs it at
// level debug. A URL's query and all headers stay out of the log: they can hold
// page tokens and secrets.
type attempts struct {
	next http.RoundTripper
	log  *slog.Logger
	took *mean
}

func (a attempts) RoundTrip(req *http.Request) (*http.Response, error) {
	began := time.Now()
	resp, err := a.next.RoundTrip(req)
	elapsed := time.Since(began)
	a.took.add(elapsed)
	if !a.log.Enabled(req.Context(), slog.LevelDebug) {
		return resp, err
	}
	attrs := []any{
		"method", req.Method, "path", req.URL.Path, "elapsedMs", elapsed.Milliseconds(),
		"clientRequestId", req.Header.Get("Client-Request-Id"),
	}
	if err != nil {
		a.log.Debug("no answer", append(attrs, "error", err)...)
	} else {
		a.log.Debug("answer", append(attrs, "status", resp.StatusCode, "requestId", resp.Header.Get("Request-Id"))...)
	}
	return resp, err
}

// mean is the mean of durations added by many goroutines.
type mean struct{ sum, n atomic.Int64 }

func (m *mean) add(d time.Duration) {
	m.sum.Add(int64(d))
	m.n.Add(1)
}

func (m *mean) value() time.Duration {
	if n := m.n.Load(); n > 0 {
		return time.Duration(m.sum.Load() / n)
	}
	return 0
}
