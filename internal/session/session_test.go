package session_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/internal/session"
	"bulksync/ratelimit"
)

// roundTrip is a fake wire.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, header http.Header, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: header, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body))}
}

// open is a session in the tenant of sim, with these additional options.
func open(t *testing.T, sim *graphsim.Sim, o session.Options) *session.Session {
	t.Helper()
	o.Token = sim.Token(graphsim.TokenOptions{})
	if o.Base == nil {
		o.Base = sim.Transport()
	}
	s, err := session.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// put sends one write, which is not retried.
func put(ctx context.Context, s *session.Session) error {
	_, err := s.Client().Do(ctx, graph.Request{Method: http.MethodPut, Path: "/policies", MaxAttempts: 1})
	return err
}

// list reads the partners.
func list(ctx context.Context, s *session.Session) error {
	return s.Client().ListPartners(ctx, func(graph.Page) error { return nil })
}

func TestOpen(t *testing.T) {
	sim := graphsim.New(graphsim.Config{Partners: 3})
	s := open(t, sim, session.Options{})
	if got, want := s.Home(), (graph.HomeTenant{ID: sim.HomeTenant(), Cloud: graph.Global, GraphURL: "https://graph.microsoft.com"}); got != want {
		t.Errorf("at work on %+v, want %+v", got, want)
	}
	if id := s.Identity(); id.AppID != graphsim.DefaultAppID {
		t.Errorf("it is %+v who is at work", id)
	}
	partners := 0
	if err := s.Client().ListPartners(t.Context(), func(p graph.Page) error { partners += len(p.Partners); return nil }); err != nil || partners < 3 {
		t.Errorf("%d partners: %v", partners, err)
	}
	s = open(t, sim, session.Options{Cloud: graph.China, GraphURL: "http://LOCALHOST:1/"})
	if got, want := s.Home(), (graph.HomeTenant{ID: sim.HomeTenant(), Cloud: graph.China, GraphURL: "http://localhost:1"}); got != want {
		t.Errorf("at work on %+v, want %+v", got, want)
	}
}

// The headers of each request, given and by default.
func TestHeaders(t *testing.T) {
	sim := graphsim.New(graphsim.Config{})
	for given, want := range map[graph.Priority]string{"": "low", graph.HighPriority: "high"} {
		var got http.Header
		s := open(t, sim, session.Options{Priority: given, UserAgent: "test/1", Base: roundTrip(func(r *http.Request) (*http.Response, error) {
			got = r.Header
			return answer(http.StatusNoContent, http.Header{}, ""), nil
		})})
		if err := put(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		if p := got.Get("x-ms-throttle-priority"); p != want || got.Get("User-Agent") != "test/1" || !strings.HasPrefix(got.Get("Authorization"), "Bearer ey") {
			t.Errorf("priority %s, want %s; %v", p, want, got)
		}
	}
}

// Every attempt is recorded, with the body that the client reads.
func TestRecord(t *testing.T) {
	sim := graphsim.New(graphsim.Config{Partners: 5, PageSize: 2})
	var all []graph.Exchange
	s := open(t, sim, session.Options{Record: func(x graph.Exchange) { all = append(all, x) }})
	if err := errors.Join(list(t.Context(), s), put(t.Context(), s)); err == nil {
		t.Error("a write to nowhere was accepted")
	}
	asked := sim.Requests()
	if len(all) != len(asked) || len(all) < 4 {
		t.Fatalf("%d of %d attempts were recorded", len(all), len(asked))
	}
	for i, x := range all {
		if x.Method != asked[i].Method || x.Status != asked[i].Status || x.ClientRequestID == "" || len(x.Body) == 0 || x.Date == "" {
			t.Errorf("attempt %d: %+v", i, x)
		}
	}
}

// A token for another tenant than the one asked for is refused.
func TestAnotherTenantIsRefused(t *testing.T) {
	const theirs = "22222222-2222-4222-8222-222222222222"
	sim := graphsim.New(graphsim.Config{})
	_, err := session.Open(t.Context(), session.Options{Tenant: theirs, Token: sim.Token(graphsim.TokenOptions{}), Base: sim.Transport()})
	var other *session.MismatchError
	if !errors.As(err, &other) || !errors.Is(err, session.ErrOtherTenant) || other.Want != theirs || other.Have != sim.HomeTenant() {
		t.Fatalf("got %v", err)
	}
	if want := "another home tenant: " + sim.HomeTenant() + ", not " + theirs; err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	open(t, sim, session.Options{Tenant: sim.HomeTenant()})
}

func TestSignInThatFails(t *testing.T) {
	none := base64.RawURLEncoding.EncodeToString([]byte(`{}`))
	for name, token := range map[string]string{"no token at all": "word", "a token of no tenant": none + "." + none + ".x"} {
		_, err := session.Open(t.Context(), session.Options{Token: token})
		if !errors.As(err, new(*session.SignInError)) || errors.Is(err, session.ErrNoTenant) != strings.Contains(name, "tenant") || err.Error() == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, stop := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	stop(enough)
	if _, err := session.Open(ctx, session.Options{Token: "word"}); err != enough {
		t.Errorf("after its end: %v", err)
	}
}

// Invalid options are refused before anybody is asked for a token.
func TestOptionsAreCheckedFirst(t *testing.T) {
	for name, o := range map[string]session.Options{
		"a token in clear": {GraphURL: "http://graph.example"}, "no pace": {Pace: ratelimit.Options{Capacity: 2}},
	} {
		if _, err := session.Open(t.Context(), o); err == nil || errors.As(err, new(*session.SignInError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGuard(t *testing.T) {
	sim := graphsim.New(graphsim.Config{})
	s := open(t, sim, session.Options{GraphURL: "http://127.0.0.1:1"})
	mine := s.Home()
	with := func(change func(*graph.HomeTenant)) graph.HomeTenant {
		h := mine
		change(&h)
		return h
	}
	for _, tc := range []struct {
		name string
		home graph.HomeTenant
		want error
	}{
		{"its own", mine, nil},
		{"a rehearsal moved", with(func(h *graph.HomeTenant) { h.GraphURL = "http://localhost:2" }), nil},
		{"the real one", with(func(h *graph.HomeTenant) { h.GraphURL = "https://graph.microsoft.com" }), session.ErrOtherHost},
		{"another cloud", with(func(h *graph.HomeTenant) { h.Cloud = graph.China }), session.ErrOtherCloud},
		{"another tenant", with(func(h *graph.HomeTenant) { h.ID = "x" }), session.ErrOtherTenant},
	} {
		if err := s.Guard(tc.home); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	real := open(t, sim, session.Options{})
	if err := real.Guard(mine); !errors.Is(err, session.ErrOtherHost) || err.Error() != "another Graph host: https://graph.microsoft.com, not http://127.0.0.1:1" {
		t.Errorf("a rehearsal for real: %v", err)
	}
}

// What Graph says about pace reaches the pacing layer.
func TestPaceSignals(t *testing.T) {
	for _, tc := range []struct {
		name             string
		status           int
		header           http.Header
		body             string
		refused, crowded int64
	}{
		{"quota", http.StatusTooManyRequests, http.Header{"Retry-After": {"20"}}, "", 1, 0},
		{"busy, with a time", http.StatusServiceUnavailable, http.Header{"Retry-After": {"20"}}, "", 1, 0},
		{"a fault", http.StatusServiceUnavailable, http.Header{}, "", 0, 0},
		{"crowded", http.StatusConflict, http.Header{"Content-Type": {"application/json"}}, `{"error":{"code":"Directory_ConcurrencyViolation","message":"x"}}`, 0, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := open(t, graphsim.New(graphsim.Config{}), session.Options{Base: roundTrip(func(*http.Request) (*http.Response, error) {
					return answer(tc.status, tc.header, tc.body), nil
				})})
				ctx, cancel := context.WithCancel(t.Context())
				var gone sync.WaitGroup
				gone.Go(func() { put(ctx, s) })
				synctest.Wait()
				w := s.Writes()
				if w.Refused != tc.refused || w.Conflicts != tc.crowded || (w.PauseLeftSeconds == 20) != (tc.refused > 0) {
					t.Errorf("refused %d, crowded %d, left %v", w.Refused, w.Conflicts, w.PauseLeftSeconds)
				}
				cancel()
				gone.Wait()
			})
		})
	}
}

// Two sessions share no pace: throttling one does not delay the other.
func TestSessionsShareNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := open(t, graphsim.New(graphsim.Config{}), session.Options{Base: roundTrip(func(*http.Request) (*http.Response, error) {
			return answer(http.StatusTooManyRequests, http.Header{"Retry-After": {"60"}}, ""), nil
		})})
		free := open(t, graphsim.New(graphsim.Config{}), session.Options{Base: roundTrip(func(*http.Request) (*http.Response, error) {
			return answer(http.StatusNoContent, http.Header{}, ""), nil
		})})
		ctx, cancel := context.WithCancel(t.Context())
		var gone sync.WaitGroup
		gone.Go(func() { put(ctx, refused) })
		synctest.Wait()
		began := time.Now()
		if err := put(t.Context(), free); err != nil || time.Since(began) > 0 {
			t.Errorf("the other session took %s: %v", time.Since(began), err)
		}
		if w := free.Writes(); w.Refused != 0 || w.Accepted != 1 {
			t.Errorf("%+v", w)
		}
		cancel()
		gone.Wait()
	})
}

// An estimate rests on how long answers have taken so far, and on a given pace.
func TestEstimate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 8 * time.Second})
		s := open(t, sim, session.Options{Pace: ratelimit.Options{Concurrency: 1, MaxRate: 100}})
		before, _ := s.Estimate(10)
		if err := list(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		if after, _ := s.Estimate(10); before >= 10*time.Second || after < 79*time.Second || after > 81*time.Second {
			t.Errorf("10 writes of 8 s one by one: %s, and %s before an answer", after, before)
		}
	})
}

// An outage is reported at each interval while it lasts, and not after the end.
func TestWatchOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{})
		s := open(t, sim, session.Options{Outage: 10 * time.Minute})
		var told []time.Duration
		end := s.WatchOutage(20*time.Second, func(d time.Duration) { told = append(told, d) })
		time.Sleep(65 * time.Second)
		if _, down := s.DownFor(); down || len(told) > 0 {
			t.Errorf("told of %v", told)
		}
		sim.Inject(graphsim.Fault{Kind: "refused"})
		ctx, cancel := context.WithCancel(t.Context())
		var gone sync.WaitGroup
		gone.Go(func() { list(ctx, s) })
		time.Sleep(50 * time.Second)
		if d, down := s.DownFor(); !down || d != 50*time.Second {
			t.Errorf("down for %s: %v", d, down)
		}
		end()
		if !slices.Equal(told, []time.Duration{15 * time.Second, 35 * time.Second}) {
			t.Errorf("told of %v", told)
		}
		time.Sleep(time.Minute)
		if len(told) != 2 {
			t.Errorf("told of %v after the end", told)
		}
		cancel()
		gone.Wait()
	})
}

// A wait of less than a minute for an outage also bounds the wait for one
// answer.
func TestAShortOutageBoundsAnAnswer(t *testing.T) {
	for outage, want := range map[time.Duration]map[string]time.Duration{
		5 * time.Second:  {"read": 5 * time.Second, "write": 5 * time.Second},
		40 * time.Second: {"read": 40 * time.Second, "write": 30 * time.Second},
		0:                {"read": 2 * time.Minute, "write": 30 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			sim := graphsim.New(graphsim.Config{})
			sim.Inject(graphsim.Fault{Kind: "silent"})
			s := open(t, sim, session.Options{Outage: outage})
			for verb, ask := range map[string]func(context.Context, *session.Session) error{"read": list, "write": put} {
				began := time.Now()
				err := ask(t.Context(), s)
				if took := time.Since(began); err == nil || took != want[verb] {
					t.Errorf("an outage of %s: a %s took %s: %v", outage, verb, took, err)
				}
			}
		})
	}
}

// At level debug the log has a line for each attempt, with neither a token nor
// a URL's query.
func TestLog(t *testing.T) {
	sim := graphsim.New(graphsim.Config{Partners: 3, PageSize: 2})
	for level, want := range map[slog.Level]int{slog.LevelInfo: 0, slog.LevelDebug: 2} {
		var b strings.Builder
		s := open(t, sim, session.Options{Log: slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: level}))})
		if err := list(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		if n := strings.Count(text, "msg=answer method=GET path=/v1.0/policies/crossTenantAccessPolicy/partners elapsedMs="); n < want || want == 0 && text != "" {
			t.Errorf("at the level %s:\n%s", level, text)
		}
		if strings.Contains(text, "eyJ") || strings.Contains(text, "skiptoken") || strings.Contains(text, "?") {
			t.Errorf("the log says too much:\n%s", text)
		}
		if want > 0 && (!strings.Contains(text, "status=200 requestId=") || !strings.Contains(text, "clientRequestId=")) {
			t.Errorf("the log says too little:\n%s", text)
		}
	}
	var b strings.Builder
	s := open(t, sim, session.Options{
		Log:  slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Base: roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("no wire") }),
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	put(ctx, s)
	if !strings.Contains(b.String(), `msg="no answer" method=PUT`) || !strings.Contains(b.String(), `error="no wire"`) {
		t.Error(b.String())
	}
}
