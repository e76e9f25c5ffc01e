package execute

import (
	"context"
	"errors"
	"sync"
	"time"

	"bulksync/graph"
)

// ErrInterrupted is the cause with which to cancel Stops.Soft when a person or
// the system asks for an end.
var ErrInterrupted = errors.New("interrupted")

// errDeadline is the cause when a run reaches Settings.Deadline.
var errDeadline = errors.New("the deadline passed")

// Stops end a run from outside. Nil means never.
type Stops struct {
	// Soft stops new work: no more writes are sent, and those in flight finish
	// within Settings.Grace.
	Soft context.Context
	// Hard ends everything at once, including requests in flight.
	Hard context.Context
}

// ends are the contexts of a run; they are set once, when the run begins.
//
//	            begin        asked for an end      Settings.Grace later
//	asked         ├──────────────────┤              reading back
//	soft          ├──────────────────┤              new writes, waits
//	hard          ├──────────────────────────────┤  requests on the wire
//
// A run that stops itself ends soft, and hard a grace later, but not asked: it
// still reads back what it did. Stops.Hard ends all three at once.
type ends struct {
	asked, soft, hard context.Context
}

// open makes the contexts of a run. stop ends soft and says why; shut ends all
// of them, and returns when nothing waits for them any more.
func (s Stops) open(grace time.Duration) (e ends, stop context.CancelCauseFunc, shut func()) {
	orNever := func(ctx context.Context) context.Context {
		if ctx == nil {
			return context.Background()
		}
		return ctx
	}
	outer := orNever(s.Hard)
	hard, endHard := context.WithCancel(outer)
	asked, ask := context.WithCancelCause(orNever(s.Soft))
	soft, stop := context.WithCancelCause(asked)
	unask := context.AfterFunc(outer, func() { ask(ErrInterrupted) })
	var waiting sync.WaitGroup
	waiting.Go(func() {
		<-soft.Done()
		_ = graph.Sleep(hard, grace) // either way the grace is over
		endHard()
	})
	return ends{asked, soft, hard}, stop, func() {
		unask()
		stop(nil)
		ask(nil)
		endHard()
		waiting.Wait()
	}
}

// stopCause is why a run stopped itself. It hides the error inside it:
// everything that waits ends with this cause, and Graph's answer to one request
// is not its answer to the others.
type stopCause struct{ hidden error }

func (s *stopCause) Error() string { return s.hidden.Error() }

// pastDeadline reports whether the deadline has passed, so that no write may
// begin.
func (e *env) pastDeadline() bool {
	return !e.set.Deadline.IsZero() && !e.clock.wall().Before(e.set.Deadline)
}

// withDeadline stops the run at its deadline, which is a time of day, and makes
// shut wait for that. It looks at the clock now and then, because a timer stops
// while a machine sleeps.
func (r *runner) withDeadline(shut func()) func() {
	if r.env.set.Deadline.IsZero() {
		return shut
	}
	var watching sync.WaitGroup
	watching.Go(func() {
		for !r.env.pastDeadline() {
			if graph.Sleep(r.env.ends.soft, min(r.env.set.Deadline.Sub(r.env.clock.wall()), time.Second)) != nil {
				return
			}
		}
		r.control.stop(errDeadline)
	})
	return func() {
		shut()
		watching.Wait()
	}
}
