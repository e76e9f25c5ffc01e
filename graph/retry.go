package graph

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net/http"
	"time"
)

// maxAttempts is how often a request is tried if it is throttled, or if it fails while others of
// its class are answered.
const maxAttempts = 6

// The waits between attempts if the answer names none: they double from the first value up to the
// largest, and each is drawn at random between half and all of it.
const (
	afterFault    = 100 * time.Millisecond // a reset or a 5xx; most are over at once
	maxFault      = maxProbeWait
	afterThrottle = time.Second // a refusal without a date
	maxThrottle   = 30 * time.Second
)

// nonRetriable marks an error of a lower layer after which another attempt cannot
// help: a credential that fails, a pause that is too long. The method's name is
// the convention of the Azure libraries.
type nonRetriable interface{ NonRetriable() }

// longPause is the pacing layer's nonRetriable: the service asked for a longer
// wait than that layer accepts.
type longPause interface {
	nonRetriable
	RetryAfter() time.Duration
}

// retry is the policy: whether there is another attempt, and after which wait. A
// failure of all requests is waited out for a time; a refusal, or a failure of
// this request alone, is tried again a number of times.
func (c *call) retry(ctx context.Context, resp *http.Response, _ error) (bool, error) {
	v := &c.verdict
	if c.wait = 0; ctx.Err() != nil || !v.again {
		return false, nil // no further attempt: the result of this one counts
	}
	c.discountOutage()
	switch {
	case v.health == unknown:
		return true, nil // back to wait with the others
	case v.err.RetryAfter > cmp.Or(c.req.MaxWait, MaxRetryAfter):
		return false, nil
	case v.err.Status == http.StatusUnauthorized: // once, see firstRefusal
	case v.health == healthy:
		if c.counted >= c.maxAttempts {
			return false, nil
		}
	case !c.keepsWaiting():
		return false, nil
	}
	c.wait = backoff(c.counted, v.err)
	if v.health != healthy && c.class.down.Load() {
		c.wait = 0 // the probes have their own wait
	}
	return true, nil
}

// discountOutage restarts the count of attempts after a long outage: its attempts do not count
// against the request.
func (c *call) discountOutage() {
	c.class.mu.Lock()
	defer c.class.mu.Unlock()
	if c.counted > 0 && c.class.recoveredAt > c.countedSince {
		c.counted, c.countedSince = 1, c.class.recoveredAt
	}
}

// keepsWaiting reports whether a failure is still waited out. If not, it has set the error that the
// request ends with.
func (c *call) keepsWaiting() bool {
	k := c.class
	good := time.Duration(k.lastGood.Load()) // others are answered
	if good > c.firstSent && k.now()-c.firstSent >= k.longest {
		return false
	}
	if good > c.countedSince {
		return c.counted < c.maxAttempts
	}
	if k.failingFor() >= k.longest {
		c.verdict.err = c.overdue(nil)
		return false
	}
	return true
}

// backoff is the wait before the next attempt. A wait that the answer names is
// the minimum; zero or a date in the past counts as none.
func backoff(attempts int, e *Error) time.Duration {
	base, longest := afterFault, maxFault
	if e.Status == http.StatusTooManyRequests {
		base, longest = afterThrottle, maxThrottle
	}
	wait := min(base<<min(attempts-1, 16), longest)
	wait = wait/2 + rand.N(wait/2)
	if e.RetryAfter > 0 {
		return max(e.RetryAfter, wait/4)
	}
	return wait
}

// Sleep waits for d, or until ctx ends, and then returns its error. It waits on a
// timer, so that it works in virtual time.
func Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
