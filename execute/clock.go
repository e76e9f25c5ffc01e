package execute

import (
	"math/rand/v2"
	"sync"
	"time"
)

// clock tells how old something is, and counts the time that the machine slept.
// While it sleeps, the clock that measures intervals stands still and the time of
// day goes on, so a sleep shows as a difference between the two. A clock that was
// set forward looks the same, and costs one reading more.
type clock struct {
	wall func() time.Time

	mu sync.Mutex
	// steady and day are the two clocks when they were compared last.
	steady, day time.Time
	// slept is how long the machine slept in all, and woke when that last ended.
	slept time.Duration
	woke  time.Time
}

// smallestJump is the least difference that counts as sleep: a clock is adjusted
// by less than that between two comparisons.
const smallestJump = time.Second

func newClock(wall func() time.Time) *clock {
	if wall == nil {
		wall = time.Now
	}
	return &clock{wall: wall, steady: time.Now(), day: wall().Round(0)}
}

// age is how long ago t was, a time of this process.
func (c *clock) age(t time.Time) time.Duration {
	now, day := time.Now(), c.wall().Round(0)
	c.mu.Lock()
	defer c.mu.Unlock()
	if jump := day.Sub(c.day) - now.Sub(c.steady); jump > smallestJump {
		c.slept, c.woke = c.slept+jump, now
	}
	c.steady, c.day = now, day
	if t.Before(c.woke) {
		return now.Sub(t) + c.slept
	}
	return now.Sub(t)
}

// jitter is between half of d and d, so that what waits does not return all at
// once.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }
