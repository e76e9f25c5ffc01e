package ratelimit

import (
	"math"
	"time"
)

const (
	// patience is how many answers, for each request in flight, it takes to try one
	// more. It doubles with each narrowing, up to maxPatience.
	patience    = 16
	maxPatience = 256
	// hardlyAny is the share of requests, as a divisor, that may pass by chance: the
	// service counts those in flight a little later than the gate.
	hardlyAny = 16
	// slowdown is how many times the best latency makes a queue likely.
	slowdown = 1.8
	// fastEnough is the latency below which nothing counts as a queue. A round trip
	// to another machine takes about as long, so what is shorter comes from a service
	// on this one: it waits for the processor that the run itself uses, and a narrower
	// width would only switch between waiting requests more often.
	fastEnough = 10 * time.Millisecond
	// roundAnswers is how many answers judge a width.
	roundAnswers = 16
	// trialKeeps is the share of the former rate that half of the width must reach.
	trialKeeps = 0.9
)

// ceiling is how many requests the service handles at a time without refusing the
// next one or making it wait.
type ceiling struct {
	limit    float64       // from Options
	at       float64       // the most in flight, as found
	patience float64       // see the constant
	accepts  []int         // requests accepted since the last refusal, by how many were in flight when they left
	best     time.Duration // the lowest latency
	before   float64       // the rate before half of the width was tried; 0 = no trial
	answers  int           // of this round
	spent    time.Duration // by them
}

func newCeiling(limit float64) ceiling {
	return ceiling{limit: limit, at: limit, patience: patience, accepts: make([]int, int(limit)+1)}
}

// refused reports whether a request was refused for the requests in flight, itself
// included: since the last refusal hardly any was accepted that left with as many.
// If so, it lowers the ceiling to what was accepted.
func (c *ceiling) refused(inFlight int) bool {
	all, asWide, fits := 0, 0, 0
	for width, n := range c.accepts {
		all += n
		if width >= inFlight {
			asWide += n
		} else if n > 0 {
			fits = width
		}
	}
	clear(c.accepts)
	if asWide*hardlyAny >= all {
		return false
	}
	c.lower(float64(fits))
	return true
}

// collided halves the number of requests in flight.
func (c *ceiling) collided(inFlight int) { c.set(min(c.at, float64(inFlight)) / 2) }

// accepted notes a request that left with that many in flight.
func (c *ceiling) accepted(inFlight int, took time.Duration) {
	c.accepts[inFlight]++
	if c.best == 0 {
		c.best = took
	}
	at := int(c.at)
	c.at = min(c.limit, c.at+1/(c.patience*c.at))
	if inFlight != at {
		return // the width is not used up, or was changed meanwhile
	}
	c.spent += took
	if c.answers++; c.answers == roundAnswers {
		c.judge(c.spent / roundAnswers)
	}
}

// judge ends a round of answers with that mean latency. A latency that grew may be
// a queue, which a narrower width makes shorter without loss: half of it is tried,
// and kept if the rate stays. Then half of that is tried, and so on.
func (c *ceiling) judge(latency time.Duration) {
	at := math.Floor(c.at)
	rate := at / latency.Seconds()
	trial := c.before > 0
	failed := rate < trialKeeps*c.before
	c.before, c.answers, c.spent = 0, 0, 0
	c.best = min(c.best, latency)
	switch {
	case failed:
		c.set(2 * at)
		c.best = latency
	case at > 1 && latency > fastEnough && (trial || latency.Seconds() > slowdown*c.best.Seconds()):
		c.lower(math.Floor(at / 2))
		c.before = rate
	}
}

func (c *ceiling) lower(at float64) {
	c.patience = min(maxPatience, 2*c.patience)
	c.set(at)
}

// set starts a round with another ceiling.
func (c *ceiling) set(at float64) {
	c.at = min(max(1, at), c.limit)
	c.before, c.spent, c.answers = 0, 0, 0
}
