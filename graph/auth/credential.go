package auth

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"bulksync/graph"
)

// Options say where to sign in.
type Options struct {
	Cloud graph.Cloud
	// TenantID is the tenant in which a signed-in person or workload asks for a token; empty leaves
	// it to their own setting. Credentials from AZURE_* variables keep the tenant that is set
	// there.
	TenantID string
}

// Default is the Azure identity library's default chain: environment, workload identity, managed
// identity, Azure CLI, Azure Developer CLI, Azure PowerShell. The first one that yields a token is
// kept. AZURE_TOKEN_CREDENTIALS selects a single one, which suits an unattended run. The login host
// follows the cloud; AZURE_AUTHORITY_HOST does not override it.
func Default(o Options) (azcore.TokenCredential, error) { return newDefault(o, nil) }

func newDefault(o Options, t policy.Transporter) (azcore.TokenCredential, error) {
	cred, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		ClientOptions: azcore.ClientOptions{Cloud: login(o.Cloud), Transport: t},
		TenantID:      o.TenantID,
	})
	if err != nil {
		return nil, fmt.Errorf("setting up the default credentials: %w", err)
	}
	return cred, nil
}

// login is the sign-in host of a cloud. GCC High and DoD share one, and their tokens
// differ by scope only.
func login(c graph.Cloud) cloud.Configuration {
	switch c {
	case graph.USGov, graph.USGovDoD:
		return cloud.AzureGovernment
	case graph.China:
		return cloud.AzureChina
	default:
		return cloud.AzurePublic
	}
}

// Static is a credential that hands out one ready-made token, as a pipeline passes it in a
// variable. Space around it and a leading "Bearer " are tolerated. It cannot renew the token:
// asking for a token after it expired, or when Graph demands a new one, is an error.
func Static(token string) azcore.TokenCredential {
	words := strings.Fields(token)
	if len(words) > 0 && strings.EqualFold(words[0], "Bearer") {
		words = words[1:]
	}
	return &static{strings.Join(words, " ")}
}

type static struct{ token string }

// Format keeps the token out of printed values.
func (*static) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "static token") }

func (s *static) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	switch {
	case s.token == "":
		return azcore.AccessToken{}, &Error{msg: "the ready-made access token is empty"}
	case strings.ContainsFunc(s.token, notOfToken):
		return azcore.AccessToken{}, &Error{msg: "the ready-made access token holds a character that no token can have: pass the token alone, on one line"}
	case o.Claims != "":
		return azcore.AccessToken{}, &Error{msg: "Graph no longer accepts the ready-made access token and asks for a new sign-in: get a fresh one"}
	}
	id, err := ParseIdentity(s.token)
	if err != nil || id.ExpiresAt.IsZero() {
		// Only Graph knows how long such a token lasts; ask again in a while.
		return azcore.AccessToken{Token: s.token, ExpiresOn: time.Now().Add(time.Hour)}, nil
	}
	if !time.Now().Before(id.ExpiresAt) {
		return azcore.AccessToken{}, &Error{msg: "the ready-made access token expired at " + id.ExpiresAt.Format(time.RFC3339) + ": get a fresh one"}
	}
	return azcore.AccessToken{Token: s.token, ExpiresOn: id.ExpiresAt}, nil
}

// notOfToken reports whether RFC 6750 forbids r in a bearer token.
func notOfToken(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	default:
		return !strings.ContainsRune("-._~+/=", r)
	}
}
