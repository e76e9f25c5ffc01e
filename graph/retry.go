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
	mostFault     = maxKnockWait
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
	c.forgive()
	switch {
	case v.heard == nothing:
		return true, nil // sent back to wait with the others
	case v.err.RetryAfter > MaxRetryAfter:
		return false, nil
	case v.err.Status == http.StatusUnauthorized: // once, see firstRefusal
	case v.heard == aWord:
		if c.tries >= c.maxAttempts {
			return false, nil
		}
	case !c.waitsOut():
		return false, nil
	}
	c.wait = backoff(c.tries, v.err)
	if v.heard != aWord && c.class.down.Load() {
		c.wait = 0 // the knocking has its own
	}
	return true, nil
}

// forgive begins the counting of tries anew after an outage: what it cost is not
// held against the request.
func (c *call) forgive() {
	c.class.mu.Lock()
	defer c.class.mu.Unlock()
	if c.tries > 0 && c.class.backUp > c.began {
		c.tries, c.began = 1, c.class.backUp
	}
}

// waitsOut reports whether a fault is still waited out. If not, it has settled
// how the request ends.
func (c *call) waitsOut() bool {
	k := c.class
	good := time.Duration(k.good.Load()) // others are answered
	if good > c.firstBegan && k.now()-c.firstBegan >= k.longest {
		return false
	}
	if good > c.began {
		return c.tries < c.maxAttempts
	}
	if k.lasts() >= k.longest {
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
