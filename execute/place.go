package execute

import (
	"fmt"
	"time"
)

// place is what a step holds in the queue for the wire: a slot, and the lane if
// its turn came too late before.
type place struct {
	run        *runner
	slot, lane bool
	late       int
}

// take waits for a slot, and reports whether there was one before the run
// stopped.
func (p *place) take() bool {
	if !p.slot {
		p.run.crew.join()
		p.slot = p.acquire(p.run.slots)
		p.run.crew.leave()
	}
	return p.slot
}

// takeLane waits until nobody else tries again. Who waits keeps the slot: so
// there are fewer in the queue that was too long for them.
func (p *place) takeLane() bool {
	p.lane = p.lane || p.acquire(p.run.lane)
	return p.lane
}

func (p *place) acquire(tokens chan struct{}) bool {
	select {
	case tokens <- struct{}{}:
		return true
	case <-p.run.soft.Done():
		return false
	}
}

// leave gives back what the step holds.
func (p *place) leave() {
	if p.slot {
		<-p.run.slots
	}
	if p.lane {
		<-p.run.lane
	}
	p.slot, p.lane = false, false
}

// maxTooLate is how often a step may come too late before it is plain that the
// pace does not fit Settings.MaxAge.
const maxTooLate = 3

// tooLate has the change looked at again: its turn came when the reading that
// it leans on was too old. One step at a time tries again, or many would wait
// for a slow turn until all of them are too late for ever.
func (s *step) tooLate() next {
	s.place.late++
	if s.place.late > maxTooLate && !s.stopped() {
		s.stopNow(fmt.Errorf("no turn comes within the %s that a reading may be old: allow more writes per second or an older reading",
			s.set.MaxAge.Round(time.Second)))
	}
	if !s.place.takeLane() || s.stopped() {
		s.leaveOff("the run stopped before it was sent")
		return end
	}
	return lookAgain
}
