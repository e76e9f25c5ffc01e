package auth_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

const (
	scope  = "https://graph.microsoft.com/.default"
	tenant = "5a6b3a5e-8c3e-4d0e-9d6a-0f7c1b2d3e4f"
	// canary is part of every token's signature and must never be printed.
	canary = "c4n4ry-s1gn4ture"
)

type claims map[string]any

// token is a JWT of these claims, with a signature that is not checked.
func token(c claims) string {
	payload, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"none"}`)) + "." +
		base64.RawURLEncoding.EncodeToString(payload) + "." + canary
}

// fakeCred hands out a numbered token per call and records what it was asked.
type fakeCred struct {
	lasts  time.Duration // of each token; 0 means an hour
	takes  time.Duration
	tenant func(call int) string
	err    func(policy.TokenRequestOptions) error

	calls atomic.Int32
	asked []policy.TokenRequestOptions
}

func (c *fakeCred) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	n := int(c.calls.Add(1))
	c.asked = append(c.asked, o) // calls never overlap; -race would notice
	time.Sleep(c.takes)          // only in a synctest bubble is it not zero
	if c.err != nil {
		if err := c.err(o); err != nil {
			return azcore.AccessToken{}, err
		}
	}
	tid := tenant
	if c.tenant != nil {
		tid = c.tenant(n)
	}
	lasts := c.lasts
	if lasts == 0 {
		lasts = time.Hour
	}
	return azcore.AccessToken{
		Token:     token(claims{"tid": tid, "jti": fmt.Sprint(n)}),
		ExpiresOn: time.Now().Add(lasts),
	}, nil
}

// number is the number of fakeCred's token in a request; 0 is none.
func number(req *http.Request) int {
	for n := 1; n < 100; n++ {
		if req.Header.Get("Authorization") == "Bearer "+token(claims{"tid": tenant, "jti": fmt.Sprint(n)}) {
			return n
		}
	}
	return 0
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func answer(req *http.Request, status int, header http.Header) *http.Response {
	return &http.Response{StatusCode: status, Header: header, Body: http.NoBody, Request: req}
}

// challenge is what Graph adds to a 401 when it wants a newer token.
func challenge(claims string) http.Header {
	return http.Header{
		"Request-Id": {"7f3c"},
		"Www-Authenticate": {fmt.Sprintf(
			`Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="%s"`,
			base64.StdEncoding.EncodeToString([]byte(claims)))},
	}
}
