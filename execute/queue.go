package execute

import (
	"context"
	"sync/atomic"
	"time"
)

// writeQueue is where changes with a durable intent wait for a slot on the wire,
// and decides how many workers there are. Its methods are safe for concurrent
// use, but for start and deferSync.
//
// A sync of the journal costs the processor as much as two writes, and the queue
// covers the time that it takes. So a sync is put off while the queue is long
// enough: a further durable intent would only make it longer. Where the queue
// soon runs short all the same, one more worker is added. At a slow pace none
// is: in a long queue the readings grow old that its changes rely on.
type writeQueue struct {
	// slots bounds the writes in flight. There are more workers than slots, so
	// that one can wait for the journal, or read an uncertain object, while others
	// write.
	slots   chan struct{}
	workers atomic.Int32
	begin   func() // begins one more worker

	waiting atomic.Int32
	low     chan struct{} // tells that the queue fell to lowWater
}

// The workers for each slot, at first and at most. With one slot there is one
// worker: one write at a time means in the order of the plan.
const (
	firstWorkers = 2
	mostWorkers  = 4
)

// maxDeferral bounds how long an entry waits for company on its way to the disk.
const maxDeferral = 10 * time.Millisecond

func newWriteQueue(slots int) *writeQueue {
	return &writeQueue{slots: make(chan struct{}, slots), low: make(chan struct{}, 1)}
}

// start begins a wave of so many partners; begin is called for each worker.
func (q *writeQueue) start(partners int, begin func()) {
	n := min(q.size(firstWorkers), partners)
	q.workers.Store(int32(n))
	q.begin = begin
	for range n {
		begin()
	}
}

func (q *writeQueue) size(each int) int {
	if cap(q.slots) == 1 {
		return 1
	}
	return each * cap(q.slots)
}

// addWorker adds one worker, if there may be more.
func (q *writeQueue) addWorker() {
	if q.workers.Add(1) > int32(q.size(mostWorkers)) {
		q.workers.Add(-1)
		return
	}
	q.begin()
}

// lowWater is the length of a queue that lasts for one sync.
func (q *writeQueue) lowWater() int32 { return int32(cap(q.slots) / 2) }

// take waits for a slot, and reports whether there was one before ctx ended.
func (q *writeQueue) take(ctx context.Context) bool {
	q.waiting.Add(1)
	defer q.dequeued()
	select {
	case q.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// release gives a slot back.
func (q *writeQueue) release() { <-q.slots }

func (q *writeQueue) dequeued() {
	if q.waiting.Add(-1) != q.lowWater() {
		return
	}
	select {
	case q.low <- struct{}{}:
	default:
	}
}

// deferSync waits until the queue is short, for a while. It has one caller at a
// time: that one holds the journal's turn to write.
func (q *writeQueue) deferSync(ctx context.Context) {
	select {
	case <-q.low: // of an earlier time
	default:
	}
	if q.waiting.Load() <= q.lowWater() {
		return
	}
	timer := time.NewTimer(maxDeferral)
	defer timer.Stop()
	select {
	case <-q.low:
		q.addWorker()
	case <-timer.C:
	case <-ctx.Done():
	}
}
