package graphsim

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The permissions that the simulator knows, by their names in Graph.
const (
	PermissionRead       = "Policy.Read.All"
	PermissionWrite      = "Policy.ReadWrite.CrossTenantAccess"
	PermissionTenantInfo = "CrossTenantInformation.ReadBasic.All"
	PermissionAudit      = "AuditLog.Read.All"
)

// Role template IDs for TokenOptions.Roles. Teams and Global Secure Access administrators
// do not see sync policies.
const (
	RoleGlobalAdministrator       = "62e90394-69f5-4237-9190-012177145e10"
	RoleSecurityAdministrator     = "194ae4cb-b126-40b2-bd5b-6091b380977d"
	RoleTeamsAdministrator        = "69091246-20e8-4a56-aa4d-066075b2a7a8"
	RoleSecurityReader            = "5d6b6bb7-de71-4623-b4af-96380a352509"
	RoleGlobalReader              = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
	RoleSecureAccessAdministrator = "ac434307-12b9-4fa1-a708-88bf58caabc1"
	RoleReportsReader             = "4a5d8f65-41da-4de4-8968-e035b65339cf"
)

// DefaultAppID is the application that a token names when TokenOptions does not.
const DefaultAppID = "b0a7c0de-51b1-4f0e-8c2a-6d1f0a9e7c35"

// TokenOptions describes an access token. The zero value is an app of the home
// tenant that may read and write the policy and look tenants up, for 24 hours.
type TokenOptions struct {
	TenantID    string        // tid; default the home tenant
	AppID       string        // appid; quotas count per app
	AppName     string        // app_displayname
	User        string        // upn; if set the token is delegated, and Roles count
	Permissions []string      // roles of an app, scp of a user; default write and tenant info
	Roles       []string      // wids of a user; default Security Administrator
	Audience    string        // aud; default the Graph of the cloud
	Lifetime    time.Duration // default 24 h; a negative one is a token that has expired
}

// Token mints an access token: three parts like a real one, but unsigned.
func (s *Sim) Token(o TokenOptions) string {
	s.mu.Lock()
	s.minted++
	number, oid := s.minted, s.newGUID()
	s.mu.Unlock()
	now := time.Now()
	permissions := o.Permissions
	if permissions == nil {
		permissions = []string{PermissionWrite, PermissionTenantInfo}
	}
	c := map[string]any{
		"aud": cmp.Or(o.Audience, s.cfg.Cloud.RootURL()), "tid": cmp.Or(o.TenantID, s.cfg.HomeTenant),
		"appid": cmp.Or(o.AppID, DefaultAppID), "app_displayname": cmp.Or(o.AppName, "bulksync rehearsal"),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(cmp.Or(o.Lifetime, 24*time.Hour)).Unix(),
		"oid": oid, "sub": oid, "idtyp": "app", "uti": tokenPrefix + strconv.Itoa(number), "ver": "1.0",
	}
	if o.User == "" {
		c["roles"] = permissions
	} else {
		roles := o.Roles
		if roles == nil {
			roles = []string{RoleSecurityAdministrator}
		}
		c["idtyp"], c["upn"], c["scp"], c["wids"] = "user", o.User, strings.Join(permissions, " "), roles
	}
	payload, _ := json.Marshal(c) // strings and numbers always marshal
	return encode([]byte(`{"typ":"JWT","alg":"none"}`)) + "." + encode(payload) + "." + encode([]byte("not a signature"))
}

// Revoke makes every token minted so far answer 401, as if it had expired.
func (s *Sim) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = s.minted
}

// tokenPrefix marks the number that Revoke compares.
const tokenPrefix = "graphsim-"

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// claims are the claims of a token that matter here.
type claims struct {
	Aud   string   `json:"aud"`
	Tid   string   `json:"tid"`
	Appid string   `json:"appid"`
	Name  string   `json:"app_displayname"`
	UPN   string   `json:"upn"`
	OID   string   `json:"oid"`
	Exp   int64    `json:"exp"`
	Roles []string `json:"roles"`
	Scp   string   `json:"scp"`
	Wids  []string `json:"wids"`
	UTI   string   `json:"uti"`

	number int // from UTI; 0 for a token from elsewhere
}

func parseToken(token string) (*claims, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	var c claims
	if err != nil || json.Unmarshal(payload, &c) != nil {
		return nil, false
	}
	if n, ok := strings.CutPrefix(c.UTI, tokenPrefix); ok {
		c.number, _ = strconv.Atoi(n)
	}
	return &c, true
}

// graphAppID is the audience of v1 tokens for Graph, in every cloud.
const graphAppID = "00000003-0000-0000-c000-000000000000"

// bearer is the token of a request, and whether there is one.
func bearer(h http.Header) (token string, ok bool) {
	token, ok = strings.CutPrefix(h.Get("Authorization"), "Bearer ")
	return token, ok && token != ""
}

// authenticate finds out who asks. The messages are those of the real service.
func (s *Sim) authenticate(c *call) *odataError {
	token, ok := bearer(c.header)
	if !ok {
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

// maxTokens bounds the cache of decoded tokens.
const maxTokens = 1024

func (s *Sim) check(c *call) *odataError {
	t := c.claims
	switch {
	case c.now.Unix() >= t.Exp || t.number > 0 && t.number <= s.revoked:
		return unauthorized("Lifetime validation failed, the token is expired.")
	case strings.TrimSuffix(t.Aud, "/") != s.cfg.Cloud.RootURL() && t.Aud != graphAppID:
		return unauthorized("Access token validation failure. Invalid audience.")
	case s.isDoor || !strings.EqualFold(t.Tid, s.cfg.HomeTenant):
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
		return has(PermissionAudit) && t.readsAudits()
	case isWrite(c.method):
		return has(PermissionWrite) && (t.mayWrite(c.route.noun) || c.hidesSync())
	default:
		return has(PermissionWrite) || has(PermissionRead)
	}
}

// hidesSync reports whether the request is for a sync policy that its caller may neither see nor
// write.
func (c *call) hidesSync() bool { return c.route.noun == nounSync && !c.claims.seesSync() }

// hiddenSync is the answer to such a request: that there is no such policy, or
// that it may not be requested.
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

// seesSync reports whether the caller may see sync policies. Only the roles of a user can hide
// them, and a user's token may come without its roles.
func (t *claims) seesSync() bool {
	return t.hasRole(RoleGlobalAdministrator, RoleSecurityAdministrator, RoleSecurityReader, RoleGlobalReader)
}

// readsAudits reports whether a user's roles allow reading the audit log.
func (t *claims) readsAudits() bool {
	return t.seesSync() || t.hasRole(RoleReportsReader)
}

// denied is the refusal of a request that is not allowed.
func (c *call) denied() *odataError {
	switch {
	case c.route.noun != nounAudit:
		return forbidden()
	case !c.claims.readsAudits():
		return noAuditRole()
	default:
		return noAuditPermission()
	}
}

func (t *claims) mayWrite(n noun) bool {
	return t.hasRole(RoleGlobalAdministrator, RoleSecurityAdministrator) || n != nounSync && t.hasRole(RoleTeamsAdministrator)
}

func (t *claims) hasRole(roles ...string) bool {
	return t.Scp == "" || len(t.Wids) == 0 || slices.ContainsFunc(roles, func(r string) bool { return slices.Contains(t.Wids, r) })
}
