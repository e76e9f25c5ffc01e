package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// byManagedIdentity asks the machine's own metadata service.
func (s *signIn) byManagedIdentity() (azcore.TokenCredential, error) {
	o := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: s.client()}
	o.PerRetryPolicies = append(o.PerRetryPolicies, answersSoon{})
	if id := s.setting(varClient); id != "" {
		o.ID = azidentity.ClientID(id)
	}
	return azidentity.NewManagedIdentityCredential(o)
}

// metadataTime is how long a metadata service may take for one answer. It is on the same machine or
// beside it. The library would wait a minute for each of seven attempts.
const metadataTime = 8 * time.Second

// answersSoon ends a sign-in whose metadata service does not answer: most probably there is none. A
// service that answers with an error is asked again by the library.
type answersSoon struct{}

func (answersSoon) Do(req *policy.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Raw().Context(), metadataTime)
	defer cancel() // the body has been read by then
	resp, err := req.WithContext(ctx).Next()
	if err == nil || req.Raw().Context().Err() != nil || errors.As(err, new(*redirected)) {
		return resp, err
	}
	why := "cannot be reached"
	if errors.Is(err, context.DeadlineExceeded) {
		why = fmt.Sprintf("did not answer in %s", metadataTime)
	}
	return nil, &unreached{fmt.Sprintf("the metadata service at %s %s: is this an Azure resource with a managed identity?", req.Raw().URL.Host, why)}
}

// unreached is final for the library's retries.
type unreached struct{ msg string }

func (u *unreached) Error() string { return u.msg }
func (*unreached) NonRetriable()   {}
