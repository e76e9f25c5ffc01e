package auth

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"bulksync/graph"
)

// listener notes what came of the last request, because the library keeps no cause of its errors.
type listener struct {
	host string // the only one that counts; empty for all

	mu       sync.Mutex
	failure  int           // 0, noReply or a status that may pass
	err      error         // why there was no reply
	wait     time.Duration // that the answer asked for
	answered time.Time     // when the last good answer came, or when the credential was asked
}

const noReply = -1

func (l *listener) Do(req *policy.Request) (*http.Response, error) {
	resp, err := req.Next()
	if errors.As(err, new(*tls.CertificateVerificationError)) {
		err = &untrusted{err}
	}
	if l.host == "" || l.host == req.Raw().URL.Host {
		var wait time.Duration
		if resp != nil {
			wait, _ = graph.RetryAfter(resp.Header, time.Now())
		}
		l.note(failureOf(resp, err), wait, err)
	}
	return resp, err
}

func (l *listener) note(failure int, wait time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failure, l.wait, l.err = failure, wait, err
	if failure == 0 {
		l.answered = time.Now()
	}
}

// heard is what came of the last request, and when the last good answer came.
func (l *listener) heard() (failure int, answered time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failure, l.answered
}

// silence is the error after a request that was given up: what came last, if that is known.
func (l *listener) silence(host string, limit time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.failure > 0:
		return fmt.Errorf("%s answered %d %s", host, l.failure, http.StatusText(l.failure))
	case l.err != nil && !errors.Is(l.err, context.DeadlineExceeded):
		return l.err
	}
	return fmt.Errorf("no answer from %s in %s", host, limit)
}

// failureOf is noReply, a status that may pass, or 0. What is final is no outage: waiting does not
// help against a certificate that cannot be trusted.
func failureOf(resp *http.Response, err error) int {
	var final interface{ NonRetriable() }
	switch {
	case err == nil && mayPass(resp.StatusCode):
		return resp.StatusCode
	case err == nil, errors.As(err, &final):
		return 0
	default:
		return noReply
	}
}

// untrusted is final for the library's retries.
type untrusted struct{ error }

func (u *untrusted) Unwrap() error { return u.error }
func (*untrusted) NonRetriable()   {}

// heard is a credential whose errors say whether a host did not answer, or failed.
type heard struct {
	azcore.TokenCredential
	listener *listener
	limit    time.Duration // for a token
}

func (h *heard) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	h.listener.note(0, 0, nil)
	tk, err := h.TokenCredential.GetToken(ctx, o)
	if down := h.listener.outage(err); down != nil {
		err = down
	}
	return tk, err
}

// outage is an error because a host did not answer, or failed itself.
type outage struct {
	error
	failure int           // as in listener
	wait    time.Duration // that the answer asked for
}

// outage is err, if it is due to the last request; otherwise nil.
func (l *listener) outage(err error) *outage {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil || l.failure == 0 {
		return nil
	}
	return &outage{err, l.failure, l.wait}
}

func (e *outage) Unwrap() error { return e.error }

func (e *outage) silent() bool { return e.failure == noReply }

// trouble says what the sign-in host did.
func trouble(failure int) string {
	if failure == noReply {
		return "the sign-in host does not answer"
	}
	return strings.TrimSpace(fmt.Sprintf("the sign-in host answered %d %s", failure, http.StatusText(failure)))
}

// limited gives a request to the listener's host up when the patience is over since its last good
// answer. The library sets no limit.
type limited struct {
	listener *listener
	patience time.Duration
}

func (l limited) Do(req *policy.Request) (*http.Response, error) {
	if req.Raw().URL.Host != l.listener.host {
		return req.Next()
	}
	_, answered := l.listener.heard()
	return l.within(time.Until(answered.Add(l.patience)), req)
}

// within sends a request, again if it was sent before, and gives it up after a time.
func (l limited) within(limit time.Duration, req *policy.Request) (*http.Response, error) {
	if err := req.RewindBody(); err != nil {
		return nil, err
	}
	if limit <= 0 {
		return nil, l.listener.silence(req.Raw().URL.Host, l.patience)
	}
	ctx, cancel := context.WithTimeout(req.Raw().Context(), limit)
	defer cancel() // the body has been read by then
	resp, err := req.Clone(ctx).Next()
	if err != nil && ctx.Err() != nil && req.Raw().Context().Err() == nil {
		err = l.listener.silence(req.Raw().URL.Host, l.patience)
	}
	return resp, err
}

// attemptTime is how long a request may take while a person signs in.
const attemptTime = 30 * time.Second

// patient waits for a sign-in host that does not answer, or fails, while a person signs in: to begin
// again would take another code. Once somebody has signed in, outages are the caller's.
type patient struct {
	limited
	tell     func(string)
	signedIn atomic.Bool
}

func (p *patient) Do(req *policy.Request) (*http.Response, error) {
	_, answered := p.listener.heard()
	ctx, ends := req.Raw().Context(), answered.Add(p.patience)
	for wait := time.Second; ; wait = min(2*wait, 15*time.Second) {
		resp, err := p.within(min(attemptTime, time.Until(ends)), req)
		left := time.Until(ends)
		if failureOf(resp, err) == 0 || p.signedIn.Load() || left <= 0 || ctx.Err() != nil {
			return resp, err
		}
		if wait == time.Second {
			p.tell(fmt.Sprintf("%s; waiting for it, up to %s", trouble(failureOf(resp, err)), p.patience))
		}
		asked := time.Duration(0)
		if resp != nil {
			asked, _ = graph.RetryAfter(resp.Header, time.Now())
			runtime.Drain(resp)
		}
		if err := graph.Sleep(ctx, min(max(wait, asked), left)); err != nil {
			return nil, err
		}
	}
}
