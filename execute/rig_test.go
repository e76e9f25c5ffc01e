package execute_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/plan"
	"bulksync/plan/approval"
	"bulksync/plan/desired"
)

const graphURL = "https://graph.microsoft.com"

// tenant returns a tenant ID that is easy to recognize.
func tenant(n int) string { return fmt.Sprintf("%08d-aaaa-4bbb-8ccc-%012d", n, n) }

// rig is a tenant and what runs against it.
type rig struct {
	*graphsim.Sim
	t testing.TB
}

func newRig(t testing.TB, cfg graphsim.Config) *rig { return &rig{graphsim.New(cfg), t} }

func (r *rig) client(layers ...func(http.RoundTripper) http.RoundTripper) *graph.Client {
	token := r.Token(graphsim.TokenOptions{Lifetime: 1000 * time.Hour})
	layers = append(layers, func(rt http.RoundTripper) http.RoundTripper { return bearer{rt, token} })
	c, err := graph.New(graph.Options{RootURL: graphURL, UserAgent: "bulksync/test", Base: r.Transport(), Layers: layers})
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// plan plans a CSV, and a template body if there is one.
func (r *rig) plan(csv, template string) *plan.Plan {
	r.t.Helper()
	ctx := r.t.Context()
	d := plan.Desired{CreatePartners: true}
	must := func(err error) {
		if err != nil {
			r.t.Helper()
			r.t.Fatal(err)
		}
	}
	needs := plan.Needs{Template: template != ""}
	var err error
	if csv != "" {
		rows, err := desired.ReadRows(ctx, strings.NewReader(csv), "partners.csv")
		must(err)
		d.Partners, err = rows.Resolve("", nil)
		must(err)
		needs.Whole = rows.RemovesPartners()
	}
	if template != "" {
		d.Template, err = desired.ReadTemplate(strings.NewReader(template), "template.json")
		must(err)
	}
	cur, err := plan.ReadCurrent(ctx, r.client(), needs)
	must(err)
	head := plan.Head{
		Tool: plan.Tool{Name: "bulksync", Version: "1.0.0"}, CreatedAt: time.Now(),
		HomeTenant: graph.HomeTenant{ID: graphsim.DefaultHomeTenant, Cloud: graph.Global, GraphURL: graphURL},
	}
	p, err := plan.Build(head, d, cur)
	must(err)
	return p
}

// rows writes a CSV whose every row wants the same of partners 1 to n.
func rows(n int, cells string) string {
	var b strings.Builder
	b.WriteString("tenantId,displayName,isSyncAllowed,inboundConsent,outboundConsent,ensure\n")
	for i := range n {
		fmt.Fprintf(&b, "%s,%s\n", tenant(i+1), cells)
	}
	return b.String()
}

// with adds partners 1 to n, each edited by edit.
func (r *rig) with(n int, edit func(*graphsim.Partner)) {
	for i := range n {
		p := graphsim.Partner{TenantID: tenant(i + 1)}
		if edit != nil {
			edit(&p)
		}
		r.SetPartner(p)
	}
}

// session is one process's work on a run.
type session struct {
	plan     *plan.Plan
	tape     *tape
	prior    *journal.Log // of the tape; nil: not replayed yet
	settings journal.Settings
	stop     context.Context
	observe  func(journal.Outcome)
	pace     func() journal.Pace
	layers   []func(http.RoundTripper) http.RoundTripper
	wall     func() time.Time
	// approvals say what the session leaves out.
	approvals []approval.Approval
}

// run begins or resumes the run of the session's tape.
func (r *rig) run(ctx context.Context, s session) (*journal.Result, error) {
	prior, last := s.prior, ""
	if prior == nil && s.tape.begun() {
		prior = r.log(s.plan, s.tape)
	}
	if prior != nil {
		last = prior.LastSum()
		s.tape.cut(int(prior.Size))
	} else {
		s.tape.cut(0)
	}
	c := r.client(s.layers...)
	reading, err := execute.Prepare(ctx, c, s.plan)
	if err != nil {
		return nil, fmt.Errorf("preparing: %w", err)
	}
	return execute.Run(execute.Stops{Soft: s.stop, Hard: ctx}, execute.Config{
		Client: c, Plan: s.plan, Reading: reading, Journal: journal.New(s.tape, last), Prior: prior,
		Header: journal.Run{RunID: "run", Identity: journal.Identity{Kind: "app", AppID: "test"}, Settings: s.settings, Approvals: s.approvals}, Observe: s.observe, Pace: s.pace, Wall: s.wall,
	})
}

// killed is run in a process that is killed after two seconds.
func (r *rig) killed(s session) {
	r.t.Helper()
	ctx, kill := context.WithCancel(r.t.Context())
	time.AfterFunc(2*time.Second, func() { s.tape.die(); kill() })
	if _, err := r.run(ctx, s); err == nil {
		r.t.Fatal("it was not killed")
	}
	s.tape.revive(0)
}

// mustRun is run if nothing can go wrong with the journal.
func (r *rig) mustRun(s session) *journal.Result {
	r.t.Helper()
	if s.tape == nil {
		s.tape = newTape()
	}
	res, err := r.run(r.t.Context(), s)
	if err != nil {
		r.t.Fatal(err)
	}
	return res
}

// tape is a journal in memory: its disk can be slow, full, or lose power in the
// middle of a line.
type tape struct {
	mu     sync.Mutex
	data   []byte
	synced int
	slow   time.Duration
	syncs  int

	limit int // bytes until something happens; -1: never
	dead  bool
	kill  func() // what happens then; nil: the disk is full
}

var errDead = errors.New("no space left on device")

func newTape() *tape { return &tape{limit: -1} }

// begun reports whether the run's first line is whole.
func (f *tape) begun() bool { return bytes.IndexByte(f.data, '\n') >= 0 }

func (f *tape) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead {
		return 0, errDead
	}
	if f.limit >= 0 && len(f.data)+len(p) > f.limit {
		n := max(0, f.limit-len(f.data))
		f.data = append(f.data, p[:n]...)
		f.dead = true
		if f.kill != nil {
			f.kill()
		}
		return n, errDead
	}
	f.data = append(f.data, p...)
	return len(p), nil
}

func (f *tape) Sync() error {
	if f.slow > 0 {
		time.Sleep(f.slow)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead {
		return errDead
	}
	f.syncs++
	f.synced = len(f.data)
	return nil
}

// cut removes a torn last line, as a process does before it continues.
func (f *tape) cut(size int) { f.data, f.synced = f.data[:size], size }

// die ends the process that writes.
func (f *tape) die() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead = true
}

// revive makes the disk work again, without the lost share of the unsynced
// bytes.
func (f *tape) revive(lost float64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	unsynced := len(f.data) - f.synced
	f.data = f.data[:len(f.data)-int(lost*float64(unsynced))]
	f.dead, f.limit, f.kill, f.synced = false, -1, nil, len(f.data)
}

// statuses lists the status of each change, in plan order.
func statuses(r *journal.Result) []journal.Status {
	var all []journal.Status
	for _, o := range r.Outcomes {
		all = append(all, o.Status)
	}
	return all
}

// totals builds Totals from pairs of a status and a number.
func totals(pairs ...any) (t journal.Totals) {
	for i := 0; i < len(pairs); i += 2 {
		t.Add(pairs[i].(journal.Status), pairs[i+1].(int))
	}
	return t
}

// log replays the journal of a tape.
func (r *rig) log(p *plan.Plan, f *tape) *journal.Log {
	r.t.Helper()
	l, err := journal.Replay(p, bytes.NewReader(f.data))
	if err != nil {
		r.t.Fatalf("a journal of ours does not replay: %v", err)
	}
	return l
}

// Syncs lists the partners that have a synchronization policy.
func (r *rig) Syncs() (ids []string) {
	for _, p := range r.State().Partners {
		if p.IdentitySynchronization != nil {
			ids = append(ids, p.TenantID)
		}
	}
	return ids
}

func (r *rig) replay(p *plan.Plan, f *tape) *journal.Result {
	r.t.Helper()
	return r.log(p, f).Result()
}

func ptr[T any](v T) *T { return &v }

// hidden shows no synchronization policy: null in lists, 404 when one is
// requested.
func hidden() []func(http.RoundTripper) http.RoundTripper {
	policy := regexp.MustCompile(`"identitySynchronization":\{[^{}]*(\{[^{}]*\})?[^{}]*\}`)
	return []func(http.RoundTripper) http.RoundTripper{func(rt http.RoundTripper) http.RoundTripper {
		return layer(func(q *http.Request) (*http.Response, error) {
			res, err := rt.RoundTrip(q)
			if err != nil || q.Method != http.MethodGet {
				return res, err
			}
			body, err := io.ReadAll(res.Body)
			if strings.HasSuffix(q.URL.Path, "/identitySynchronization") {
				res.StatusCode, body = http.StatusNotFound, []byte(`{"error":{"code":"Request_ResourceNotFound","message":"Resource does not exist."}}`)
			}
			body = policy.ReplaceAll(body, []byte(`"identitySynchronization":null`))
			res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			return res, err
		})
	}}
}

// refusal is an answer that replaces Graph's.
func refusal(q *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}, "Request-Id": {"ours"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: q,
	}
}
