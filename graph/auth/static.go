package auth

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Static is a credential that hands out one ready-made token, as a pipeline
// passes it in a variable. Space around it and a leading "Bearer " are
// tolerated. It cannot renew: a token that has expired, or that Graph asks to
// have renewed, is an error at the moment it is asked for.
func Static(token string) azcore.TokenCredential {
	words := strings.Fields(token)
	if len(words) > 0 && strings.EqualFold(words[0], "Bearer") {
		words = words[1:]
	}
	return &static{strings.Join(words, " ")}
}

type static struct{ token string }

// Format keeps the token out of whatever prints a credential.
func (*static) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "static token") }

func (s *static) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	switch {
	case s.token == "":
		return azcore.AccessToken{}, &Error{msg: "the ready-made access token is empty"}
	case strings.ContainsFunc(s.token, notOfToken):
		return azcore.AccessToken{}, &Error{msg: "the ready-made access token holds a character that no token has: pass the token alone, on one line"}
	case o.Claims != "":
		return azcore.AccessToken{}, &Error{msg: "Graph no longer accepts the ready-made access token and asks for a new sign-in: get a fresh one"}
	}
	id, err := ParseIdentity(s.token)
	if err != nil || id.ExpiresAt.IsZero() {
		// Only Graph can tell how long such a token lasts; ask again in a while.
		return azcore.AccessToken{Token: s.token, ExpiresOn: time.Now().Add(time.Hour)}, nil
	}
	if !time.Now().Before(id.ExpiresAt) {
		return azcore.AccessToken{}, &Error{msg: "the ready-made access token expired at " + id.ExpiresAt.Format(time.RFC3339) + ": get a fresh one"}
	}
	return azcore.AccessToken{Token: s.token, ExpiresOn: id.ExpiresAt}, nil
}

// notOfToken reports what RFC 6750 does not allow in a bearer token.
func notOfToken(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	default:
		return !strings.ContainsRune("-._~+/=", r)
	}
}
