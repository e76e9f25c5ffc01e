package graphsim

import (
	"net/http"
	"slices"
	"strings"
)

// graphAppID is the audience of v1 tokens for Graph, in every cloud.
const graphAppID = "00000003-0000-0000-c000-000000000000"

// authenticate finds out who is asking; the messages are those of the field.
func (s *Sim) authenticate(c *call) *odataError {
	token, isBearer := strings.CutPrefix(c.header.Get("Authorization"), "Bearer ")
	if token == "" || !isBearer {
		return unauthorized("Access token is empty.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known, ok := s.tokens[token]
	if !ok {
		if known, ok = parseToken(token); !ok {
			return unauthorized("CompactToken parsing failed with error code: 80049217")
		}
		if len(s.tokens) >= maxTokens {
			clear(s.tokens)
		}
		s.tokens[token] = known
	}
	c.claims = known
	return s.check(c)
}

// maxTokens bounds the memory for tokens decoded before.
const maxTokens = 1024

func (s *Sim) check(c *call) *odataError {
	t := c.claims
	switch {
	case c.now.Unix() >= t.Exp || t.number > 0 && t.number <= s.revoked:
		return unauthorized("Lifetime validation failed, the token is expired.")
	case strings.TrimSuffix(t.Aud, "/") != s.cfg.Cloud.RootURL() && t.Aud != graphAppID:
		return unauthorized("Access token validation failure. Invalid audience.")
	case !strings.EqualFold(t.Tid, s.cfg.HomeTenant):
		return unauthorized("Access token validation failure. Invalid tenant.")
	}
	return nil
}

// allowed reports whether the token's permissions, and the roles of a user,
// cover the request.
func (c *call) allowed() bool {
	t := c.claims
	permissions := t.Roles
	if t.Scp != "" {
		permissions = strings.Fields(t.Scp)
	}
	has := func(p string) bool { return slices.Contains(permissions, p) }
	switch {
	case c.route.noun == nounTenant:
		return has(PermissionTenantInfo)
	case c.route.noun == nounAudit:
		return has(PermissionAudit)
	case isWrite(c.method):
		return has(PermissionWrite) && (t.mayWrite(c.route.noun) || c.hidesSync())
	default:
		return has(PermissionWrite) || has(PermissionRead)
	}
}

// hidesSync reports whether the request is for a sync policy that its caller may
// not see, nor write.
func (c *call) hidesSync() bool { return c.route.noun == nounSync && !c.claims.seesSync() }

// hiddenSync is the answer to such a request: that there is no such policy, or
// that it may not be asked for.
func (s *Sim) hiddenSync(c *call) *odataError {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.partners.latest(c.route.id)
	switch {
	case s.cfg.HiddenSyncStatus == http.StatusForbidden:
		return forbidden()
	case c.method == http.MethodPut && p != nil && p.IdentitySynchronization != nil:
		return sameObject()
	case c.method == http.MethodPatch:
		return noObject()
	}
	return notFound(c.route.id)
}

// seesSync reports whether the caller is shown sync policies. Only the roles of
// a user can hide them, and a user's token may come without its roles.
func (t *claims) seesSync() bool {
	return t.hasRole(RoleGlobalAdministrator, RoleSecurityAdministrator, RoleSecurityReader, RoleGlobalReader)
}

func (t *claims) mayWrite(n noun) bool {
	return t.hasRole(RoleGlobalAdministrator, RoleSecurityAdministrator) || n != nounSync && t.hasRole(RoleTeamsAdministrator)
}

func (t *claims) hasRole(roles ...string) bool {
	return t.Scp == "" || len(t.Wids) == 0 || slices.ContainsFunc(roles, func(r string) bool { return slices.Contains(t.Wids, r) })
}
