package auth

import (
	"context"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// secretVars are the variables whose values are sent to a sign-in host, an issuer of assertions or a
// metadata service, and may come back in what one of these, or a proxy before it, answers.
var secretVars = [...]string{varSecret, varPassword, varGitHubToken, varSystemToken, "IDENTITY_HEADER", "MSI_SECRET"}

// shortest is the length of the shortest secret that is searched for. A shorter one would be found
// in half of all words.
const shortest = 6

// secretField is a secret in a form or a query, whatever its value.
var secretField = regexp.MustCompile(`(\b(?:client_secret|client_assertion|assertion|refresh_token|access_token|id_token|device_code|code_verifier|password)|[&?]code)=[^&\s"'<>]+`)

// secrets are values that no error may repeat, in each spelling in which they may come back.
type secrets []string

// cut removes the secrets from text.
func (s secrets) cut(text string) string {
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, "[removed]")
	}
	return text
}

// secrets are the values of secretVars.
func (s *signIn) secrets() (all secrets) {
	for _, name := range secretVars {
		secret := strings.TrimSpace(s.Getenv(name))
		if len(secret) < shortest {
			continue
		}
		quoted, _ := json.Marshal(secret) // a string always marshals
		all = append(all, secret, url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret), string(quoted[1:len(quoted)-1]))
	}
	return all
}

// discreet is a credential whose errors do not repeat the secrets that it sends.
type discreet struct {
	azcore.TokenCredential
	secrets secrets
}

func (d *discreet) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	tk, err := d.TokenCredential.GetToken(ctx, o)
	if err != nil {
		err = &redacted{err, d.secrets}
	}
	return tk, err
}

// redacted is an error whose text is without the secrets.
type redacted struct {
	err     error
	secrets secrets
}

func (r *redacted) Error() string { return r.secrets.cut(r.err.Error()) }

func (r *redacted) Unwrap() error { return r.err }
