package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"bulksync/internal/fleet"
	"bulksync/internal/words"
	"bulksync/plan/desired"
)

// failed is the row of a tenant that could not be worked on, or not be read completely.
func (m *member) failed(err error) fleet.Row {
	row := fleet.Row{Status: fleet.Failed, ExitCode: codeOf(err), Problem: m.problem(err), Next: m.nextAfter(err)}
	if row.ExitCode == exitIncomplete {
		row.Status = fleet.Incomplete
	}
	return row
}

// problem is what an error says, in one line.
func (m *member) problem(err error) string {
	text := strings.ReplaceAll(err.Error(), "\n", "; ")
	var rows desired.RowErrors
	if errors.As(err, &rows) {
		if text, _, _ = strings.Cut(rows.Error(), "\n"); len(rows) > 1 {
			text = words.Count(len(rows), "fault") + " in " + rows[0].File + ", the first: " + text
		}
	}
	return edge(text)
}

// nextAfter is what to do about an error: what a single command would say, in the words
// of the manifest.
func (m *member) nextAfter(err error) string {
	var rows desired.RowErrors
	if errors.As(err, &rows) {
		if refused := (*desired.RefusedRows)(nil); errors.As(err, &refused) {
			return address{}.command("validate", m.CSV)
		}
		return "correct " + rows[0].File
	}
	hint := m.hintOf(err)
	if hint == "" && errors.Is(err, fs.ErrNotExist) {
		hint = fmt.Sprintf("put the file there, or correct its path: the tenant begins on line %d of the manifest", m.Line)
	}
	return edge(m.inManifest(hint))
}

// inManifest says the names of flags and variables as the manifest does, or as it
// names them, asks az for a token of the tenant, and offers no way for a person.
func (m *member) inManifest(hint string) string {
	token, secret, password := "the variable of its accessTokenEnv", "the variable of its clientSecretEnv", "the variable of its certificatePasswordEnv"
	for variable, to := range map[string]*string{"BULKSYNC_ACCESS_TOKEN": &token, "AZURE_CLIENT_SECRET": &secret, "AZURE_CLIENT_CERTIFICATE_PASSWORD": &password} {
		if from, ok := m.Secrets[variable]; ok {
			*to = from
		}
	}
	return strings.NewReplacer(
		"BULKSYNC_ACCESS_TOKEN", token, "AZURE_CLIENT_SECRET", secret, "AZURE_CLIENT_CERTIFICATE_PASSWORD", password,
		"AZURE_CLIENT_CERTIFICATE_PATH", "certificatePath", "AZURE_FEDERATED_TOKEN_FILE", "federatedTokenFile",
		"az account get-access-token", "az account get-access-token --tenant "+m.TenantID, "with az login", "with az login --tenant "+m.TenantID,
		"az login, or --auth device-code or browser", "az login --tenant "+m.TenantID,
		"sign in with --auth browser or device-code, through", "sign in as", // nobody is there to be asked
		"--cloud", "cloud", "--auth", "auth", "AZURE_TENANT_ID", "tenantId", "AZURE_CLIENT_ID", "clientId", "--graph-url", "graphUrl",
	).Replace(hint)
}
