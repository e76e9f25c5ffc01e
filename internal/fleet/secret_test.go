package fleet_test

import (
	"fmt"
	"strings"
	"testing"
)

// typed are secrets as people type them in: words, one that is YAML of its own, and
// what is known for a secret by its looks.
var typed = []string{
	"hunter2-and-more", "hunter2", "*hunter2", "&hunter2 x", "!hunter2 x", "hunter2: x", "{hunter2: x}", "{hunter2, x: y}", "[hunter2]", "[[hunter2]]", "a,hunter2", "|\n    hunter2\n    hunter2",
	"eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.hunter2.x", "abc8Q~hunter2-hunter2-hunter2", `"-----BEGIN PRIVATE KEY-----\nhunter2"`, "Bearer hunter2", "'hunter2", "hunter2\x01", "<<: *hunter2", "- hunter2", "@hunter2", "`hunter2`", "%hunter2", "? hunter2",
	"https://x:hunter2@graph.example/", "https://graph.example/?key=hunter2", "http://hunter2/", "https://graph.example/hunter2",
}

// Whatever is typed where, no fault repeats it.
func TestNoFaultRepeatsASecret(t *testing.T) {
	keys := strings.Fields(`clientId clientSecretEnv certificatePath certificatePasswordEnv sendCertificateChain federatedTokenFile serviceConnectionId
		accessTokenEnv graphUrl cloud auth scope policy csv tenantId name clientSecret accessToken password certificatePassword AZURE_CLIENT_SECRET secret token x-api-key pwd some unknown`)
	refused := 0
	for _, secret := range typed {
		for _, key := range keys {
			for _, text := range []string{
				fmt.Sprintf("tenants:\n- name: contoso\n  tenantId: %s\n  auth: azure-cli\n  %s: %s\n", contoso, key, secret),
				fmt.Sprintf("tenants:\n- {name: contoso, auth: token, %s: %s, tenantId: %s}\n", key, secret, contoso),
				fmt.Sprintf("defaults:\n  %s: %s\ntenants: [%s]\n", key, secret, secret),
				fmt.Sprintf("tenants:\n- name: contoso\n  csv: x\n  tenantId: %s\n  auth: azure-cli\n  %s:\n    value: %s\n", contoso, key, secret),
				fmt.Sprintf("%s: %s\n%s\n", key, secret, secret),
			} {
				_, err := read(text)
				if err != nil {
					refused++
				}
				if err != nil && strings.Contains(err.Error(), "hunter2") {
					t.Errorf("%q:\n%v", text, err)
				}
			}
		}
	}
	if refused < 1000 {
		t.Errorf("only %d were refused", refused)
	}
}

// A key for a secret is told what to write instead.
func TestKeysForSecrets(t *testing.T) {
	for key, want := range map[string]string{
		"clientSecret": "as clientSecretEnv", "client_secret": "as clientSecretEnv", "AZURE_CLIENT_SECRET": "as clientSecretEnv", "secret": "as clientSecretEnv",
		"accessToken": "as accessTokenEnv", "BULKSYNC_ACCESS_TOKEN": "as accessTokenEnv", "token": "as accessTokenEnv",
		"certificatePassword": "as certificatePasswordEnv", "AZURE_CLIENT_CERTIFICATE_PASSWORD": "as certificatePasswordEnv",
		"certificate": "as certificatePath", "private-key": "as certificatePath", "federatedToken": "as federatedTokenFile", "client_assertion": "as federatedTokenFile",
		"password": "as clientSecretEnv, certificatePasswordEnv or accessTokenEnv", "ourPassphrase": "or accessTokenEnv", "apiKey": "or accessTokenEnv",
	} {
		got := faultsOf(t, fmt.Sprintf("tenants:\n- name: contoso\n  tenantId: %s\n  csv: x\n  auth: azure-cli\n  %s: x\n", contoso, key))
		if len(got) != 1 || !strings.HasPrefix(got[0], "6:3: tenants."+key+": a secret never stands in a manifest: name ") || !strings.HasSuffix(got[0], want) {
			t.Errorf("%s: %q", key, got)
		}
	}
	for _, key := range []string{"clientSecretEnvironment", "tokenFile", "secretPath", "colour"} {
		got := faultsOf(t, fmt.Sprintf("tenants:\n- name: contoso\n  tenantId: %s\n  csv: x\n  auth: azure-cli\n  %s: x\n", contoso, key))
		if len(got) != 1 || !strings.Contains(got[0], "unknown key \""+key+"\" in tenants: the nearest known one is ") {
			t.Errorf("%s: %q", key, got)
		}
	}
}

// What is known for a secret by its looks is refused wherever it stands, and what
// looks a little like one is not.
func TestValuesThatLookLikeSecrets(t *testing.T) {
	for value, refused := range map[string]bool{
		"eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.e30.": true, "x=eyJ0eXAiOiJKV1QiLCJh": true, `"-----BEGIN CERTIFICATE-----"`: true,
		"abc8Q~defghijk": true, "bearer abcdef": true, "MIIK" + strings.Repeat("aB+/", 20): true,
		"surveyJanuaryOfTheYear2026.csv": false, "eyJanuary.csv": false, "a~Q~b.csv": false, "bearers.csv": false,
	} {
		got := faultsOf(t, fmt.Sprintf("tenants:\n- name: contoso\n  tenantId: %s\n  csv: %s\n  auth: azure-cli\n", contoso, value))
		if told := len(got) == 1 && strings.Contains(got[0], "4:8: tenants.csv: this looks like a secret, and a secret never stands in a manifest"); told != refused || !refused && len(got) > 0 {
			t.Errorf("%s: %q", value, got)
		}
	}
}

// What a machine has made up as a password is no name of a variable, and no message
// repeats it.
func TestVariablesThatLookLikeSecrets(t *testing.T) {
	for value, refused := range map[string]bool{
		"x7Gq2mZp9LrT4vKb": true, "a1b2c3d4e5f60718293a4b5c6d7e8f90": true,
		"CONTOSO2_SECRET3_OF4": false, "contoso_secret_1_2_3": false, "ContosoProd2026Secret": false, "A1B2C3D4E5F60718": false, "b2c3d4": false,
	} {
		got := faultsOf(t, fmt.Sprintf("tenants:\n- name: contoso\n  tenantId: %s\n  csv: x\n  accessTokenEnv: %s\n", contoso, value))
		if told := len(got) == 1 && strings.Contains(got[0], "5:19: tenants.accessTokenEnv: it is not the name of a variable: write the name of the one"); told != refused || !refused && len(got) > 0 {
			t.Errorf("%s: %q", value, got)
		}
	}
}

// The address of a file may end in its key.
func TestNoAddressIsAPath(t *testing.T) {
	got := faultsOf(t, fmt.Sprintf("tenants:\n- name: contoso\n  tenantId: %s\n  csv: https://files.example/a.csv?sig=hunter2\n  auth: azure-cli\n", contoso))
	if len(got) != 1 || !strings.HasSuffix(got[0], "4:8: tenants.csv: it is an address: fetch the file, and write its path") {
		t.Errorf("%q", got)
	}
}
