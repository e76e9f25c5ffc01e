package auth_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"bulksync/graph/auth"
	"bulksync/graph/graphsim"
)

// No redirect is followed, of whatever request: the secret stays with the host that it is for.
func TestNoRedirectIsFollowed(t *testing.T) {
	for _, tc := range wayCases() {
		for _, path := range []string{"", "discovery/instance", "openid-configuration", "token", graphsim.GitHubPath, graphsim.PipelinesPath, "devicecode"} {
			for _, status := range []int{301, 302, 303, 307, 308} {
				synctest.Test(t, func(t *testing.T) {
					r := newSignInRig(t, tc.way, tc.cfg)
					if tc.prepare != nil {
						tc.prepare(t, r)
					}
					host, redirected := r.base, false
					r.base = roundTrip(func(req *http.Request) (*http.Response, error) {
						if req.URL.Host == "elsewhere.example" {
							t.Errorf("%s, %d: %s %s was asked", tc.name, status, req.Method, req.URL)
						}
						if !strings.HasSuffix(req.URL.Path, path) {
							return host.RoundTrip(req)
						}
						redirected = true
						return answer(req, status, http.Header{"Location": {"http://elsewhere.example/?code=c4n4ry-in-the-query"}}), nil
					})
					_, err := r.signIn(t.Context())
					// The library can do without instance discovery.
					if redirected != (err != nil) && path != "discovery/instance" {
						t.Errorf("%s, %d to %q: redirected %t: %v", tc.name, status, path, redirected, err)
					}
					if err != nil && (!strings.Contains(err.Error(), "redirects to http://elsewhere.example, which is not followed") || strings.Contains(err.Error(), "c4n4ry") || strings.Contains(err.Error(), "aka.ms") || auth.MayPass(err)) {
						t.Errorf("%s: %v", tc.name, err)
					}
				})
			}
		}
	}
}
