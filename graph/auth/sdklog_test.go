package auth

import (
	"net/http"
	"strings"
	"testing"

	azlog "github.com/Azure/azure-sdk-for-go/sdk/azcore/log"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// answering is a transport without a network.
type answering struct{}

func (answering) Do(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r, Header: http.Header{}}, nil
}

// The log of the SDK goes where it is told to, without the header with the token.
func TestTakeSDKLog(t *testing.T) {
	var said strings.Builder
	TakeSDKLog(func(text string) { said.WriteString(text) })
	t.Cleanup(func() { azlog.SetListener(nil) })
	line := runtime.NewPipeline("test", "v1", runtime.PipelineOptions{}, &policy.ClientOptions{Transport: answering{}})
	req, err := runtime.NewRequest(t.Context(), http.MethodGet, "https://login.example/token")
	if err != nil {
		t.Fatal(err)
	}
	req.Raw().Header.Set("Authorization", "Bearer c4n4ry")
	if _, err := line.Do(req); err != nil {
		t.Fatal(err)
	}
	if s := said.String(); !strings.Contains(s, "GET https://login.example/token") || strings.Contains(s, "c4n4ry") {
		t.Error(s)
	}
}
