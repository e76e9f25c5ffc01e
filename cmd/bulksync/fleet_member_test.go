package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"bulksync/graph/graphsim"
	"bulksync/internal/fleet"
)

// Of the variables that name an identity a tenant has those of its own, whatever the
// process has; those of a platform reach the ways that live on it.
func TestVariablesOfATenant(t *testing.T) {
	process := func(name string) string {
		if name == "UNSET" {
			return ""
		}
		return "process " + name
	}
	const theirs = "process "
	for _, tc := range []struct {
		way, name, want string
	}{
		{"secret", "AZURE_TENANT_ID", farmTenant(0)},
		{"secret", "AZURE_CLIENT_ID", "own app"},
		{"secret", "AZURE_CLIENT_SECRET", theirs + "CONTOSO_SECRET"},
		{"secret", "AZURE_CLIENT_CERTIFICATE_PATH", ""},
		{"secret", "AZURE_CLIENT_CERTIFICATE_PASSWORD", ""},
		{"secret", "AZURE_FEDERATED_TOKEN_FILE", ""},
		{"secret", "AZURE_USERNAME", ""},
		{"secret", "AZURE_PASSWORD", ""},
		{"secret", "BULKSYNC_ACCESS_TOKEN", ""},
		{"secret", "BULKSYNC_TENANT", ""},
		{"secret", "BULKSYNC_POLICY", ""},
		{"secret", "BULKSYNC_NOTIFY", ""},
		{"secret", "HTTPS_PROXY", theirs + "HTTPS_PROXY"},
		{"azure-cli", "AZURE_CLIENT_SECRET", theirs + "CONTOSO_SECRET"},
		{"github", "AZURE_FEDERATED_TOKEN_FILE", theirs + "AZURE_FEDERATED_TOKEN_FILE"},
		{"github", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", theirs + "ACTIONS_ID_TOKEN_REQUEST_TOKEN"},
		{"managed-identity", "IDENTITY_ENDPOINT", theirs + "IDENTITY_ENDPOINT"},
		{"azure-pipelines", "SYSTEM_ACCESSTOKEN", theirs + "SYSTEM_ACCESSTOKEN"},
		{"azure-pipelines", "AZURESUBSCRIPTION_CLIENT_ID", theirs + "AZURESUBSCRIPTION_CLIENT_ID"},
	} {
		m := &member{real: process, Tenant: fleet.Tenant{
			TenantID: farmTenant(0), Auth: tc.way,
			Settings: map[string]string{"AZURE_CLIENT_ID": "own app"}, Secrets: map[string]string{"AZURE_CLIENT_SECRET": "CONTOSO_SECRET"},
		}}
		if got := m.variable(tc.name); got != tc.want {
			t.Errorf("%s, %s: %q, want %q", tc.way, tc.name, got, tc.want)
		}
	}
	m := &member{real: process, Tenant: fleet.Tenant{Auth: "workload-identity"}}
	if got := m.variable("AZURE_CLIENT_ID"); got != theirs+"AZURE_CLIENT_ID" {
		t.Errorf("the app that the platform injects: %q", got)
	}
	m = &member{real: process, Tenant: fleet.Tenant{Name: "contoso", Secrets: map[string]string{"AZURE_CLIENT_SECRET": "SET", "AZURE_CLIENT_CERTIFICATE_PASSWORD": "UNSET"}}}
	if err := m.checkSecrets(); err == nil || err.Error() != "the variable UNSET is not set, or empty" {
		t.Error(err)
	}
}

// A printed command signs in to its own tenant, whatever tenant the terminal names.
func TestCommandOfATenant(t *testing.T) {
	commands := map[string]string{
		"secret":           "AZURE_TENANT_ID=" + farmTenant(0) + ` AZURE_CLIENT_ID=app AZURE_CLIENT_SECRET="$CONTOSO_SECRET" bulksync apply plan.json`,
		"token":            `AZURE_CLIENT_ID=app AZURE_CLIENT_SECRET="$CONTOSO_SECRET" bulksync apply plan.json`,
		"managed-identity": `AZURE_CLIENT_ID=app AZURE_CLIENT_SECRET="$CONTOSO_SECRET" bulksync apply plan.json`,
	}
	if runtime.GOOS == "windows" {
		commands = map[string]string{
			"secret": "$env:AZURE_TENANT_ID = '" + farmTenant(0) + "'; $env:AZURE_CLIENT_ID = 'app'; $env:AZURE_CLIENT_SECRET = $env:CONTOSO_SECRET; bulksync apply plan.json",
			"token":  "$env:AZURE_CLIENT_ID = 'app'; $env:AZURE_CLIENT_SECRET = $env:CONTOSO_SECRET; bulksync apply plan.json",
		}
	}
	for way, want := range commands {
		m := &member{Tenant: fleet.Tenant{
			TenantID: farmTenant(0), Auth: way,
			Settings: map[string]string{"AZURE_CLIENT_ID": "app"}, Secrets: map[string]string{"AZURE_CLIENT_SECRET": "CONTOSO_SECRET"},
		}}
		if got := m.command("bulksync apply plan.json"); got != want {
			t.Errorf("%s: %s", way, got)
		}
	}
}

// Each tenant with news is told once, also if the shard is started again, and the
// address, which is a secret, is nowhere.
func TestFleetNotifiesOnce(t *testing.T) {
	var posted atomic.Int64
	chat := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		posted.Add(1)
		if text, err := io.ReadAll(r.Body); err != nil || !json.Valid(text) {
			t.Errorf("%s: %v", text, err)
		}
	}))
	defer chat.Close()
	r := newFleetRig(t)
	r.tenant("good", true, graphsim.Config{})
	r.tenant("differs", false, graphsim.Config{})
	r.tenant("differs-too", false, graphsim.Config{})
	r.manifest()
	r.canaries = append(r.canaries, "key-of-the-chat")
	r.env = append(r.env, notifyVariable+"="+chat.URL+"/key-of-the-chat")
	args := []string{"fleet", "audit", "fleet.yaml", "--out-dir", "out", "--run", "monday", "--notify-format", "slack", "--log-level", "debug"}
	r.run(exitDiffers, args...)
	r.run(exitDiffers, args...)
	if n := posted.Load(); n != 2 || !strings.Contains(r.err.String(), "3 of 3 tenants are done") {
		t.Errorf("%d tenants were told of\n%s", n, r.err.String())
	}
}
