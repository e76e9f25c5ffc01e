package auth

import (
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// NewDefault is New by ByDefault over a network of the test's own.
func NewDefault(o Options, t policy.Transporter) (azcore.TokenCredential, error) {
	o.Base = base{t}
	return New(o)
}

type base struct{ t policy.Transporter }

func (b base) RoundTrip(r *http.Request) (*http.Response, error) { return b.t.Do(r) }

// Advices is the table of what to do about refusals.
var Advices = advices

func (a advice) Code() string { return a.code }
func (a advice) Text() string { return a.text }
