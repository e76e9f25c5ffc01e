package fleet

import "bulksync/graph"

// Manifest lists the home tenants of a fleet.
type Manifest struct {
	// Name is the file as it was named, SHA256 that of its bytes in hex.
	Name, SHA256 string
	// Tenants are in the order of the file. No two have the same name or ID.
	Tenants []Tenant
}

// Tenant is one home tenant, with the defaults of the manifest filled in.
type Tenant struct {
	// Name is fit for a folder, as CheckName says.
	Name string
	// TenantID is a GUID in lower case.
	TenantID string
	Cloud    graph.Cloud
	// GraphURL replaces the cloud's host; empty for none.
	GraphURL string
	// Auth is the way to sign in, as --auth spells it; never default, browser or
	// device-code, which are for a person at a terminal.
	Auth string
	// Settings are those of the way to sign in that the manifest gives, by the
	// variable of the environment that they stand for, such as AZURE_CLIENT_ID. Secrets
	// are not among them.
	Settings map[string]string
	// Secrets names, by the variable that it stands for, such as AZURE_CLIENT_SECRET,
	// the variable of the process that holds a secret.
	Secrets map[string]string
	// CSV, Template, Policy and Waivers are paths of files, those of the manifest
	// resolved against its folder; empty for none. CSV or Template is given.
	CSV, Template, Policy, Waivers string
	// Scope is all or file, or empty for the default.
	Scope string
	// Line is where the tenant begins in the manifest.
	Line int
}
