package execute

import (
	"math/rand/v2"
	"sync"
	"time"
)

// clock measures ages, including the time that the machine slept. During sleep
// the interval clock stops and the time of day continues, so sleep shows as a
// difference between the two. A clock that was set forward looks the same, and
// costs one extra reading.
type clock struct {
	wall func() time.Time

	mu sync.Mutex
	// steady and day are the two clocks at the last comparison.
	steady, day time.Time
	// slept is the total time asleep; woke is when the last sleep ended.
	slept time.Duration
	woke  time.Time
}

// smallestJump is the smallest difference that counts as sleep: clock
// adjustments between two comparisons are smaller.
const smallestJump = time.Second

func newClock(wall func() time.Time) *clock {
	if wall == nil {
		wall = time.Now
	}
	return &clock{wall: wall, steady: time.Now(), day: wall().Round(0)}
}

// age is how long ago t was; t is a time taken by this process.
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

// jitter returns a duration between d/2 and d, so that waiters do not all
// return at once.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }
