package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"bulksync/graph/graphsim"
	"bulksync/internal/fleet"
)

// Each way of a manifest signs in with what the manifest names, whatever identity the
// process has, and no secret is said or written.
func TestFleetSignsInEachWay(t *testing.T) {
	r := newRehearsalRig(t, "")
	process := []string{
		"AZURE_TENANT_ID=" + killTenant(9), "AZURE_CLIENT_SECRET=nobody-has-this-secret", "AZURE_CLIENT_CERTIFICATE_PATH=/nowhere.pem",
		"AZURE_USERNAME=ada", "AZURE_PASSWORD=nobody-has-this-password", "BULKSYNC_ACCESS_TOKEN=nobody-has-this-token", "BULKSYNC_AUTH=token", "BULKSYNC_TENANT=" + killTenant(9),
		"CONTOSO_SECRET=" + r.tenants[0].secret, "ACTIONS_ID_TOKEN_REQUEST_TOKEN=rehearsal-job-key", "SYSTEM_ACCESSTOKEN=rehearsal-job-key",
	}
	own := []string{"AZURE_CLIENT_ID=" + killTenant(8), "AZURE_FEDERATED_TOKEN_FILE=/nowhere"}
	app := "clientId: " + graphsim.DefaultAppID
	for name, tc := range map[string]struct{ settings, members []string }{
		"secret":             {own, []string{app, "clientSecretEnv: CONTOSO_SECRET"}},
		"env":                {own, []string{"auth: env", app, "clientSecretEnv: CONTOSO_SECRET"}},
		"certificate":        {own, []string{app, "certificatePath: rehearsal/" + appPairName, "sendCertificateChain: true"}},
		"federated":          {own, []string{app, "federatedTokenFile: rehearsal/" + federatedName}},
		"workload-identity":  {nil, []string{"auth: workload-identity"}},
		"github":             {nil, []string{"auth: github"}},
		"github-own":         {own, []string{"auth: github", app}},
		"azure-pipelines":    {nil, []string{"auth: azure-pipelines"}},
		"managed-identity":   {nil, []string{"auth: managed-identity"}},
		"token-of-a-process": {nil, []string{"accessTokenEnv: CONTOSO_TOKEN"}},
	} {
		members := append([]string{"name: " + name, "tenantId: " + r.sim.HomeTenant(), "csv: partners.csv", "graphUrl: " + r.url}, tc.members...)
		write(t, filepath.Join(r.work, name+".yaml"), "tenants:\n  - "+strings.Join(members, "\n    ")+"\n")
		settings := append(append(process, tc.settings...), "CONTOSO_TOKEN="+r.sim.Token(graphsim.TokenOptions{}))
		if err := r.run(t, settings, "fleet", "audit", name+".yaml", "--out-dir", name+".out", "--fail-on", "none", "--log-level", "debug"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.noSecrets(t)
	if said := r.said.String(); strings.Contains(said, "nobody-has-this") || strings.Contains(said, r.tenants[0].secret) {
		t.Error(said)
	}
}

// A secret that is wrong is told with what the manifest calls it, and not repeated.
func TestFleetWithAWrongSecret(t *testing.T) {
	r := newRehearsalRig(t, "")
	entry := fmt.Sprintf("tenants:\n  - name: contoso\n    tenantId: %s\n    csv: partners.csv\n    graphUrl: %s\n    clientId: %s\n    clientSecretEnv: CONTOSO_SECRET\n",
		r.sim.HomeTenant(), r.url, graphsim.DefaultAppID)
	write(t, filepath.Join(r.work, "fleet.yaml"), entry)
	const wrong = "wrong-secret-of-contoso"
	err := r.run(t, []string{"CONTOSO_SECRET=" + wrong}, "fleet", "plan", "fleet.yaml", "--out-dir", "out", "--log-level", "debug", "--outage", "2s")
	if err == nil || !strings.HasPrefix(err.Error(), "exit status 5\n") || !strings.Contains(err.Error(), "bulksync: contoso: hint: ") {
		t.Fatal(err)
	}
	if said := r.said.String(); strings.Contains(said, wrong) || strings.Contains(said, "AZURE_CLIENT_SECRET") {
		t.Error(said)
	}
}

// A hint that is for a single tenant becomes one for a manifest: its flags are refused
// there, and az gives a token of its own tenant unless it is told which.
func TestHintsInAManifest(t *testing.T) {
	m := &member{Tenant: fleet.Tenant{TenantID: "T", Secrets: map[string]string{"BULKSYNC_ACCESS_TOKEN": "CONTOSO_TOKEN"}}}
	for hint, want := range map[string]string{
		"put a token in BULKSYNC_ACCESS_TOKEN, such as that of az account get-access-token --query accessToken": "put a token in CONTOSO_TOKEN, such as that of az account get-access-token --tenant T --query accessToken",
		"sign in again with az login, and check --cloud":                                                        "sign in again with az login --tenant T, and check cloud",
		"sign in with a second factor: az login, or --auth device-code or browser":                              "sign in with a second factor: az login --tenant T",
		"check AZURE_CLIENT_ID and AZURE_TENANT_ID: it is another cloud's (--cloud)":                            "check clientId and tenantId: it is another cloud's (cloud)",
		"az login cannot; if Graph refuses, sign in with --auth browser or device-code, through an app":         "az login cannot; if Graph refuses, sign in as an app",
	} {
		if got := m.inManifest(hint); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
