package auth

import (
	"context"
	"encoding/base64"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"bulksync/graph"
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

// coded is text that may hide a token: base64 of something with one in it.
var coded = regexp.MustCompile(`[\w+/-]{40,}`)

// withoutTokens removes what may be tokens or assertions from text, whoever made them.
func withoutTokens(text string) string {
	text = jwt.ReplaceAllString(text, "[token removed]")
	return coded.ReplaceAllStringFunc(text, func(found string) string {
		usual := strings.NewReplacer("-", "+", "_", "/").Replace(found)
		for start := range 4 {
			whole := usual[start : start+(len(usual)-start)/4*4]
			if plain, err := base64.StdEncoding.DecodeString(whole); err == nil && jwt.Match(plain) {
				return "[token removed]"
			}
		}
		return found
	})
}

// cut removes the secrets from text.
func (s secrets) cut(text string) string { return graph.WithoutSecrets(text, s) }

// secrets are the values of secretVars.
func (s *signIn) secrets() (all secrets) {
	for _, name := range secretVars {
		secret := strings.TrimSpace(s.Getenv(name))
		if len(secret) < shortest {
			continue
		}
		all = append(all, graph.Spellings(secret)...)
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
