package ratelimit

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

const (
	// minPause is how long to pause after a refusal even if the service asks for
	// less: long enough to measure its refill.
	minPause = time.Second
	// backoffGrowth is how much longer each pause is while everything is refused.
	// The end of a window of the service's must not be missed by much.
	backoffGrowth = 1.4
	// maxBackoff is the longest pause that the service did not ask for.
	maxBackoff = 32 * time.Second
)

// PauseError says that the service asked for a longer pause than
// Options.MaxPause. Nothing was sent; the run can be resumed after Until.
type PauseError struct {
	// Until is when the service will take requests again.
	Until time.Time
	// Asked is the pause it asked for.
	Asked time.Duration
}

// Error names the pause and what to do about it.
func (e *PauseError) Error() string {
	return fmt.Sprintf("throttled: the service asks for a pause of %v; resume after %s",
		e.Asked.Round(time.Second), e.Until.UTC().Format(time.RFC3339))
}

// NonRetriable marks that another attempt now cannot help, by the convention of
// the Azure libraries, so that a retry layer gives up at once.
func (*PauseError) NonRetriable() {}

// RetryAfter is the pause that the service asked for.
func (e *PauseError) RetryAfter() time.Duration { return e.Asked }

// pause is the time during which a gate stays shut.
type pause struct {
	until    time.Time
	count    int           // how often the gate was shut
	total    time.Duration // how long in total, including the rest of the current pause
	tooLong  *PauseError   // the service asked for more than the longest pause
	backoffs int           // refusals in a row, without an accepted request in between
}

// left is how long the gate will stay shut.
func (p *pause) left(now time.Time) time.Duration { return max(0, p.until.Sub(now)) }

// spent is the time lost so far.
func (p *pause) spent(now time.Time) time.Duration { return p.total - p.left(now) }

// err is the error of requests while a pause that is too long lasts.
func (p *pause) err(now time.Time) error {
	if p.tooLong == nil || !now.Before(p.tooLong.Until) {
		return nil
	}
	return p.tooLong
}

// extend shuts the gate for d from now, unless it is shut for longer already.
func (p *pause) extend(now time.Time, d, longest time.Duration) {
	until := now.Add(d)
	if d > longest {
		if p.tooLong == nil || until.After(p.tooLong.Until) {
			p.tooLong = &PauseError{Until: until, Asked: d}
		}
		return
	}
	if !until.After(p.until) {
		return
	}
	if !now.Before(p.until) {
		p.count++
		p.until = now
	}
	p.total += until.Sub(p.until)
	p.until = until
}

// shortest is how long to stay shut at least: minPause, or a backoff from there if
// the service sent no Retry-After or has refused everything since its last pause.
// The jitter keeps several processes from coming back together.
func (p *pause) shortest(retryAfter time.Duration) time.Duration {
	p.backoffs++
	if retryAfter > 0 && p.backoffs == 1 {
		return minPause
	}
	d := min(maxBackoff, time.Duration(float64(minPause)*math.Pow(backoffGrowth, float64(min(p.backoffs-1, 20)))))
	return d + rand.N(d/4)
}
