package execute_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/graph/graphsim"
)

func TestResumeRetriesOnlyWhatDidNotSucceed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(4, nil)
		owned := graphsim.Partner{TenantID: tenant(5), IsServiceProvider: ptr(true)}
		r.SetPartner(owned)
		p := r.plan(rows(5, "Fabrikam,yes,yes,,"), "")
		r.Inject(graphsim.Fault{Kind: "400", Path: tenant(2) + "/identitySynchronization", Method: "PUT"})
		r.Edit(tenant(3), func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Theirs", true) })
		f := newTape()
		first := r.mustRun(session{plan: p, tape: f, settings: journal.Settings{Concurrency: 1}})
		want := []journal.Status{"verified", "verified", "failed", "skipped", "held", "skipped", "verified", "verified", "skipped", "skipped"}
		if got := statuses(first); !slices.Equal(got, want) {
			t.Fatalf("%v", got)
		}
		if o := first.Outcomes[3]; o.Message != "change 3 of this partner did not succeed" || o.Reason != journal.ReasonPredecessor {
			t.Errorf("%+v", o)
		}
		if o := first.Outcomes[2]; o.Kind != graph.Invalid || o.HTTPStatus != 400 {
			t.Errorf("refused: %+v", o)
		}
		r.ClearFaults()
		r.Edit(tenant(3), func(p *graphsim.Partner) { p.IdentitySynchronization = nil })
		before := len(r.Writes())
		again := r.mustRun(session{plan: p, tape: f})
		if o := again.Outcomes[2]; o.Kind != "" || o.GraphCode != "" || o.HTTPStatus != 204 && o.HTTPStatus != 201 {
			t.Errorf("accepted: %+v", o)
		}
		want = []journal.Status{"verified", "verified", "verified", "verified", "verified", "verified", "verified", "verified", "skipped", "skipped"}
		if got := statuses(again); !slices.Equal(got, want) {
			t.Errorf("after resuming: %v", got)
		}
		if n := len(r.Writes()) - before; n != 4 {
			t.Errorf("%d writes to resume", n)
		}
	})
}

func TestTheResultHasThePaceOfAllSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(1, nil)
		p, f := r.plan(rows(1, "Fabrikam,yes,,,"), ""), newTape()
		run := func(pace journal.Pace) journal.Pace {
			return r.mustRun(session{plan: p, tape: f, pace: func() journal.Pace { return pace }}).Pace
		}
		first := journal.Pace{WritesPerSecond: 10, Burst: 100, Refusals: 3, Pauses: 2, PausedMs: 2000}
		if got := run(first); got != first {
			t.Errorf("after one session: %+v", got)
		}
		want := journal.Pace{WritesPerSecond: 10, Burst: 100, Refusals: 4, Pauses: 3, PausedMs: 2500}
		if got := run(journal.Pace{Refusals: 1, Pauses: 1, PausedMs: 500}); got != want {
			t.Errorf("after two sessions: %+v", got)
		}
	})
}

func TestResumeVerifiesWhatWasAcceptedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{ReadLag: 10 * time.Minute})
		r.with(2, nil)
		p := r.plan(rows(2, "Fabrikam,yes,,,"), "")
		f := newTape()
		first := r.mustRun(session{plan: p, tape: f})
		if first.Totals.Of(journal.Succeeded) != 2 || !strings.Contains(first.Outcomes[0].Message, "not yet visible after 1m0s") {
			t.Errorf("%+v", first.Outcomes)
		}
		time.Sleep(10 * time.Minute)
		again := r.mustRun(session{plan: p, tape: f})
		if again.Totals.Of(journal.Verified) != 2 || len(r.Writes()) != 2 {
			t.Errorf("%+v, %d writes", again.Outcomes, len(r.Writes()))
		}
	})
}

// A change that somebody overwrites is found by reading back, and is no longer
// held once it is as wanted again.
func TestWhatSomebodyOverwritesIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: 2 * time.Second})
		r.with(3, nil)
		p, f := r.plan(rows(3, "Fabrikam,yes,,,"), ""), newTape()
		time.AfterFunc(3500*time.Millisecond, func() {
			r.Edit(tenant(1), func(p *graphsim.Partner) { p.IdentitySynchronization.DisplayName = ptr("Theirs") })
		})
		res := r.mustRun(session{plan: p, tape: f, settings: journal.Settings{Concurrency: 1}})
		o := res.Outcomes[0]
		if o.Status != journal.Held || o.Message != `made by this run, different now: displayName is now "Theirs"` || !o.MayHaveLanded() || !strings.Contains(string(o.Live), "Theirs") {
			t.Errorf("%+v", o)
		}
		r.Edit(tenant(1), func(p *graphsim.Partner) { p.IdentitySynchronization.DisplayName = ptr("Fabrikam") })
		r.Edit(tenant(2), func(p *graphsim.Partner) { p.IdentitySynchronization = nil })
		again := r.mustRun(session{plan: p, tape: f}).Outcomes
		if o := again[0]; o.Status != journal.Verified || o.Overwritten || o.Reason != "" || o.Message != "" || o.Live != nil {
			t.Errorf("mended: %+v", o)
		}
		if o := again[1]; o.Status != journal.Held || !o.Overwritten || o.Reason != journal.ReasonReplaced {
			t.Errorf("removed: %+v", o)
		}
	})
}

// An object that was seen to differ once and is unreadable from then on is
// called neither done nor overwritten.
func TestDifferentOnceAndUnreadableThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: time.Second})
		r.with(2, nil)
		p, f := r.plan(rows(2, "Fabrikam,yes,,,"), ""), newTape()
		r.mustRun(session{plan: p, tape: f})
		r.Edit(tenant(2), func(p *graphsim.Partner) { p.IdentitySynchronization.DisplayName = ptr("Theirs") })
		time.AfterFunc(1500*time.Millisecond, func() {
			r.Break(tenant(2), `{"tenantId":"`+tenant(2)+`","isServiceProvider":null,"automaticUserConsentSettings":"x","identitySynchronization":null}`)
		})
		o := r.mustRun(session{plan: p, tape: f}).Outcomes[1]
		if o.Status != journal.Held || o.Reason != journal.ReasonUnreadable || o.Overwritten || !o.MayHaveLanded() {
			t.Errorf("%+v", o)
		}
	})
}

// What an earlier session did and this one cannot read is not called done.
func TestDoneOnceAndUnreadableNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: time.Second})
		r.with(2, nil)
		p, f := r.plan(rows(2, "Fabrikam,yes,,,"), ""), newTape()
		r.mustRun(session{plan: p, tape: f})
		r.Break(tenant(2), `{"tenantId":"`+tenant(2)+`","isServiceProvider":null,"automaticUserConsentSettings":"x","identitySynchronization":null}`)
		res := r.mustRun(session{plan: p, tape: f})
		if o := res.Outcomes[1]; o.Status != journal.Held || o.Reason != journal.ReasonUnreadable || o.Overwritten || !o.MayHaveLanded() || len(r.Writes()) != 2 {
			t.Errorf("%+v, %d writes", o, len(r.Writes()))
		}
		r.Break(tenant(2), "")
		if again := r.mustRun(session{plan: p, tape: f}); again.Totals.Of(journal.Verified) != 2 || again.Outcomes[1].Message != "" {
			t.Errorf("read again: %+v", again.Outcomes[1])
		}
	})
}

// TestAKillAtAnyByte kills a small run at every fifth byte of its journal,
// resumes it, and checks what was sent.
func TestAKillAtAnyByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for n := 0; ; n += 5 {
			r := newRig(t, graphsim.Config{})
			p := r.plan(rows(1, "Fabrikam,yes,,,"), "")
			f := newTape()
			ctx, cancel := context.WithCancel(t.Context())
			f.limit, f.kill = n, cancel
			_, err := r.run(ctx, session{plan: p, tape: f})
			f.revive(float64(n%2) / 2)
			begun := f.begun()
			res := r.mustRun(session{plan: p, tape: f})
			if q := res.Requests; q.Incomplete != (begun && err != nil) || q.Writes > len(r.Writes()) {
				t.Fatalf("killed at byte %d: %+v of %d writes", n, q, len(r.Writes()))
			}
			committed := 0
			for _, q := range r.Writes() {
				if q.Committed {
					committed++
				}
			}
			if res.Totals.Of(journal.Verified) != 2 && res.Totals.Of(journal.Verified, journal.Succeeded) != 2 || committed != 2 {
				t.Fatalf("killed at byte %d: %+v, %d writes took effect", n, res.Totals, committed)
			}
			cancel()
			if err == nil {
				return // the whole run fits
			}
		}
	})
}

// A lost journal stops the run, and the result says what was in flight.
func TestALostJournalStopsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: time.Second})
		r.with(40, nil)
		p := r.plan(rows(40, "Fabrikam,yes,,,"), "")
		f := newTape()
		f.limit = 6000
		res, err := r.run(t.Context(), session{plan: p, tape: f, settings: journal.Settings{Concurrency: 4}})
		if !errors.Is(err, errDead) || res.Interrupted || !strings.Contains(res.Stopped, "no space left") {
			t.Errorf("%v; stopped %q, interrupted %v", err, res.Stopped, res.Interrupted)
		}
		if res.Totals.Sum() != 40 || res.Totals.Of(journal.Indeterminate) == 0 {
			t.Errorf("totals %+v", res.Totals)
		}
		if sent, known := len(r.Writes()), 40-res.Totals.Of(journal.NotAttempted); sent > known {
			t.Errorf("%d writes were sent, and %d are accounted for", sent, known)
		}
		for _, o := range res.Outcomes {
			if o.Status == journal.Indeterminate && o.ClientRequestID == "" {
				t.Errorf("change %d cannot be found in Microsoft's logs", o.Seq)
			}
		}
	})
}

// Nothing is sent when the journal cannot be written at all.
func TestNothingIsSentWithoutAJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(3, nil)
		p := r.plan(rows(3, "Fabrikam,yes,,,"), "")
		f := newTape()
		f.dead = true
		res, err := r.run(t.Context(), session{plan: p, tape: f})
		if err == nil || res.Totals.Of(journal.NotAttempted) != 3 || len(r.Writes()) != 0 {
			t.Errorf("%v, %+v, %d writes", err, res.Totals, len(r.Writes()))
		}
	})
}

// Outcomes are durable before they are reported, and intents before they are
// sent.
func TestDurableBeforeReportedOrSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: 5 * time.Millisecond})
		r.with(20, nil)
		p := r.plan(rows(20, "Fabrikam,yes,yes,,"), "")
		f := newTape()
		f.slow = 7 * time.Millisecond
		durable := func(s string) bool {
			f.mu.Lock()
			defer f.mu.Unlock()
			return bytes.Contains(f.data[:f.synced], []byte(s))
		}
		res := r.mustRun(session{plan: p, tape: f, settings: journal.Settings{Concurrency: 4, NoReadBack: true},
			observe: func(o journal.Outcome) {
				if !durable(`"requestId":"` + o.RequestID) {
					t.Errorf("change %d was reported before it was durable", o.Seq)
				}
			},
			layers: []func(http.RoundTripper) http.RoundTripper{func(rt http.RoundTripper) http.RoundTripper {
				return layer(func(q *http.Request) (*http.Response, error) {
					if id := q.Header.Get("client-request-id"); q.Method != http.MethodGet && !durable(`"clientRequestId":"`+id) {
						t.Errorf("a write was sent before its intent was durable")
					}
					return rt.RoundTrip(q)
				})
			}},
		})
		if res.Totals.Of(journal.Succeeded) != 40 {
			t.Errorf("%+v", res.Totals)
		}
		if f.syncs > 40 {
			t.Errorf("%d syncs for 40 writes: they are not shared", f.syncs)
		}
	})
}

// The requests of all sessions add up to those that Graph saw.
func TestTheRequestsOfAllSessionsAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: time.Second})
		r.with(6, nil)
		p, f := r.plan(rows(6, "Fabrikam,yes,,,"), ""), newTape()
		r.ResetRequests()
		r.Inject(graphsim.Fault{Kind: "429", Method: "PUT", Every: 3, Times: 2})
		r.mustRun(session{plan: p, tape: f, settings: journal.Settings{Concurrency: 1}, stop: after(t.Context(), 3500*time.Millisecond)})
		res := r.mustRun(session{plan: p, tape: f})
		want := journal.Requests{Writes: len(r.Writes()), Reads: len(r.Requests()) - len(r.Writes()), Throttled: 2, Retried: 1}
		if res.Requests != want || res.Totals.Of(journal.Verified) != 6 {
			t.Errorf("%+v, want %+v; %+v", res.Requests, want, res.Totals)
		}
	})
}

// A journal that is lost while the run reads back is an error, too.
func TestAJournalLostWhileReadingBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(3, nil)
		p, f := r.plan(rows(3, "Fabrikam,yes,,,"), ""), newTape()
		told := 0
		_, err := r.run(t.Context(), session{plan: p, tape: f, observe: func(journal.Outcome) {
			if told++; told == 3 {
				f.die()
			}
		}})
		if !errors.Is(err, errDead) {
			t.Errorf("%v", err)
		}
		if again := r.replay(p, f); again.Totals.Of(journal.Succeeded) != 3 {
			t.Errorf("%+v", again.Totals)
		}
	})
}

// Whatever Graph or the network writes, a run and its journal give the same
// result.
func TestOddTextsReadBackFromAJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(3, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Old", true) })
		p, f := r.plan(rows(3, "Fabrikam,,yes,,"), ""), newTape()
		r.Edit(tenant(1), func(p *graphsim.Partner) { p.IdentitySynchronization.DisplayName = ptr("Theirs") })
		odd := func(rt http.RoundTripper) http.RoundTripper {
			return layer(func(q *http.Request) (*http.Response, error) {
				res, err := rt.RoundTrip(q)
				if err != nil || q.Method != http.MethodGet {
					return res, err
				}
				body, err := io.ReadAll(res.Body)
				var spaced bytes.Buffer
				if err == nil {
					err = json.Indent(&spaced, body, "", "  ")
				}
				return refusal(q, res.StatusCode, spaced.String()), err
			})
		}
		stop, stopNow := context.WithCancelCause(t.Context())
		res := r.mustRun(session{plan: p, tape: f, stop: stop, layers: []func(http.RoundTripper) http.RoundTripper{odd},
			settings: journal.Settings{Concurrency: 1}, observe: func(o journal.Outcome) {
				if o.Seq > 2 {
					stopNow(errors.New("somebody says \xff"))
				}
			}})
		if res.Totals.Of(journal.Held) != 1 || res.Totals.Of(journal.NotAttempted) == 0 || len(res.Outcomes[0].Live) == 0 || res.Stopped != "somebody says \ufffd" {
			t.Errorf("%+v: %+v", res.Totals, res.Outcomes)
		}
		if diff := cmp.Diff(res, r.replay(p, f)); diff != "" {
			t.Errorf("the journal gives another result (-run +journal):\n%s", diff)
		}
	})
}

// For a session that was killed, the answered writes are counted.
func TestAKilledSessionCountsWhatWasAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(5, nil)
		p, f := r.plan(rows(5, "Fabrikam,yes,,,"), ""), newTape()
		r.mustRun(session{plan: p, tape: f})
		f.cut(bytes.LastIndex(f.data[:len(f.data)-1], []byte("\n")) + 1) // the end was never written
		if q := r.replay(p, f).Requests; q.Writes != 5 || !q.Incomplete {
			t.Errorf("%+v", q)
		}
	})
}

// Waiting writes are not sent once the journal is lost.
func TestALostJournalHoldsBackWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(40, nil)
		p, f := r.plan(rows(40, "Fabrikam,yes,,,"), ""), newTape()
		time.AfterFunc(12*time.Second, f.die)
		if _, err := r.run(t.Context(), session{plan: p, tape: f, layers: []func(http.RoundTripper) http.RoundTripper{newSlowGate(10 * time.Second)}}); !errors.Is(err, errDead) {
			t.Fatal(err)
		}
		if n := len(r.Writes()); n > 3 {
			t.Errorf("%d writes, where the journal was lost after the second", n)
		}
	})
}
