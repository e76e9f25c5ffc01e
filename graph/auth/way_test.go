package auth_test

import (
	"strings"
	"testing"

	"bulksync/graph/auth"
)

// What is missing is said all at once, the proof too.
func TestNothingIsSetForTheEnvironment(t *testing.T) {
	_, err := auth.New(auth.Options{Way: auth.ByEnvironment, Getenv: func(string) string { return "" }})
	const want = "AZURE_TENANT_ID is not set, AZURE_CLIENT_ID is not set, AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH is not set"
	if err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}
