package auth

import (
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"bulksync/graph"
)

// Options say where to sign in.
type Options struct {
	Cloud graph.Cloud
	// TenantID is the tenant in which a signed-in person or workload asks for a
	// token; empty leaves it to their own setting. Credentials that come from
	// AZURE_* variables keep the tenant that stands there.
	TenantID string
}

// Default is the Azure identity library's default chain: environment, workload
// identity, managed identity, Azure CLI, Azure Developer CLI, Azure PowerShell.
// The first that yields a token is kept. AZURE_TOKEN_CREDENTIALS names one
// alone, which is the right thing for an unattended run. The login host follows
// the cloud; AZURE_AUTHORITY_HOST does not override it.
func Default(o Options) (azcore.TokenCredential, error) { return newDefault(o, nil) }

func newDefault(o Options, t policy.Transporter) (azcore.TokenCredential, error) {
	cred, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		ClientOptions: azcore.ClientOptions{Cloud: login(o.Cloud), Transport: t},
		TenantID:      o.TenantID,
	})
	if err != nil {
		return nil, fmt.Errorf("setting up the default credentials: %w", err)
	}
	return cred, nil
}

// login is the sign-in host of a cloud. GCC High and DoD share one; only the
// scope tells their tokens apart.
func login(c graph.Cloud) cloud.Configuration {
	switch c {
	case graph.USGov, graph.USGovDoD:
		return cloud.AzureGovernment
	case graph.China:
		return cloud.AzureChina
	default:
		return cloud.AzurePublic
	}
}
