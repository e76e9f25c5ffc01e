package execute_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
)

// after returns a context that ends after d as if a person had interrupted.
func after(ctx context.Context, d time.Duration) context.Context {
	ctx, stop := context.WithCancelCause(ctx)
	time.AfterFunc(d, func() { stop(execute.ErrInterrupted) })
	return ctx
}

// Asked to stop, a run finishes the writes in flight and sends no more.
func TestASoftStopFinishesWhatIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: time.Second})
		r.with(20, nil)
		p := r.plan(rows(20, "Fabrikam,yes,,,"), "")
		f := newTape()
		res := r.mustRun(session{plan: p, tape: f, settings: journal.Settings{Concurrency: 4}, stop: after(t.Context(), 2500*time.Millisecond)})
		if want := totals(journal.Succeeded, 8, journal.NotAttempted, 12); res.Totals != want {
			t.Errorf("totals %+v, want %+v", res.Totals, want)
		}
		if !res.Interrupted || res.Stopped != "interrupted" {
			t.Errorf("stopped %q, interrupted %v", res.Stopped, res.Interrupted)
		}
		if n := len(r.Writes()); n != 8 {
			t.Errorf("%d writes", n)
		}
		again := r.mustRun(session{plan: p, tape: f})
		if want := totals(journal.Verified, 20); again.Totals != want || len(r.Writes()) != 20 {
			t.Errorf("after resuming: %+v, %d writes", again.Totals, len(r.Writes()))
		}
	})
}

// Asked to stop, a run waits neither for a backoff nor for the gate.
func TestASoftStopEndsWaits(t *testing.T) {
	gate := func(rt http.RoundTripper) http.RoundTripper { return &slowGate{base: rt, every: time.Hour} }
	for name, c := range map[string]struct {
		fault graphsim.Fault
		layer []func(http.RoundTripper) http.RoundTripper
	}{
		"backoff":          {fault: graphsim.Fault{Kind: "503", Method: "PUT", RetryAfter: time.Minute}},
		"pause":            {fault: graphsim.Fault{Kind: "429", Method: "PUT", RetryAfter: 4 * time.Minute}},
		"a closed gate":    {layer: []func(http.RoundTripper) http.RoundTripper{gate}},
		"a second attempt": {fault: graphsim.Fault{Kind: "409", Method: "PUT"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, graphsim.Config{})
				r.with(3, nil)
				p := r.plan(rows(3, "Fabrikam,yes,,,"), "")
				if c.fault.Kind != "" {
					r.Inject(c.fault)
				}
				began := time.Now()
				res := r.mustRun(session{plan: p, stop: after(t.Context(), 1100*time.Millisecond), layers: c.layer})
				if d := time.Since(began); d > 2*time.Second {
					t.Errorf("it took %s to stop", d)
				}
				// The effect of a 503 is open, and a stop leaves no time to find out.
				if n := res.Totals.Of(journal.NotAttempted, journal.Failed, journal.Indeterminate); n != 3 || !res.Interrupted || (res.Totals.Of(journal.Indeterminate) > 0) != (name == "backoff") {
					t.Errorf("totals %+v", res.Totals)
				}
				if name != "a second attempt" && res.Totals.Of(journal.Failed) > 0 {
					t.Errorf("what would have been sent again is called failed: %+v", res.Outcomes)
				}
			})
		})
	}
}

// slowGate lets one write through every so often.
type slowGate struct {
	base  http.RoundTripper
	every time.Duration
	line  chan struct{}
	next  time.Time
}

func newSlowGate(every time.Duration) func(http.RoundTripper) http.RoundTripper {
	return func(rt http.RoundTripper) http.RoundTripper {
		return &slowGate{base: rt, every: every, line: make(chan struct{}, 1), next: time.Now()}
	}
}

func (g *slowGate) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet {
		return g.base.RoundTrip(r)
	}
	select {
	case g.line <- struct{}{}: // nil: closed for good
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	wait := time.NewTimer(time.Until(g.next))
	select {
	case <-wait.C:
		g.next = time.Now().Add(g.every)
		<-g.line
	case <-r.Context().Done():
		<-g.line
		return nil, r.Context().Err()
	}
	return g.base.RoundTrip(r)
}

func TestAStopInTheGracePeriodCutsWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(1, nil)
		p := r.plan(rows(1, "Fabrikam,yes,,,"), "")
		r.Inject(graphsim.Fault{Kind: "silent", Method: "PUT"})
		began := time.Now()
		res := r.mustRun(session{plan: p, settings: journal.Settings{Grace: 5 * time.Second}, stop: after(t.Context(), time.Second)})
		if d := time.Since(began); d != 6*time.Second {
			t.Errorf("it took %s", d)
		}
		if o := res.Outcomes[0]; o.Status != journal.Indeterminate || o.Message == "" {
			t.Errorf("%+v", o)
		}
	})
}

// A second stop ends the run at once and leaves a whole journal.
func TestASecondStopEndsTheRunAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: 10 * time.Second})
		r.with(5, nil)
		p := r.plan(rows(5, "Fabrikam,yes,,,"), "")
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(13*time.Second, cancel)
		f := newTape()
		began := time.Now()
		res, err := r.run(ctx, session{plan: p, tape: f, settings: journal.Settings{Concurrency: 2}, stop: after(t.Context(), 12*time.Second)})
		if err != nil || time.Since(began) != 13*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		if want := totals(journal.Indeterminate, 2, journal.NotAttempted, 3); res.Totals != want || !res.Interrupted {
			t.Errorf("totals %+v", res.Totals)
		}
		if told := r.replay(p, f); told.Totals != res.Totals || told.Stopped != res.Stopped {
			t.Errorf("the journal gives %+v, %q", told.Totals, told.Stopped)
		}
	})
}

func TestARunStopsByItselfAndSaysWhy(t *testing.T) {
	day := func(h time.Duration) time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(h) }
	for _, c := range []struct {
		name     string
		faults   []graphsim.Fault
		begins   string // when the faults begin; "" is before the run
		settings journal.Settings
		drift    int
		stopped  string
		want     journal.Totals
		writes   int
	}{
		{name: "a token that is not accepted", faults: []graphsim.Fault{{Kind: "401", Method: "PUT"}}, settings: journal.Settings{Concurrency: 1},
			stopped: "the token is not accepted", want: totals(journal.Failed, 1, journal.NotAttempted, 29), writes: 2},
		{name: "ten refusals in a row", faults: []graphsim.Fault{{Kind: "403", Method: "PUT"}}, settings: journal.Settings{Concurrency: 1},
			stopped: "10 changes in a row were refused", want: totals(journal.Failed, 10, journal.NotAttempted, 20), writes: 10},
		{name: "an outage", faults: []graphsim.Fault{{Kind: "silent"}}, settings: journal.Settings{Concurrency: 5},
			stopped: "PUT /policies/crossTenantAccessPolicy/partners/", begins: "with the first write"},
		{name: "a pause that is too long", faults: []graphsim.Fault{{Kind: "429", Method: "PUT", RetryAfter: 10 * time.Minute}}, settings: journal.Settings{Concurrency: 1},
			stopped: "asked for a pause of 10m0s, longer than the maximum wait of 5m0s", want: totals(journal.NotAttempted, 30), writes: 1},
		{name: "a budget of failures", faults: []graphsim.Fault{{Kind: "400", Method: "PUT", Every: 2}}, settings: journal.Settings{Concurrency: 1, StopAfterFailures: 3},
			stopped: "3 changes did not succeed, which is the limit", want: totals(journal.Failed, 3, journal.Verified, 3, journal.NotAttempted, 24), writes: 6},
		{name: "a deadline", settings: journal.Settings{Concurrency: 5, Deadline: day(2500 * time.Millisecond)},
			stopped: "the deadline passed", want: totals(journal.Verified, 10, journal.NotAttempted, 20), writes: 10},
		{name: "a wave that is not as wanted", faults: []graphsim.Fault{{Kind: "400", Method: "PUT", Nth: 5}}, settings: journal.Settings{Waves: []int{2, 10}, Concurrency: 1},
			stopped: "wave 2 of 3: 1 change not as wanted", want: totals(journal.Failed, 1, journal.Verified, 11, journal.NotAttempted, 18), writes: 12},
		{name: "drift", drift: 7, settings: journal.Settings{OnDrift: journal.StopOnDrift},
			stopped: "1 change held because objects changed since the plan, and nothing was written", want: totals(journal.Held, 1, journal.NotAttempted, 29)},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, graphsim.Config{})
				r.with(30, nil)
				p := r.plan(rows(30, "Fabrikam,yes,,,"), "")
				r.Inject(c.faults...)
				if c.drift > 0 {
					r.Edit(tenant(c.drift), func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Theirs", true) })
				}
				f := newTape()
				slow := []func(http.RoundTripper) http.RoundTripper{}
				if !c.settings.Deadline.IsZero() {
					slow = append(slow, latency(time.Second))
				}
				if c.begins != "" {
					r.ClearFaults()
					slow = append(slow, once(func() { r.Inject(c.faults...) }))
				}
				res := r.mustRun(session{plan: p, tape: f, settings: c.settings, layers: slow})
				writes := len(r.Writes())
				if !strings.HasPrefix(res.Stopped, c.stopped) || res.Interrupted {
					t.Errorf("stopped %q, interrupted %v", res.Stopped, res.Interrupted)
				}
				if c.begins == "" && (res.Totals != c.want || writes != c.writes) {
					t.Errorf("totals %+v, %d writes", res.Totals, writes)
				}
				r.ClearFaults()
				c.settings.Deadline = time.Time{} // it is over
				again := r.mustRun(session{plan: p, tape: f, settings: c.settings})
				if c.drift == 0 && (again.Totals != totals(journal.Verified, 30) || again.Stopped != "") {
					t.Errorf("after resuming: %+v, stopped %q", again.Totals, again.Stopped)
				}
			})
		})
	}
}

// A write that waits for its turn when a refusal stops the run was not refused
// itself: it does not get another write's answer.
func TestWhatWaitsWhenTheRunStopsIsNotAttempted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(30, nil)
		p, f := r.plan(rows(30, "Fabrikam,yes,,,"), ""), newTape()
		r.Inject(graphsim.Fault{Kind: "403", Method: "PUT"})
		var sent atomic.Int32
		gate := func(rt http.RoundTripper) http.RoundTripper {
			return layer(func(q *http.Request) (*http.Response, error) {
				if q.Method == http.MethodPut && sent.Add(1) > 10 {
					<-q.Context().Done()
					return nil, q.Context().Err()
				}
				return rt.RoundTrip(q)
			})
		}
		res := r.mustRun(session{plan: p, tape: f, layers: []func(http.RoundTripper) http.RoundTripper{gate}})
		if want := totals(journal.Failed, 10, journal.NotAttempted, 20); res.Totals != want || len(r.Writes()) != 10 {
			t.Errorf("%+v, %d writes", res.Totals, len(r.Writes()))
		}
		for _, o := range res.Outcomes {
			if o.Status == journal.NotAttempted && !cmp.Equal(o, journal.Outcome{Seq: o.Seq, Status: o.Status}) {
				t.Errorf("%+v", o)
			}
		}
	})
}

// latency delays each write by d.
func latency(d time.Duration) func(http.RoundTripper) http.RoundTripper {
	return func(rt http.RoundTripper) http.RoundTripper {
		return layer(func(r *http.Request) (*http.Response, error) {
			if r.Method != http.MethodGet {
				time.Sleep(d)
			}
			return rt.RoundTrip(r)
		})
	}
}

// once calls do before the first write is sent.
func once(do func()) func(http.RoundTripper) http.RoundTripper {
	return func(rt http.RoundTripper) http.RoundTripper {
		first := make(chan struct{}, 1)
		return layer(func(r *http.Request) (*http.Response, error) {
			if r.Method != http.MethodGet {
				select {
				case first <- struct{}{}:
					do()
				default:
				}
			}
			return rt.RoundTrip(r)
		})
	}
}

type layer func(*http.Request) (*http.Response, error)

func (l layer) RoundTrip(r *http.Request) (*http.Response, error) { return l(r) }

// Drift found on resumption does not hide what an earlier session wrote.
func TestDriftFoundOnResumption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: time.Second})
		r.with(6, nil)
		p, f := r.plan(rows(6, "Fabrikam,yes,,,"), ""), newTape()
		settings := journal.Settings{Concurrency: 1, OnDrift: journal.StopOnDrift}
		r.mustRun(session{plan: p, tape: f, settings: settings, stop: after(t.Context(), 2500*time.Millisecond)})
		r.Edit(tenant(6), func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Theirs", true) })
		writes := len(r.Writes())
		res := r.mustRun(session{plan: p, tape: f, settings: settings})
		if !strings.HasSuffix(res.Stopped, "and nothing more was written") || writes == 0 || len(r.Writes()) != writes {
			t.Errorf("stopped %q, %d writes, then %d", res.Stopped, writes, len(r.Writes()))
		}
	})
}

// A deadline after the last write stops nothing.
func TestADeadlineAfterTheLastWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{ReadLag: 10 * time.Second})
		r.with(3, nil)
		p := r.plan(rows(3, "Fabrikam,yes,,,"), "")
		res := r.mustRun(session{plan: p, settings: journal.Settings{Deadline: time.Now().Add(2 * time.Second)}})
		if res.Stopped != "" || res.Totals.Of(journal.Verified) != 3 {
			t.Errorf("stopped %q, %+v", res.Stopped, res.Totals)
		}
	})
}

// A run does not wait for its deadline.
func TestARunEndsBeforeItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(1, nil)
		p, began := r.plan(rows(1, "Fabrikam,yes,,,"), ""), time.Now()
		r.mustRun(session{plan: p, settings: journal.Settings{Deadline: time.Now().Add(24 * time.Hour)}})
		if took := time.Since(began); took > time.Hour {
			t.Errorf("it took %s", took)
		}
	})
}

func TestEachWaveIsReadBackBeforeTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{ReadLag: 5 * time.Second})
		r.with(9, nil)
		p := r.plan(rows(9, "Fabrikam,yes,,,"), "")
		var told []journal.Status
		res := r.mustRun(session{plan: p, settings: journal.Settings{Waves: []int{2, 3}}, observe: func(o journal.Outcome) { told = append(told, o.Status) }})
		want := ""
		for _, n := range []int{2, 3, 4} {
			want += strings.Repeat("succeeded ", n) + strings.Repeat("verified ", n)
		}
		got := ""
		for _, s := range told {
			got += string(s) + " "
		}
		if got != want || res.Totals.Of(journal.Verified) != 9 {
			t.Errorf("reported %s\nwant %s", got, want)
		}
	})
}

// The deadline also ends waits, to the second.
func TestADeadlineEndsWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(3, nil)
		p := r.plan(rows(3, "Fabrikam,yes,,,"), "")
		r.Inject(graphsim.Fault{Kind: "429", Method: "PUT", RetryAfter: 4 * time.Minute})
		began := time.Now()
		res := r.mustRun(session{plan: p, settings: journal.Settings{Deadline: began.Add(90 * time.Second)}})
		if took := time.Since(began); res.Stopped != "the deadline passed" || res.Interrupted || took < 90*time.Second || took > 91*time.Second {
			t.Errorf("stopped %q after %s", res.Stopped, took)
		}
	})
}

// A session that begins after its deadline writes nothing, a resumption too: the
// deadline may be the end of a window.
func TestADeadlineThatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(2, nil)
		p, f := r.plan(rows(2, "Fabrikam,yes,,,"), ""), newTape()
		for range 2 {
			res := r.mustRun(session{plan: p, tape: f, settings: journal.Settings{Deadline: time.Now().Add(-time.Second)}})
			if res.Totals != totals(journal.NotAttempted, 2) || res.Stopped != "the deadline passed" || len(r.Writes()) != 0 {
				t.Errorf("totals %+v, stopped %q, %d writes", res.Totals, res.Stopped, len(r.Writes()))
			}
		}
	})
}
