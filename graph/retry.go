package graph

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"
)

// maxAttempts is how often a request is tried that is refused for its pace, or
// that fails by itself while others of its class are answered.
const maxAttempts = 6

// The waits between attempts where the answer names none: they double from
// the first value, up to the most, and each is drawn between half and full.
const (
	afterFault    = 100 * time.Millisecond // a reset or a 5xx: most are over at once
	mostFault     = maxProbeWait
	afterThrottle = time.Second // a refusal without a date
	mostThrottle  = 30 * time.Second
)

// nonRetriable marks an error of a layer below that another attempt cannot
// cure: a credential that fails, a pause that is too long. The method's name is
// the convention of the Azure libraries.
type nonRetriable interface{ NonRetriable() }

// longPause is a nonRetriable of the pacing layer: the service asked for a
// longer wait than that layer agrees to.
type longPause interface {
	nonRetriable
	RetryAfter() time.Duration
}

// retry is the policy: whether there is another attempt, and after which wait.
// A fault of the service is waited out by time, as long as it is everybody's;
// a refusal, and a fault of this request alone, by number.
func (c *call) retry(ctx context.Context, resp *http.Response, _ error) (bool, error) {
	v := &c.verdict
	if c.wait = 0; ctx.Err() != nil || !v.again {
		return false, nil // no further attempt; what came of this one stands
	}
	c.discountOutage()
	switch {
	case v.health == unknown:
		return true, nil // sent back to wait with the others
	case v.err.RetryAfter > MaxRetryAfter:
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
		c.wait = 0 // the knocking has its own
	}
	return true, nil
}

// discountOutage begins the counting of tries anew after an outage: what it cost is not
// held against the request.
func (c *call) discountOutage() {
	c.class.mu.Lock()
	defer c.class.mu.Unlock()
	if c.counted > 0 && c.class.recoveredAt > c.countedSince {
		c.counted, c.countedSince = 1, c.class.recoveredAt
	}
}

// keepsWaiting reports whether a fault is still waited out. If not, it has settled
// how the request ends.
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

// backoff is the wait before the next attempt. What the answer names is a
// floor: a zero or a date in the past still waits as if nothing were named.
func backoff(tries int, e *Error) time.Duration {
	base, most := afterFault, mostFault
	if e.Status == http.StatusTooManyRequests {
		base, most = afterThrottle, mostThrottle
	}
	wait := min(base<<min(tries-1, 16), most)
	wait = wait/2 + rand.N(wait/2)
	if e.RetryAfter > 0 {
		return max(e.RetryAfter, wait/4)
	}
	return wait
}

// Sleep waits for d, or until ctx ends, whose error it then returns. It waits on
// a timer, so that it works in virtual time.
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
