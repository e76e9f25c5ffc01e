package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"bulksync/graph"
)

// federated signs in with the word of another issuer, an assertion. It is fetched anew for each
// token, because assertions live for minutes and runs for hours. The library keeps only the text of
// an error, so that the error of the last fetch is kept here; calls never overlap.
type federated struct {
	cred *azidentity.ClientAssertionCredential
	err  error
}

func (s *signIn) federated(fetch func(context.Context) (string, error)) (azcore.TokenCredential, error) {
	f := &federated{}
	var err error
	f.cred, err = azidentity.NewClientAssertionCredential(s.setting(varTenant), s.setting(varClient),
		func(ctx context.Context) (assertion string, err error) {
			assertion, f.err = fetch(ctx)
			return assertion, f.err
		}, &azidentity.ClientAssertionCredentialOptions{ClientOptions: s.client()})
	return f, err
}

func (f *federated) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	f.err = nil
	tk, err := f.cred.GetToken(ctx, o)
	if err != nil && f.err != nil {
		err = f.err
	}
	return tk, err
}

// assertionError says why there is no assertion.
type assertionError struct {
	msg    string
	passes bool // another attempt may help
	remote bool // a host was asked, not a file
	next   string
}

func (e *assertionError) Error() string { return e.msg }

// byWorkloadIdentity reads the assertion from a file that the cluster renews.
func (s *signIn) byWorkloadIdentity() (azcore.TokenCredential, error) {
	path := s.setting(varTokenFile)
	return s.federated(func(context.Context) (string, error) { return readAssertion(path) })
}

// renewFile is what to do about a file without a valid token.
const renewFile = "have that file renewed, then run the command again: in a cluster the kubelet does it, for a pod with the label azure.workload.identity/use: \"true\" and a service account that names the app; elsewhere, what writes the file has to put a fresh token there"

func readAssertion(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", &assertionError{msg: fmt.Sprintf("%s: %v", varTokenFile, err), passes: true, next: renewFile}
	}
	assertion := strings.TrimSpace(string(plainText(text)))
	if assertion == "" {
		return "", &assertionError{msg: fmt.Sprintf("the federated token file %s is empty", path), passes: true, next: renewFile}
	}
	c, err := parseClaims(assertion)
	if err != nil {
		return "", &assertionError{msg: fmt.Sprintf("the federated token file %s holds no JSON web token", path), next: renewFile}
	}
	if end := c.time("exp"); !end.IsZero() && !time.Now().Before(end) {
		return "", &assertionError{msg: fmt.Sprintf("the token in the federated token file %s expired at %s", path, end.Format(time.RFC3339)), passes: true, next: renewFile}
	}
	return assertion, nil
}

// byGitHub asks GitHub Actions for the job's ID token.
func (s *signIn) byGitHub() (azcore.TokenCredential, error) {
	to, err := url.Parse(s.setting(varGitHubURL))
	if err != nil || to.Host == "" || to.Scheme != "https" && !graph.IsLoopback(to.Hostname()) {
		return nil, fmt.Errorf("%s is not an https URL", varGitHubURL)
	}
	query := to.Query()
	query.Set("audience", audience(s.Cloud))
	to.RawQuery = query.Encode()
	client := s.client()
	g := &github{to.String(), s.setting(varGitHubToken), runtime.NewPipeline("bulksync", "", runtime.PipelineOptions{}, &client)}
	return s.federated(g.fetch)
}

// audience is what Entra expects an assertion to be meant for (Entra page on configuring an app to
// trust a managed identity, which lists one for each cloud).
func audience(c graph.Cloud) string {
	switch c {
	case graph.USGov, graph.USGovDoD:
		return "api://AzureADTokenExchangeUSGov"
	case graph.China:
		return "api://AzureADTokenExchangeChina"
	default:
		return "api://AzureADTokenExchange"
	}
}

type github struct {
	url, token string
	pipeline   runtime.Pipeline
}

func (g *github) fetch(ctx context.Context) (string, error) {
	req, err := runtime.NewRequest(ctx, http.MethodGet, g.url)
	if err != nil {
		return "", &assertionError{msg: varGitHubURL + " is not a URL"}
	}
	req.Raw().Header.Set("Authorization", "Bearer "+g.token)
	req.Raw().Header.Set("Accept", "application/json")
	resp, err := g.pipeline.Do(req)
	if err != nil {
		if inner := (*url.Error)(nil); errors.As(err, &inner) {
			err = inner.Err // without the URL
		}
		return "", &assertionError{msg: fmt.Sprintf("asking GitHub for an ID token: %v", err), passes: failureOf(nil, err) != 0, remote: true}
	}
	if resp.StatusCode != http.StatusOK {
		return "", &assertionError{msg: fmt.Sprintf("GitHub gave no ID token: it answered %s", resp.Status), passes: mayPass(resp.StatusCode), remote: true}
	}
	var answer struct {
		Value string `json:"value"`
	}
	body, err := runtime.Payload(resp)
	if err != nil || json.Unmarshal(body, &answer) != nil || answer.Value == "" {
		return "", &assertionError{msg: "GitHub gave no ID token: its answer holds none"}
	}
	return answer.Value, nil
}

// byAzurePipelines asks Azure Pipelines for the ID token of a service connection.
func (s *signIn) byAzurePipelines() (azcore.TokenCredential, error) {
	to, err := url.Parse(s.setting(varOIDC))
	if err != nil || to.Host == "" || to.Scheme != "https" && !graph.IsLoopback(to.Hostname()) {
		return nil, fmt.Errorf("%s is not an https URL", varOIDC)
	}
	return azidentity.NewAzurePipelinesCredential(s.setting(varTenant, varSubscription), s.setting(varClient, varSubscriptApp),
		s.setting(varConnection), s.setting(varSystemToken), &azidentity.AzurePipelinesCredentialOptions{ClientOptions: s.client()})
}
