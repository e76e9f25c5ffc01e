package execute

import (
	"context"
	"sync/atomic"
	"time"
)

// writeQueue is where changes with a durable intent wait for a slot on the
// wire. It also decides how many workers there are. Its methods are safe for
// concurrent use, except start and deferSync.
//
// A sync of the journal costs as much processor time as two writes, and the
// queue covers the time it takes. So a sync is deferred while the queue is long
// enough: one more durable intent would only make it longer. If the queue soon
// runs short all the same, one more worker is added. At a slow pace none is: in
// a long queue, the readings that its changes rely on grow old.
type writeQueue struct {
	// slots bounds the writes in flight. There are more workers than slots, so
	// that some can wait for the journal, or read an uncertain object, while
	// others write.
	slots   chan struct{}
	workers atomic.Int32
	begin   func() // starts one more worker

	waiting atomic.Int32
	low     chan struct{} // signals that the queue fell to lowWater
}

// Workers per slot, initially and at most. With one slot there is one worker:
// one write at a time means in plan order.
const (
	firstWorkers = 2
	mostWorkers  = 4
)

// maxDeferral bounds how long an entry waits for others before it is synced.
const maxDeferral = 10 * time.Millisecond

func newWriteQueue(slots int) *writeQueue {
	return &writeQueue{slots: make(chan struct{}, slots), low: make(chan struct{}, 1)}
}

// start begins a wave of that many partners; begin is called for each worker.
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

// addWorker adds one worker if more are allowed.
func (q *writeQueue) addWorker() {
	if q.workers.Add(1) > int32(q.size(mostWorkers)) {
		q.workers.Add(-1)
		return
	}
	q.begin()
}

// lowWater is the queue length that lasts for one sync.
func (q *writeQueue) lowWater() int32 { return int32(cap(q.slots) / 2) }

// take waits for a slot, and reports whether it got one before ctx ended.
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

// deferSync waits a bounded time until the queue is short. It has one caller at
// a time: the one that holds the journal's turn to write.
func (q *writeQueue) deferSync(ctx context.Context) {
	select {
	case <-q.low: // left from before
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
