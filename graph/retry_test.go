package graph_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph"
	"bulksync/graph/graphsim"
)

type answers = []func(*http.Request) (*http.Response, error)

// span is the range of a wait.
type span struct{ least, most time.Duration }

func exactly(d time.Duration) span { return span{d, d} }

// The waits if an answer names none: between half a second and a second (after a
// fault, a tenth of that), doubled each time.
func doubling(first time.Duration, n int) (waits []span) {
	for i := range n {
		waits = append(waits, span{first << i / 2, first << i})
	}
	return waits
}

const (
	sec   = time.Second
	fault = 100 * time.Millisecond
)

var (
	done     = answer(200, `{"@odata.context":"c","templateApplicationLevel":"none","userSyncInbound":null}`)
	htmlPage = answer(502, "<html><body>502 Bad Gateway</body></html>", "Content-Type: text/html")
	reset    = failure(&net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET})
	noDial   = failure(&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED})
	noName   = failure(&net.DNSError{Err: "no such host", Name: "graph.microsoft.com", IsNotFound: true})
)

func throttled(header ...string) func(*http.Request) (*http.Response, error) {
	return refusal(429, "TooManyRequests", header...)
}

// inTenSeconds refuses with a date that is ten seconds ahead on the bubble's
// clock.
func inTenSeconds(r *http.Request) (*http.Response, error) {
	return throttled("Retry-After: " + time.Now().Add(10*sec).UTC().Format(http.TimeFormat))(r)
}

// The whole policy, in virtual time: which answers are tried again, after which wait, and how the
// request ends.
func TestWhatIsTriedAgainAndWhen(t *testing.T) {
	const closed = graph.Kind("") // answered for good with success
	five := slices.Repeat(answers{throttled()}, 5)
	for _, c := range []struct {
		name    string
		request graph.Request
		answers answers
		waits   []span
		want    graph.Kind
	}{
		{"429 with whole seconds waits them", write, answers{throttled("Retry-After: 7"), done}, []span{exactly(7 * sec)}, closed},
		{"429 with decimals waits them", read, answers{throttled("Retry-After: 2.128"), done}, []span{exactly(2128 * time.Millisecond)}, closed},
		{"429 with a date waits for it", write, answers{inTenSeconds, done}, []span{exactly(10 * sec)}, closed},
		{"429 with two values waits the longer", write, answers{throttled("Retry-After: 3,9"), done}, []span{exactly(9 * sec)}, closed},
		{"429 without a wait backs off", write, append(slices.Clone(five), done), doubling(sec, 5), closed},
		{"429 with zero backs off", write, answers{throttled("Retry-After: 0"), done}, doubling(sec, 1), closed},
		{"429 with a date in the past backs off", write, answers{throttled("Retry-After: Sat, 01 Jan 2000 00:00:00 GMT"), done}, doubling(sec, 1), closed},
		{"429 with a moment waits a little longer", write, answers{throttled("Retry-After: 0.001"), done}, []span{{sec / 8, sec}}, closed},
		{"429 with five minutes waits them", write, answers{throttled("Retry-After: 300"), done}, []span{exactly(5 * time.Minute)}, closed},
		{"429 with ten minutes ends at once", write, answers{throttled("Retry-After: 600"), done}, nil, graph.Throttled},
		{"429 with a year ends at once", read, answers{throttled("Retry-After: 31536000"), done}, nil, graph.Throttled},
		{"429 for ever ends after six attempts", write, answers{throttled()}, doubling(sec, 5), graph.Throttled},
		{"503 to a read is tried again", read, answers{refusal(503, "ServiceUnavailable"), done}, doubling(fault, 1), closed},
		{"503 to a read waits what it names", read, answers{refusal(503, "ServiceUnavailable", "Retry-After: 4"), done}, []span{exactly(4 * sec)}, closed},
		{"503 to a read that names a year ends at once", read, answers{refusal(503, "ServiceUnavailable", "Retry-After: 31536000"), done}, nil, graph.Transient},
		{"503 to a write is not, it may have landed", write, answers{refusal(503, "ServiceUnavailable"), done}, nil, graph.Indeterminate},
		{"a gateway's 502 to a read is tried again", read, answers{htmlPage, done}, doubling(fault, 1), closed},
		{"504 to a read is tried again", read, answers{refusal(504, ""), done}, doubling(fault, 1), closed},
		{"423 to a read is tried six times", read, answers{refusal(423, "Locked")}, doubling(fault, 5), graph.Transient},
		{"a concurrency conflict is tried again", write, answers{refusal(409, "Directory_ConcurrencyViolation"), done}, doubling(fault, 1), closed},
		{"a concurrency conflict waits what it names", write, answers{refusal(409, "Directory_ConcurrencyViolation", "Retry-After: 2"), done}, []span{exactly(2 * sec)}, closed},
		{"another conflict is not", write, answers{refusal(409, sameKey), done}, nil, graph.Conflict},
		{"400 is not", write, answers{refusal(400, "Request_BadRequest"), done}, nil, graph.Invalid},
		{"403 is not", write, answers{refusal(403, "Authorization_RequestDenied"), done}, nil, graph.Forbidden},
		{"404 is not", read, answers{refusal(404, "Request_ResourceNotFound"), done}, nil, graph.NotFound},
		{"401 is tried once more", write, answers{refusal(401, "InvalidAuthenticationToken"), done}, doubling(fault, 1), closed},
		{"401 twice is final", read, answers{refusal(401, "InvalidAuthenticationToken")}, doubling(fault, 1), graph.Unauthorized},
		{"a reset of a read is tried again", read, answers{reset, done}, doubling(fault, 1), closed},
		{"a reset of a write is not, it may have landed", write, answers{reset, done}, nil, graph.Indeterminate},
		{"a write that met no host is tried again", write, answers{noDial, done}, doubling(fault, 1), closed},
		{"a name that is not found is asked for again", read, answers{noName, done}, doubling(fault, 1), closed},
		{"a web page as success is asked for again", read, answers{answer(200, "<html>", "Content-Type: text/html; charset=utf-8"), done}, doubling(fault, 1), closed},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := played(c.answers...)
				client := newClient(t, wire, "token")
				resp, err := client.Do(t.Context(), c.request)
				switch {
				case c.want == closed && (err != nil || resp.Attempts != len(wire.sent)):
					t.Errorf("got %+v, %v", resp, err)
				case c.want != closed && !errors.Is(err, c.want):
					t.Errorf("got %v, want %s", err, c.want)
				}
				checkWaits(t, wire.waits(), c.waits)
				checkSameRequest(t, wire)
			})
		})
	}
}

func checkWaits(t *testing.T, got []time.Duration, want []span) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("waited %v, want %v", got, want)
	}
	for i := range got {
		if got[i] < want[i].least || got[i] > want[i].most {
			t.Errorf("wait %d is %s, want %s to %s", i+1, got[i], want[i].least, want[i].most)
		}
	}
}

// checkSameRequest checks that each attempt is the same request as the first, with its
// client-request-id and body.
func checkSameRequest(t *testing.T, wire *script) {
	t.Helper()
	for i, r := range wire.sent[1:] {
		if diff := cmp.Diff(wire.sent[0].Header, r.Header); diff != "" || r.URL.String() != wire.sent[0].URL.String() {
			t.Errorf("attempt %d to %s differs (-first +this):\n%s", i+2, r.URL, diff)
		}
		if wire.bodies[i+1] != wire.bodies[0] {
			t.Errorf("attempt %d sent %q, the first %q", i+2, wire.bodies[i+1], wire.bodies[0])
		}
	}
}

func TestAnErrorNamesItsAttemptsAndTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, played(throttled("Retry-After: 2"), throttled("Retry-After: 900")), "")
		_, err := c.Do(t.Context(), write)
		var e *graph.Error
		if !errors.As(err, &e) || e.Attempts != 2 || e.RetryAfter != 15*time.Minute || !strings.Contains(err.Error(), ", after 2 attempts ") {
			t.Errorf("got %v", err)
		}
	})
}

func TestAWriteIsTriedNoMoreOftenThanItIsAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := played(throttled())
		r := write
		r.MaxAttempts = 2
		if _, err := newClient(t, wire, "").Do(t.Context(), r); !errors.Is(err, graph.Throttled) || len(wire.sent) != 2 {
			t.Errorf("got %v after %d attempts, want 2", err, len(wire.sent))
		}
	})
}

// fixed is an error of a layer after which another attempt cannot help.
type fixed struct{ wait time.Duration }

func (fixed) Error() string               { return "no more tokens" }
func (fixed) NonRetriable()               {}
func (f fixed) RetryAfter() time.Duration { return f.wait }

// credential is the same without a wait, as in the Azure library.
type credential struct{ error }

func (credential) NonRetriable() {}

func TestAFinalErrorEndsTheRequest(t *testing.T) {
	for _, c := range []struct {
		err  error
		kind graph.Kind
		wait time.Duration
	}{
		{fixed{time.Hour}, graph.Throttled, time.Hour},
		{fmt.Errorf("pacing: %w", fixed{time.Hour}), graph.Throttled, time.Hour},
		{credential{errors.New("az login has expired")}, graph.Unauthorized, 0},
	} {
		client, err := graph.New(graph.Options{RootURL: root, Base: played(done), Layers: []func(http.RoundTripper) http.RoundTripper{
			func(http.RoundTripper) http.RoundTripper { return roundTrip(failure(c.err)) },
		}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Do(t.Context(), write)
		var e *graph.Error
		if !errors.As(err, &e) || e.Kind != c.kind || e.RetryAfter != c.wait || e.Attempts != 0 || !errors.Is(err, c.err) {
			t.Errorf("%v: got %v, want %s", c.err, err, c.kind)
		}
		if got := client.Requests(); got != (graph.Requests{}) {
			t.Errorf("%v: counted %+v, and nothing went over the wire", c.err, got)
		}
	}
}

func TestRequestsCountsAttemptsOnTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Partners: 5, PageSize: 2})
		r.Inject(
			graphsim.Fault{Kind: "429", Method: "GET", Path: "partners", Nth: 2, RetryAfter: sec},
			graphsim.Fault{Kind: graphsim.FaultConcurrency, Method: "PATCH", Times: 2},
		)
		if _, _, err := list(t.Context(), r.Client); err != nil {
			t.Fatal(err)
		}
		patch := graph.Request{Method: "PATCH", Path: graph.TemplatePath, Body: []byte(`{"templateApplicationLevel":"none"}`)}
		if _, err := r.Do(t.Context(), patch); err != nil {
			t.Fatal(err)
		}
		want := graph.Requests{Reads: 4, Writes: 3, Throttled: 1, Retried: 3}
		if got := r.Client.Requests(); got != want || len(r.Requests()) != got.Reads+got.Writes {
			t.Errorf("counted %+v of %d requests, want %+v", got, len(r.Requests()), want)
		}
	})
}

// A reset or a cut-off answer of the simulator, and whether the write took effect there.
func TestAWriteThatMayHaveTakenEffectIsSentOnce(t *testing.T) {
	for _, c := range []struct {
		kind    graphsim.FaultKind
		landed  bool
		attempt int
		want    graph.Kind
	}{
		{graphsim.FaultResetBefore, false, 1, graph.Indeterminate},
		{graphsim.FaultResetAfter, true, 1, graph.Indeterminate},
		{graphsim.FaultTimeoutAfter, true, 1, graph.Indeterminate},
		{graphsim.FaultTruncated, true, 1, graph.Indeterminate},
		{graphsim.FaultSilent, false, 1, graph.Indeterminate},
		{graphsim.FaultSilentAfter, true, 1, graph.Indeterminate},
		{graphsim.FaultConcurrency, true, 2, ""},
		{"503", false, 1, graph.Indeterminate},
		{"500", false, 1, graph.Indeterminate},
		{"408", false, 1, graph.Indeterminate},
		{"429", true, 2, ""},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, graphsim.Config{})
				r.SetPartner(graphsim.Partner{TenantID: fabrikam})
				r.Inject(graphsim.Fault{Kind: c.kind, Times: 1})
				_, err := r.Do(t.Context(), write)
				if c.want == "" && err != nil || c.want != "" && !errors.Is(err, c.want) {
					t.Errorf("got %v, want %q", err, c.want)
				}
				p, _ := r.Sim.Partner(fabrikam)
				if len(r.Requests()) != c.attempt || (p.IdentitySynchronization != nil) != c.landed {
					t.Errorf("%d requests, landed %t", len(r.Requests()), p.IdentitySynchronization != nil)
				}
			})
		})
	}
}

func TestAReadOutlivesEveryBrokenConnection(t *testing.T) {
	for _, kind := range []graphsim.FaultKind{
		graphsim.FaultResetBefore, graphsim.FaultResetAfter, graphsim.FaultTimeoutAfter,
		graphsim.FaultTruncated, graphsim.FaultSilent, graphsim.FaultSilentAfter, "502", "500",
	} {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, graphsim.Config{Partners: 30, PageSize: 10})
				r.Inject(graphsim.Fault{Kind: kind, Nth: 2})
				partners, pages, err := list(t.Context(), r.Client)
				if err != nil || len(partners) != 30 || len(r.Requests()) != 4 {
					t.Errorf("%d partners in %d requests, %v", len(partners), len(r.Requests()), err)
				}
				if diff := cmp.Diff([]int{1, 2, 3}, pages); diff != "" {
					t.Errorf("pages (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// cutOff is an answer whose body breaks off after what is given.
func cutOff(status int, body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		resp, err := answer(status, "")(r)
		resp.Body, resp.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader(body), brokenReader{})), 900
		return resp, err
	}
}

// Without its code, a conflict need not be Graph's.
func TestACutOffConflictOfAWriteIsOpen(t *testing.T) {
	_, err := newClient(t, played(cutOff(409, `{"error":`)), "").Do(t.Context(), write)
	var e *graph.Error
	if !errors.As(err, &e) || e.Kind != graph.Indeterminate || e.Status != 409 || !strings.Contains(err.Error(), "reading the answer: unexpected EOF") {
		t.Errorf("got %v, want a conflict of unknown origin", err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestOnlyOneCodeIsAConcurrencyConflict(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		want   bool
	}{
		{409, "Directory_ConcurrencyViolation", true}, {409, sameKey, false}, {429, "Directory_ConcurrencyViolation", false}, {204, "", false},
	} {
		resp, _ := refusal(c.status, c.code)(nil)
		if got := graph.IsConcurrencyConflict(resp); got != c.want {
			t.Errorf("%d %s: got %t", c.status, c.code, got)
		}
		if body, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(body), c.code) {
			t.Errorf("%d %s: the body is gone: %q %v", c.status, c.code, body, err)
		}
	}
}
