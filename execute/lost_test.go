package execute_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
	"bulksync/plan"
)

// A lost answer is settled by reading, and nothing is written twice.
func TestALostAnswerIsSettledByReading(t *testing.T) {
	writes := []struct {
		name   string
		method string
		there  func(*graphsim.Partner) // nil: no partner at all
		cells  string
	}{
		{"creating a partner", "POST", nil, "Fabrikam,,,,"},
		{"creating a policy", "PUT", func(*graphsim.Partner) {}, "Fabrikam,yes,,,"},
		{"updating a policy", "PATCH", func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Old", false) }, "Fabrikam,yes,,,"},
		{"updating consent", "PATCH", func(*graphsim.Partner) {}, ",,yes,yes,"},
		{"removing a policy", "DELETE", func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Old", true) }, ",,,,absent"},
	}
	for _, w := range writes {
		for _, kind := range []graphsim.FaultKind{"504-after", "reset-after", "silent-after", "truncated", "reset-before", "silent", "504"} {
			for _, lag := range []time.Duration{0, 1500 * time.Millisecond} {
				t.Run(w.name+"/"+string(kind)+"/lag "+lag.String(), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						r := newRig(t, graphsim.Config{Latency: 20 * time.Millisecond, ReadLag: lag})
						if w.there != nil {
							r.with(3, w.there)
						}
						r.Inject(graphsim.Fault{Kind: kind, Method: w.method, Nth: 2})
						p := r.plan(rows(3, w.cells), "")
						res := r.mustRun(session{plan: p, settings: journal.Settings{Concurrency: 1}})
						if res.Totals.Of(journal.Verified) != len(p.Changes) {
							t.Errorf("totals %+v", res.Totals)
						}
						committed := 0
						for _, q := range r.Writes() {
							if q.Committed {
								committed++
							}
						}
						if committed != len(p.Changes) {
							t.Errorf("%d writes took effect for %d changes", committed, len(p.Changes))
						}
						if u := r.UnusedFaults(); len(u) > 0 {
							t.Errorf("unused: %v", u)
						}
					})
				})
			}
		}
	}
}

// A write that cannot be settled is indeterminate and says why.
func TestAnUnsettledWriteIsIndeterminate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{})
		r.with(1, nil)
		p := r.plan(rows(1, "Fabrikam,yes,,,"), "")
		r.Inject(graphsim.Fault{Kind: "reset-after", Method: "PUT"}, graphsim.Fault{Kind: "500", Method: "GET", Path: "partner"})
		f := newTape()
		res := r.mustRun(session{plan: p, tape: f})
		o := res.Outcomes[0]
		if o.Status != journal.Indeterminate || !strings.Contains(o.Message, "could not be read") || o.ClientRequestID == "" {
			t.Fatalf("%+v", o)
		}
		r.ClearFaults()
		again := r.mustRun(session{plan: p, tape: f})
		if got := again.Outcomes[0]; got.Status != journal.Verified || got.ClientRequestID != o.ClientRequestID {
			t.Errorf("after resuming: %+v", got)
		}
		if n := len(r.Writes()); n != 1 {
			t.Errorf("%d writes", n)
		}
	})
}

// What somebody changed after a lost answer is not overwritten.
func TestAnEditAfterALostAnswerStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: 20 * time.Millisecond})
		r.with(1, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Old", false) })
		p := r.plan(rows(1, "Fabrikam,yes,,,"), "")
		r.Inject(graphsim.Fault{Kind: "silent-after", Method: "PATCH"})
		time.AfterFunc(10*time.Second, func() {
			r.Edit(tenant(1), func(p *graphsim.Partner) { p.IdentitySynchronization.DisplayName = ptr("Theirs") })
		})
		res := r.mustRun(session{plan: p})
		o := res.Outcomes[0]
		if o.Status != journal.Indeterminate || !strings.Contains(o.Message, `displayName is now "Theirs"`) || !strings.Contains(string(o.Live), "Theirs") {
			t.Errorf("%+v", o)
		}
		if n := len(r.Writes()); n != 1 {
			t.Errorf("%d writes", n)
		}
	})
}

// On a conflict and on a missing object the other verb is sent, once.
func TestTheOtherVerbIsSentOnce(t *testing.T) {
	has := func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Old", false) }
	none := func(p *graphsim.Partner) { p.IdentitySynchronization = nil }
	other := func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Theirs", false) }
	same := func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Fabrikam", true) }
	for _, c := range []struct {
		name            string
		planned, really func(*graphsim.Partner)
		cells, sent     string
		want            journal.Status
	}{
		{"a policy that is there after all is updated", none, other, "Fabrikam,yes,,,", "PUT PATCH", journal.Verified},
		{"a policy that is as wanted already is left", none, same, "Fabrikam,yes,,,", "PUT", journal.Unchanged},
		{"a policy that is gone is created whole", has, none, "Fabrikam,,,,", "PATCH PUT", journal.Verified},
		{"a policy that is gone need not be removed", has, none, ",,,,absent", "DELETE", journal.Unchanged},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, graphsim.Config{Latency: 20 * time.Millisecond})
				r.with(1, c.planned)
				p := r.plan(rows(1, c.cells), "")
				f := newTape()
				// The other edit comes when the reading is done.
				time.AfterFunc(25*time.Millisecond, func() { r.Edit(tenant(1), c.really) })
				res := r.mustRun(session{plan: p, tape: f})
				var sent []string
				for _, q := range r.Writes() {
					sent = append(sent, q.Method)
				}
				if got := strings.Join(sent, " "); got != c.sent {
					t.Errorf("sent %s, want %s", got, c.sent)
				}
				if o := res.Outcomes[0]; o.Status != c.want {
					t.Errorf("%+v", o)
				}
			})
		})
	}
}

// The undo of a create that was sent as an update restores what was found.
func TestTheUndoOfAReroutedCreate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: 20 * time.Millisecond})
		r.with(1, nil)
		p := r.plan(rows(1, "Fabrikam,yes,,,"), "")
		time.AfterFunc(25*time.Millisecond, func() {
			r.Edit(tenant(1), func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Theirs", false) })
		})
		res := r.mustRun(session{plan: p})
		if !json.Valid(res.Outcomes[0].Found) {
			t.Fatalf("%+v", res.Outcomes[0])
		}
		r.undo(p, res)
		got, _ := r.Partner(tenant(1))
		if y := got.IdentitySynchronization; y == nil || *y.DisplayName != "Theirs" || *y.UserSyncInbound.IsSyncAllowed {
			t.Errorf("%+v", y)
		}
	})
}

// A change that was sent by the other verb is compared with what it replaced,
// which a lag may still show for a while. Undo restores that, whether the
// answer came, was lost, or the process was killed before it came.
func TestAReroutedChangeGoesBackToWhatWasThere(t *testing.T) {
	theirs := func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Theirs", true) }
	none := func(p *graphsim.Partner) { p.IdentitySynchronization = nil }
	for name, c := range map[string]struct {
		planned, really func(*graphsim.Partner)
		second          string
	}{
		"they created it": {none, theirs, "PATCH"},
		"they removed it": {theirs, none, "PUT"},
	} {
		for _, lag := range []time.Duration{0, 30 * time.Second} {
			for _, ends := range []string{"", "503-after", "killed before", "killed after"} {
				t.Run(name+"/"+lag.String()+"/"+ends, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						r := newRig(t, graphsim.Config{Latency: 20 * time.Millisecond, ReadLag: lag})
						r.with(1, c.planned)
						time.Sleep(time.Minute)
						p, f := r.plan(rows(1, "Fabrikam,yes,,,"), ""), newTape()
						time.AfterFunc(25*time.Millisecond, func() { r.Edit(tenant(1), c.really) })
						r.killOrLose(f, p, c.second, ends)
						res := r.mustRun(session{plan: p, tape: f})
						if res.Totals.Of(journal.Failed) == 1 && lag > 0 && ends != "" { // it was read and sent again in vain
							time.Sleep(time.Minute)
							r.ClearFaults()
							res = r.mustRun(session{plan: p, tape: f})
						}
						if o := res.Outcomes[0]; o.Status != journal.Verified || o.Found == nil {
							t.Errorf("%+v", o)
						}
						time.Sleep(time.Minute)
						r.ClearFaults()
						r.undo(p, r.replay(p, f))
						want := graphsim.Partner{}
						c.really(&want)
						got, _ := r.Partner(tenant(1))
						if is, was := got.IdentitySynchronization, want.IdentitySynchronization; (is == nil) != (was == nil) || is != nil && *is.DisplayName != "Theirs" {
							t.Errorf("undo leaves %+v", is)
						}
					})
				})
			}
		}
	}
}

// killOrLose makes the second write of a run lose its answer, or plays a
// session that is killed just before or just after that write.
func (r *rig) killOrLose(f *tape, p *plan.Plan, method, ends string) {
	switch ends {
	case "":
	case "503-after":
		r.Inject(graphsim.Fault{Kind: "503-after", Method: method, Nth: 1})
	default:
		ctx, kill := context.WithCancel(r.t.Context())
		defer kill()
		die := func(rt http.RoundTripper) http.RoundTripper {
			return layer(func(q *http.Request) (*http.Response, error) {
				if q.Method != method {
					return rt.RoundTrip(q)
				}
				f.die()
				defer kill()
				if ends == "killed before" {
					return nil, errDead
				}
				return rt.RoundTrip(q)
			})
		}
		if _, err := r.run(ctx, session{plan: p, tape: f, layers: []func(http.RoundTripper) http.RoundTripper{die}}); err == nil {
			r.t.Error("it was not killed")
		}
		f.revive(0)
	}
}

// An object in the soft-delete window is created once the window closes.
func TestCreateAfterASoftDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{DeleteWindow: 20 * time.Second})
		r.with(1, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Fabrikam", true) })
		r.mustRun(session{plan: r.plan(rows(1, ",,,,absent"), "")})
		res := r.mustRun(session{plan: r.plan(rows(1, "Fabrikam,yes,,,"), "")})
		if res.Totals.Of(journal.Verified) != 1 {
			t.Errorf("%+v", res.Outcomes)
		}
	})
}
