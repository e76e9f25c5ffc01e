package ratelimit

import "time"

// The rhythm of probing: hold the rate that was found for a while, then
// raise it by 2 % a second, a little faster each second, and far from it
// faster still.
const (
	shortestHold = 3 * time.Second
	longestHold  = 10 * time.Second
	slope        = 0.02
	bend         = 0.010
	flight       = 0.0001
)

// probe decides how far above the measured refill to go in search of more.
// Its clock runs only while requests wait for tokens: an idle gate proves
// nothing. A service that reports its load makes the search needless while
// the load is high, and safe while it is low.
type probe struct {
	hold time.Duration
	dear float64 // what a failed probe costs, 1 being little
	age  time.Duration
	seen time.Time
	idle bool // nobody was waiting for a token when last seen
}

// restart begins a hold. It lasts twice as long as the measurement before
// it, which is worth as much as it took, and longer where probing is dear
// because the bucket runs over while the gate is shut for a failed probe.
func (p *probe) restart(now time.Time, past *stretch, size, base float64) {
	spilt := min(1, past.shut.Seconds()*base/size)
	p.dear = 1 + 4*spilt*spilt
	hold := max(min(max(2*past.took, shortestHold), longestHold), 4*past.shut)
	p.hold = time.Duration(past.worth() * p.dear * float64(hold))
	p.age, p.seen, p.idle = 0, now, true
}

// on reports whether the rate is above what was found.
func (p *probe) on() bool { return p.age > p.hold }

// factor is what to multiply the refill by, of which base tokens a second are
// ours. Between two looks
// lies the wait for one token; more than that is a clock that jumped.
func (p *probe) factor(now time.Time, base float64, waiting bool, l load) float64 {
	dt := min(max(0, now.Sub(p.seen)), time.Second+seconds(1/base))
	idle := p.idle
	p.seen, p.idle = now, !waiting
	switch {
	case idle:
	case l.at(now) >= nearLimit:
		p.age += dt / 4
	case l.told:
		p.age += 3 * dt
	default:
		p.age += dt
	}
	t := max(0, p.age-p.hold).Seconds()
	return 1 + slope*t + bend*t*t/(p.dear*p.dear) + flight*t*t*t
}
