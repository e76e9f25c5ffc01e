package fleet_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bulksync/internal/fleet"
)

// The sample shows every member, and says which of its files are not there.
func TestTheSampleManifest(t *testing.T) {
	name := filepath.Join("..", "..", "samples", "fleet.yaml")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	m, err := fleet.ReadManifest(strings.NewReader(string(text)), name)
	if err != nil {
		t.Fatal(err)
	}
	for key := range strings.FieldsSeq(`name tenantId cloud graphUrl auth clientId clientSecretEnv certificatePath certificatePasswordEnv sendCertificateChain
		federatedTokenFile serviceConnectionId accessTokenEnv csv template policy waivers scope`) {
		if !regexp.MustCompile(`(?m)^ +(- )?` + key + `: `).Match(text) {
			t.Errorf("it does not show %s", key)
		}
	}
	var ways []string
	for _, tenant := range m.Tenants {
		ways = append(ways, tenant.Auth)
		for _, file := range []string{tenant.CSV, tenant.Template, tenant.Policy, tenant.Waivers} {
			if _, err := os.Stat(file); file != "" && err != nil {
				t.Error(err)
			}
			if base := filepath.Base(file); file != "" && !regexp.MustCompile(`(?s)names only .*`+regexp.QuoteMeta(base)+`.* are here`).Match(text) {
				t.Errorf("it does not say that %s is here", base)
			}
		}
		for _, variable := range []string{"AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE"} {
			if file := tenant.Settings[variable]; file != "" {
				if _, err := os.Stat(file); err == nil {
					t.Errorf("%s is there, and the sample says that it is not", file)
				}
			}
		}
	}
	if want := []string{"secret", "certificate", "workload-identity", "azure-pipelines", "token"}; !slices.Equal(ways, want) {
		t.Errorf("the ways are %v, want %v", ways, want)
	}
}
