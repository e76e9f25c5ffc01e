package graphsim_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph/graphsim"
)

// faultCases say what a client sees of each kind, over a connection and in
// process, if it strikes a PATCH (which has no body) and a GET (which has one).
var faultCases = []struct {
	spec      string
	method    string
	status    int // of the answer; 0 for none
	code      string
	err       error // in the client's hands
	committed bool
}{
	{"400", "PATCH", 400, "Request_BadRequest", nil, false},
	{"401", "PATCH", 401, "InvalidAuthenticationToken", nil, false},
	{"403", "PATCH", 403, "Authorization_RequestDenied", nil, false},
	{"404", "PATCH", 404, "Directory_ObjectNotFound", nil, false},
	{"418", "PATCH", 418, "UnknownError", nil, false},
	{"429", "PATCH", 429, "TooManyRequests", nil, false},
	{"500", "PATCH", 500, "InternalServerError", nil, false},
	{"502", "PATCH", 502, "", nil, false},
	{"503", "PATCH", 503, "ServiceUnavailable", nil, false},
	{"504", "PATCH", 504, "UnknownError", nil, false},
	{"concurrency", "PATCH", 409, "Directory_ConcurrencyViolation", nil, false},
	{"504-after", "PATCH", 504, "UnknownError", nil, true},
	{"reset-before", "PATCH", 0, "", syscall.ECONNRESET, false},
	{"reset-after", "PATCH", 0, "", syscall.ECONNRESET, true},
	{"truncated", "PATCH", 0, "", io.EOF, true},
	{"truncated", "GET", 200, "", io.ErrUnexpectedEOF, false},
	{"slow,delay=1ms", "PATCH", 204, "", nil, true},
	{"slow,delay=1ms", "GET", 200, "", nil, false},
	{"silent", "PATCH", 0, "", context.Canceled, false},
	{"silent-after", "PATCH", 0, "", context.Canceled, true},
	{"stale", "PATCH", 204, "", nil, true},
	{"lost", "PATCH", 204, "", nil, false},
	{"400-after", "PATCH", 400, "Request_BadRequest", nil, true},
	{"408-after", "PATCH", 408, "UnknownError", nil, true},
	{"429-after", "PATCH", 429, "TooManyRequests", nil, true},
	{"500-after", "PATCH", 500, "InternalServerError", nil, true},
	{"502-after", "PATCH", 502, "", nil, true},
	{"503-after", "PATCH", 503, "ServiceUnavailable", nil, true},
	{"599-after", "PATCH", 599, "UnknownError", nil, true},
	{"503-after", "GET", 503, "ServiceUnavailable", nil, false},
	{"refused", "PATCH", 0, "", syscall.ECONNREFUSED, false},
	{"refused", "GET", 0, "", syscall.ECONNREFUSED, false},
	{"html", "PATCH", 200, "", nil, false},
	{"html", "GET", 200, "", nil, false},
	{"html-after", "PATCH", 200, "", nil, true},
	{"portal", "PATCH", 200, "", nil, false},
	{"portal", "GET", 200, "", nil, false},
	{"portal-after", "PATCH", 200, "", nil, true},
	{"error-200", "PATCH", 200, "ServiceUnavailable", nil, false},
	{"error-200", "GET", 200, "ServiceUnavailable", nil, false},
	{"error-200-after", "PATCH", 200, "ServiceUnavailable", nil, true},
	{"empty", "GET", 200, "", nil, false},
	{"cut", "GET", 200, "", nil, false},
	{"shape", "GET", 200, "", nil, false},
	{"bare-404", "GET", 404, "", nil, false},
	{"other-tenant", "GET", 200, "", nil, false},
	{"unselected", "GET", 200, "", nil, false},
}

// Each kind has a case above, or a test of its own where one partner does not show
// it.
func TestEveryFaultHasACase(t *testing.T) {
	tried := map[graphsim.FaultKind]bool{
		graphsim.FaultHuge: true, graphsim.FaultUnexpanded: true, graphsim.FaultMoved: true,
		graphsim.FaultForeignLink: true, graphsim.FaultSameLink: true, graphsim.FaultRelativeLink: true,
	}
	for _, c := range faultCases {
		kind, _, _ := strings.Cut(c.spec, ",")
		tried[graphsim.FaultKind(kind)] = true
	}
	for _, kind := range graphsim.FaultKinds() {
		if !tried[kind] {
			t.Errorf("no case for %s", kind)
		}
	}
}

// onWire are the errors that only a connection shows.
var onWire = map[error]error{syscall.ECONNREFUSED: io.EOF}

func TestEveryFaultShowsAsTheRealOneDoes(t *testing.T) {
	for _, c := range faultCases {
		for _, over := range []string{"in process", "over a connection"} {
			t.Run(c.spec+" of "+c.method+" "+over, func(t *testing.T) {
				r := newRig(t, graphsim.Config{}).with(contoso)
				wantErr := c.err
				if over != "in process" {
					r.listen()
					if err, differs := onWire[c.err]; differs {
						wantErr = err
					}
				}
				f, err := graphsim.ParseFault(c.spec)
				if err != nil {
					t.Fatal(err)
				}
				r.Inject(f)
				send := r.do
				if errors.Is(c.err, context.Canceled) {
					send = r.sendAndGiveUp
				}
				if over != "in process" && runtime.GOOS == "windows" && wantErr == error(syscall.ECONNRESET) {
					wantErr = syscall.Errno(10054) // WSAECONNRESET
				}
				got := send(c.method, partners+"/"+contoso, `{"inboundTrust":{"isMfaAccepted":true}}`)
				if got.status != c.status || !errors.Is(got.err, wantErr) || got.code() != c.code {
					t.Errorf("got %d %.99s %v, want %d %s %v", got.status, got.body, got.err, c.status, c.code, wantErr)
				}
				if p, _ := r.Partner(contoso); (p.InboundTrust != nil) != c.committed {
					t.Errorf("took effect: %v, want %v", p.InboundTrust != nil, c.committed)
				}
				if last := r.Requests()[0]; last.Committed != c.committed || last.Status != c.status {
					t.Errorf("journal: %+v", last)
				}
				if unused := r.UnusedFaults(); unused != nil {
					t.Errorf("never struck: %+v", unused)
				}
			})
		}
	}
}

// listen moves the rig to a real server. Connections are not kept, because
// net/http repeats a GET by itself if a kept one breaks.
func (r *rig) listen() {
	server := httptest.NewServer(r.Sim)
	transport := &http.Transport{DisableKeepAlives: true}
	r.client, r.root = &http.Client{Transport: transport}, server.URL
	r.t.Cleanup(func() { transport.CloseIdleConnections(); server.Close() })
}

// sendAndGiveUp gives up as soon as the simulator has decided not to answer.
func (r *rig) sendAndGiveUp(method, path, body string) reply {
	ctx, giveUp := context.WithCancel(r.t.Context())
	defer giveUp()
	done := make(chan reply, 1)
	go func() { done <- r.send(ctx, method, path, body) }()
	for {
		select {
		case got := <-done:
			return got
		case <-time.After(5 * time.Millisecond):
			if r.silent() {
				giveUp()
			}
		}
	}
}

// silent reports whether a silent fault has struck.
func (r *rig) silent() bool {
	all := r.Requests()
	return len(all) > 0 && all[0].Decided && all[0].Status == 0
}

func TestABrokenConnectionIsANetOpError(t *testing.T) {
	for kind, want := range map[graphsim.FaultKind]string{graphsim.FaultResetBefore: "read", graphsim.FaultRefused: "dial"} {
		r := newRig(t, graphsim.Config{}).with(contoso)
		r.Inject(graphsim.Fault{Kind: kind})
		var op *net.OpError
		if got := r.do("GET", partners, ""); !errors.As(got.err, &op) || op.Op != want {
			t.Errorf("%s: got %v", kind, got.err)
		}
	}
}

func TestAFaultStrikesTheRequestsItNames(t *testing.T) {
	for spec, want := range map[string][]int{
		"500":                       {1, 2, 3, 4, 5, 6, 7, 8},
		"500,nth=3":                 {3},
		"500,nth=3,times=2":         {3, 4},
		"500,every=3":               {3, 6},
		"500,every=3,nth=2":         {4, 7},
		"500,every=2,times=1":       {2},
		"500,times=2":               {1, 2},
		"500,method=put,nth=1":      nil,
		"500,method=write":          {2, 4, 6, 8},
		"500,method=get,every=2":    {3, 7},
		"500,path=partners":         {1, 5},
		"500,path=partner":          {2, 3, 4, 6, 7, 8},
		"500,path=" + contoso[:8]:   {2, 3, 4, 6, 7, 8},
		"500,path=template":         nil,
		"500,path=Partners":         nil,
		"500,p=1":                   {1, 2, 3, 4, 5, 6, 7, 8},
		"500,p=0.000001":            nil,
		"500,path=/partners/,nth=2": {3},
	} {
		r := newRig(t, graphsim.Config{}).with(contoso)
		f, err := graphsim.ParseFault(spec)
		if err != nil {
			t.Fatal(err)
		}
		r.Inject(f)
		var got []int
		for i := range 8 {
			method, path := "GET", partners
			if i%4 != 0 {
				path += "/" + contoso
			}
			if i%2 == 1 {
				method = "PATCH"
			}
			if r.do(method, path, `{}`).status == 500 {
				got = append(got, i+1)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", spec, d)
		}
		if unused := r.UnusedFaults(); (len(unused) > 0) != (want == nil) {
			t.Errorf("%s: unused %+v", spec, unused)
		}
	}
}

// From and For count from the moment of Inject; requests outside of them are no
// matches.
func TestAFaultStrikesInItsWindowOfTime(t *testing.T) {
	for spec, want := range map[string][]int{
		"503,from=2s":              {2, 3, 4, 5, 6, 7},
		"503,for=2s":               {0, 1},
		"503,from=3s,for=2s":       {3, 4},
		"503,from=3s,for=4s,nth=2": {4},
		"503,from=1ns,for=2s":      {1, 2},
		"503,from=1h":              nil,
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, graphsim.Config{})
			time.Sleep(time.Minute)
			r.inject(spec)
			var got []int
			for i := range 8 {
				if r.do("GET", partners, "").status == 503 {
					got = append(got, i)
				}
				time.Sleep(time.Second)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s (-want +got):\n%s", spec, d)
			}
		})
	}
}

// A lost write leaves nothing behind: no state and no record.
func TestALostWriteLeavesNothing(t *testing.T) {
	for _, c := range []struct{ method, path, body string }{
		{"POST", partners, `{"tenantId":"` + fabrikam + `"}`},
		{"PATCH", partners + "/" + contoso, `{"inboundTrust":{"isMfaAccepted":true}}`},
		{"PATCH", sync, `{"displayName":"Other"}`},
		{"DELETE", sync, ""},
		{"PUT", partners + "/" + contoso[:35] + "2/identitySynchronization", `{}`},
		{"DELETE", partners + "/" + contoso[:35] + "2", ""},
		{"PATCH", template, `{"templateApplicationLevel":"none"}`},
		{"PATCH", policy, `{"displayName":"Other"}`},
		{"PATCH", policy + "/default", `{"inboundTrust":{"isMfaAccepted":true}}`},
	} {
		cfg := graphsim.Config{DeleteWindow: time.Hour, CreateLag: time.Hour}
		twoWays(t, cfg, func(t *testing.T, r *rig) {
			r.with(contoso[:35] + "2")
			before := r.State()
			r.inject("lost,times=1")
			r.must(c.method, c.path, c.body)
			if d := cmp.Diff(before, r.State()); d != "" || len(r.AuditLog()) > 0 || r.Requests()[0].Committed {
				t.Errorf("%s %s left %v %v:\n%s", c.method, c.path, r.AuditLog(), r.Requests(), d)
			}
			r.must(c.method, c.path, c.body) // neither gone nor new
			if len(r.AuditLog()) != 1 {
				t.Errorf("%s %s: %d records of the second", c.method, c.path, len(r.AuditLog()))
			}
		})
	}
}

// A lost DELETE or POST starts no lag and no window.
func TestALostWriteOpensNoWindow(t *testing.T) {
	r := newRig(t, graphsim.Config{DeleteWindow: time.Hour, CreateLag: time.Hour}).with(contoso)
	r.inject("lost,times=1,method=DELETE", "lost,times=1,method=POST")
	r.must("PUT", sync, `{}`)
	r.must("DELETE", sync, ``)
	r.must("POST", partners, `{"tenantId":"`+fabrikam+`"}`)
	r.Edit(contoso, func(p *graphsim.Partner) { p.IdentitySynchronization = nil })
	r.with(fabrikam)
	r.must("PUT", sync, `{}`)
	r.must("PATCH", partners+"/"+fabrikam, `{}`)
}

func TestAnUnknownFaultIsNeverArmed(t *testing.T) {
	for _, f := range []graphsim.Fault{{}, {Kind: "boom"}, {Kind: "200-after"}, {Kind: "503", Body: "xml"}, {Kind: "cut", Body: "bom"}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v was armed", f)
				}
			}()
			graphsim.New(graphsim.Config{}).Inject(f)
		}()
	}
}

func TestARandomFaultFollowsFromTheSeed(t *testing.T) {
	struck := func(seed int64) (all []int) {
		r := newRig(t, graphsim.Config{Seed: seed})
		r.Inject(graphsim.Fault{Kind: "503", P: 0.3})
		for i := range 400 {
			if r.do("GET", partners, "").status == 503 {
				all = append(all, i)
			}
		}
		return all
	}
	first := struck(1)
	if !slices.Equal(first, struck(1)) || slices.Equal(first, struck(2)) {
		t.Error("the same seed must strike the same requests, and another seed others")
	}
	if len(first) < 80 || len(first) > 160 {
		t.Errorf("struck %d of 400, want about 120", len(first))
	}
}

func TestTheFirstOfTwoFaultsStrikes(t *testing.T) {
	r := newRig(t, graphsim.Config{})
	r.Inject(graphsim.Fault{Kind: "503", Nth: 1}, graphsim.Fault{Kind: "500", Times: 1}, graphsim.Fault{Kind: "429", Method: "DELETE"})
	for _, want := range []int{503, 500, 200} {
		if got := r.do("GET", partners, ""); got.status != want {
			t.Errorf("got %d, want %d", got.status, want)
		}
	}
	if unused := r.UnusedFaults(); len(unused) != 1 || unused[0].Kind != "429" {
		t.Errorf("unused: %+v", unused)
	}
	r.ClearFaults()
	if unused := r.UnusedFaults(); unused != nil {
		t.Errorf("after ClearFaults: %+v", unused)
	}
}

func TestAFaultTellsRetryAfterOnlyWhenAsked(t *testing.T) {
	r := newRig(t, graphsim.Config{RetryAfter: graphsim.RetryAfterDecimal})
	r.Inject(graphsim.Fault{Kind: graphsim.FaultConcurrency, Nth: 1, RetryAfter: 2128 * time.Millisecond}, graphsim.Fault{Kind: "503"})
	for _, want := range []string{"2.128", ""} {
		if got := r.do("GET", partners, "").header.Get("Retry-After"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAGatewayAnswersWithAPage(t *testing.T) {
	r := newRig(t, graphsim.Config{})
	r.Inject(graphsim.Fault{Kind: "502"})
	got := r.do("GET", partners, "")
	if got.header.Get("Content-Type") != "text/html" || !strings.HasPrefix(got.body, "<html>") {
		t.Errorf("got %s %s", got.header, got.body)
	}
}

func TestAStaleWriteIsShownLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{}).with(contoso)
		r.Inject(graphsim.Fault{Kind: graphsim.FaultStale, Nth: 1, Delay: 30 * time.Second})
		r.must("PUT", sync, `{}`)
		time.Sleep(30*time.Second - time.Nanosecond)
		r.want(404, "Request_ResourceNotFound", "GET", sync, "")
		time.Sleep(time.Nanosecond)
		r.must("GET", sync, "")
	})
}
