package execute

import (
	"context"
	"sync/atomic"
	"time"
)

// crew is the workers of a run, and the line in which their steps wait for a
// slot with their intents durable.
//
// A sync of the journal costs the processor as much as two writes, and the line
// covers the time that it takes. So it is put off while enough steps stand in
// line: a further durable intent would only make the line longer. Where the
// line soon runs short all the same, one more worker is taken on; at a slow
// pace none is, for in a long line the readings grow old that its steps lean
// on.
type crew struct {
	// slots bounds the writes in flight. There are more workers than slots, so
	// that one can wait for the journal, or look for an open write, while others
	// write.
	slots   chan struct{}
	workers atomic.Int32
	begin   func() // takes one more worker on

	waiting atomic.Int32
	short   chan struct{} // tells that the line fell to the length of few
}

// The workers of each slot, at first and at most. With one slot there is one
// worker: who asks for one write at a time means in the order of the plan.
const (
	firstWorkers = 2
	mostWorkers  = 4
)

// maxLinger bounds how long an entry waits for company on its way to the disk.
const maxLinger = 10 * time.Millisecond

func newCrew(slots int) *crew {
	return &crew{slots: make(chan struct{}, slots), short: make(chan struct{}, 1)}
}

// start begins the work on so many partners; begin begins one worker.
func (c *crew) start(partners int, begin func()) {
	n := min(c.size(firstWorkers), partners)
	c.workers.Store(int32(n))
	c.begin = begin
	for range n {
		begin()
	}
}

func (c *crew) size(each int) int {
	if cap(c.slots) == 1 {
		return 1
	}
	return each * cap(c.slots)
}

// hire takes one more worker on, if there may be more.
func (c *crew) hire() {
	if c.workers.Add(1) > int32(c.size(mostWorkers)) {
		c.workers.Add(-1)
		return
	}
	c.begin()
}

// few is the length of a line that lasts for one sync.
func (c *crew) few() int32 { return int32(cap(c.slots) / 2) }

// take waits in line for a slot, and reports whether there was one before ctx
// ended.
func (c *crew) take(ctx context.Context) bool {
	c.waiting.Add(1)
	defer c.served()
	select {
	case c.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// release gives a slot back.
func (c *crew) release() { <-c.slots }

func (c *crew) served() {
	if c.waiting.Add(-1) != c.few() {
		return
	}
	select {
	case c.short <- struct{}{}:
	default:
	}
}

// linger waits until the line is short, for a while. It has a single caller at
// a time: the journal's turn is held meanwhile.
func (c *crew) linger(ctx context.Context) {
	select {
	case <-c.short: // of an earlier time
	default:
	}
	if c.waiting.Load() <= c.few() {
		return
	}
	timer := time.NewTimer(maxLinger)
	defer timer.Stop()
	select {
	case <-c.short:
		c.hire()
	case <-timer.C:
	case <-ctx.Done():
	}
}
