package journal_test

import (
	"encoding/json"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/execute/journal"
)

// Before its first entry a run is what the plan alone says.
func TestANewLog(t *testing.T) {
	l := journal.NewLog(planned())
	r := l.Result()
	for i, want := range []journal.Outcome{
		{Seq: 1, Status: journal.Unchanged},
		{Seq: 2, Status: journal.Skipped, Reason: journal.ReasonBlocked, Message: "a service's own"},
		{Seq: 3, Status: journal.NotAttempted},
		{Seq: 4, Status: journal.NotAttempted},
		{Seq: 5, Status: journal.NotAttempted},
	} {
		if got := r.Outcomes[i]; got.Seq != want.Seq || got.Status != want.Status || got.Reason != want.Reason || got.Message != want.Message {
			t.Errorf("change %d: %+v", i+1, got)
		}
	}
	if r.Rows != 4 || r.Changes != 5 || r.Totals.Sum() != 5 || r.PlanFingerprint != "sha256:ours" || r.HomeTenant.ID != "home" {
		t.Errorf("%+v", r)
	}
	if l.Ended() || !l.CutShort() || r.Requests.Incomplete {
		t.Errorf("ended %t, cut short %t, %+v", l.Ended(), l.CutShort(), r.Requests)
	}
}

// A write that was begun and has no outcome is indeterminate, names its
// request, and keeps what was known before.
func TestABegunWriteIsIndeterminate(t *testing.T) {
	in := intent(3)
	in.Intent.Found = json.RawMessage(`{ "a" : 1 }`)
	failed := journal.Outcome{Seq: 4, Status: journal.Failed, Attempts: 2, StartedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Found: json.RawMessage(`null`)}
	l := replayed(t, written(t, session(begun), in, outcome(failed), intent(4)))
	first, unknown := l.Outcome(3)
	if !unknown || first.Status != journal.Indeterminate || first.Reason != journal.ReasonProcessEnded || !first.Open ||
		first.ClientRequestID != "id" || first.StartedAt.IsZero() || string(first.Found) != `{"a":1}` || first.Message == "" {
		t.Errorf("begun: %t, %+v", unknown, first)
	}
	again, unknown := l.Outcome(4)
	if !unknown || again.Attempts != 2 || !again.StartedAt.Equal(failed.StartedAt) || string(again.Found) != "null" {
		t.Errorf("begun again: %t, %+v", unknown, again)
	}
	if o, unknown := l.Outcome(5); unknown || o.Status != journal.NotAttempted {
		t.Errorf("never begun: %+v", o)
	}
	if r := l.Result(); r.Totals.Of(journal.Indeterminate) != 2 || r.Stopped != "the process ended before the run did" || !r.Interrupted {
		t.Errorf("%+v", r)
	}
}

// An indeterminate outcome is unknown too; a later one replaces it.
func TestALaterOutcomeReplaces(t *testing.T) {
	lost := outcome(journal.Outcome{Seq: 3, Status: journal.Indeterminate, Message: "no answer"})
	l := replayed(t, written(t, session(begun), intent(3), lost))
	if o, unknown := l.Outcome(3); !unknown || o.Message != "no answer" || o.Open {
		t.Errorf("%t, %+v", unknown, o)
	}
	l = replayed(t, written(t, session(begun), intent(3), lost, outcome(done(3)), outcome(done(4)), outcome(done(5)), end(journal.End{})))
	if o, unknown := l.Outcome(3); unknown || o.Status != journal.Succeeded {
		t.Errorf("%t, %+v", unknown, o)
	}
	if r := l.Result(); l.CutShort() || !l.Ended() || r.Stopped != "" || r.Interrupted {
		t.Errorf("%+v", r)
	}
}

// The counts of all sessions add up. For a session that was killed, the
// answered writes are counted, and the result says that there may be more.
func TestSessionsAddUp(t *testing.T) {
	first := journal.End{
		Requests: journal.Requests{Reads: 1, Writes: 2, Throttled: 3, Retried: 4}, Stopped: "x", Interrupted: true,
		Pace: journal.Pace{WritesPerSecond: 5, Burst: 6, Refusals: 7, Pauses: 8, PausedMs: 9},
	}
	second := journal.End{
		Requests: journal.Requests{Reads: 10, Writes: 20, Throttled: 30, Retried: 40},
		Pace:     journal.Pace{WritesPerSecond: 50, Refusals: 70, Pauses: 80, PausedMs: 90},
	}
	twice := done(3)
	twice.Attempts = 2
	entries := []journal.Entry{session(begun), outcome(twice), end(first), session(begun), outcome(done(4)), end(second)}
	r := replayed(t, written(t, entries...)).Result()
	if want := (journal.Requests{Reads: 11, Writes: 22, Throttled: 33, Retried: 44}); r.Requests != want {
		t.Errorf("%+v", r.Requests)
	}
	if want := (journal.Pace{WritesPerSecond: 50, Burst: 6, Refusals: 77, Pauses: 88, PausedMs: 99}); r.Pace != want {
		t.Errorf("%+v", r.Pace)
	}
	if r.Stopped != "" || r.Interrupted {
		t.Errorf("%q, %t: the last session ended well", r.Stopped, r.Interrupted)
	}
	if r.FinishedAt.Before(r.StartedAt) || runtime.GOOS != "windows" && r.StartedAt.Equal(r.FinishedAt) { // whose clock ticks slowly
		t.Errorf("from %s to %s", r.StartedAt, r.FinishedAt)
	}
	thrice := twice
	thrice.Attempts = 5
	killed := replayed(t, written(t, append(entries, session(begun), outcome(thrice), outcome(thrice))...)).Result()
	if want := (journal.Requests{Reads: 11, Writes: 25, Throttled: 33, Retried: 44, Incomplete: true}); killed.Requests != want {
		t.Errorf("killed: %+v", killed.Requests)
	}
	resumed := replayed(t, written(t, append(entries, session(begun), outcome(thrice), session(begun), end(journal.End{}))...)).Result()
	if want := (journal.Requests{Reads: 11, Writes: 25, Throttled: 33, Retried: 44, Incomplete: true}); resumed.Requests != want {
		t.Errorf("resumed: %+v", resumed.Requests)
	}
}

// A run that waited a night for somebody's yes did not work that long.
func TestTheTimeBetweenSessionsIsIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d disk
		w := journal.New(&d, "")
		for _, step := range []struct {
			e     journal.Entry
			after time.Duration
		}{
			{session(begun), 0}, {end(journal.End{}), 2 * time.Second}, {session(begun), 10 * time.Hour}, {end(journal.End{}), 3 * time.Second},
		} {
			time.Sleep(step.after)
			if err := w.Add(step.e).Wait(now); err != nil {
				t.Fatal(err)
			}
		}
		if r := replayed(t, d.Bytes()).Result(); r.Idle != 10*time.Hour || r.Worked() != 5*time.Second {
			t.Errorf("idle for %s, at work for %s", r.Idle, r.Worked())
		}
	})
}

// Entries taken live and entries replayed give the same log.
func TestTakeIsReplay(t *testing.T) {
	live := journal.NewLog(planned())
	var d disk
	w := journal.New(&d, "")
	spaced := intent(4)
	spaced.Intent.Found = json.RawMessage(`{ "b" : 2 }`)
	for _, e := range []journal.Entry{
		session(begun), spaced, intent(3),
		outcome(journal.Outcome{Seq: 3, Status: journal.Held, Message: "a \xff", Live: json.RawMessage("{ }"), Found: json.RawMessage(`{ "a" : [1, 2] }`), StartedAt: time.Now()}),
		end(journal.End{Stopped: "b \xff"}),
	} {
		receipt := w.Add(e)
		if err := receipt.Wait(now); err != nil {
			t.Fatal(err)
		}
		if (receipt.Outcome() != nil) != (e.Outcome != nil) {
			t.Errorf("the outcome of a receipt: %+v", receipt.Outcome())
		}
		live.Take(receipt)
	}
	same(t, live.Result(), replayed(t, d.Bytes()).Result())
	if o := live.Result().Outcomes[3]; string(o.Found) != `{"b":2}` {
		t.Errorf("of an intent: %+v", o)
	}
	o := live.Result().Outcomes[2]
	if o.Message != "a \ufffd" || string(o.Live) != "{}" || string(o.Found) != `{"a":[1,2]}` || live.Result().Stopped != "b \ufffd" {
		t.Errorf("%+v", o)
	}
}

// Unconfirmed counts what was looked for in vain and what could not be looked
// for.
func TestUnconfirmed(t *testing.T) {
	r := journal.Result{Outcomes: []journal.Outcome{{Unseen: true}, {Unread: true}, {Status: journal.Succeeded}, {}}}
	if n := r.Unconfirmed(); n != 2 {
		t.Errorf("%d", n)
	}
}

func TestMayHaveLanded(t *testing.T) {
	for name, c := range map[string]struct {
		o    journal.Outcome
		want bool
	}{
		"done":            {journal.Outcome{Status: journal.Verified}, true},
		"in doubt":        {journal.Outcome{Status: journal.Indeterminate}, true},
		"refused":         {journal.Outcome{Status: journal.Failed, HTTPStatus: 400}, false},
		"refused at last": {journal.Outcome{Status: journal.Failed, HTTPStatus: 400, Open: true}, true},
		"held, applied":   {journal.Outcome{Status: journal.Held, Applied: true}, true},
		"left alone":      {journal.Outcome{Status: journal.Held}, false},
		"as it was":       {journal.Outcome{Status: journal.Unchanged}, false},
	} {
		if got := c.o.MayHaveLanded(); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	o := journal.Outcome{ElapsedMs: 1500}
	if o.Elapsed() != 1500*time.Millisecond {
		t.Errorf("elapsed %s", o.Elapsed())
	}
}
