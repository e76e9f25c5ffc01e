package execute_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
)

// gets counts the reads of lists and of single objects.
func (r *rig) gets() (pages, single int) {
	for _, q := range r.Requests() {
		switch {
		case q.IsWrite():
		case strings.HasSuffix(q.Path, "/partners"):
			pages++
		default:
			single++
		}
	}
	return pages, single
}

func TestALongRunRefreshesByPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: 50 * time.Millisecond, PageSize: 100})
		r.with(300, nil)
		p := r.plan(rows(600, "Fabrikam,yes,,,"), "")
		r.ResetRequests()
		res := r.mustRun(session{plan: p, layers: []func(http.RoundTripper) http.RoundTripper{newSlowGate(time.Second)}})
		if res.Totals.Of(journal.Verified) != 900 || res.Stopped != "" {
			t.Fatalf("%+v, %s", res.Totals, res.Stopped)
		}
		pages, single := r.gets()
		// 900 s, a renewal of up to 6 pages after 45 s each, and the reading before and after.
		if pages > 6*(900/45+3) || single != 0 {
			t.Errorf("%d pages and %d single objects were read", pages, single)
		}
	})
}

// No write relies on a reading older than MaxAge.
func TestNoWriteReliesOnAnOldReading(t *testing.T) {
	for name, c := range map[string]struct {
		gate   time.Duration
		maxAge time.Duration
		faults []graphsim.Fault
	}{
		"a slow gate":             {gate: 3 * time.Second, maxAge: 10 * time.Second},
		"a gate slower than that": {gate: time.Minute, maxAge: 10 * time.Second},
		"a long pause":            {maxAge: 60 * time.Second, faults: []graphsim.Fault{{Kind: "429", Method: "PUT", Nth: 5, Times: 3, RetryAfter: 4 * time.Minute}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, graphsim.Config{PageSize: 10})
				r.with(40, nil)
				p := r.plan(rows(40, "Fabrikam,yes,,,"), "")
				r.ResetRequests()
				r.Inject(c.faults...)
				res := r.mustRun(session{plan: p, settings: journal.Settings{MaxAge: c.maxAge}, layers: []func(http.RoundTripper) http.RoundTripper{newSlowGate(c.gate)}})
				if res.Totals.Of(journal.Verified) != 40 {
					t.Errorf("%+v, stopped %q", res.Totals, res.Stopped)
				}
				var read time.Time
				for _, q := range r.Requests() {
					switch {
					case !q.IsWrite():
						read = q.At
					case q.At.Sub(read) > c.maxAge:
						t.Errorf("a write was sent %s after the last reading", q.At.Sub(read))
					}
				}
			})
		})
	}
}

// At a slow pace a change waits in the queue for longer than a reading may be
// old. Its object is read again when its turn comes, so that no turn and no
// intent is wasted.
func TestAtASlowPaceNoTurnIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const partners = 300
		r := newRig(t, graphsim.Config{Latency: 20 * time.Millisecond, PageSize: 100})
		r.with(partners, nil)
		p := r.plan(rows(partners, "Fabrikam,yes,,,"), "")
		f := newTape()
		res := r.mustRun(session{plan: p, tape: f, settings: journal.Settings{MaxAge: 20 * time.Second, NoReadBack: true},
			layers: []func(http.RoundTripper) http.RoundTripper{newSlowGate(time.Second)}})
		if res.Totals.Of(journal.Succeeded) != partners || bytes.Count(f.data, []byte(`"intent":`)) != partners {
			t.Errorf("%+v, %d intents", res.Totals, bytes.Count(f.data, []byte(`"intent":`)))
		}
		if took := res.FinishedAt.Sub(res.StartedAt); took > partners*time.Second {
			t.Errorf("%s for %d writes", took, partners)
		}
	})
}

// If no reading is ever new enough, the run ends instead of reading forever.
func TestReadingsNeverFreshEndTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: 12 * time.Second})
		r.with(5, nil)
		p := r.plan(rows(5, "Fabrikam,yes,,,"), "")
		res := r.mustRun(session{plan: p, settings: journal.Settings{MaxAge: 10 * time.Second}})
		if !strings.HasPrefix(res.Stopped, "reading the tenant takes longer than the maximum age of a reading, 10s") || res.Totals.Of(journal.NotAttempted) != 5 || len(r.Writes()) != 0 {
			t.Errorf("stopped %q, %+v, %d writes", res.Stopped, res.Totals, len(r.Writes()))
		}
	})
}

// If the list takes too long to be kept fresh, objects are read by themselves.
func TestALongListIsReplacedByDirectReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: time.Second, PageSize: 10})
		r.with(300, nil)
		p := r.plan(rows(60, "Fabrikam,yes,,,"), "")
		r.ResetRequests()
		began := time.Now()
		res := r.mustRun(session{plan: p, settings: journal.Settings{MaxAge: 20 * time.Second, Concurrency: 2, NoReadBack: true}})
		if res.Totals.Of(journal.Succeeded) != 60 {
			t.Errorf("%+v, stopped %q", res.Totals, res.Stopped)
		}
		if pages, _ := r.gets(); pages != 30 || time.Since(began) > 2*time.Minute {
			t.Errorf("%d pages, %s", pages, time.Since(began))
		}
	})
}

func TestAChangedObjectIsHeldAndUntouched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: 20 * time.Millisecond})
		r.with(3, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Old", false) })
		p := r.plan(rows(3, "Fabrikam,,,,"), "")
		r.Edit(tenant(1), func(p *graphsim.Partner) { p.IdentitySynchronization.DisplayName = ptr("Theirs") })
		r.Edit(tenant(2), func(p *graphsim.Partner) { p.IdentitySynchronization.UserSyncInbound.IsSyncAllowed = ptr(true) })
		r.RemovePartner(tenant(3))
		res := r.mustRun(session{plan: p})
		o := res.Outcomes
		if o[0].Status != journal.Held || o[0].Message != `changed since the plan: displayName is now "Theirs"` || !strings.Contains(string(o[0].Live), "Theirs") ||
			o[0].Reason != journal.ReasonDrifted || o[0].Overwritten {
			t.Errorf("the member that counts: %+v", o[0])
		}
		if o[1].Status != journal.Verified {
			t.Errorf("another member: %+v", o[1])
		}
		if o[2].Status != journal.Held || o[2].Message != "changed since the plan: the partner configuration is gone" {
			t.Errorf("a partner that is gone: %+v", o[2])
		}
		if n := len(r.Writes()); n != 1 {
			t.Errorf("%d writes", n)
		}
	})
}

// While one worker renews the reading, the others continue with the old one.
func TestRenewingDelaysNoWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(60, nil)
		p := r.plan(rows(60, "Fabrikam,yes,,,"), "")
		slow := func(rt http.RoundTripper) http.RoundTripper {
			return layer(func(q *http.Request) (*http.Response, error) {
				if strings.HasSuffix(q.URL.Path, "/partners") {
					time.Sleep(4 * time.Second)
				}
				return rt.RoundTrip(q)
			})
		}
		r.ResetRequests()
		res := r.mustRun(session{plan: p, settings: journal.Settings{MaxAge: 20 * time.Second, NoReadBack: true, Concurrency: 4},
			layers: []func(http.RoundTripper) http.RoundTripper{newSlowGate(500 * time.Millisecond), slow}})
		writes, gap := r.Writes(), time.Duration(0)
		for i := range writes[:len(writes)-2] {
			gap = max(gap, writes[i+1].At.Sub(writes[i].At))
		}
		if pages, single := r.gets(); res.Totals.Of(journal.Succeeded) != 60 || gap > time.Second || pages < 2 || single > 0 {
			t.Errorf("%+v, nothing was sent for %s, %d pages, %d single reads", res.Totals, gap, pages, single)
		}
	})
}
