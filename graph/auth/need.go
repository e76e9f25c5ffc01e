package auth

import (
	"slices"
	"strings"

	"bulksync/graph"
)

// Task is what an identity is needed for: a group of commands that need the same.
type Task string

// The tasks, as sentences name them.
const (
	Reading   Task = "plan and audit"
	Writing   Task = "apply and resume"
	LookingUp Task = "looking up tenants"
	Tracing   Task = "audit --who"
)

// Tasks are all tasks, the most common first.
func Tasks() []Task { return []Task{Reading, Writing, LookingUp, Tracing} }

// need is what a task needs of an identity.
type need struct {
	// permissions are enough one by one; the first is the least.
	permissions []string
	// least are the directory roles to ask for, of which a person also needs one;
	// none if any person will do. Others have them too.
	least, others []role
}

type role struct{ name, template string }

// The built-in roles, by their template IDs.
var (
	globalAdministrator   = role{"Global Administrator", "62e90394-69f5-4237-9190-012177145e10"}
	securityAdministrator = role{"Security Administrator", "194ae4cb-b126-40b2-bd5b-6091b380977d"}
	securityReader        = role{"Security Reader", "5d6b6bb7-de71-4623-b4af-96380a352509"}
	globalReader          = role{"Global Reader", "f2ef992c-3afb-46b9-b7cf-a126ee74c451"}
	reportsReader         = role{"Reports Reader", "4a5d8f65-41da-4de4-8968-e035b65339cf"}
	teamsAdministrator    = role{"Teams Administrator", "69091246-20e8-4a56-aa4d-066075b2a7a8"}
)

// partialRoles see partners, but not their identity synchronization.
var partialRoles = [...]role{
	teamsAdministrator, {"Global Secure Access Administrator", "ac434307-12b9-4fa1-a708-88bf58caabc1"},
}

// need is the table of least privilege: what the reference pages of the requests of
// a task name. Those of tenant information ask for no role.
func (t Task) need() need {
	switch t {
	case Writing:
		return need{[]string{"Policy.ReadWrite.CrossTenantAccess"}, []role{securityAdministrator}, []role{globalAdministrator}}
	case LookingUp:
		return need{permissions: []string{graph.PermissionTenantInformation}}
	case Tracing:
		return need{[]string{graph.PermissionAuditLog}, []role{reportsReader, securityReader}, []role{securityAdministrator, globalReader, globalAdministrator}}
	default:
		return need{
			[]string{"Policy.Read.All", "Policy.ReadWrite.CrossTenantAccess"},
			[]role{securityReader, globalReader}, []role{securityAdministrator, globalAdministrator},
		}
	}
}

// Permission is the least permission that the task needs.
func (t Task) Permission() string { return t.need().permissions[0] }

// Needs says what the task needs: a permission, and of a person a role.
func (t Task) Needs() string {
	n := t.need()
	says := "the permission " + n.permissions[0] + ", with admin consent"
	if len(n.least) == 0 {
		return says
	}
	var roles []string
	for _, r := range n.least {
		roles = append(roles, r.name)
	}
	return says + "; a person also needs the role " + strings.Join(roles, " or ")
}

// azureCLI is Microsoft's app through which az login signs a person in. It has no permission on
// policies, and nobody outside Microsoft can add one: Graph may refuse it whatever the person's roles
// are.
const azureCLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"

// HowToGet says how an identity comes to what a task needs.
func (id Identity) HowToGet(t Task) string {
	if id.User != "" && id.AppID == azureCLI {
		return "az login cannot have the permission " + t.Permission() + "; if Graph refuses, sign in with --auth browser or device-code, through an app registration of your own"
	}
	return t.Needs()
}

// Answer is whether an identity may do something, as far as its token says.
type Answer string

// The answers.
const (
	Yes     Answer = "yes"
	No      Answer = "no"
	Unknown Answer = "unknown"
)

// May says whether the token allows a task. It is Unknown if the token names no
// permissions; if it is a person's and names none of the usual roles, since a token
// can leave roles out and a tenant has roles of its own; with
// Directory.AccessAsUser.All, which is all that the person may do; and if an
// application has a role instead of the permission. Only Graph decides.
func (id Identity) May(t Task) Answer {
	n, granted := t.need(), slices.Concat(id.Roles, id.Scopes)
	switch {
	case len(granted) == 0:
		return Unknown
	case !slices.ContainsFunc(n.permissions, func(p string) bool { return containsFold(granted, p) }):
		if id.Kind == KindUser && containsFold(granted, "Directory.AccessAsUser.All") || id.Kind == KindApp && id.hasRole(n) {
			return Unknown
		}
		return No
	case id.Kind == KindApp || len(n.least) == 0 || id.hasRole(n):
		return Yes
	default:
		return Unknown
	}
}

// PartialRole names the role of a person who sees partners but not their identity
// synchronization; empty if there is none, or one that sees both beside it.
func (id Identity) PartialRole() string {
	if id.Kind == KindApp || id.hasRole(Reading.need()) {
		return ""
	}
	for _, r := range partialRoles {
		if id.has(r) {
			return r.name
		}
	}
	return ""
}

// hasRole reports whether the token names one of the roles of a need.
func (id Identity) hasRole(n need) bool {
	return slices.ContainsFunc(n.least, id.has) || slices.ContainsFunc(n.others, id.has)
}

func (id Identity) has(r role) bool { return containsFold(id.RoleTemplateIDs, r.template) }

func containsFold(all []string, s string) bool {
	return slices.ContainsFunc(all, func(a string) bool { return strings.EqualFold(a, s) })
}

// graphAppID is the audience of some tokens for Graph, in every cloud.
const graphAppID = "00000003-0000-0000-c000-000000000000"

// IsForAPI reports whether the token is for the API at a root URL, which is that of
// a cloud's Graph. A token that does not name its audience may be.
func (id Identity) IsForAPI(root string) bool {
	aud := strings.TrimRight(id.Audience, "/")
	return aud == "" || aud == graphAppID || strings.EqualFold(aud, root)
}
