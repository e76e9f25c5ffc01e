package auth

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"bulksync/graph"
)

// Options say where and as whom to sign in.
type Options struct {
	// Way is how; empty means ByDefault.
	Way   Way
	Cloud graph.Cloud
	// TenantID is the tenant in which a token is asked for where the settings name none. A tenant in
	// AZURE_TENANT_ID comes first.
	TenantID string
	// Token is a ready-made token, for ByToken and ByDefault.
	Token string
	// Getenv returns settings by the names of their variables; nil means the process's own. The
	// default chain always reads those of the process.
	Getenv func(string) string
	// Prompt tells the person who signs in by hand what to do.
	Prompt func(message string)
	// Patience is how long to wait for a host that does not answer; 0 means two minutes. A way that
	// asks only hosts elsewhere may take no longer for a token, and never longer than two minutes.
	Patience time.Duration
	// Base carries the requests to the sign-in host; nil means the library's own connections.
	Base http.RoundTripper
}

// New returns the credential of a way. A setting that is missing or of no use is an *Error, as is a
// ByToken without a token. It asks for no token yet.
//
// The login host follows the cloud; AZURE_AUTHORITY_HOST does not override it.
func New(o Options) (azcore.TokenCredential, error) {
	m, ok := methodOf(cmp.Or(o.Way, ByDefault))
	if !ok {
		_, err := ParseWay(string(o.Way))
		return nil, err
	}
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	o.Patience = cmp.Or(o.Patience, signInTime)
	s := &signIn{Options: o, remote: m.remote}
	if missing := s.missing(m.needs); len(missing) > 0 {
		return nil, &Error{msg: fmt.Sprintf("to sign in by %s: %s", m.way, strings.Join(missing, ", ")), next: m.advice}
	}
	cred, err := m.make(s)
	if err != nil {
		return nil, &Error{msg: fmt.Sprintf("to sign in by %s: %s", m.way, condense(err.Error())), err: err, next: m.advice}
	}
	if _, ready := cred.(*static); ready { // it asks no host
		return cred, nil
	}
	limit := takes(cred)
	if hidden := s.secrets(); len(hidden) > 0 && limit == signInTime { // a person sends none of them
		cred = &discreet{cred, hidden}
	}
	switch {
	case m.remote:
		limit = min(limit, o.Patience)
	case limit == attendedTime: // beside which the host may be waited for
		limit += o.Patience
	}
	return &heard{cred, &s.listener, limit}, nil
}

// signIn makes one credential.
type signIn struct {
	Options
	remote   bool // of its method
	listener listener
}

// missing says of each setting that has no value that it is not set.
func (s *signIn) missing(needs [][]string) (missing []string) {
	for _, names := range needs {
		if s.setting(names...) == "" {
			missing = append(missing, strings.Join(names, " or ")+" is not set")
		}
	}
	return missing
}

// setting is the first value among some variables. The tenant may also come from the options.
func (s *signIn) setting(names ...string) string {
	for _, name := range names {
		if v := strings.TrimSpace(s.Getenv(name)); v != "" {
			return v
		}
	}
	if names[0] == varTenant {
		return s.TenantID
	}
	return ""
}

// client is how the library reaches the sign-in host.
func (s *signIn) client() azcore.ClientOptions {
	o := azcore.ClientOptions{Cloud: login(s.Cloud), Transport: &http.Client{Transport: s.Base, CheckRedirect: refuseRedirect}}
	o.PerRetryPolicies = []policy.Policy{&s.listener}
	if s.remote {
		o.Retry.MaxRetries = 1 // outages are waited for above, by the caller's patience
	}
	return o
}

// byDefault is the ready-made token, or else the Azure identity library's default chain:
// environment, workload identity, managed identity, Azure CLI, Azure Developer CLI, Azure
// PowerShell. The first one that yields a token is kept. AZURE_TOKEN_CREDENTIALS selects a single
// one.
func (s *signIn) byDefault() (azcore.TokenCredential, error) {
	if s.Token != "" {
		return Static(s.Token), nil
	}
	o := s.client()
	// The chain also asks a metadata service, which most machines do not have, and the tools of people.
	s.listener.host = loginHost(s.Cloud)
	o.PerCallPolicies = []policy.Policy{limited{&s.listener, min(s.Patience, signInTime)}}
	return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: o, TenantID: s.TenantID})
}

func (s *signIn) byToken() (azcore.TokenCredential, error) {
	if strings.TrimSpace(s.Token) == "" {
		return nil, fmt.Errorf("%s is not set", varToken)
	}
	return Static(s.Token), nil
}

// byEnvironment is a secret or a certificate, whichever is set.
func (s *signIn) byEnvironment() (azcore.TokenCredential, error) {
	secret, certificate := s.setting(varSecret) != "", s.setting(varCertificate) != ""
	switch {
	case secret && certificate:
		return nil, fmt.Errorf("%s and %s are both set: choose %s or %s", varSecret, varCertificate, BySecret, ByCertificate)
	case secret:
		return s.bySecret()
	default: // one of them is set
		return s.byCertificate()
	}
}

func (s *signIn) bySecret() (azcore.TokenCredential, error) {
	return azidentity.NewClientSecretCredential(s.setting(varTenant), s.setting(varClient), s.setting(varSecret),
		&azidentity.ClientSecretCredentialOptions{ClientOptions: s.client()})
}

func (s *signIn) byAzureCLI() (azcore.TokenCredential, error) {
	return azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{TenantID: s.TenantID})
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

func loginHost(c graph.Cloud) string {
	return strings.Trim(strings.TrimPrefix(login(c).ActiveDirectoryAuthorityHost, "https:"), "/")
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
