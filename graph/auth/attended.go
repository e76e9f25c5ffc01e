package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// attended is a sign-in by a person, who may take their time.
type attended struct {
	azcore.TokenCredential
	// late is what to say if they took too long, next what to do then.
	late, next string
	patient    *patient
}

// attendedTime is how long a person may take. Entra's device codes live for 15 minutes.
const attendedTime = 20 * time.Minute

func (a attended) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	tk, err := a.TokenCredential.GetToken(ctx, o)
	if err == nil {
		a.patient.signedIn.Store(true)
	}
	if err != nil && ctx.Err() == nil && strings.Contains(err.Error(), context.DeadlineExceeded.Error()) {
		return tk, &Error{msg: "no access token: " + a.late, err: err, next: a.next}
	}
	return tk, err
}

// attendedClient is how the library reaches the sign-in host while a person signs in.
func (s *signIn) attendedClient() (azcore.ClientOptions, *patient) {
	o, p := s.client(), &patient{limited: limited{&s.listener, s.Patience}, tell: s.Prompt}
	o.PerCallPolicies = []policy.Policy{p, policyFunc(checkCode)}
	o.Retry.MaxRetries = 1
	return o, p
}

type policyFunc func(*policy.Request) (*http.Response, error)

func (f policyFunc) Do(req *policy.Request) (*http.Response, error) { return f(req) }

// checkCode refuses an answer that should hold a device code and does not, which the library takes
// for a code of no letters.
func checkCode(req *policy.Request) (*http.Response, error) {
	resp, err := req.Next()
	if err != nil || resp.StatusCode != http.StatusOK || !strings.HasSuffix(req.Raw().URL.Path, "/devicecode") {
		return resp, err
	}
	var code struct {
		User   string  `json:"user_code"`
		Device string  `json:"device_code"`
		Page   string  `json:"verification_uri"`
		Life   float64 `json:"expires_in"`
	}
	body, err := runtime.Payload(resp)
	if err != nil || json.Unmarshal(body, &code) != nil || code.User == "" || code.Device == "" || code.Page == "" || code.Life <= 0 {
		return nil, &Error{
			msg: fmt.Sprintf("no access token: %s gave no device code to enter, or none that lives", req.Raw().URL.Host), err: err,
			next: "try another way to sign in (--auth); if a proxy answers in place of the sign-in host, have it leave that host alone",
		}
	}
	return resp, nil
}

var errNoPrompt = errors.New("there is nobody to tell how to sign in")

func (s *signIn) byDeviceCode() (azcore.TokenCredential, error) {
	if s.Prompt == nil {
		return nil, errNoPrompt
	}
	o, p := s.attendedClient()
	cred, err := azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
		ClientOptions: o, TenantID: s.setting(varTenant), ClientID: s.setting(varClient),
		UserPrompt: func(_ context.Context, m azidentity.DeviceCodeMessage) error {
			s.Prompt(fmt.Sprintf("to sign in, open %s in a browser and enter the code %s", m.VerificationURL, m.UserCode))
			return nil
		},
	})
	return attended{cred, "the code was not entered in time", "run the command again, and enter the code within its time (15 minutes, unless Entra says otherwise)", p}, err
}

func (s *signIn) byBrowser() (azcore.TokenCredential, error) {
	if s.Prompt == nil {
		return nil, errNoPrompt
	}
	o, p := s.attendedClient()
	cred, err := azidentity.NewInteractiveBrowserCredential(&azidentity.InteractiveBrowserCredentialOptions{
		ClientOptions: o, TenantID: s.setting(varTenant), ClientID: s.setting(varClient),
	})
	return &browser{attended: attended{cred, "the sign-in in the browser did not end in time", "run the command again, and sign in in the browser within 20 minutes", p}, prompt: s.Prompt}, err
}

// browser says that a browser opens.
type browser struct {
	attended
	prompt func(string)
	told   bool
}

func (b *browser) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	if !b.told {
		b.told = true
		b.prompt("to sign in, continue in the browser that opens now")
	}
	return b.attended.GetToken(ctx, o)
}

// takes is how long a credential may take for a token.
func takes(cred azcore.TokenCredential) time.Duration {
	switch c := cred.(type) {
	case attended, *browser:
		return attendedTime
	case *heard:
		return c.limit
	default:
		return signInTime
	}
}
