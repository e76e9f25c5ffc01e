package fleet

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/plan/audit"
	"bulksync/plan/desired"
)

// member is a member of a tenant, and of the defaults.
type member struct {
	name string
	// parse checks a value and returns it in its one spelling. Its error must not repeat
	// the value of a member that may hold a secret.
	parse func(s string) (string, error)
	// ownOnly says that it cannot be a default, and that each tenant must have it.
	ownOnly bool
	// isPath says that the value is a path, relative to the folder of the manifest.
	isPath bool

	// What follows is empty for all but the settings of a way to sign in.

	// variable is the one that the setting stands for.
	variable string
	// isSecret says that the value is the name of a variable that holds a secret.
	isSecret bool
	// ways are those that the setting belongs to, and needed those that cannot do without
	// it. The way env is one of secret and certificate.
	ways, needed []auth.Way
	// says is the way that is meant if the setting is there; empty if it may be several.
	says auth.Way
}

// members are all of them. A new setting of a way to sign in is an entry here.
func members() []member {
	const (
		secret, certificate, workload = auth.BySecret, auth.ByCertificate, auth.ByWorkloadIdentity
		pipelines, token              = auth.ByAzurePipelines, auth.ByToken
	)
	is := func(w ...auth.Way) []auth.Way { return w }
	return []member{
		{name: "name", parse: parseName, ownOnly: true},
		{name: "tenantId", parse: parseGUID, ownOnly: true},
		{name: "cloud", parse: parseCloud},
		{name: "graphUrl", parse: parseGraphURL},
		{name: "auth", parse: parseAuth},
		{name: "clientId", parse: parseGUID, variable: "AZURE_CLIENT_ID",
			ways: is(secret, certificate, workload, auth.ByGitHub, pipelines, auth.ByManagedIdentity), needed: is(secret, certificate)},
		{name: "clientSecretEnv", parse: parseVariable, variable: "AZURE_CLIENT_SECRET", isSecret: true,
			ways: is(secret), needed: is(secret), says: secret},
		{name: "certificatePath", parse: parsePath, isPath: true, variable: "AZURE_CLIENT_CERTIFICATE_PATH",
			ways: is(certificate), needed: is(certificate), says: certificate},
		{name: "certificatePasswordEnv", parse: parseVariable, variable: "AZURE_CLIENT_CERTIFICATE_PASSWORD", isSecret: true, ways: is(certificate)},
		{name: "sendCertificateChain", parse: parseBool, variable: "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", ways: is(certificate)},
		{name: "federatedTokenFile", parse: parsePath, isPath: true, variable: "AZURE_FEDERATED_TOKEN_FILE", ways: is(workload), says: workload},
		{name: "serviceConnectionId", parse: parseGUID, variable: "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", ways: is(pipelines)},
		{name: "accessTokenEnv", parse: parseVariable, variable: "BULKSYNC_ACCESS_TOKEN", isSecret: true,
			ways: is(token), needed: is(token), says: token},
		{name: "csv", parse: parsePath, isPath: true},
		{name: "template", parse: parsePath, isPath: true},
		{name: "policy", parse: parsePath, isPath: true},
		{name: "waivers", parse: parsePath, isPath: true},
		{name: "scope", parse: parseScope},
	}
}

func parseName(s string) (string, error) { return s, CheckName(s) }

// parseCloud does not repeat the value, and no other does: whatever is typed where, it
// may be a secret.
func parseCloud(s string) (string, error) {
	c, err := graph.ParseCloud(s)
	if err != nil {
		return "", errors.New("it is no cloud: use global, usgov, usgov-dod or china")
	}
	return string(c), nil
}

// parseGraphURL does not repeat the URL: it may have a password in it.
func parseGraphURL(s string) (string, error) {
	root, err := graph.CheckRoot(s)
	if err != nil {
		return "", errors.New("it is not a host URL such as https://graph.microsoft.com: no path, query or user, and http for loopback addresses only")
	}
	return root, nil
}

// parseAuth refuses the ways that are for a person, or for whatever is found.
func parseAuth(s string) (string, error) {
	w, err := auth.ParseWay(s)
	switch {
	case err != nil:
		return "", noWay(auth.NearestWay(s))
	case w == auth.ByBrowser, w == auth.ByDeviceCode:
		return "", errors.New(string(w) + " would ask a person, and a fleet runs unattended: use another way")
	case w == auth.ByDefault:
		return "", errors.New("default takes the first identity that it finds, which may be that of another tenant: name one way")
	}
	return string(w), nil
}

// noWay says which ways there are, and which one was probably meant; empty for none.
func noWay(near string) error {
	ways := slices.DeleteFunc(auth.Ways(), func(name string) bool {
		_, err := parseAuth(name)
		return err != nil
	})
	if !slices.Contains(ways, near) {
		return fmt.Errorf("it is no way to sign in: there are %s", strings.Join(ways, ", "))
	}
	return fmt.Errorf("it is no way to sign in; did you mean %s? There are %s", near, strings.Join(ways, ", "))
}

// parseGUID does not repeat the value: a secret often stands beside an ID, and is easily
// taken for it.
func parseGUID(s string) (string, error) {
	id, err := desired.ParseTenantID(s)
	if err != nil {
		return "", errors.New("it is not a GUID, such as 90e29127-71ad-49c7-9ce8-db3f41ea06f1")
	}
	return id, nil
}

// variableName matches what a variable of the environment may be called.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// parseVariable does not repeat the value: it may be the secret itself.
func parseVariable(s string) (string, error) {
	if !variableName.MatchString(s) || looksRandom(s) {
		return "", errors.New("it is not the name of a variable: write the name of the one that holds the secret, not the secret")
	}
	return s, nil
}

func parseBool(s string) (string, error) {
	if s != "true" && s != "false" {
		return "", errors.New("write true or false")
	}
	return s, nil
}

// parsePath refuses what is standard input elsewhere, and an address, whose query is a
// secret where files are shared.
func parsePath(s string) (string, error) {
	switch {
	case s == "-":
		return "", errors.New("standard input cannot be the file of a tenant: name a file")
	case strings.Contains(s, "://"):
		return "", errors.New("it is an address: fetch the file, and write its path")
	}
	return s, nil
}

func parseScope(s string) (string, error) {
	scope, err := audit.ParseScope(strings.ToLower(s))
	if err != nil {
		return "", errors.New("it is no scope: use all or file")
	}
	return string(scope), nil
}
