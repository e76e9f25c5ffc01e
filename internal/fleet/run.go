package fleet

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"
	"unicode"

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
	// Panicked is told of a panic in the work on a tenant, or in Done, one at a time;
	// nil for nobody.
	Panicked func(t Tenant, fault any, stack []byte)
}

// ErrTimeout is the cause of a context that ended with the time of its tenant.
var ErrTimeout = errors.New("the time for this tenant is over")

// grace is how long work may go on after its context has ended. Then its tenant is
// given up, and the goroutine is left behind: it ends with the process.
const grace = 10 * time.Second

// work is what is done with one tenant.
type work func(context.Context, Tenant) Row

// runner is a Run that is under way.
type runner struct {
	RunOptions
	work work
	turn chan struct{} // full while Done or Panicked is called
}

// Run works on tenants and returns a row for each of them, in their order. Work
// fills in what it found; the name, the ID, the shard and the time are Run's. Work
// that panics, or does not end, is a row that Failed. After ctx ends nothing more is
// begun, and what was not begun is Unknown. Neither Done nor Panicked is called after
// Run has returned.
func Run(ctx context.Context, tenants []Tenant, o RunOptions, work func(context.Context, Tenant) Row) []Row {
	r := &runner{o, work, make(chan struct{}, 1)}
	rows := make([]Row, len(tenants))
	var g errgroup.Group
	g.SetLimit(max(o.Parallel, 1))
	for i, t := range tenants {
		g.Go(func() error {
			rows[i] = r.row(ctx, t)
			if o.Done != nil {
				r.tell(t, func() { o.Done(rows[i]) })
			}
			return nil
		})
	}
	_ = g.Wait() // no function returns an error
	return rows
}

// row works on one tenant.
func (r *runner) row(ctx context.Context, t Tenant) Row {
	began := time.Now()
	row := Row{Status: Unknown, Problem: "the run was interrupted before this tenant", ExitCode: exitUnread}
	if ctx.Err() == nil {
		row = r.attempt(ctx, t)
		row.StartedAt, row.DurationMs = began.UTC().Truncate(time.Second), time.Since(began).Milliseconds()
	}
	row.Name, row.TenantID, row.Shard = t.Name, t.TenantID, r.Shard.Index
	return row
}

// attempt gives the work its time.
func (r *runner) attempt(ctx context.Context, t Tenant) Row {
	own, cancel := context.WithTimeoutCause(ctx, r.Timeout, ErrTimeout)
	defer cancel()
	ended := r.begin(own, t)
	select {
	case end := <-ended:
		return r.late(ctx, own, r.judge(t, end))
	case <-own.Done():
	}
	select {
	case end := <-ended:
		return r.late(ctx, own, r.judge(t, end))
	case <-time.After(grace):
		return r.late(ctx, own, failed("it did not stop when it was told to"))
	}
}

// ending is how work ended: with a row, or with a panic.
type ending struct {
	row   Row
	fault any
	stack []byte
}

// begin starts the work in a goroutine that it may panic or hang in.
func (r *runner) begin(ctx context.Context, t Tenant) <-chan ending {
	ended := make(chan ending, 1)
	go func() {
		end := ending{row: failed("a fault in bulksync itself: the work ended without a result")}
		defer func() {
			if fault := recover(); fault != nil {
				end = ending{failed("a fault in bulksync itself: " + oneLine(fmt.Sprint(fault))), fault, debug.Stack()}
			}
			ended <- end
		}()
		end.row = r.work(ctx, t)
	}()
	return ended
}

// judge returns the row of work that ended, and tells of a panic.
func (r *runner) judge(t Tenant, end ending) Row {
	if end.fault != nil {
		r.tell(t, func() { r.panicked(t, end.fault, end.stack) })
	}
	return end.row
}

func failed(problem string) Row {
	return Row{Status: Failed, ExitCode: exitUnread, Problem: problem}
}

// late says of work that ended with its time that this is why it found nothing. What
// was found in time stands.
func (r *runner) late(ctx, own context.Context, row Row) Row {
	if own.Err() == nil || ctx.Err() != nil || !row.IsUnread() {
		return row
	}
	problem := fmt.Sprintf("it was not done in %s", r.Timeout)
	if row.Problem != ErrTimeout.Error() { // which says no more
		problem += ": " + row.Problem
	}
	row.Problem = problem
	if row.Next == "" {
		row.Next = "give it more time with --tenant-timeout, or find out why it is slow"
	}
	return row
}

// tell calls Done or Panicked in its turn. If it panics itself, other tenants neither
// wait for it nor lose their rows.
func (r *runner) tell(t Tenant, call func()) {
	r.turn <- struct{}{}
	defer func() {
		if fault := recover(); fault != nil {
			r.panicked(t, fault, debug.Stack())
		}
		<-r.turn
	}()
	call()
}

// panicked tells of a panic. If that panics too, there is nobody left to tell.
func (r *runner) panicked(t Tenant, fault any, stack []byte) {
	defer func() { _ = recover() }()
	if r.Panicked != nil {
		r.Panicked(t, fault, stack)
	}
}

// maxFault is how much of a panic a row says, in characters.
const maxFault = 300

// oneLine is the text of a panic as a row can hold it.
func oneLine(s string) string {
	breaks := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
	runes := []rune(strings.Join(strings.FieldsFunc(s, breaks), " "))
	if len(runes) > maxFault {
		return string(runes[:maxFault]) + "…"
	}
	return string(runes)
}
