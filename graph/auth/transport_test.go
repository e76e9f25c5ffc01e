package auth_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"

	"bulksync/graph/auth"
)

// Over real HTTP: a token is refused while 64 writes are in flight, and each of them arrives in the
// end with its body.
func TestAWriteSurvivesAClaimsChallengeWithItsBody(t *testing.T) {
	var mu sync.Mutex
	arrived := map[string]int{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		if number(req) == 1 {
			for k, v := range challenge("{}") {
				w.Header()[k] = v
			}
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		arrived[string(body)]++
		w.WriteHeader(http.StatusNoContent)
	}))
	defer srv.Close()

	cred := &fakeCred{}
	client := &http.Client{Transport: acquire(t, cred).Transport(http.DefaultTransport)}
	want := map[string]int{}
	var wg sync.WaitGroup
	for i := range 64 {
		body := `{"displayName":"` + strings.Repeat("x", i) + `"}`
		want[body] = 1
		wg.Go(func() {
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPatch, srv.URL, strings.NewReader(body))
			req.Header.Set("client-request-id", "1")
			resp, err := client.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			if diff := cmp.Diff(http.Header{"Client-Request-Id": {"1"}}, req.Header); diff != "" {
				t.Errorf("the caller's headers changed (-want +got)\n%s", diff)
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff(want, arrived); diff != "" {
		t.Errorf("bodies that arrived (-want +got)\n%s", diff)
	}
	if n := cred.calls.Load(); n != 2 {
		t.Errorf("the credential was asked %d times, want 2", n)
	}
}

func TestABodyThatCannotBeResentLeavesTheRefusal(t *testing.T) {
	var bodies []string
	rt := acquire(t, &fakeCred{}).Transport(roundTrip(func(req *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(req.Body)
		bodies = append(bodies, string(body))
		return answer(req, http.StatusUnauthorized, challenge("{}")), nil
	}))
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPut, graphURL, io.NopCloser(strings.NewReader("once")))
	resp, err := rt.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Fatalf("got %v, %v; want the 401", resp, err)
	}
	if diff := cmp.Diff([]string{"once"}, bodies); diff != "" {
		t.Errorf("bodies sent (-want +got)\n%s", diff)
	}
}

// A request that is not answered ends with the error of the connection.
func TestARequestWithoutAnAnswer(t *testing.T) {
	down := errors.New("no route to host")
	rt := acquire(t, &fakeCred{}).Transport(roundTrip(func(*http.Request) (*http.Response, error) { return nil, down }))
	if _, err := get(t, rt); err != down {
		t.Errorf("got %v", err)
	}
}

// A refusal is closed when no other token can be had.
func TestARefusalIsClosed(t *testing.T) {
	b, cred := &body{Reader: strings.NewReader("{}")}, &fakeCred{}
	rt := acquire(t, cred).Transport(roundTrip(func(req *http.Request) (*http.Response, error) {
		resp := answer(req, http.StatusUnauthorized, challenge("{}"))
		resp.Body = b
		return resp, nil
	}))
	cred.err = func(policy.TokenRequestOptions) error { return errors.New("no") }
	if _, err := get(t, rt); err == nil || !b.closed {
		t.Errorf("closed %t: %v", b.closed, err)
	}
}

type body struct {
	io.Reader
	closed bool
}

func (b *body) Close() error { b.closed = true; return nil }

func TestATokenTravelsInClearToLoopbackAlone(t *testing.T) {
	for url, allowed := range map[string]bool{
		"https://graph.microsoft.com/":  true,
		"http://127.0.0.1:8080/":        true,
		"http://[::1]:8080/":            true,
		"http://localhost/":             true,
		"http://graph.microsoft.com/":   false,
		"http://localhost.contoso.com/": false,
		"http://192.168.1.1/":           false,
		"ftp://graph.microsoft.com/":    false,
	} {
		t.Run(url, func(t *testing.T) {
			sent := false
			rt := acquire(t, &fakeCred{}).Transport(roundTrip(func(req *http.Request) (*http.Response, error) {
				sent = true
				return answer(req, http.StatusNoContent, nil), req.Body.Close()
			}))
			b := &body{Reader: strings.NewReader("{}")}
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPut, url, b)
			_, err := rt.RoundTrip(req)
			if sent != allowed || (err == nil) != allowed {
				t.Errorf("sent %t, error %v", sent, err)
			}
			if refusal := (*auth.Error)(nil); !allowed && !errors.As(err, &refusal) {
				t.Errorf("got %T, want *auth.Error", err)
			}
			if !b.closed {
				t.Error("the body was left open")
			}
		})
	}
}

// What a token costs per request: run both and compare. The stub below reads the
// body and answers, so that only the layer itself is measured.
func BenchmarkTransport(b *testing.B) {
	stub := roundTrip(func(req *http.Request) (*http.Response, error) {
		_, _ = io.Copy(io.Discard, req.Body)
		return answer(req, http.StatusNoContent, nil), nil
	})
	held := acquire(b, &fakeCred{})
	renewing := acquire(b, &fakeCred{lasts: 4 * time.Minute}) // inside the policy's window: it decides each time
	for name, rt := range map[string]http.RoundTripper{
		"bare": stub, "token at hand": held.Transport(stub), "policy asked each time": renewing.Transport(stub),
	} {
		b.Run(name, func(b *testing.B) {
			payload := []byte(`{"displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":true}}`)
			b.ReportAllocs()
			for b.Loop() {
				req, err := http.NewRequestWithContext(b.Context(), http.MethodPut, graphURL, bytes.NewReader(payload))
				if err != nil {
					b.Fatal(err)
				}
				req.Header.Set("Content-Type", "application/json")
				req.Header.Set("Client-Request-Id", "90e29127-71ad-49c7-9ce8-db3f41ea06f1")
				if _, err := rt.RoundTrip(req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
