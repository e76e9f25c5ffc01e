package graph

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"
)

// maxAttempts is how often a request is tried that a passing fault keeps from
// succeeding.
const maxAttempts = 6

// The waits between attempts where the answer names none: they double from
// the first value, up to maxBackoff, and each is drawn between half and full.
const (
	afterFault    = 100 * time.Millisecond // a reset or a 5xx: most are over at once
	afterThrottle = time.Second            // a refusal without a date
	maxBackoff    = 30 * time.Second
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

// checkRetry is the retry policy. Its rule for writes: an attempt that may
// have landed is not sent again.
func checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, nil // no further attempt; what came of this one stands
	}
	c := callFrom(ctx)
	if err != nil {
		return c.attempts < c.maxAttempts && retriableFault(c, err), nil
	}
	if resp.StatusCode < 400 {
		return false, nil
	}
	if resp.StatusCode == http.StatusUnauthorized && !c.reauthed {
		c.reauthed = true // the token layer fetches a fresh one for the next attempt
		return true, nil
	}
	if wait, ok := RetryAfter(resp.Header, time.Now()); ok && wait > MaxRetryAfter {
		return false, nil
	}
	return c.attempts < c.maxAttempts && retriableAnswer(c, resp), nil
}

func retriableFault(c *call, err error) bool {
	var final nonRetriable
	if errors.Is(err, ErrTooLate) || errors.As(err, &final) {
		return false
	}
	return !isWrite(c.req.Method) || !c.open
}

func retriableAnswer(c *call, resp *http.Response) bool {
	if mayHaveLanded(c.req.Method, resp.StatusCode) {
		return false // read before writing again
	}
	switch kindOf(resp.StatusCode, peekCode(resp)) {
	case Throttled, Transient:
		return true
	default:
		return false
	}
}

// mayHaveLanded reports whether an answer leaves open what became of a write: a
// gateway passed it on, and heard nothing back or nothing that it understood.
func mayHaveLanded(method string, status int) bool {
	return isWrite(method) && (status == http.StatusBadGateway || status == http.StatusGatewayTimeout)
}

// peekCode reads the error code and leaves the body as it was. Only a 409
// needs it; the body is in memory already.
func peekCode(resp *http.Response) string {
	if resp.StatusCode != http.StatusConflict {
		return ""
	}
	body := kept(resp)
	keep(resp, body)
	return decodeError(resp.StatusCode, resp.Header, body).Code
}

// backoff is the wait before the next attempt. What the answer names is a
// floor: a zero or a date in the past still waits as if nothing were named.
func backoff(_, _ time.Duration, attempt int, resp *http.Response) time.Duration {
	base := afterFault
	if resp != nil && resp.StatusCode == http.StatusTooManyRequests {
		base = afterThrottle
	}
	wait := min(base<<min(attempt, 16), maxBackoff)
	wait = wait/2 + rand.N(wait/2)
	if resp == nil {
		return wait
	}
	if named, ok := RetryAfter(resp.Header, time.Now()); ok && named > 0 {
		return max(named, wait/4)
	}
	return wait
}

// IsCrowded reports whether an answer says that too many writes ran at once in
// the tenant. It leaves the body readable.
func IsCrowded(resp *http.Response) bool {
	return resp.StatusCode == http.StatusConflict && peekCode(resp) == codeConcurrency
}
