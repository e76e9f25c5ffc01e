package fleet_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph"
	"bulksync/internal/fleet"
	"bulksync/plan/desired"
)

// Some tenants and an app.
const (
	contoso  = "90e29127-71ad-49c7-9ce8-db3f41ea06f1"
	fabrikam = "1c8d6e2f-6d1a-4a1b-8b62-3a3b5d3a1b02"
	northWnd = "0b7b5c1e-5c0f-4f0a-9a51-2f2a4c2f0a01"
	app      = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
)

func read(text string) (*fleet.Manifest, error) {
	return fleet.ReadManifest(strings.NewReader(text), filepath.Join("etc", "fleet.yaml"))
}

// faultsOf are the faults of a manifest, without its name.
func faultsOf(t *testing.T, text string) (told []string) {
	t.Helper()
	_, err := read(text)
	var faults desired.RowErrors
	if err != nil && !errors.As(err, &faults) {
		t.Fatalf("%q: %v", text, err)
	}
	for _, f := range faults {
		rest, ok := strings.CutPrefix(f.Error(), filepath.Join("etc", "fleet.yaml")+":")
		if !ok {
			t.Errorf("%v does not begin with the name of the file", f)
		}
		told = append(told, rest)
	}
	return told
}

// abs is an absolute path.
func abs(name string) string {
	path, _ := filepath.Abs(name)
	return path
}

func TestReadManifest(t *testing.T) {
	text := strings.Replace(`# All of ours.
tenants:
  - name: contoso
    tenantId: "{90E29127-71AD-49C7-9CE8-DB3F41EA06F1}"
    csv: contoso/partners.csv
  - name: fabrikam
    tenantId: 1c8d6e2f-6d1a-4a1b-8b62-3a3b5d3a1b02
    cloud: USGov
    graphUrl: HTTP://LocalHost:8080/
    certificatePath: ABS
    certificatePasswordEnv: FABRIKAM_PASSWORD
    sendCertificateChain: true
    template: template.json
    policy: policy.yaml
    waivers: waivers.csv
    scope: file
defaults:
  auth: secret
  clientId: 3f2504e0-4f89-41d3-9a0c-0305e82c3301
  clientSecretEnv: OUR_SECRET
  csv: ../partners.csv
`, "ABS", abs("fabrikam.pem"), 1)
	sum := sha256.Sum256([]byte(text))
	want := &fleet.Manifest{
		Name: filepath.Join("etc", "fleet.yaml"), SHA256: hex.EncodeToString(sum[:]),
		Tenants: []fleet.Tenant{
			{
				Name: "contoso", TenantID: contoso, Cloud: graph.Global, Auth: "secret",
				Settings: map[string]string{"AZURE_CLIENT_ID": app}, Secrets: map[string]string{"AZURE_CLIENT_SECRET": "OUR_SECRET"},
				CSV: filepath.Join("etc", "contoso", "partners.csv"), Line: 3,
			},
			{
				Name: "fabrikam", TenantID: fabrikam, Cloud: graph.USGov, GraphURL: "http://localhost:8080", Auth: "certificate",
				Settings: map[string]string{"AZURE_CLIENT_ID": app, "AZURE_CLIENT_CERTIFICATE_PATH": abs("fabrikam.pem"), "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN": "true"},
				Secrets:  map[string]string{"AZURE_CLIENT_CERTIFICATE_PASSWORD": "FABRIKAM_PASSWORD"},
				CSV:      "partners.csv", Template: filepath.Join("etc", "template.json"), Policy: filepath.Join("etc", "policy.yaml"),
				Waivers: filepath.Join("etc", "waivers.csv"), Scope: "file", Line: 6,
			},
		},
	}
	got, err := read(text)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
}

// tenants is a manifest of two tenants that differ in how they sign in.
func tenants(defaults, first, second string) string {
	return fmt.Sprintf("defaults: {csv: x.csv, %s}\ntenants:\n- {name: contoso, tenantId: %s, %s}\n- {name: fabrikam, tenantId: %s, %s}\n", defaults, contoso, first, fabrikam, second)
}

// A way is what the tenant says itself, then the defaults; a setting says it where
// auth does not.
func TestWaysOfTenants(t *testing.T) {
	type m = map[string]string
	for _, c := range []struct {
		defaults, own string
		auth          string
		settings      m
		secrets       m
	}{
		{"", "accessTokenEnv: T", "token", m{}, m{"BULKSYNC_ACCESS_TOKEN": "T"}},
		{"", "auth: token, accessTokenEnv: _t1", "token", m{}, m{"BULKSYNC_ACCESS_TOKEN": "_t1"}},
		{"", "clientSecretEnv: S, clientId: " + app, "secret", m{"AZURE_CLIENT_ID": app}, m{"AZURE_CLIENT_SECRET": "S"}},
		{"", "certificatePath: c.pem, clientId: " + app, "certificate", m{"AZURE_CLIENT_ID": app, "AZURE_CLIENT_CERTIFICATE_PATH": filepath.Join("etc", "c.pem")}, m{}},
		{"", "federatedTokenFile: f", "workload-identity", m{"AZURE_FEDERATED_TOKEN_FILE": filepath.Join("etc", "f")}, m{}},
		{"", "auth: workload-identity", "workload-identity", m{}, m{}},
		{"", "auth: managed-identity", "managed-identity", m{}, m{}},
		{"", "auth: managed-identity, clientId: " + app, "managed-identity", m{"AZURE_CLIENT_ID": app}, m{}},
		{"", "auth: azure-cli", "azure-cli", m{}, m{}},
		{"", "auth: github, clientId: " + app, "github", m{"AZURE_CLIENT_ID": app}, m{}},
		{"", "auth: azure-pipelines, serviceConnectionId: " + app, "azure-pipelines", m{"AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": app}, m{}},
		{"", "auth: env, clientSecretEnv: S, clientId: " + app, "env", m{"AZURE_CLIENT_ID": app}, m{"AZURE_CLIENT_SECRET": "S"}},
		{"accessTokenEnv: D", "auth: azure-cli", "azure-cli", m{}, m{}},
		{"accessTokenEnv: D", "scope: all", "token", m{}, m{"BULKSYNC_ACCESS_TOKEN": "D"}},
		{"accessTokenEnv: D", "accessTokenEnv: T", "token", m{}, m{"BULKSYNC_ACCESS_TOKEN": "T"}},
		{"auth: azure-cli", "accessTokenEnv: T", "token", m{}, m{"BULKSYNC_ACCESS_TOKEN": "T"}},
		{"auth: token, accessTokenEnv: D, clientSecretEnv: S", "scope: all", "token", m{}, m{"BULKSYNC_ACCESS_TOKEN": "D"}},
		{"auth: token, accessTokenEnv: D, clientSecretEnv: S", "auth: secret, clientId: " + app, "secret", m{"AZURE_CLIENT_ID": app}, m{"AZURE_CLIENT_SECRET": "S"}},
		{"auth: env, clientSecretEnv: S, clientId: " + app, "scope: all", "env", m{"AZURE_CLIENT_ID": app}, m{"AZURE_CLIENT_SECRET": "S"}},
		{"accessTokenEnv: D, clientSecretEnv: S, auth: azure-cli, clientId: " + app, "auth: env", "env", m{"AZURE_CLIENT_ID": app}, m{"AZURE_CLIENT_SECRET": "S"}},
		{"clientSecretEnv: S, clientId: " + app, "auth: env, certificatePath: " + abs("c"), "env", m{"AZURE_CLIENT_ID": app, "AZURE_CLIENT_CERTIFICATE_PATH": abs("c")}, m{}},
		{"certificatePath: " + abs("c") + ", clientId: " + app, "certificatePasswordEnv: P", "certificate", m{"AZURE_CLIENT_ID": app, "AZURE_CLIENT_CERTIFICATE_PATH": abs("c")}, m{"AZURE_CLIENT_CERTIFICATE_PASSWORD": "P"}},
	} {
		got, err := read(tenants(c.defaults, c.own, "auth: azure-cli"))
		if err != nil {
			t.Errorf("%s | %s: %v", c.defaults, c.own, err)
			continue
		}
		want := got.Tenants[0]
		want.Auth, want.Settings, want.Secrets = c.auth, c.settings, c.secrets
		if diff := cmp.Diff(want, got.Tenants[0]); diff != "" {
			t.Errorf("%s | %s: (-want +got):\n%s", c.defaults, c.own, diff)
		}
	}
}

func TestEachFaultOfAManifestNamesItsPlace(t *testing.T) {
	one := "tenants: [{name: contoso, tenantId: " + contoso + ", auth: azure-cli, csv: x.csv, %s}]"
	own := "tenants: [{name: contoso, tenantId: " + contoso + ", csv: x.csv, %s}]"
	at := len(fmt.Sprintf(one, "")) - 1 // the column of what is put in
	ownAt := len(fmt.Sprintf(own, "")) - 1
	for _, c := range []struct{ text, want string }{
		{"", "1:1: the file is empty: a manifest has tenants"},
		{"tenants", "1:1: the manifest is one value, not a mapping of defaults, tenants"},
		{"defaults: {}", "1:1: tenants is missing"},
		{"tenants: []", "1:10: tenants: no tenant is named"},
		{"tenants: {contoso: {}}", "1:10: tenants is a mapping, not a list"},
		{"tenants: [contoso]", "1:11: tenants is one value, not a mapping of name, tenantId, cloud"},
		{"tenants: [~]", "1:11: tenants: an item has no value"},
		{strings.Repeat("#", 8<<20+1), "1:1: the file is larger than 8 MiB: a manifest has a few lines for each tenant"},
		{"tenant: []\n" + fmt.Sprintf(one, ""), `1:1: unknown key "tenant": the nearest known one is tenants`},
		{"defaults: {name: x}\n" + fmt.Sprintf(one, ""), "1:18: defaults.name: each tenant has its own: write it there"},
		{"defaults: {tenantId: x}\n" + fmt.Sprintf(one, ""), "1:22: defaults.tenantId: each tenant has its own"},

		{fmt.Sprintf(one, "cvs: y"), fmt.Sprintf(`1:%d: unknown key "cvs" in tenants: the nearest known one is csv`, at)},
		{fmt.Sprintf(one, "csv: y"), fmt.Sprintf("1:%d: tenants.csv appears twice: it is on line 1 already", at)},
		{fmt.Sprintf(one, "policy: ''"), fmt.Sprintf("1:%d: tenants.policy has no value", at+8)},
		{fmt.Sprintf(one, "policy: [a]"), fmt.Sprintf("1:%d: tenants.policy is a list, not one value", at+8)},
		{fmt.Sprintf(one, `policy: "a\nb"`), "tenants.policy: it has a line break or a control character in it"},
		{fmt.Sprintf(one, `policy: "-"`), "tenants.policy: standard input cannot be the file of a tenant"},
		{fmt.Sprintf(one, "cloud: moon"), `tenants.cloud: it is no cloud: use global, usgov`},
		{fmt.Sprintf(one, "scope: some"), `tenants.scope: it is no scope: use all or file`},
		{fmt.Sprintf(one, "graphUrl: http://graph.example"), "tenants.graphUrl: it is not a host URL such as"},
		{fmt.Sprintf(one, "graphUrl: https://user:hunter2@graph.example"), "tenants.graphUrl: it is not a host URL such as"},

		{fmt.Sprintf(own, "auth: browser"), fmt.Sprintf("1:%d: tenants.auth: browser would ask a person, and a fleet runs unattended", ownAt+6)},
		{fmt.Sprintf(own, "auth: device-code"), "tenants.auth: device-code would ask a person"},
		{fmt.Sprintf(own, "auth: default"), "tenants.auth: default takes the first identity that it finds"},
		{fmt.Sprintf(own, "auth: certifcate"), "tenants.auth: it is no way to sign in; did you mean certificate? There are token, env, secret, certificate, managed-identity, workload-identity, github, azure-pipelines, azure-cli"},
		{fmt.Sprintf(own, "scope: all"), "1:11: tenants: nothing says how to sign in: write auth, or a setting"},
		{fmt.Sprintf(own, "auth: token"), "1:11: tenants: auth token needs accessTokenEnv, here or in the defaults"},
		{fmt.Sprintf(own, "clientSecretEnv: S"), "1:11: tenants: auth secret needs clientId"},
		{fmt.Sprintf(own, "certificatePath: c"), "1:11: tenants: auth certificate needs clientId"},
		{fmt.Sprintf(own, "auth: secret, clientId: "+app), "1:11: tenants: auth secret needs clientSecretEnv"},
		{fmt.Sprintf(own, "auth: certificate, clientId: "+app), "1:11: tenants: auth certificate needs certificatePath"},
		{fmt.Sprintf(own, "auth: env, clientId: "+app), "1:11: tenants: auth env needs one of clientSecretEnv and certificatePath"},
		{"defaults: {auth: azure-cli, clientSecretEnv: S, certificatePath: c}\n" + fmt.Sprintf(own, "auth: env, clientId: "+app), "2:11: tenants: auth env needs one of"},
		{fmt.Sprintf(own, "accessTokenEnv: T, clientId: "+app), "tenants.clientId is no setting of auth token: remove it"},
		{fmt.Sprintf(own, "auth: azure-cli, accessTokenEnv: T"), "tenants.accessTokenEnv is no setting of auth azure-cli"},
		{fmt.Sprintf(own, "auth: env, accessTokenEnv: T, clientId: "+app), "tenants: auth env needs one of"},
		{fmt.Sprintf(own, "accessTokenEnv: T, clientSecretEnv: S"), fmt.Sprintf("1:%d: tenants.accessTokenEnv and clientSecretEnv on line 1 are of two ways to sign in", ownAt+16)},
		{fmt.Sprintf(own, "auth: secret, clientSecretEnv: S, certificatePath: c"), "tenants.certificatePath and clientSecretEnv on line 1 are of two ways"},
		{"defaults: {accessTokenEnv: T, federatedTokenFile: f}\n" + fmt.Sprintf(own, "scope: all"), "1:28: defaults.accessTokenEnv and federatedTokenFile are of two ways to sign in: write auth as well"},
		{fmt.Sprintf(own, "auth: managed-identity, clientId: contoso"), "tenants.clientId: it is not a GUID"},
		{fmt.Sprintf(own, "auth: azure-pipelines, serviceConnectionId: contoso"), "tenants.serviceConnectionId: it is not a GUID"},
		{fmt.Sprintf(own, "accessTokenEnv: 1T"), "tenants.accessTokenEnv: it is not the name of a variable"},
		{fmt.Sprintf(own, "certificatePath: c, sendCertificateChain: perhaps, clientId: "+app), "tenants.sendCertificateChain: write true or false"},

		{"tenants: [{tenantId: " + contoso + ", auth: azure-cli, csv: x}]", "1:11: tenants.name is missing"},
		{"tenants: [{name: contoso, auth: azure-cli, csv: x}]", "1:11: tenants.tenantId is missing"},
		{"tenants: [{name: contoso, tenantId: " + contoso + ", auth: azure-cli}]", "1:11: tenants: nothing says what is wanted: name a file as csv or template"},
		{"tenants: [{name: Contoso, tenantId: " + contoso + ", auth: azure-cli, csv: x}]", "1:18: tenants.name: a name has 1 to 63"},
		{"tenants: [{name: con, tenantId: " + contoso + ", auth: azure-cli, csv: x}]", "1:18: tenants.name: it is a name that Windows keeps"},
		{"tenants: [{name: contoso, tenantId: contoso.com, auth: azure-cli, csv: x}]", "1:37: tenants.tenantId: it is not a GUID"},
		{"defaults: {auth: azure-cli, template: t}\ntenants:\n- {name: a, tenantId: " + contoso + "}\n- {name: a, tenantId: " + fabrikam + "}", "4:10: tenants.name: a appears twice: it is on line 3 already"},
		{"defaults: {auth: azure-cli, template: t}\ntenants:\n- {name: a, tenantId: " + contoso + "}\n- {name: b, tenantId: " + strings.ToUpper(contoso) + "}", "4:23: tenants.tenantId: " + contoso + " appears twice: it is on line 3 already"},
	} {
		got := faultsOf(t, c.text)
		if len(got) != 1 || !strings.Contains(got[0], c.want) {
			t.Errorf("%.200s:\n got %q\nwant %s", c.text, got, c.want)
		}
	}
}

// A fault in a thousand tenants is not hidden by nine others.
func TestTenFaultsInAThousandTenants(t *testing.T) {
	wrong := map[int]string{
		3: "auth: browser", 77: "clientId: x", 150: "unknown: x", 290: "tenantId: " + tenantID(4), 291: "name: t5", 430: "clientSecret: x",
		555: "graphUrl: x", 700: "scope: x", 880: "accessTokenEnv: T", 999: "cloud: x",
	}
	var b strings.Builder
	fmt.Fprintf(&b, "defaults:\n  auth: secret\n  clientId: %s\n  clientSecretEnv: S\ntenants:\n", app)
	for i := range 1000 {
		name, id := fmt.Sprintf("name: t%d", i), "tenantId: "+tenantID(i)
		extra := "scope: all"
		switch w := wrong[i]; {
		case strings.HasPrefix(w, "name"):
			name = w
		case strings.HasPrefix(w, "tenantId"):
			id = w
		case strings.HasPrefix(w, "accessTokenEnv"):
			extra = "auth: secret\n    " + w
		case w != "":
			extra = w
		}
		fmt.Fprintf(&b, "  - %s\n    %s\n    csv: t%d.csv\n    %s\n", name, id, i, extra)
	}
	began := time.Now()
	got := faultsOf(t, b.String())
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v", took)
	}
	if len(got) != 10 {
		t.Errorf("%d faults: %q", len(got), got)
	}
}

// tenantID is the ID of the tenant with a number.
func tenantID(n int) string { return fmt.Sprintf("%08x-71ad-49c7-9ce8-db3f41ea06f1", n) }

func TestAManifestThatCannotBeRead(t *testing.T) {
	broken := errors.New("the disk is gone")
	_, err := fleet.ReadManifest(iotest.ErrReader(broken), "fleet.yaml")
	var faults desired.RowErrors
	if !errors.Is(err, broken) || errors.As(err, &faults) {
		t.Errorf("got %v", err)
	}
}

// Whatever is in a file, what is read is a manifest that can be worked on.
func FuzzReadManifest(f *testing.F) {
	f.Add(tenants("accessTokenEnv: T", "scope: file", "auth: azure-cli"))
	f.Add(tenants("auth: env, certificatePath: c, clientId: "+app, "clientSecretEnv: S", "auth: github, clientId: "+app))
	f.Add("defaults: &x []\ntenants: [*x, {}, [], ~, {name: [a], tenantId: {}}]")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := read(text)
		var faults desired.RowErrors
		if err != nil && (m != nil || !errors.As(err, &faults)) || err == nil && len(m.Tenants) == 0 {
			t.Fatalf("got %v, %v", m, err)
		}
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, one := range m.Tenants {
			if fleet.CheckName(one.Name) != nil || !desired.IsCanonicalGUID(one.TenantID) || one.Auth == "" || one.Cloud == "" || one.CSV+one.Template == "" || one.Line < 1 || seen[one.Name] || seen[one.TenantID] {
				t.Errorf("got %+v", one)
			}
			seen[one.Name], seen[one.TenantID] = true, true
		}
	})
}
