package auth

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// signInTime is how long a credential may take. The library bounds the making
// of a connection, and not the wait for an answer.
const signInTime = 2 * time.Minute

// source is the credential as the policy sees it, which never asks twice at
// the same time. It keeps the newest token at hand and keeps the tenant.
type source struct {
	cred    azcore.TokenCredential
	who     *Identity // of the first token
	current atomic.Pointer[bearer]
}

type bearer struct {
	header     string
	freshUntil time.Time
}

func (s *source) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	limited, cancel := context.WithTimeout(ctx, signInTime)
	defer cancel()
	tk, err := s.cred.GetToken(limited, o)
	if err != nil {
		if limited.Err() != nil {
			err = fmt.Errorf("no answer to the sign-in in %s: %w", signInTime, err)
		}
		// A challenge asks a person to sign in anew, which waiting does not do.
		return azcore.AccessToken{}, unavailable(ctx, err, s.who != nil && o.Claims == "")
	}
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
