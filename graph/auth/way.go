package auth

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

// Way is one way to sign in. Each but ByDefault is that one alone: if it gives no token, no other
// is tried, so that a run never works as somebody else.
type Way string

// The ways.
const (
	ByDefault          Way = "default"
	ByToken            Way = "token"
	ByEnvironment      Way = "env"
	BySecret           Way = "secret"
	ByCertificate      Way = "certificate"
	ByManagedIdentity  Way = "managed-identity"
	ByWorkloadIdentity Way = "workload-identity"
	ByGitHub           Way = "github"
	ByAzurePipelines   Way = "azure-pipelines"
	ByAzureCLI         Way = "azure-cli"
	ByDeviceCode       Way = "device-code"
	ByBrowser          Way = "browser"
)

// The variables that say how to sign in. Those of Azure are the Azure identity library's; the tasks
// of Azure Pipelines with a service connection set those of AZURESUBSCRIPTION (samples of the Azure
// SDKs read them there), and GitHub Actions sets the two of a job that may ask for an ID token.
const (
	varToken        = "BULKSYNC_ACCESS_TOKEN"
	varTenant       = "AZURE_TENANT_ID"
	varClient       = "AZURE_CLIENT_ID"
	varSecret       = "AZURE_CLIENT_SECRET"
	varCertificate  = "AZURE_CLIENT_CERTIFICATE_PATH"
	varPassword     = "AZURE_CLIENT_CERTIFICATE_PASSWORD"
	varSendChain    = "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN"
	varTokenFile    = "AZURE_FEDERATED_TOKEN_FILE"
	varGitHubURL    = "ACTIONS_ID_TOKEN_REQUEST_URL"
	varGitHubToken  = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
	varOIDC         = "SYSTEM_OIDCREQUESTURI"
	varSystemToken  = "SYSTEM_ACCESSTOKEN"
	varConnection   = "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"
	varSubscriptApp = "AZURESUBSCRIPTION_CLIENT_ID"
	varSubscription = "AZURESUBSCRIPTION_TENANT_ID"
)

// method is how a way is done.
type method struct {
	way Way
	// needs are the settings without which it cannot work. Of several names for one setting the
	// first that has a value counts.
	needs [][]string
	make  func(*signIn) (azcore.TokenCredential, error)
	// remote means that nobody but a host elsewhere is asked, so that a failure without its answer
	// may pass.
	remote bool
	// advice is what to do if a setting is missing.
	advice string
}

// methods are all ways, in the order in which they are listed.
func methods() []method {
	app := [][]string{{varTenant}, {varClient}}
	pipeline := [][]string{{varTenant, varSubscription}, {varClient, varSubscriptApp}, {varConnection}, {varSystemToken}, {varOIDC}}
	return []method{
		{ByDefault, nil, (*signIn).byDefault, false, ""},
		{ByToken, nil, (*signIn).byToken, false, "put a token in BULKSYNC_ACCESS_TOKEN, such as that of az account get-access-token --resource-type ms-graph --query accessToken --output tsv"},
		{ByEnvironment, slices.Concat(app, [][]string{{varSecret, varCertificate}}), (*signIn).byEnvironment, true, "set AZURE_TENANT_ID, AZURE_CLIENT_ID and either AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH, not both"},
		{BySecret, slices.Concat(app, [][]string{{varSecret}}), (*signIn).bySecret, true, "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET to those of an app registration"},
		{ByCertificate, slices.Concat(app, [][]string{{varCertificate}}), (*signIn).byCertificate, true, "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_CERTIFICATE_PATH, a PEM or PFX file with its private key; if that has a password, set AZURE_CLIENT_CERTIFICATE_PASSWORD"},
		{ByManagedIdentity, nil, (*signIn).byManagedIdentity, false, "run on an Azure resource that has a managed identity; AZURE_CLIENT_ID names a user-assigned one"},
		{ByWorkloadIdentity, slices.Concat(app, [][]string{{varTokenFile}}), (*signIn).byWorkloadIdentity, true, "label the pod azure.workload.identity/use: \"true\", and use a service account that names the app; elsewhere, keep a valid token in the file that AZURE_FEDERATED_TOKEN_FILE names"},
		{ByGitHub, slices.Concat(app, [][]string{{varGitHubURL}, {varGitHubToken}}), (*signIn).byGitHub, true, "give the job permissions: id-token: write, and set AZURE_TENANT_ID and AZURE_CLIENT_ID"},
		{ByAzurePipelines, pipeline, (*signIn).byAzurePipelines, true, "run in an AzureCLI@2 task with a service connection, and map SYSTEM_ACCESSTOKEN: $(System.AccessToken)"},
		{ByAzureCLI, nil, (*signIn).byAzureCLI, false, "sign in with az login"},
		{ByDeviceCode, app, (*signIn).byDeviceCode, false, "set AZURE_TENANT_ID and AZURE_CLIENT_ID to those of an app registration that allows public client flows"},
		{ByBrowser, app, (*signIn).byBrowser, false, "set AZURE_TENANT_ID and AZURE_CLIENT_ID to those of an app registration with the redirect URI http://localhost"},
	}
}

func methodOf(w Way) (method, bool) {
	all := methods()
	i := slices.IndexFunc(all, func(m method) bool { return m.way == w })
	if i < 0 {
		return method{}, false
	}
	return all[i], true
}

// Advice is what a way needs, for somebody whose sign-in failed; empty for ByDefault.
func Advice(w Way) string {
	m, _ := methodOf(w)
	return m.advice
}

// Ways are all ways to sign in, as in "default, token, env".
func Ways() []string {
	var names []string
	for _, m := range methods() {
		names = append(names, string(m.way))
	}
	return names
}

// ParseWay reads the name of a way. Its error lists them all, the nearest first.
func ParseWay(name string) (Way, error) {
	if _, ok := methodOf(Way(name)); ok {
		return Way(name), nil
	}
	err := fmt.Errorf("there is no way to sign in called %q: there are %s", name, strings.Join(Ways(), ", "))
	if near := NearestWay(name); near != "" {
		err = fmt.Errorf("there is no way to sign in called %q; did you mean %s? There are %s", name, near, strings.Join(Ways(), ", "))
	}
	return "", err
}

// NearestWay is the way that was probably meant by a name that is none, as --auth
// spells it; empty if none is near.
func NearestWay(name string) string { return nearest(strings.ToLower(name), Ways()) }

// otherNames are what people call some ways elsewhere.
var otherNames = [...]struct {
	name string
	way  Way
}{
	{"cert", ByCertificate}, {"client-certificate", ByCertificate}, {"client-secret", BySecret}, {"environment", ByEnvironment},
	{"msi", ByManagedIdentity}, {"az", ByAzureCLI}, {"cli", ByAzureCLI}, {"interactive", ByBrowser}, {"oidc", ByGitHub},
	{"pipelines", ByAzurePipelines}, {"azure-devops", ByAzurePipelines}, {"bearer", ByToken}, {"federated", ByWorkloadIdentity},
}

// nearest is the way that was probably meant; "" if none is near.
func nearest(name string, ways []string) string {
	for _, o := range otherNames {
		if o.name == name {
			return string(o.way)
		}
	}
	best, least := "", 3 // more than two slips of the pen are another word
	for _, w := range ways {
		if d := distance(name, w); d < least {
			best, least = w, d
		}
		if len(name) > 2 && strings.HasPrefix(w, name) {
			return w
		}
	}
	return best
}

// distance is the number of letters to add, drop or change.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
