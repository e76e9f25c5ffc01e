package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/plan"
)

// recording is what a reading left behind: its requests, in the order in which
// they ended, and the bodies by the names of their files.
type recording struct {
	mu       sync.Mutex
	requests []Request
	bodies   map[string][]byte
	reading  int
}

func (r *recording) keep(x graph.Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.requests) + 1
	req := Request{Seq: n, Reading: max(r.reading, 1), Method: x.Method, URL: x.URL, Status: x.Status, File: fmt.Sprint(n)}
	r.requests = append(r.requests, req)
	r.bodies[req.File] = bytes.Clone(x.Body)
}

func (r *recording) body(x *Request) ([]byte, error) { return r.bodies[x.File], nil }

// signedIn puts a token on each request, and lets the third one wait.
type signedIn struct {
	token string
	next  http.RoundTripper
	late  time.Duration
	n     *atomic.Int32
}

func (s signedIn) RoundTrip(req *http.Request) (*http.Response, error) {
	if s.n.Add(1) == 3 && s.late > 0 {
		time.Sleep(s.late)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	return s.next.RoundTrip(req)
}

// recorded reads a simulated tenant once, which must work, and keeps what was
// exchanged. The third request waits for late.
func recorded(t *testing.T, sim *graphsim.Sim, needs plan.Needs, late time.Duration) (*plan.Current, *recording) {
	t.Helper()
	rec := &recording{bodies: map[string][]byte{}}
	token, n := sim.Token(graphsim.TokenOptions{Lifetime: 24 * time.Hour}), atomic.Int32{}
	client, err := graph.New(graph.Options{
		RootURL: graph.Global.RootURL(), Base: sim.Transport(),
		Layers: []func(http.RoundTripper) http.RoundTripper{
			func(next http.RoundTripper) http.RoundTripper { return signedIn{token, next, late, &n} }, graph.Record(rec.keep),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	cur, err := plan.ReadCurrent(t.Context(), client, needs)
	if err != nil {
		t.Fatal(err)
	}
	return cur, rec
}

// A reading is read again from its recording alone and is the same, whatever
// happened while it was made, and without a moment's wait.
func TestAReadingIsReadAgain(t *testing.T) {
	for _, c := range []struct {
		name   string
		faults []string
		needs  plan.Needs
		broken bool
		late   time.Duration
	}{
		{"plain", nil, plan.Needs{}, false, 0},
		{"everything", nil, plan.Needs{Template: true, Domains: []string{"a.example", "nobody.example"}}, false, 0},
		{"throttled", []string{"429,method=GET,times=3,retry-after=7s"}, plan.Needs{Template: true}, false, 0},
		{"a page token expired", nil, plan.Needs{}, false, 2 * time.Hour},
		{"pages that contradict", []string{"moved,nth=2"}, plan.Needs{}, false, 0},
		{"pages without the policies", []string{"unexpanded,nth=3"}, plan.Needs{}, false, 0},
		{"a first page that is no answer", []string{"html,times=1"}, plan.Needs{}, false, 0},
		{"resets and gateways", []string{"reset-before,every=3", "502,every=4"}, plan.Needs{Template: true, Domains: []string{"a.example", "b.example"}}, false, 0},
		{"a partner that cannot be read", nil, plan.Needs{}, true, 0},
		{"relative links", []string{"relative-link"}, plan.Needs{}, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := graphsim.New(graphsim.Config{Partners: 23, PageSize: 4})
				sim.AddTenant(graphsim.Tenant{TenantID: "90e29127-71ad-49c7-9ce8-db3f41ea06f1", DefaultDomainName: "a.example"})
				if c.broken {
					id := sim.Partners()[7].TenantID
					sim.Break(id, `{"tenantId":"`+id+`","inboundTrust":7}`)
				}
				for _, spec := range c.faults {
					f, err := graphsim.ParseFault(spec)
					if err != nil {
						t.Fatal(err)
					}
					sim.Inject(f)
				}
				cur, rec := recorded(t, sim, c.needs, c.late)
				if unused := sim.UnusedFaults(); len(unused) > 0 {
					t.Fatalf("%v never struck", unused)
				}
				r, ctx := newReplayer(t.Context(), rec.requests, rec.body)
				again, err := readAgain(ctx, graph.Global.RootURL(), r, c.needs)
				if err != nil {
					t.Fatal(err)
				}
				if restarts := c.late > 0 || c.name == "pages that contradict"; restarts != (len(cur.Restarts) > 0) {
					t.Errorf("restarts: %v", cur.Restarts)
				}
				cur.Restarts = nil // it is asked only for what was believed at last
				if !reflect.DeepEqual(cur, again) {
					t.Errorf("read again: %+v\nwas: %+v", again.Read, cur.Read)
				}
			})
		})
	}
}

// A recording that does not hold a complete reading is found out at once.
func TestARecordingWithAHoleEndsTheReading(t *testing.T) {
	sim := graphsim.New(graphsim.Config{Partners: 9, PageSize: 4})
	_, rec := recorded(t, sim, plan.Needs{Template: true}, 0)
	for _, c := range []struct {
		name, why string
		alter     func([]Request) []Request
		body      string // of all answers; empty for their own
	}{
		{"a page is missing", "no answer was recorded", func(all []Request) []Request { return all[:2] }, ""},
		{"nothing", "no answer was recorded", func([]Request) []Request { return nil }, ""},
		{"a refusal at last", "its last answer is 429", func(all []Request) []Request { all[0].Status = 429; return all }, ""},
		{"no JSON", "its last answer is not one", func(all []Request) []Request { return all }, "<html>"},
		{"nobody", "no answer was recorded", func(all []Request) []Request { return all }, `{"value":[{"tenantId":"90e29127-71ad-49c7-9ce8-db3f41ea06f1"}]}`},
		{"an answer that cannot be read", "the file is gone", func(all []Request) []Request { all[1].File = ""; return all }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				all := c.alter(append([]Request{}, rec.requests...))
				r, ctx := newReplayer(t.Context(), all, func(x *Request) ([]byte, error) {
					switch {
					case x.File == "":
						return nil, &ReplayError{x.URL, "the file is gone"}
					case c.body != "":
						return []byte(c.body), nil
					}
					return rec.body(x)
				})
				_, err := readAgain(ctx, graph.Global.RootURL(), r, plan.Needs{Template: true})
				var replay *ReplayError
				if !errors.As(err, &replay) || !bytes.Contains([]byte(replay.Why), []byte(c.why)) {
					t.Errorf("%v, want %s", err, c.why)
				}
			})
		})
	}
}

// An interrupt is no fault of the recording.
func TestReadingAgainCanBeInterrupted(t *testing.T) {
	sim := graphsim.New(graphsim.Config{Partners: 9, PageSize: 4})
	_, rec := recorded(t, sim, plan.Needs{}, 0)
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	r, ctx := newReplayer(stopped, rec.requests, rec.body)
	if _, err := readAgain(ctx, graph.Global.RootURL(), r, plan.Needs{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
