package auth_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"bulksync/graph"
	"bulksync/graph/auth"
)

// A proxy before the sign-in host may repeat what was sent in another spelling.
func TestNoRefusalHoldsASecretInAnotherSpelling(t *testing.T) {
	assertion := token(claims{"tid": tenant, "sub": canary})
	for name, said := range map[string]string{
		"cut off":           secret[:len(secret)-2],
		"a token cut off":   assertion[:30],
		"base64":            base64.StdEncoding.EncodeToString([]byte(secret)),
		"a password":        base64.StdEncoding.EncodeToString([]byte(appID + ":" + secret)),
		"base64 for URLs":   base64.RawURLEncoding.EncodeToString([]byte("a" + secret)),
		"a token in base64": base64.StdEncoding.EncodeToString([]byte(assertion)),
		"a header":          base64.RawURLEncoding.EncodeToString([]byte("Authorization: Bearer " + assertion)),
	} {
		t.Run(name, func(t *testing.T) {
			cleanEnvironment(t, map[string]string{"AZURE_TENANT_ID": tenant, "AZURE_CLIENT_ID": appID, "AZURE_CLIENT_SECRET": secret})
			answer := &login{status: http.StatusUnauthorized, token: `{"error_description":"AADSTS1: got ` + said + ` here"}`}
			cred, err := auth.NewDefault(auth.Options{Cloud: graph.Global}, answer)
			if err != nil {
				t.Fatal(err)
			}
			_, err = auth.Acquire(t.Context(), cred, scope)
			if err == nil || strings.Contains(err.Error(), said[len(said)/2:len(said)-4]) || !strings.Contains(err.Error(), "removed]") {
				t.Errorf("got %v", err)
			}
			if !strings.Contains(err.Error(), "AADSTS1: got ") || !strings.HasSuffix(err.Error(), " here") {
				t.Errorf("too much is removed: %v", err)
			}
		})
	}
}
