package ratelimit

import "time"

// The rhythm of probing: hold the measured rate for a while, then raise it by 2 %
// a second, and a little faster each second.
const (
	minHold   = 3 * time.Second
	maxHold   = 10 * time.Second
	linear    = 0.02
	quadratic = 0.010
)

// probe decides how far above the measured refill rate to search for more. Its
// clock runs only while requests wait for tokens: an idle gate proves nothing. If
// the service reports how much of the quota is used, the search is unnecessary
// while that is high, and safe while it is low.
type probe struct {
	hold    time.Duration
	cost    float64 // of a failed probe; 1 is small
	elapsed time.Duration
	last    time.Time // when the clock was read last
	idle    bool      // nothing waited for a token then
}

// restart begins a hold. It lasts twice as long as the window just measured,
// because a measurement is worth as much as it took. It lasts longer if a failed
// probe is expensive, because the bucket overflows while the gate is shut.
func (p *probe) restart(now time.Time, past *window, size, refillRate float64) {
	overflow := min(1, past.shut.Seconds()*refillRate/size)
	p.cost = 1 + 4*overflow*overflow
	hold := max(min(max(2*past.took, minHold), maxHold), 4*past.shut)
	p.hold = time.Duration(past.confidence() * p.cost * float64(hold))
	p.elapsed, p.last = 0, now
}

// factor is what to multiply the refill rate by; ours is our part of it, per
// second. Two calls are at most the wait for one token apart; more than that is a
// clock that jumped.
func (p *probe) factor(now time.Time, ours float64, waiting bool, u usage) float64 {
	dt := min(max(0, now.Sub(p.last)), time.Second+seconds(1/ours))
	idle := p.idle
	p.last, p.idle = now, !waiting
	switch {
	case idle:
	case u.at(now) >= nearLimit:
		p.elapsed += dt / 4
	case u.reported:
		p.elapsed += 3 * dt
	default:
		p.elapsed += dt
	}
	t := max(0, p.elapsed-p.hold).Seconds()
	return 1 + linear*t + quadratic*t*t/(p.cost*p.cost)
}
