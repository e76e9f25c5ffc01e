package execute_test

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
)

// New partners are not called gone when readings do not show them for nearly as
// long as the run waits, in one wave or in several.
func TestNewPartnersUnderALagAreNotGone(t *testing.T) {
	for _, waves := range [][]int{nil, {2, 3}} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, graphsim.Config{ReadLag: 58 * time.Second, Latency: 20 * time.Millisecond})
			p := r.plan(rows(8, wanted), "")
			res := r.mustRun(session{plan: p, settings: journal.Settings{Waves: waves}})
			if want := totals(journal.Verified, 24); res.Totals != want || res.Stopped != "" {
				t.Errorf("waves %v: %+v, stopped %q: %+v", waves, res.Totals, res.Stopped, res.Outcomes)
			}
			back, undone := r.undo(p, res)
			if undone.Totals.Of(journal.Verified) != len(back.Changes) || len(r.State().Partners) != 0 {
				t.Errorf("waves %v: undo %+v, %d partners left", waves, undone.Totals, len(r.State().Partners))
			}
		})
	}
}

// A write that is answered 204 and never shows is reported by name.
func TestAWriteThatNeverShowsIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(4, nil)
		p := r.plan(rows(4, "Fabrikam,yes,,,"), "")
		lost := func(rt http.RoundTripper) http.RoundTripper {
			return layer(func(q *http.Request) (*http.Response, error) {
				if q.Method == http.MethodPut && strings.Contains(q.URL.Path, tenant(3)) {
					return &http.Response{StatusCode: 204, Header: http.Header{"Request-Id": {"lost"}}, Body: http.NoBody, Request: q}, nil
				}
				return rt.RoundTrip(q)
			})
		}
		res := r.mustRun(session{plan: p, layers: []func(http.RoundTripper) http.RoundTripper{lost}})
		o := res.Outcomes[2]
		if res.Totals.Of(journal.Verified) != 3 || res.Unconfirmed() != 1 || o.Status != journal.Succeeded || !o.Unseen || o.Message != "accepted; not yet visible after 1m0s" {
			t.Errorf("%+v: %+v", res.Totals, o)
		}
	})
}

// Stopped at 10 of 20, undone, resumed: a change that is gone again is not
// called done.
func TestWhatWasUndoneIsNotCalledDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: time.Second})
		r.with(20, nil)
		p, f := r.plan(rows(20, "Fabrikam,yes,,,"), ""), newTape()
		first := r.mustRun(session{plan: p, tape: f, settings: journal.Settings{Concurrency: 5}, stop: after(t.Context(), 2500*time.Millisecond)})
		if first.Totals.Of(journal.Succeeded) != 10 {
			t.Fatalf("%+v", first.Totals)
		}
		r.undo(p, first)
		again := r.mustRun(session{plan: p, tape: f})
		if want := totals(journal.Verified, 10, journal.Held, 10); again.Totals != want || again.Unconfirmed() != 0 {
			t.Errorf("%+v", again.Totals)
		}
		i := slices.IndexFunc(again.Outcomes, func(o journal.Outcome) bool { return o.Status == journal.Held })
		o := again.Outcomes[i]
		if o.Message != "accepted by Graph, never seen there: it is as it was before the change" ||
			o.Reason != journal.ReasonNeverSeen || o.Overwritten || !o.MayHaveLanded() {
			t.Errorf("%+v", o)
		}
		writes := len(r.Writes())
		third := r.mustRun(session{plan: p, tape: f})
		if third.Totals != again.Totals || len(r.Writes()) != writes {
			t.Errorf("a further session: %+v, %d writes", third.Totals, len(r.Writes())-writes)
		}
		// The whole run may be undone at any time.
		if back, _ := r.undo(p, third); len(back.Changes) != 20 || len(r.Syncs()) != 0 {
			t.Errorf("%d changes in the undo, %d policies left", len(back.Changes), len(r.Syncs()))
		}
	})
}

// A change called unchanged after the first list loses that status when the
// last one, read more than once, shows something else.
func TestUnchangedIsHeldAgainstTheLastReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: time.Second})
		r.with(6, nil)
		p := r.plan(rows(6, "Fabrikam,yes,,,"), "")
		r.Edit(tenant(1), func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Fabrikam", true) })
		time.AfterFunc(2*time.Second, func() {
			r.Edit(tenant(1), func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Theirs", true) })
		})
		res := r.mustRun(session{plan: p, settings: journal.Settings{Concurrency: 1}})
		o := res.Outcomes[0]
		if o.Status != journal.Held || !strings.HasPrefix(o.Message, "as wanted when this run first looked, different now: ") || o.MayHaveLanded() ||
			o.Reason != journal.ReasonMatchLost || o.Overwritten {
			t.Errorf("%+v", o)
		}
		if res.Totals.Of(journal.Verified) != 5 {
			t.Errorf("%+v", res.Totals)
		}
		if back, _ := r.undo(p, res); len(back.Changes) != 5 {
			t.Errorf("the undo has %d changes", len(back.Changes))
		}
	})
}

// A calm run reads once before and once after, and nothing else.
func TestVerifyingCostsOneListInACalmRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{PageSize: 50})
		r.with(100, nil)
		p := r.plan(rows(100, "Fabrikam,yes,yes,,"), "")
		r.ResetRequests()
		res := r.mustRun(session{plan: p})
		if pages, single := r.gets(); res.Totals.Of(journal.Verified) != 200 || pages != 4 || single != 0 {
			t.Errorf("%+v, %d pages, %d single reads", res.Totals, pages, single)
		}
	})
}

// The time of day shows that a laptop slept: the deadline has passed, and the
// reading is too old to write by.
func TestASleepingMachineCounts(t *testing.T) {
	t.Run("the deadline", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, graphsim.Config{Latency: time.Second})
			r.with(20, nil)
			p := r.plan(rows(20, "Fabrikam,yes,,,"), "")
			began := time.Now()
			wall := func() time.Time { // asleep for an hour after 2.5 s
				if d := time.Since(began); d > 2500*time.Millisecond {
					return time.Now().Add(time.Hour)
				}
				return time.Now()
			}
			res := r.mustRun(session{plan: p, wall: wall, settings: journal.Settings{Concurrency: 1, Deadline: began.Add(10 * time.Minute)}})
			if res.Stopped != "the deadline passed" || len(r.Writes()) > 3 {
				t.Errorf("stopped %q after %d writes", res.Stopped, len(r.Writes()))
			}
		})
	})
	t.Run("the reading", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, graphsim.Config{})
			r.with(3, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Old", true) })
			p := r.plan(rows(3, "Fabrikam,yes,,,"), "")
			began := time.Now()
			wall := func() time.Time { // asleep for an hour after half a second
				if time.Since(began) > 500*time.Millisecond {
					return time.Now().Add(time.Hour)
				}
				return time.Now()
			}
			time.AfterFunc(500*time.Millisecond, func() {
				r.Edit(tenant(3), func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Theirs", true) })
			})
			res := r.mustRun(session{plan: p, wall: wall, settings: journal.Settings{Concurrency: 1},
				layers: []func(http.RoundTripper) http.RoundTripper{newSlowGate(400 * time.Millisecond)}})
			if got := statuses(res); !slices.Equal(got, []journal.Status{"verified", "verified", "held"}) {
				t.Errorf("%v, stopped %q", got, res.Stopped)
			}
		})
	})
}

// An earlier process whose clock was years off leaves an open write that is
// settled all the same, and in good time.
func TestAWrongClockDoesNotKeepADoubtOpen(t *testing.T) {
	for name, skew := range map[string]time.Duration{"ahead": 10 * 365 * 24 * time.Hour, "behind": -10 * 365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, graphsim.Config{})
				r.with(2, nil)
				p, f := r.plan(rows(2, "Fabrikam,yes,,,"), ""), newTape()
				r.Inject(graphsim.Fault{Kind: "silent", Method: "PUT"})
				r.killed(session{plan: p, tape: f})
				r.ClearFaults()
				f.data = execute.Reclock(f.data, skew)
				began := time.Now()
				res := r.mustRun(session{plan: p, tape: f})
				if res.Totals.Of(journal.Verified) != 2 || time.Since(began) > 30*time.Second {
					t.Errorf("%+v after %s", res.Outcomes, time.Since(began))
				}
			})
		})
	}
}

// What was as wanted when the plan was made is compared like everything else: a
// no-op that somebody changed since is held, and is as wanted again when its
// object is.
func TestANoOpIsHeldAgainstTheReadingsToo(t *testing.T) {
	for name, edit := range map[string]func(*rig){
		"before the run": func(r *rig) {
			r.Edit(tenant(2), func(p *graphsim.Partner) { p.IdentitySynchronization.UserSyncInbound.IsSyncAllowed = ptr(false) })
		},
		"in the middle": func(r *rig) {
			time.AfterFunc(2500*time.Millisecond, func() {
				r.Edit(tenant(2), func(p *graphsim.Partner) { p.IdentitySynchronization.UserSyncInbound.IsSyncAllowed = ptr(false) })
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, graphsim.Config{Latency: time.Second, PageSize: 2})
				r.with(3, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Fabrikam", true) })
				p, f := r.plan(rows(5, ",yes,,,"), templateOn), newTape()
				if p.Summary.NoOp != 3 {
					t.Fatalf("%+v", p.Summary)
				}
				edit(r)
				res := r.mustRun(session{plan: p, tape: f})
				var held []string
				for i, o := range res.Outcomes {
					if o.Status == journal.Held {
						held = append(held, p.Changes[i].Partner.TenantID+": "+o.Message)
					}
				}
				if n := slices.IndexFunc(res.Outcomes, func(o journal.Outcome) bool { return o.Reason == journal.ReasonNoOpLost }); n < 0 || res.Outcomes[n].Overwritten {
					t.Errorf("no outcome has the reason, or it is called overwritten: %+v", res.Outcomes)
				}
				want := []string{tenant(2) + ": as wanted when the plan was made, different now: userSyncInbound.isSyncAllowed is now false"}
				if !slices.Equal(held, want) || res.Totals.Of(journal.Unchanged) != 2 || res.Totals.Of(journal.Verified) != 5 {
					t.Errorf("%v, %+v", held, res.Totals)
				}
				if diff := cmp.Diff(res, r.replay(p, f)); diff != "" {
					t.Errorf("the journal gives another result (-run +journal):\n%s", diff)
				}
				if n := bytes.Count(f.data, []byte(`"status":"held"`)); n != 1 {
					t.Errorf("it is reported %d times", n)
				}
				r.Edit(tenant(2), func(p *graphsim.Partner) { p.IdentitySynchronization.UserSyncInbound.IsSyncAllowed = ptr(true) })
				again := r.mustRun(session{plan: p, tape: f})
				if again.Totals.Of(journal.Held) != 0 || again.Totals.Of(journal.Unchanged) != 3 {
					t.Errorf("resumed: %+v", again.Totals)
				}
			})
		})
	}
}

// A no-op of a partner that has become unreadable is not called as wanted.
func TestANoOpThatCannotBeReadIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(3, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Fabrikam", true) })
		p, f := r.plan(rows(3, ",yes,,,"), ""), newTape()
		r.Break(tenant(2), `{"tenantId":"`+tenant(2)+`","isServiceProvider":null,"automaticUserConsentSettings":"x","identitySynchronization":null}`)
		res := r.mustRun(session{plan: p, tape: f})
		if o := res.Outcomes[1]; res.Totals != totals(journal.Unchanged, 2, journal.Held, 1) || o.Status != journal.Held || !strings.HasPrefix(o.Message, "the object could not be read: automaticUserConsentSettings") || o.Live != nil ||
			o.Reason != journal.ReasonUnreadable || o.Overwritten {
			t.Errorf("%+v: %+v", res.Totals, o)
		}
		r.Break(tenant(2), "")
		if again := r.mustRun(session{plan: p, tape: f}); again.Totals != totals(journal.Unchanged, 3) {
			t.Errorf("read again: %+v", again.Totals)
		}
	})
}

// If there is nothing to do, the first list shows whether that still holds.
func TestARunWithoutWorkReadsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{PageSize: 50})
		r.with(100, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Fabrikam", true) })
		p := r.plan(rows(99, "Fabrikam,yes,,,"), "")
		r.ResetRequests()
		res := r.mustRun(session{plan: p})
		if pages, single := r.gets(); res.Totals.Of(journal.Unchanged) != 99 || pages != 2 || single != 0 {
			t.Errorf("%+v, %d pages, %d single reads", res.Totals, pages, single)
		}
		r.RemovePartner(tenant(7))
		if res := r.mustRun(session{plan: p}); res.Totals.Of(journal.Held) != 1 || res.Totals.Of(journal.Unchanged) != 98 {
			t.Errorf("%+v", res.Totals)
		}
	})
}

// What was accepted and cannot be read back is neither seen nor missing.
func TestAPartnerThatCannotBeReadBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: time.Second})
		r.with(2, nil)
		p, f := r.plan(rows(2, "Fabrikam,yes,,,"), ""), newTape()
		time.AfterFunc(1500*time.Millisecond, func() {
			r.Break(tenant(1), `{"tenantId":"`+tenant(1)+`","isServiceProvider":null,"automaticUserConsentSettings":7,"identitySynchronization":null}`)
		})
		res := r.mustRun(session{plan: p, tape: f})
		o := res.Outcomes[0]
		if o.Status != journal.Succeeded || !o.Unread || o.Unseen || !strings.HasPrefix(o.Message, "accepted; the object could not be read back: ") || res.Unconfirmed() != 1 {
			t.Errorf("%+v", o)
		}
		r.Break(tenant(1), "")
		if again := r.mustRun(session{plan: p, tape: f}); again.Totals.Of(journal.Verified) != 2 || again.Outcomes[0].Message != "" || again.Outcomes[0].Unread {
			t.Errorf("%+v", again.Outcomes[0])
		}
	})
}
