package ratelimit

import "time"

// freshness is how long a reported load is taken for the present one.
const freshness = 2 * time.Second

// load is the used share of the quota as the service last reported it.
type load struct {
	told  bool // it was ever reported
	value float64
	seen  time.Time
}

func (l *load) note(now time.Time, value float64) {
	if value > 0 {
		l.told = true
	}
	l.value, l.seen = value, now
}

// at is the load now; 0 when nothing recent is known.
func (l *load) at(now time.Time) float64 {
	if now.Sub(l.seen) > freshness {
		return 0
	}
	return l.value
}
