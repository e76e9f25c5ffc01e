package main

import (
	"errors"
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
		hint = "correct it in the manifest: a path there is relative to the manifest"
	}
	return edge(m.inManifest(hint))
}

// inManifest says the names of flags and variables as the manifest does, or as it
// names them.
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
		"AZURE_TENANT_ID", "tenantId", "AZURE_CLIENT_ID", "clientId", "--graph-url", "graphUrl",
	).Replace(hint)
}
