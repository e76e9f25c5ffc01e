package auth_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/google/go-cmp/cmp"

	"bulksync/graph"
	"bulksync/graph/auth"
)

const graphURL = "https://graph.microsoft.com/v1.0/x"

func acquire(t testing.TB, cred *fakeCred) *auth.Session {
	t.Helper()
	s, err := auth.Acquire(t.Context(), cred, scope)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// get sends one request and returns the status of its answer.
func get(t testing.TB, rt http.RoundTripper) (int, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, graphURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, nil
}

// together sends n requests at the same time and wants each to succeed.
func together(t *testing.T, n int, rt http.RoundTripper) {
	t.Helper()
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			if status, err := get(t, rt); status != http.StatusOK {
				t.Errorf("status %d, error %v", status, err)
			}
		})
	}
	wg.Wait()
}

func TestOneTokenServesTheIdentityAndEveryRequest(t *testing.T) {
	cred := &fakeCred{}
	s := acquire(t, cred)
	if s.Identity().TenantID != tenant {
		t.Errorf("tenant %q, want %q", s.Identity().TenantID, tenant)
	}
	together(t, 64, s.Transport(roundTrip(func(req *http.Request) (*http.Response, error) {
		if number(req) != 1 {
			t.Errorf("a request carried %q", req.Header.Get("Authorization"))
		}
		return answer(req, http.StatusOK, nil), nil
	})))
	want := []policy.TokenRequestOptions{{Scopes: []string{scope}, EnableCAE: true}}
	if diff := cmp.Diff(want, cred.asked); diff != "" {
		t.Errorf("asked of the credential (-want +got)\n%s", diff)
	}
}

func TestManyRequestsThatNeedANewTokenAskForItOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cred := &fakeCred{takes: time.Second}
		s := acquire(t, cred)
		time.Sleep(2 * time.Hour)
		together(t, 64, s.Transport(roundTrip(func(req *http.Request) (*http.Response, error) {
			if number(req) != 2 {
				t.Errorf("a request carried token %d, want the second", number(req))
			}
			return answer(req, http.StatusOK, nil), nil
		})))
		if n := cred.calls.Load(); n != 2 {
			t.Errorf("the credential was asked %d times, want 2", n)
		}
	})
}

func TestATokenIsRenewedBeforeItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cred := &fakeCred{}
		rt := acquire(t, cred).Transport(roundTrip(func(req *http.Request) (*http.Response, error) {
			return answer(req, http.StatusOK, nil), nil
		}))
		for range 54 {
			time.Sleep(time.Minute)
			_, _ = get(t, rt)
		}
		if n := cred.calls.Load(); n != 1 {
			t.Errorf("asked %d times after 54 minutes, want 1", n)
		}
		time.Sleep(2 * time.Minute)
		_, _ = get(t, rt)
		if n := cred.calls.Load(); n != 2 {
			t.Errorf("asked %d times after 56 minutes, want 2", n)
		}
	})
}

func TestARenewalThatFailsEarlyLeavesTheTokenInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cred := &fakeCred{}
		rt := acquire(t, cred).Transport(roundTrip(func(req *http.Request) (*http.Response, error) {
			return answer(req, http.StatusOK, nil), nil
		}))
		cred.err = func(policy.TokenRequestOptions) error { return errors.New("login host is down") }
		time.Sleep(58 * time.Minute)
		if status, err := get(t, rt); status != http.StatusOK {
			t.Errorf("two minutes before the end: status %d, error %v", status, err)
		}
		time.Sleep(3 * time.Minute)
		_, err := get(t, rt)
		if err == nil || !strings.Contains(err.Error(), "no access token: login host is down") {
			t.Errorf("after the end: got %v", err)
		}
		if final := (interface{ NonRetriable() })(nil); !errors.As(err, &final) {
			t.Error("the error invites a retry, and the credential has done that already")
		}
	})
}

// If the sign-in host is unavailable when a token expires, it is waited for, as Graph is. A refusal
// by the host is final.
func TestARenewalThatMayPassIsWaitedFor(t *testing.T) {
	failed := func(status int) error {
		return &azidentity.AuthenticationFailedError{RawResponse: &http.Response{
			StatusCode: status, Status: http.StatusText(status), Body: io.NopCloser(strings.NewReader("{}")),
		}}
	}
	for _, c := range []struct {
		name string
		err  error
		away time.Duration
		want graph.Kind // "" is an answer
		done time.Duration
	}{
		{"no answer", &azidentity.AuthenticationFailedError{}, 40 * time.Second, "", 46 * time.Second},
		{"a connection that cannot be made", &net.OpError{Op: "dial", Err: errors.New("no route to host")}, 40 * time.Second, "", 46 * time.Second},
		{"a fault of its own", failed(503), 40 * time.Second, "", 46 * time.Second},
		{"too long", failed(503), time.Hour, graph.Outage, 61 * time.Second},
		{"a refusal", failed(400), 40 * time.Second, graph.Unauthorized, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cred := &fakeCred{}
				s := acquire(t, cred)
				client, err := graph.New(graph.Options{
					RootURL: "https://graph.microsoft.com", Outage: time.Minute,
					Layers: []func(http.RoundTripper) http.RoundTripper{s.Transport},
					Base: roundTrip(func(req *http.Request) (*http.Response, error) {
						return answer(req, http.StatusNoContent, nil), nil
					}),
				})
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Hour) // a laptop that slept
				began := time.Now()
				cred.err = func(policy.TokenRequestOptions) error {
					if time.Since(began) < c.away {
						return c.err
					}
					return nil
				}
				_, err = client.Do(t.Context(), graph.Request{Method: http.MethodDelete, Path: "/x"})
				if c.want == "" && err != nil || c.want != "" && !errors.Is(err, c.want) {
					t.Errorf("got %v, want %q", err, c.want)
				}
				if took := time.Since(began); took > c.done || took < min(c.away, c.done)-time.Second {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// silentCred is a credential whose host accepts the connection and never answers.
type silentCred struct{ silent bool }

func (c *silentCred) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	if c.silent {
		<-ctx.Done()
		return azcore.AccessToken{}, ctx.Err()
	}
	return (&fakeCred{}).GetToken(ctx, o)
}

func TestASilentSignInHostIsNotWaitedForWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := auth.Acquire(t.Context(), &silentCred{silent: true}, scope)
		if err == nil || !strings.Contains(err.Error(), "no access token: no answer to the sign-in in 2m0s") || time.Since(began) != 2*time.Minute {
			t.Errorf("the first: %v after %s", err, time.Since(began))
		}
		cred := &silentCred{}
		s, err := auth.Acquire(t.Context(), cred, scope)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		cred.silent = true
		rt := s.Transport(roundTrip(func(req *http.Request) (*http.Response, error) {
			return answer(req, http.StatusOK, nil), nil
		}))
		if _, err := get(t, rt); err == nil || errors.As(err, new(interface{ NonRetriable() })) {
			t.Errorf("a renewal: %v is final", err)
		}
		cred.silent = false
		if status, err := get(t, rt); status != http.StatusOK {
			t.Errorf("afterwards: status %d, error %v", status, err)
		}
	})
}

func TestManyRefusedRequestsAnswerOneChallenge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cred := &fakeCred{takes: time.Second}
		s := acquire(t, cred)
		const claims = `{"access_token":{"nbf":{"essential":true}}}`
		together(t, 64, s.Transport(roundTrip(func(req *http.Request) (*http.Response, error) {
			time.Sleep(100 * time.Millisecond)
			if number(req) == 1 {
				return answer(req, http.StatusUnauthorized, challenge(claims)), nil
			}
			return answer(req, http.StatusOK, nil), nil
		})))
		if n := len(cred.asked); n != 2 || cred.asked[1].Claims != claims || !cred.asked[1].EnableCAE {
			t.Errorf("asked of the credential: %+v", cred.asked)
		}
	})
}

// The 401 itself is returned whole.
func TestAfterAPlain401TheNextTokenIsFresh(t *testing.T) {
	cred := &fakeCred{}
	var sent []int
	rt := acquire(t, cred).Transport(roundTrip(func(req *http.Request) (*http.Response, error) {
		sent = append(sent, number(req))
		resp := answer(req, http.StatusUnauthorized, http.Header{"Www-Authenticate": {`Bearer realm=""`}})
		resp.Body = io.NopCloser(strings.NewReader(`{"error":{"code":"InvalidAuthenticationToken"}}`))
		return resp, nil
	}))
	for range 2 {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, graphURL, nil)
		resp, err := rt.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(resp.Body); !strings.Contains(string(body), "InvalidAuthenticationToken") {
			t.Errorf("body %q", body)
		}
	}
	if diff := cmp.Diff([]int{1, 2}, sent); diff != "" {
		t.Errorf("tokens sent (-want +got)\n%s", diff)
	}
}

func TestAChallengeThatCannotBeAnsweredSaysWhy(t *testing.T) {
	cred := &fakeCred{}
	rt := acquire(t, cred).Transport(roundTrip(func(req *http.Request) (*http.Response, error) {
		return answer(req, http.StatusUnauthorized, challenge("{}")), nil
	}))
	cred.err = func(o policy.TokenRequestOptions) error {
		if o.Claims == "" {
			return nil
		}
		return errors.New("run this command: az login --claims-challenge e30=")
	}
	_, err := get(t, rt)
	want := "renewing the token that Graph refused (request-id 7f3c): no access token: run this command: az login --claims-challenge e30="
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestASessionStaysInItsTenant(t *testing.T) {
	const other = "0b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d"
	synctest.Test(t, func(t *testing.T) {
		cred := &fakeCred{tenant: func(call int) string {
			if call == 1 {
				return tenant
			}
			return other
		}}
		var sent atomic.Int32
		rt := acquire(t, cred).Transport(roundTrip(func(req *http.Request) (*http.Response, error) {
			sent.Add(1)
			return answer(req, http.StatusOK, nil), nil
		}))
		time.Sleep(2 * time.Hour)
		_, err := get(t, rt)
		if err == nil || !strings.Contains(err.Error(), "moved from tenant "+tenant+" to "+other) {
			t.Errorf("got %v", err)
		}
		if n := sent.Load(); n != 0 {
			t.Errorf("%d requests went out with the other tenant's token", n)
		}
	})
}

func TestAcquireFailsWithoutATokenThatCanBeRead(t *testing.T) {
	_, err := auth.Acquire(t.Context(), auth.Static(canary), scope)
	if err == nil || !strings.Contains(err.Error(), "not a JWT") || strings.Contains(err.Error(), canary) {
		t.Errorf("got %v", err)
	}
}

func TestACancelledContextIsReportedAsThat(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cred := &fakeCred{err: func(policy.TokenRequestOptions) error { return errors.New("login host is down") }}
	if _, err := auth.Acquire(ctx, cred, scope); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
