package execute_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
)

// open lists answers that leave the effect of a write open; each is tried with
// the effect and without it.
var open = []graphsim.FaultKind{"500", "502", "503", "504", "408", "423", "412", "html", "portal", "error-200", "404", "reset", "silent"}

// TestWhatMayHaveLandedIsOurs sends forty writes of each verb, four of them
// with such an answer. Whatever the answer was, the write is this run's doing
// and undo reverts it.
func TestWhatMayHaveLandedIsOurs(t *testing.T) {
	old := func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Old", true) }
	verbs := []struct {
		method, cells string
		there         func(*graphsim.Partner)
	}{
		{"POST", "Fabrikam,,,,", nil},
		{"PUT", "Fabrikam,yes,,,", func(*graphsim.Partner) {}},
		{"PATCH", "Fabrikam,no,,,", old},
		{"DELETE", ",,,,absent", old},
	}
	for _, v := range verbs {
		for _, kind := range open {
			for _, effect := range []string{"", "-after"} {
				fault := graphsim.Fault{Kind: kind + graphsim.FaultKind(effect), Method: v.method, Every: 3, Times: 4}
				if kind == "404" { // the answer of a gateway, not of Graph
					fault.Body = graphsim.BodyNone
				}
				if kind == "reset" && effect == "" {
					fault.Kind = "reset-before"
				}
				t.Run(v.method+"/"+string(fault.Kind), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						r := newRig(t, graphsim.Config{Latency: 20 * time.Millisecond})
						if v.there != nil {
							r.with(40, v.there)
						}
						before := picture(r.State())
						p := r.plan(rows(40, v.cells), "")
						r.Inject(fault)
						f := newTape()
						res := r.mustRun(session{plan: p, tape: f, settings: journal.Settings{Concurrency: 4}})
						if res.Totals.Of(journal.Verified) != len(p.Changes) {
							t.Errorf("%+v, stopped %q", res.Totals, res.Stopped)
						}
						if u := r.UnusedFaults(); len(u) > 0 {
							t.Errorf("unused: %v", u)
						}
						r.ClearFaults()
						back, _ := r.undo(p, r.replay(p, f))
						if now := picture(r.State()); now != before || len(back.Changes) != len(p.Changes) {
							t.Errorf("undo has %d changes for %d, and leaves the tenant otherwise than it was", len(back.Changes), len(p.Changes))
						}
					})
				})
			}
		}
	}
}

// If the run stops while an open write waits to be sent again, its change is
// neither not attempted nor failed, and undo includes it.
func TestAStopLeavesAnOpenWriteOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{ReadLag: 20 * time.Second})
		r.with(1, nil)
		before := picture(r.State())
		p := r.plan(rows(1, "Fabrikam,yes,,,"), "")
		r.Inject(graphsim.Fault{Kind: "503-after", Method: "PUT"})
		res := r.mustRun(session{plan: p, stop: after(t.Context(), 1500*time.Millisecond), settings: journal.Settings{Grace: time.Second}})
		o := res.Outcomes[0]
		if o.Status != journal.Indeterminate || !o.Open || o.Message != "The service is temporarily unavailable. Please retry.; the run stopped before that was settled" {
			t.Errorf("%+v", o)
		}
		time.Sleep(20 * time.Second)
		r.ClearFaults()
		if back, _ := r.undo(p, res); len(back.Changes) != 1 || picture(r.State()) != before {
			t.Errorf("%d changes in the undo", len(back.Changes))
		}
	})
}

// A refusal after an open attempt is reported only after a look, and the change
// stays open for good.
func TestARefusalAfterAnOpenAttempt(t *testing.T) {
	for name, c := range map[string]struct {
		first graphsim.FaultKind
		want  journal.Status
	}{
		"that landed":  {"503-after", journal.Verified},
		"that did not": {"503", journal.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, graphsim.Config{})
				r.with(1, nil)
				p, f := r.plan(rows(1, "Fabrikam,yes,,,"), ""), newTape()
				r.Inject(graphsim.Fault{Kind: c.first, Method: "PUT", Nth: 1}, graphsim.Fault{Kind: "400", Method: "PUT", Nth: 1, Times: 9})
				res := r.mustRun(session{plan: p, tape: f})
				if o := res.Outcomes[0]; o.Status != c.want || !o.Open || !o.MayHaveLanded() || c.want == journal.Failed && o.Attempts != 2 {
					t.Errorf("%+v", o)
				}
				r.ClearFaults()
				if again := r.mustRun(session{plan: p, tape: f}); again.Totals.Of(journal.Verified) != 1 || !again.Outcomes[0].Open {
					t.Errorf("resumed: %+v", again.Outcomes[0])
				}
			})
		})
	}
}

// An outage of writes is bounded by time: one request probes for all, and
// everything is done in the end.
func TestAnOutageOfWritesIsWaitedOut(t *testing.T) {
	for _, kind := range []graphsim.FaultKind{"503", "refused", "500", "html"} {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, graphsim.Config{Latency: 50 * time.Millisecond})
				r.with(60, nil)
				p := r.plan(rows(60, "Fabrikam,yes,,,"), "")
				r.Inject(graphsim.Fault{Kind: kind, Method: "WRITE", From: 200 * time.Millisecond, For: 15 * time.Second})
				began := time.Now()
				res := r.mustRun(session{plan: p})
				if res.Totals.Of(journal.Verified) != 60 || res.Stopped != "" || time.Since(began) > 40*time.Second {
					t.Errorf("%+v after %s, stopped %q", res.Totals, time.Since(began), res.Stopped)
				}
				if n := len(r.Writes()); n > 60+16+12 { // what was in flight, and the probes
					t.Errorf("%d writes", n)
				}
			})
		})
	}
}

// A long outage ends the run, which continues when it is resumed.
func TestALongOutageStopsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(30, nil)
		p, f := r.plan(rows(30, "Fabrikam,yes,,,"), ""), newTape()
		r.Inject(graphsim.Fault{Kind: "503", Method: "WRITE", Nth: 11, Times: 1 << 20})
		began := time.Now()
		res := r.mustRun(session{plan: p, tape: f, settings: journal.Settings{Concurrency: 2}})
		if !strings.Contains(res.Stopped, "no good answer") || res.Totals.Of(journal.NotAttempted) == 0 || res.Totals.Of(journal.Failed) > 0 {
			t.Errorf("stopped %q, %+v", res.Stopped, res.Totals)
		}
		if took := time.Since(began); took < 5*time.Minute || took > 7*time.Minute {
			t.Errorf("it took %s", took)
		}
		for _, o := range res.Outcomes {
			if o.Status == journal.NotAttempted && (o.RequestID != "" || o.Attempts != 0) {
				t.Errorf("%+v", o)
			}
		}
		r.ClearFaults()
		if again := r.mustRun(session{plan: p, tape: f}); again.Totals.Of(journal.Verified) != 30 {
			t.Errorf("resumed: %+v", again.Totals)
		}
	})
}

// An answer by Graph itself that proves nothing counts against the change, if
// it is the only one or if all get it. An outage that only one change is left
// to meet ends like any other.
func TestNoChangeIsSentForEver(t *testing.T) {
	for kind, outage := range map[graphsim.FaultKind]bool{"412": false, "423": false, "451": false, "500": true, "408": true, "error-200": true, "html": true} {
		for _, n := range []int{1, 3} {
			t.Run(fmt.Sprint(kind, " to ", n), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, graphsim.Config{Latency: 20 * time.Millisecond})
					r.with(n, nil)
					p := r.plan(rows(n, "Fabrikam,yes,,,"), "")
					r.Inject(graphsim.Fault{Kind: kind, Method: "WRITE"})
					began := time.Now()
					res := r.mustRun(session{plan: p, settings: journal.Settings{Concurrency: 1}, stop: after(t.Context(), time.Hour)})
					if took := time.Since(began); took > 7*time.Minute || res.Interrupted {
						t.Errorf("it took %s and %d writes", took, len(r.Writes()))
					}
					if told := strings.Contains(res.Stopped, "no good answer from Graph for 5m"); told != outage || !outage && res.Totals.Of(journal.Failed) != n {
						t.Errorf("stopped %q, %+v", res.Stopped, res.Totals)
					}
				})
			})
		}
	}
}

// A change whose own request is at fault is given up after six attempts, and
// the others get through.
func TestAChangeThatIsItselfAtFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: 500 * time.Millisecond})
		r.with(200, nil)
		p := r.plan(rows(200, "Fabrikam,yes,,,"), "")
		r.Inject(graphsim.Fault{Kind: "500", Method: "PUT", Path: tenant(3)})
		res := r.mustRun(session{plan: p, settings: journal.Settings{Concurrency: 2}})
		if o := res.Outcomes[2]; res.Totals.Of(journal.Verified) != 199 || o.Status != journal.Failed || o.Attempts != 6 || !o.Open {
			t.Errorf("%+v: %+v", res.Totals, o)
		}
	})
}

// If Graph refuses creates because the object exists, but shows none, the run
// ends after a few.
func TestPoliciesThatCannotBeSeenStopTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: 50 * time.Millisecond})
		r.with(40, nil)
		p := r.plan(rows(40, "Fabrikam,yes,,,"), "")
		r.with(40, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Theirs", true) })
		res := r.mustRun(session{plan: p, settings: journal.Settings{Concurrency: 4}, layers: hidden()})
		if !strings.Contains(res.Stopped, "cannot see synchronization policies") || len(r.Writes()) > 16 {
			t.Errorf("stopped %q after %d writes", res.Stopped, len(r.Writes()))
		}
		if slices.Contains(statuses(res), journal.Unchanged) {
			t.Errorf("%v", statuses(res))
		}
	})
}

// If those few are all there are, nothing is left to stop: the reason is
// reported all the same, because it is why they failed.
func TestAFewPoliciesThatCannotBeSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: 50 * time.Millisecond})
		r.with(3, nil)
		p := r.plan(rows(3, "Fabrikam,yes,,,"), "")
		r.with(3, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Theirs", true) })
		res := r.mustRun(session{plan: p, layers: hidden()})
		if !strings.Contains(res.Stopped, "cannot see synchronization policies") || res.Totals.Of(journal.Failed) != 3 {
			t.Errorf("stopped %q, %+v", res.Stopped, res.Totals)
		}
	})
}

// A stop leaves time for one look at what was in flight and left open.
func TestAStopLeavesTimeForOneLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: time.Second})
		r.with(1, nil)
		p := r.plan(rows(1, "Fabrikam,yes,,,"), "")
		r.Inject(graphsim.Fault{Kind: "503-after", Method: "PUT"})
		res := r.mustRun(session{plan: p, stop: after(t.Context(), 1500*time.Millisecond)})
		if o := res.Outcomes[0]; o.Status != journal.Succeeded || !o.Open || !res.Interrupted {
			t.Errorf("%+v", o)
		}
	})
}

// A create that became an update and then lost its answer continues from what
// it found.
func TestAReroutedWriteThatIsLeftOpen(t *testing.T) {
	for _, kind := range []graphsim.FaultKind{"503", "503-after"} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, graphsim.Config{Latency: 20 * time.Millisecond})
			r.with(1, nil)
			p := r.plan(rows(1, "Fabrikam,yes,,,"), "")
			r.Inject(graphsim.Fault{Kind: kind, Method: "PATCH", Nth: 1})
			time.AfterFunc(25*time.Millisecond, func() {
				r.Edit(tenant(1), func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Theirs", false) })
			})
			res := r.mustRun(session{plan: p})
			if o := res.Outcomes[0]; o.Status != journal.Verified || !o.Open {
				t.Errorf("%s: %+v", kind, o)
			}
			r.undo(p, res)
			if got, _ := r.Partner(tenant(1)); *got.IdentitySynchronization.DisplayName != "Theirs" {
				t.Errorf("%s: undo left %+v", kind, got.IdentitySynchronization)
			}
		})
	}
}

// Occasional creates that are refused for a while do not mean that the identity
// sees nothing: others are accepted between them.
func TestARefusedCreateHereAndThereStopsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(20, nil)
		p := r.plan(rows(20, "Fabrikam,yes,,,"), "")
		stubborn := func(rt http.RoundTripper) http.RoundTripper {
			left := map[string]int{tenant(1): 3, tenant(5): 3, tenant(9): 3, tenant(13): 3}
			return layer(func(q *http.Request) (*http.Response, error) {
				for id := range left {
					if q.Method == http.MethodPut && strings.Contains(q.URL.Path, id) && left[id] > 0 {
						left[id]--
						return refusal(q, 409, `{"error":{"code":"Request_MultipleObjectsWithSameKeyValue","message":"It is there."}}`), nil
					}
				}
				return rt.RoundTrip(q)
			})
		}
		res := r.mustRun(session{plan: p, settings: journal.Settings{Concurrency: 1}, layers: []func(http.RoundTripper) http.RoundTripper{stubborn}})
		if res.Totals.Of(journal.Verified) != 20 || res.Stopped != "" {
			t.Errorf("%+v, stopped %q", res.Totals, res.Stopped)
		}
	})
}

// An identity that may add partners but not write their policies is reported
// after a few changes, though each of them was tried for a while.
func TestPoliciesThatMayNotBeWrittenStopTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: 20 * time.Millisecond})
		p := r.plan(rows(60, "Fabrikam,yes,,,"), "")
		r.Inject(graphsim.Fault{Kind: "403", Method: "PUT"})
		began := time.Now()
		res := r.mustRun(session{plan: p, settings: journal.Settings{Concurrency: 4}})
		if !strings.HasPrefix(res.Stopped, "10 changes in a row were refused: ") || time.Since(began) > 10*time.Minute {
			t.Errorf("stopped %q after %s", res.Stopped, time.Since(began))
		}
		if res.Totals.Of(journal.Failed) < 10 || res.Totals.Of(journal.Failed) > 26 || len(r.State().Partners) > 30 {
			t.Errorf("%+v, %d partners", res.Totals, len(r.State().Partners))
		}
	})
}

// A process that was killed between the write by the other verb and its answer
// leaves the change to the next, which continues from what was found.
func TestAReroutedWriteOfAnEarlierSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: 20 * time.Millisecond})
		r.with(1, nil)
		p, f := r.plan(rows(1, "Fabrikam,yes,,,"), ""), newTape()
		r.Inject(graphsim.Fault{Kind: "silent", Method: "PATCH", Nth: 1})
		time.AfterFunc(25*time.Millisecond, func() {
			r.Edit(tenant(1), func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Theirs", false) })
		})
		r.killed(session{plan: p, tape: f})
		res := r.mustRun(session{plan: p, tape: f})
		if o := res.Outcomes[0]; o.Status != journal.Verified || !strings.Contains(string(o.Found), "Theirs") {
			t.Errorf("%+v", o)
		}
	})
}

// An identity that sees one policy sees them all: creates that are refused for
// a while, because objects were just deleted, then stop nothing.
func TestRecentlyDeletedPoliciesStopNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{DeleteWindow: 10 * time.Second, PageSize: 2})
		r.with(6, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Old", true) })
		r.mustRun(session{plan: r.plan(rows(5, ",,,,absent"), ""), settings: journal.Settings{NoReadBack: true}})
		res := r.mustRun(session{plan: r.plan(rows(5, "Fabrikam,yes,,,"), "")})
		if res.Totals.Of(journal.Verified) != 5 || res.Stopped != "" {
			t.Errorf("%+v, stopped %q", res.Totals, res.Stopped)
		}
	})
}

// A write that took effect just before its process was killed is waited for,
// because readings lag, and is not sent again.
func TestAWriteOfAKilledSessionIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{ReadLag: 1500 * time.Millisecond})
		r.with(1, nil)
		p, f := r.plan(rows(1, "Fabrikam,yes,,,"), ""), newTape()
		r.Inject(graphsim.Fault{Kind: "silent-after", Method: "PUT"})
		late := func(rt http.RoundTripper) http.RoundTripper {
			return layer(func(q *http.Request) (*http.Response, error) {
				if q.Method == http.MethodPut {
					time.Sleep(1900 * time.Millisecond)
				}
				return rt.RoundTrip(q)
			})
		}
		r.killed(session{plan: p, tape: f, layers: []func(http.RoundTripper) http.RoundTripper{late}})
		if n := len(r.Writes()); n != 1 {
			t.Fatalf("%d writes before the kill", n)
		}
		r.ClearFaults()
		res := r.mustRun(session{plan: p, tape: f})
		if o := res.Outcomes[0]; len(r.Writes()) != 1 || o.Status != journal.Verified || !o.Open {
			t.Errorf("%d writes, %+v", len(r.Writes()), o)
		}
	})
}

// A refusal for a partner that already existed is no lag after its creation:
// the change fails at once.
func TestARefusalOfAnOldPartnerIsFinal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(1, nil)
		p := r.plan(rows(1, "Fabrikam,yes,yes,,"), "")
		r.Inject(graphsim.Fault{Kind: "400", Method: "PATCH"})
		res := r.mustRun(session{plan: p})
		if want := totals(journal.Verified, 1, journal.Failed, 1); res.Totals != want || res.Outcomes[1].Attempts != 1 {
			t.Errorf("%+v", res.Outcomes)
		}
	})
}
