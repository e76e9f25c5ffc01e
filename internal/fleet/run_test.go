package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/internal/fleet"
)

// some are n tenants.
func some(n int) []fleet.Tenant {
	all := make([]fleet.Tenant, n)
	for i := range all {
		all[i] = fleet.Tenant{Name: fmt.Sprintf("t%d", i), TenantID: tenantID(i)}
	}
	return all
}

// wanted is the row of work that found nothing to do.
func wanted(context.Context, fleet.Tenant) fleet.Row { return fleet.Row{Status: fleet.AsWanted} }

// ofThree is a run of half an hour a tenant.
var ofThree = fleet.RunOptions{Shard: fleet.Shard{Index: 2, Count: 3}, Parallel: 3, Timeout: 30 * time.Minute}

// The rows are in the order of the tenants, whichever of them ends first, and say whose
// they are, whatever the work says.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now().UTC()
		var running, most atomic.Int32
		var told []string
		o := ofThree
		o.Done = func(r fleet.Row) { told = append(told, r.Name) }
		rows := fleet.Run(t.Context(), some(4), o, func(_ context.Context, tenant fleet.Tenant) fleet.Row {
			for n := running.Add(1); n > most.Load(); {
				most.Store(n)
			}
			defer running.Add(-1)
			time.Sleep(map[string]time.Duration{"t0": 10 * time.Second, "t1": 20 * time.Second, "t2": 5500 * time.Millisecond, "t3": time.Second}[tenant.Name])
			return fleet.Row{Name: "x", TenantID: "x", Shard: 9, Status: fleet.Differs, ExitCode: 2, Problem: "of " + tenant.Name, Partners: 7}
		})
		row := func(i int, began time.Time, ms int64) fleet.Row {
			name := fmt.Sprintf("t%d", i)
			return fleet.Row{Name: name, TenantID: tenantID(i), Shard: 2, Status: fleet.Differs, ExitCode: 2, Problem: "of " + name, Partners: 7, StartedAt: began, DurationMs: ms}
		}
		want := []fleet.Row{row(0, began, 10_000), row(1, began, 20_000), row(2, began, 5500), row(3, began.Add(5*time.Second), 1000)}
		if diff := cmp.Diff(want, rows); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if want := []string{"t2", "t3", "t0", "t1"}; !slices.Equal(told, want) || most.Load() != 3 {
			t.Errorf("told of %v, want %v; %d at the same time", told, want, most.Load())
		}
		if took := time.Since(began); took != 20*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// No more are worked on at the same time than may be, and no fewer; without a number
// it is one.
func TestRunInParallel(t *testing.T) {
	for parallel, want := range map[int]time.Duration{-1: 10 * time.Second, 0: 10 * time.Second, 1: 10 * time.Second, 3: 4 * time.Second, 10: time.Second, 99: time.Second} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			o := ofThree
			o.Parallel = parallel
			rows := fleet.Run(t.Context(), some(10), o, func(context.Context, fleet.Tenant) fleet.Row {
				time.Sleep(time.Second)
				return fleet.Row{Status: fleet.AsWanted}
			})
			if took := time.Since(began); took != want || len(rows) != 10 {
				t.Errorf("%d at a time: %d rows in %v, want %v", parallel, len(rows), took, want)
			}
		})
	}
	if rows := fleet.Run(t.Context(), nil, ofThree, wanted); len(rows) != 0 {
		t.Errorf("rows of no tenant: %v", rows)
	}
}

// Work that heeds its context at the end of its time says what it was at; work that
// found something in time keeps it; and work that goes on is left behind.
func TestTheTimeOfATenant(t *testing.T) {
	o := ofThree
	o.Parallel, o.Timeout = 9, time.Minute
	for name, c := range map[string]struct {
		work func(ctx context.Context) fleet.Row
		want fleet.Row
	}{
		"heeds": {func(ctx context.Context) fleet.Row {
			<-ctx.Done()
			return fleet.Row{Status: fleet.Failed, Problem: context.Cause(ctx).Error(), ExitCode: 5}
		}, fleet.Row{
			Status: fleet.Failed, Problem: "it was not done in 1m0s", ExitCode: 5,
			Next: "give it more time with --tenant-timeout, or find out why it is slow", DurationMs: 60_000,
		}},
		"knows better": {func(ctx context.Context) fleet.Row {
			<-ctx.Done()
			time.Sleep(9 * time.Second)
			return fleet.Row{Status: fleet.Incomplete, Problem: "page 7 is missing", Next: "ask Ada", ExitCode: 5}
		}, fleet.Row{Status: fleet.Incomplete, Problem: "it was not done in 1m0s: page 7 is missing", Next: "ask Ada", ExitCode: 5, DurationMs: 69_000}},
		"was ready": {func(ctx context.Context) fleet.Row {
			<-ctx.Done()
			return fleet.Row{Status: fleet.Differs, ExitCode: 2}
		}, fleet.Row{Status: fleet.Differs, ExitCode: 2, DurationMs: 60_000}},
		"failed in time": {func(context.Context) fleet.Row {
			time.Sleep(59 * time.Second)
			return fleet.Row{Status: fleet.Failed, Problem: "no", ExitCode: 1}
		}, fleet.Row{Status: fleet.Failed, Problem: "no", ExitCode: 1, DurationMs: 59_000}},
		"hangs": {func(context.Context) fleet.Row {
			time.Sleep(time.Hour)
			return fleet.Row{Status: fleet.AsWanted}
		}, fleet.Row{
			Status: fleet.Failed, Problem: "it was not done in 1m0s: it did not stop when it was told to", ExitCode: 5,
			Next: "give it more time with --tenant-timeout, or find out why it is slow", DurationMs: 70_000,
		}},
		"panics when left behind": {func(context.Context) fleet.Row {
			time.Sleep(time.Hour)
			panic("nobody hears it")
		}, fleet.Row{
			Status: fleet.Failed, Problem: "it was not done in 1m0s: it did not stop when it was told to", ExitCode: 5,
			Next: "give it more time with --tenant-timeout, or find out why it is slow", DurationMs: 70_000,
		}},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now().UTC()
			o.Panicked = func(fleet.Tenant, any, []byte) { t.Errorf("%s: Panicked is called after Run", name) }
			rows := fleet.Run(t.Context(), some(3), o, func(ctx context.Context, tenant fleet.Tenant) fleet.Row {
				if tenant.Name != "t1" {
					return fleet.Row{Status: fleet.AsWanted}
				}
				return c.work(ctx)
			})
			c.want.Name, c.want.TenantID, c.want.Shard, c.want.StartedAt = "t1", tenantID(1), 2, began
			if diff := cmp.Diff(c.want, rows[1]); diff != "" {
				t.Errorf("%s: (-want +got):\n%s", name, diff)
			}
			if rows[0].Status != fleet.AsWanted || rows[2].Status != fleet.AsWanted {
				t.Errorf("%s reaches other tenants: %v", name, rows)
			}
			time.Sleep(time.Hour) // what was left behind ends
		})
	}
}

// After an interruption nothing more is begun. What is under way is ended, and is not
// said to have been too slow.
func TestAnInterruptedRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(90*time.Second, cancel)
		told := 0
		o := ofThree
		o.Done = func(fleet.Row) { told++ }
		rows := fleet.Run(ctx, some(9), o, func(ctx context.Context, tenant fleet.Tenant) fleet.Row {
			select {
			case <-time.After(time.Minute):
				return fleet.Row{Status: fleet.AsWanted}
			case <-ctx.Done():
				if tenant.Name == "t4" {
					time.Sleep(time.Minute)
				}
				return fleet.Row{Status: fleet.Failed, Problem: "interrupted", ExitCode: 130}
			}
		})
		var got []string
		for _, r := range rows {
			got = append(got, fmt.Sprintf("%s %s %d %s", r.Name, r.Status, r.ExitCode, r.Problem))
			if (r.Status == fleet.Unknown) != r.StartedAt.IsZero() || (r.Status == fleet.Unknown) != (r.DurationMs == 0) {
				t.Errorf("%s began at %v and took %d ms", r.Name, r.StartedAt, r.DurationMs)
			}
		}
		want := []string{
			"t0 as-wanted 0 ", "t1 as-wanted 0 ", "t2 as-wanted 0 ",
			"t3 failed 130 interrupted", "t4 failed 5 it did not stop when it was told to", "t5 failed 130 interrupted",
			"t6 unknown 5 the run was interrupted before this tenant", "t7 unknown 5 the run was interrupted before this tenant", "t8 unknown 5 the run was interrupted before this tenant",
		}
		if diff := cmp.Diff(want, got); diff != "" || told != 9 {
			t.Errorf("told of %d, (-want +got):\n%s", told, diff)
		}
		time.Sleep(time.Minute) // what was left behind ends
	})
}

// A panic is the row of its tenant alone, on one clean line, and is told with where it
// happened.
func TestAPanicIsOneRow(t *testing.T) {
	for fault, want := range map[any]string{
		"a\nb\r\n\tc\x1b[31m d\u2028e": "a b c [31m d e",
		strings.Repeat("ä", 301):       strings.Repeat("ä", 300) + "…",
		strings.Repeat("ä", 300):       strings.Repeat("ä", 300),
		7:                              "7",
	} {
		synctest.Test(t, func(t *testing.T) {
			told := 0
			o := ofThree
			o.Panicked = func(tenant fleet.Tenant, f any, stack []byte) {
				told++
				if tenant.Name != "t1" || f != fault || !strings.Contains(string(stack), "TestAPanicIsOneRow") {
					t.Errorf("told of %v: %v\n%s", tenant.Name, f, stack)
				}
			}
			rows := fleet.Run(t.Context(), some(5), o, func(ctx context.Context, tenant fleet.Tenant) fleet.Row {
				if tenant.Name == "t1" {
					panic(fault)
				}
				return wanted(ctx, tenant)
			})
			for i, r := range rows {
				status, problem := fleet.AsWanted, ""
				if i == 1 {
					status, problem = fleet.Failed, "a fault in bulksync itself: "+want
				}
				if r.Status != status || r.Problem != problem || (r.ExitCode == 5) != (i == 1) || r.Name != fmt.Sprintf("t%d", i) {
					t.Errorf("got %+v, want %q", r, problem)
				}
			}
			if told != 1 {
				t.Errorf("told %d times", told)
			}
		})
	}
}

// Other ways in which work may not return are rows as well; nobody need listen.
func TestWorkThatDoesNotReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := fleet.Run(t.Context(), some(3), ofThree, func(ctx context.Context, tenant fleet.Tenant) fleet.Row {
			switch tenant.Name {
			case "t0":
				runtime.Goexit()
			case "t1":
				panic(errors.New("no"))
			}
			return wanted(ctx, tenant)
		})
		if rows[0].Status != fleet.Failed || rows[0].ExitCode != 5 || rows[0].Problem != "a fault in bulksync itself: the work ended without a result" || rows[0].DurationMs != 0 {
			t.Errorf("Goexit: %+v", rows[0])
		}
		if rows[1].Problem != "a fault in bulksync itself: no" || rows[2].Status != fleet.AsWanted {
			t.Errorf("got %+v", rows)
		}
	})
}

// Done and Panicked are called one at a time. If they panic, nobody waits for them, and
// no row is lost.
func TestDoneAndPanickedThatFail(t *testing.T) {
	for name, fail := range map[string]func(){"panic": func() { panic("of Done") }, "return": func() {}} {
		synctest.Test(t, func(t *testing.T) {
			var done, panicked, at atomic.Int32
			alone := func() {
				if at.Add(1) != 1 {
					t.Error("called twice at the same time")
				}
				time.Sleep(time.Second)
				at.Add(-1)
			}
			o := ofThree
			o.Parallel = 8
			o.Done = func(r fleet.Row) {
				done.Add(1)
				alone()
				fail()
			}
			o.Panicked = func(_ fleet.Tenant, fault any, stack []byte) {
				panicked.Add(1)
				if fault == "of Done" && !strings.Contains(string(stack), "TestDoneAndPanickedThatFail") {
					t.Errorf("the stack is %s", stack)
				}
				alone()
				fail()
			}
			rows := fleet.Run(t.Context(), some(8), o, func(ctx context.Context, tenant fleet.Tenant) fleet.Row {
				if tenant.Name == "t3" {
					panic("of work")
				}
				return wanted(ctx, tenant)
			})
			if want := map[string]int32{"panic": 9, "return": 1}[name]; panicked.Load() != want || done.Load() != 8 {
				t.Errorf("%s: Done is called %d times, Panicked %d", name, done.Load(), panicked.Load())
			}
			for i, r := range rows {
				if r.Name != fmt.Sprintf("t%d", i) || (r.Status == fleet.Failed) != (i == 3) {
					t.Errorf("%s: row %d is %+v", name, i, r)
				}
			}
		})
	}
}
