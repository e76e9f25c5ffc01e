package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/internal/atomicfile"
	"bulksync/internal/fleet"
	"bulksync/report"
)

// member is a tenant of a fleet at work. Its env is its own: nothing of the process
// that names an identity reaches it, and nothing of it reaches standard output.
type member struct {
	*env
	fleet.Tenant
	// dir is the tenant's folder.
	dir string
	// silence ends what is said of it.
	silence func()
	// real reads the environment of the process.
	real func(string) string
}

// member is a tenant with what it needs to be worked on.
func (o *shardOptions) member(e *env, t fleet.Tenant) *member {
	m := &member{Tenant: t, dir: fleet.TenantDir(o.dir, t.Name), real: o.console.getenv}
	own := *e
	own.in, own.out, own.getenv = strings.NewReader(""), io.Discard, m.variable
	own.messages, m.silence = e.ofMember(t.Name)
	own.cloud, own.homeTenant, own.auth, own.inFleet = t.Cloud, t.TenantID, auth.Way(t.Auth), true
	own.format, own.log = report.Text, e.log.With("tenant", t.Name)
	own.address = address{graphURL: t.GraphURL, tenant: t.TenantID, auth: t.Auth}
	if t.Cloud != graph.Global || m.real("BULKSYNC_CLOUD") != "" { // its commands are typed where that is set
		own.address.cloud = string(t.Cloud)
	}
	m.env = &own
	return m
}

// variable is the environment of a tenant. Of the variables that name an identity it
// has those that the manifest gives.
func (m *member) variable(name string) string {
	if name == "AZURE_TENANT_ID" {
		return m.TenantID
	}
	if value, ok := m.Settings[name]; ok {
		return value
	}
	if from, ok := m.Secrets[name]; ok {
		return m.real(from)
	}
	isOurs := strings.HasPrefix(name, "AZURE_") || strings.HasPrefix(name, "BULKSYNC_")
	if isOurs && !m.isInjected(name) {
		return ""
	}
	return m.real(name)
}

// isInjected reports whether a variable is one by which a platform gives an identity
// to what runs on it, and the tenant signs in that way.
func (m *member) isInjected(name string) bool {
	byPlatform := []auth.Way{auth.ByWorkloadIdentity, auth.ByGitHub, auth.ByAzurePipelines, auth.ByManagedIdentity}
	return (name == "AZURE_CLIENT_ID" || name == "AZURE_FEDERATED_TOKEN_FILE") && slices.Contains(byPlatform, auth.Way(m.Auth))
}

// checkSecrets refuses a tenant whose secret is not there.
func (m *member) checkSecrets() error {
	for _, variable := range slices.Sorted(maps.Keys(m.Secrets)) {
		from := m.Secrets[variable]
		if strings.TrimSpace(m.real(from)) == "" {
			return hinted(fmt.Errorf("the variable %s is not set, or empty", from), fmt.Sprintf("put %s of the tenant in it: the manifest names it", secretWords(variable)))
		}
	}
	return nil
}

// secretWords say what a variable holds.
func secretWords(variable string) string {
	switch variable {
	case "AZURE_CLIENT_SECRET":
		return "the client secret"
	case "AZURE_CLIENT_CERTIFICATE_PASSWORD":
		return "the password of the certificate"
	case "BULKSYNC_ACCESS_TOKEN":
		return "an access token"
	default:
		return "the secret"
	}
}

// checkFolder refuses a folder of the tenant that leads elsewhere, and files in it that
// are no files.
func (m *member) checkFolder(folders, files []string) error {
	for _, name := range append([]string{""}, folders...) {
		at := filepath.Join(m.dir, name)
		if info, err := os.Lstat(at); err == nil && !info.IsDir() {
			return refused("remove it: a folder takes its place", "%s is not a folder", at)
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return atomicfile.PathError(err)
		}
	}
	for _, name := range files {
		at := filepath.Join(m.dir, name)
		if info, err := os.Lstat(at); err == nil && !atomicfile.IsRegular(info) {
			return refused("remove it: a file takes its place", "%s is not a regular file", at)
		}
	}
	return nil
}

// command is a command line for the tenant that can be run as printed: its secrets are
// those of the variables that the manifest names.
func (m *member) command(line string) string {
	var given []setting
	sh := userShell()
	switch auth.Way(m.Auth) {
	case auth.ByToken, auth.ByManagedIdentity, auth.ByAzureCLI:
	default: // the terminal may have that of another tenant, which --tenant does not replace
		given = append(given, setting{"AZURE_TENANT_ID", sh.value(m.TenantID)})
	}
	for _, name := range slices.Sorted(maps.Keys(m.Settings)) {
		given = append(given, setting{name, sh.value(m.Settings[name])})
	}
	for _, name := range slices.Sorted(maps.Keys(m.Secrets)) {
		given = append(given, setting{name, sh.variable(m.Secrets[name])})
	}
	return sh.with(given, line)
}

// place is the path of a file of the tenant, relative to the folder of the fleet.
func (m *member) place(names ...string) string {
	return path.Join(append([]string{fleet.TenantsDir, m.Name}, names...)...)
}
