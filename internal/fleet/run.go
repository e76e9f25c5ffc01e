package fleet

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"
)

// RunOptions say how tenants are worked on.
type RunOptions struct {
	// Shard is that of the rows.
	Shard Shard
	// Parallel is how many tenants are worked on at the same time, at least 1.
	Parallel int
	// Timeout is the longest time that one tenant may take.
	Timeout time.Duration
	// Done is called for each row as it is known, one at a time; nil for nobody.
	Done func(Row)
	// Panicked is told of a panic, one at a time; nil for nobody.
	Panicked func(t Tenant, fault any, stack []byte)
}

// ErrTimeout is the cause of a context that ended with the time of its tenant.
var ErrTimeout = errors.New("the time for this tenant is over")

// grace is how long work may go on after its context has ended. Then its tenant is
// given up, and the goroutine is left behind: it ends with the process.
const grace = 10 * time.Second

// Run works on tenants and returns a row for each of them, in their order. Work
// fills in what it found; the name, the ID, the shard and the time are Run's. Work
// that panics, or does not end, is a row that Failed. After ctx ends nothing more is
// begun, and what was not begun is Unknown.
func Run(ctx context.Context, tenants []Tenant, o RunOptions, work func(context.Context, Tenant) Row) []Row {
	rows := make([]Row, len(tenants))
	told := make(chan struct{}, 1) // holds the turn of Done and Panicked
	var g errgroup.Group
	g.SetLimit(o.Parallel)
	for i, t := range tenants {
		g.Go(func() error {
			rows[i] = o.row(ctx, t, work, told)
			return nil
		})
	}
	_ = g.Wait() // no function returns an error
	return rows
}

// row works on one tenant.
func (o RunOptions) row(ctx context.Context, t Tenant, work func(context.Context, Tenant) Row, told chan struct{}) Row {
	began := time.Now()
	row := Row{Status: Unknown, Problem: "the run was interrupted before this tenant", ExitCode: exitUnread}
	if ctx.Err() == nil {
		row = o.attempt(ctx, t, work, told)
		row.StartedAt, row.DurationMs = began.UTC().Truncate(time.Second), time.Since(began).Milliseconds()
	}
	row.Name, row.TenantID, row.Shard = t.Name, t.TenantID, o.Shard.Index
	if o.Done != nil {
		told <- struct{}{}
		o.Done(row)
		<-told
	}
	return row
}

// attempt gives the work its time, and a goroutine that it may panic or hang in.
func (o RunOptions) attempt(ctx context.Context, t Tenant, work func(context.Context, Tenant) Row, told chan struct{}) Row {
	own, cancel := context.WithTimeoutCause(ctx, o.Timeout, ErrTimeout)
	defer cancel()
	ended := make(chan Row, 1)
	go func() {
		defer func() {
			if fault := recover(); fault != nil {
				if o.Panicked != nil {
					told <- struct{}{}
					o.Panicked(t, fault, debug.Stack())
					<-told
				}
				ended <- Row{Status: Failed, ExitCode: exitUnread, Problem: fmt.Sprintf("a fault in bulksync itself: %v", fault)}
			}
		}()
		ended <- work(own, t)
	}()
	select {
	case row := <-ended:
		return o.late(ctx, own, row)
	case <-own.Done():
	}
	select {
	case row := <-ended:
		return o.late(ctx, own, row)
	case <-time.After(grace):
		return o.late(ctx, own, Row{Status: Failed, ExitCode: exitUnread, Problem: "it did not stop when it was told to"})
	}
}

// late says of work that ended with its time that this is why it found nothing. What
// was found in time stands.
func (o RunOptions) late(ctx, own context.Context, row Row) Row {
	if own.Err() == nil || ctx.Err() != nil || !row.IsUnread() {
		return row
	}
	row.Problem = fmt.Sprintf("it was not done in %s: %s", o.Timeout, row.Problem)
	if row.Next == "" {
		row.Next = "give it more time with --tenant-timeout, or find out why it is slow"
	}
	return row
}
