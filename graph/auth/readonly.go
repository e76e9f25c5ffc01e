package auth

import (
	"slices"
	"strings"
)

// WritableError says that an identity is not certainly read-only: it could change
// cross-tenant access settings, or its token does not say.
type WritableError struct {
	// By are the permissions and directory roles that could write, or that could
	// get there; none if the token says nothing about its permissions.
	By []string
}

// Error names the permissions and roles.
func (e *WritableError) Error() string {
	if len(e.By) == 0 {
		return "the access token does not say which permissions it has, so it is not certain that it cannot write"
	}
	return "the access token could write here: it has " + strings.Join(e.By, ", ")
}

// CheckReadOnly returns a *WritableError unless the token says what it may do and
// nothing of that could change cross-tenant access settings. A person's directory
// roles do not count: without a permission to write no role can write, and with one
// a role of the tenant's own, which no token names, might. An application needs no
// role, but can have one.
//
// It is a precaution: only Graph decides what a token may do.
func (id Identity) CheckReadOnly() error {
	granted := slices.Concat(id.Roles, id.Scopes)
	var by []string
	for _, p := range writers {
		if slices.ContainsFunc(granted, func(g string) bool { return strings.EqualFold(g, p.name) }) {
			by = append(by, p.name+p.how)
		}
	}
	for _, r := range writerRoles {
		if id.Kind == KindApp && slices.ContainsFunc(id.RoleTemplateIDs, func(t string) bool { return strings.EqualFold(t, r.template) }) {
			by = append(by, "the directory role "+r.name)
		}
	}
	if len(by) > 0 || len(granted) == 0 {
		return &WritableError{By: by}
	}
	return nil
}

// writers are the permissions that could write. The reference pages of all writes to cross-tenant
// access settings name the first one and no higher one. The permissions reference cautions that the
// next three let an application grant privileges to itself, and that Application.ReadWrite.All lets
// it act as another one. RoleAssignmentSchedule.ReadWrite.Directory assigns directory roles, for good
// or for a time. Directory.AccessAsUser.All is all that the signed-in person may do.
var writers = [...]struct{ name, how string }{
	{"Policy.ReadWrite.CrossTenantAccess", ""},
	{"AppRoleAssignment.ReadWrite.All", " (it can grant itself more)"},
	{"DelegatedPermissionGrant.ReadWrite.All", " (it can grant itself more)"},
	{"RoleManagement.ReadWrite.Directory", " (it can grant itself more)"},
	{"RoleAssignmentSchedule.ReadWrite.Directory", " (it can grant itself more)"},
	{"Application.ReadWrite.All", " (it can act as another application)"},
	{"Directory.AccessAsUser.All", " (it can do what the person can)"},
}

// writerRoles are the built-in roles that could write, as the reference pages list
// them, that of Global Administrator, which has all rights, and of those who can
// assign roles. Teams Administrator writes all but identity synchronization.
var writerRoles = [...]role{
	globalAdministrator, securityAdministrator, teamsAdministrator,
	{"Privileged Role Administrator", "e8611ab8-c189-46e8-94e1-60213ab1f814"},
}
