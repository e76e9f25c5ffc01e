package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// Session is one identity at work. It is safe for concurrent use: however many
// requests need a token at once, the credential is asked once.
type Session struct {
	who    Identity
	scope  string
	source *source
	bearer policy.Policy
	// turn is held by the request that replaces a refused token, so that others with the same token
	// wait for its result instead of asking too.
	turn chan struct{}
}

// Acquire gets a first token for scope, which is graph.Cloud's Scope, and reads whom it is for.
// Errors are short, name each credential that was tried, and hold no secret. A token that cannot be
// read is an error: without its tenant nothing could be guarded.
func Acquire(ctx context.Context, cred azcore.TokenCredential, scope string) (*Session, error) {
	src := &source{cred: cred}
	s := &Session{
		scope:  scope,
		source: src,
		bearer: runtime.NewBearerTokenPolicy(src, []string{scope}, nil),
		turn:   make(chan struct{}, 1),
	}
	if _, err := s.authorize(ctx, nil); err != nil {
		return nil, err
	}
	s.who = *src.who
	return s, nil
}

// Trouble is why there is no token at the moment, if that may pass; empty if there is one.
func (s *Session) Trouble() string {
	if failed := s.source.failed.Load(); failed != nil {
		return failed.err.trouble
	}
	return ""
}

// Identity is whom the session's first token was for.
func (s *Session) Identity() Identity { return s.who }

// authorization is the header value to send now.
//
// The policy is asked only if there is no token yet, or if the token is about to expire. It costs
// about 5 µs and 40 allocations per request, while a cached token costs nothing, and every write of
// a run passes here.
func (s *Session) authorization(ctx context.Context) (string, error) {
	if b := s.source.current.Load(); b != nil && time.Now().Before(b.freshUntil) {
		return b.header, nil
	}
	return s.authorize(ctx, nil)
}

// renew returns the header value to send after used was refused, or "" if another token cannot
// help. In either case the refused token is not used again, unless the credential hands it out
// again.
func (s *Session) renew(ctx context.Context, used string, refusal http.Header) (string, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	b := s.source.current.Load()
	if b == nil || b.header != used || !s.source.current.CompareAndSwap(b, nil) {
		return s.authorization(ctx) // another request has dealt with it
	}
	return s.authorize(ctx, refusal)
}

// authorize asks azcore's policy, which fetches, shares and renews tokens ahead of time, and
// decodes claims challenges. The policy handles a request that is never sent: it gets the refusal,
// if there is one, and then a success.
func (s *Session) authorize(ctx context.Context, refusal http.Header) (string, error) {
	req, err := runtime.NewRequest(ctx, http.MethodGet, s.scope)
	if err != nil {
		return "", fmt.Errorf("scope %q: %w", s.scope, err)
	}
	played := &rehearsal{refusal: refusal}
	pipeline := runtime.NewPipeline("bulksync", "",
		runtime.PipelineOptions{PerRetry: []policy.Policy{s.bearer, played}},
		&policy.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}}) // retries are package graph's
	if _, err := pipeline.Do(req); err != nil {
		if later := (*passing)(nil); errors.As(err, &later) {
			return "", later // without the policy's mark that it is final
		}
		return "", err
	}
	return played.authorization, nil
}

// rehearsal replaces the network, after the bearer policy.
type rehearsal struct {
	refusal       http.Header // of the 401 to answer first
	authorization string      // what the policy sent in the end; "" if it gave up
}

func (r *rehearsal) Do(req *policy.Request) (*http.Response, error) {
	status, header := http.StatusOK, r.refusal
	if header != nil {
		status, r.refusal = http.StatusUnauthorized, nil
	} else {
		r.authorization = req.Raw().Header.Get("Authorization")
	}
	return &http.Response{StatusCode: status, Header: header, Body: http.NoBody, Request: req.Raw()}, nil
}

// signInTime is how long a credential may take. The library bounds the time to connect, but not the
// wait for an answer.
const signInTime = 2 * time.Minute

// source is the credential as the policy sees it; the policy never asks twice at the same time. It
// keeps the newest token, and refuses one of another tenant.
type source struct {
	cred    azcore.TokenCredential
	who     *Identity // of the first token
	current atomic.Pointer[bearer]
	failed  atomic.Pointer[failedRenewal] // the last renewal; nil if it gave a token
}

// failedRenewal is a renewal that may be tried again, but not before a time.
type failedRenewal struct {
	err       *passing
	notBefore time.Time
}

type bearer struct {
	header     string
	freshUntil time.Time
}

func (s *source) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	if failed := s.failed.Load(); failed != nil && o.Claims == "" && time.Now().Before(failed.notBefore) {
		return azcore.AccessToken{}, failed.err // the host asked not to be asked yet
	}
	limit := takes(s.cred)
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tk, err := s.cred.GetToken(limited, o)
	if err != nil {
		if limited.Err() != nil {
			err = fmt.Errorf("no answer to the sign-in in %s: %w", limit, err)
		}
		// A challenge asks a person to sign in again, so waiting does not help.
		err = unavailable(ctx, err, s.who != nil && o.Claims == "")
		if later := (*passing)(nil); errors.As(err, &later) {
			s.failed.Store(&failedRenewal{later, time.Now().Add(later.wait)})
		}
		return azcore.AccessToken{}, err
	}
	s.failed.Store(nil)
	who, err := ParseIdentity(tk.Token)
	if err != nil {
		return azcore.AccessToken{}, &Error{msg: err.Error(), err: err}
	}
	if s.who == nil {
		s.who = &who
	}
	if who.TenantID != s.who.TenantID {
		return azcore.AccessToken{}, &Error{msg: fmt.Sprintf(
			"the sign-in moved from tenant %s to %s during the run: sign in to the first one again", s.who.TenantID, who.TenantID)}
	}
	// Without the monotonic clock, which stands still while a laptop sleeps.
	tk.ExpiresOn, tk.RefreshOn = tk.ExpiresOn.Round(0), tk.RefreshOn.Round(0)
	s.current.Store(&bearer{"Bearer " + tk.Token, freshUntil(tk)})
	return tk, nil
}

// freshUntil is when azcore's policy begins to renew.
func freshUntil(tk azcore.AccessToken) time.Time {
	if tk.RefreshOn.IsZero() {
		return tk.ExpiresOn.Add(-5 * time.Minute)
	}
	return tk.RefreshOn
}
