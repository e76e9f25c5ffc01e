package ratelimit

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"
)

// Signal is what one response says about pace. The zero value means an ordinary
// answer: the request was accepted and nothing is near its limit.
type Signal struct {
	// Refused: the service refused the request for lack of quota (429, or 503
	// with Retry-After).
	Refused bool
	// ConcurrencyConflict: too many requests at the same moment, whatever the
	// rate (409 Directory_ConcurrencyViolation).
	ConcurrencyConflict bool
	// RetryAfter is how long a refusing service asks to wait; 0 or less means
	// that it did not say.
	RetryAfter time.Duration
	// QuotaUsed is the used share of the quota, 1 being all of it
	// (x-ms-throttle-limit-percentage, sent above 0.8); 0 means not reported.
	QuotaUsed float64
}

// Defaults of Options.
const (
	DefaultConcurrency = 16
	DefaultMaxPause    = 5 * time.Minute
)

const (
	// shortestWindow is the shortest period, in seconds, of any limit that Graph
	// documents here.
	shortestWindow = 10
	// burstMargin keeps a little of a stated burst unused, for requests that
	// arrive closer together than they left.
	burstMargin = 0.98
)

// The largest values that make sense. Graph's widest documented limit
// is 13,000 requests a second for one app over all tenants.
const (
	maxMaxRate     = 13_000
	maxConcurrency = 1_000
)

// Options say how a Transport paces. Only Read is required.
type Options struct {
	// Read returns what a response says about pace. It must leave the body as it
	// found it, and is called from many goroutines at once.
	Read func(*http.Response) Signal

	// MaxRate bounds the writes per second; 0 leaves the rate to be learned. The
	// promise: in any w seconds at most MaxRate*w + max(1, burst) writes start,
	// whatever is learned, where burst is MaxBurst or else one second's worth.
	// The gate still goes slower when the service asks for it. Reads are not
	// bounded.
	MaxRate float64

	// MaxBurst is how many writes a rested service takes at once, where MaxRate
	// is known as a quota; 0 means not known.
	MaxBurst int

	// Concurrency is the most writes in flight, and also, counted separately, the
	// most reads; 0 means DefaultConcurrency.
	Concurrency int

	// Capacity is the share of the quota to use, above 0 and at most 1; the
	// rest is left to other apps. 0 means all of it. Until a refusal has shown
	// the real quota, it is a share of MaxRate or else of the limits Graph
	// documents.
	Capacity float64

	// MaxPause is the longest pause that requests wait out; 0 means
	// DefaultMaxPause. When the service asks for more, every request fails with
	// a *PauseError instead.
	MaxPause time.Duration
}

// Validate reports everything that is wrong with o, in words a user can act on.
func (o Options) Validate() error {
	var errs []error
	if o.Read == nil {
		errs = append(errs, errors.New("ratelimit: Options.Read is missing"))
	}
	if o.MaxRate != 0 {
		errs = append(errs, CheckMaxRate(o.MaxRate))
	}
	if o.MaxBurst < 0 || o.MaxBurst > 0 && o.MaxRate == 0 {
		errs = append(errs, fmt.Errorf("burst %d: must not be negative, and needs a max rate", o.MaxBurst))
	}
	if o.Concurrency != 0 {
		errs = append(errs, CheckConcurrency(o.Concurrency))
	}
	if o.Capacity != 0 {
		errs = append(errs, CheckCapacity(o.Capacity))
	}
	if o.MaxPause < 0 {
		errs = append(errs, fmt.Errorf("longest pause %v: must not be negative", o.MaxPause))
	}
	return errors.Join(errs...)
}

// CheckMaxRate says what is wrong with a rate that a user typed. In Options, 0
// means that none is given; here it is an error.
func CheckMaxRate(perSecond float64) error {
	switch {
	case math.IsNaN(perSecond) || perSecond <= 0:
		return fmt.Errorf("max rate %v: give writes per second above 0, or leave it out to find the limit", perSecond)
	case perSecond > maxMaxRate:
		return fmt.Errorf("max rate %v: above %d writes per second, more than Graph grants anyone; leave it out to find the limit",
			perSecond, maxMaxRate)
	}
	return nil
}

// CheckConcurrency says what is wrong with a number of workers that a user typed.
func CheckConcurrency(n int) error {
	if n < 1 || n > maxConcurrency {
		return fmt.Errorf("concurrency %d: give a number from 1 to %d", n, maxConcurrency)
	}
	return nil
}

// CheckCapacity says what is wrong with a share of the quota that a user typed.
func CheckCapacity(share float64) error {
	if math.IsNaN(share) || share <= 0 || share > 1 {
		return fmt.Errorf("capacity %v: give a share of the quota above 0 and at most 1 (100%%)", share)
	}
	return nil
}

// maxQuota is the bound that MaxRate sets; ok is false if it sets none.
func (o Options) maxQuota() (q quota, ok bool) {
	if o.MaxRate == 0 {
		return quota{}, false
	}
	q = quota{o.MaxRate, o.MaxRate}
	if o.MaxBurst > 0 {
		q.burst = float64(o.MaxBurst) * burstMargin
	}
	return q.share(o.Capacity), true
}

func (o Options) withDefaults() Options {
	if o.Concurrency == 0 {
		o.Concurrency = DefaultConcurrency
	}
	if o.Capacity == 0 {
		o.Capacity = 1
	}
	if o.MaxPause == 0 {
		o.MaxPause = DefaultMaxPause
	}
	return o
}
