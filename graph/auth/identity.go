package auth

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Kind says whether a token is a user's or an application's own.
type Kind string

// The kinds.
const (
	KindUser Kind = "user"
	KindApp  Kind = "app"
)

// Identity is whom a token says it is for. Any field but Kind may be empty: the
// claims of an access token are meant only for Graph.
type Identity struct {
	// TenantID is the home tenant, in lower case (tid).
	TenantID string
	// AppID and AppName are the application that asked for the token.
	AppID, AppName string
	// User is the sign-in name; empty for an application on its own.
	User string
	// Kind is KindUser if a person signed in, and KindApp for an application on its own or if the
	// claims do not say.
	Kind Kind
	// Audience is the API that the token is for (aud).
	Audience string
	// Roles are application permissions, Scopes delegated ones.
	Roles, Scopes []string
	// RoleTemplateIDs are the signed-in user's directory roles (wids). Entra
	// leaves them out if there are many, so a missing one proves nothing.
	RoleTemplateIDs []string
	// ExpiresAt is in UTC, and zero if the token does not say.
	ExpiresAt time.Time
}

// ParseIdentity reads the claims of an access token without checking its signature: good enough for
// a warning and for the record, never to allow something. Missing and odd claims stay empty. Its
// error never quotes the token.
func ParseIdentity(token string) (Identity, error) {
	c, err := parseClaims(token)
	if err != nil {
		return Identity{}, err
	}
	id := Identity{
		TenantID:        strings.ToLower(c.text("tid")),
		AppID:           c.text("appid", "azp"), // v1 and v2 tokens
		AppName:         c.text("app_displayname"),
		User:            c.text("upn", "preferred_username", "unique_name"),
		Audience:        c.text("aud"),
		Roles:           c.list("roles"),
		Scopes:          strings.Fields(c.text("scp")),
		RoleTemplateIDs: c.list("wids"),
		ExpiresAt:       c.time("exp"),
	}
	id.Kind = kind(c.text("idtyp"), id)
	return id, nil
}

// kind believes idtyp, which is an optional claim. Without it, delegated permissions or a sign-in
// name mean a user.
func kind(idtyp string, id Identity) Kind {
	switch {
	case idtyp == string(KindUser), idtyp != string(KindApp) && (len(id.Scopes) > 0 || id.User != ""):
		return KindUser
	default:
		return KindApp
	}
}

type claims map[string]json.RawMessage

func parseClaims(token string) (claims, error) {
	// The causes are left out on purpose: they quote parts of the token.
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errors.New("access token is not a JWT: expected three parts with dots between them")
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return nil, errors.New("access token is not a JWT: expected its second part to be base64url")
	}
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil || c == nil {
		return nil, errors.New("access token is not a JWT: expected its second part to hold a JSON object")
	}
	return c, nil
}

// text is the first of the named claims that is a non-empty string.
func (c claims) text(names ...string) string {
	for _, name := range names {
		var s string
		if json.Unmarshal(c[name], &s) == nil && s != "" {
			return s
		}
	}
	return ""
}

func (c claims) list(name string) []string {
	var l []string
	if json.Unmarshal(c[name], &l) != nil {
		return nil
	}
	return l
}

// endOfTime is the last second of the year 9999; JSON cannot hold a later time.
const endOfTime = 253402300799

func (c claims) time(name string) time.Time {
	var sec float64
	if json.Unmarshal(c[name], &sec) != nil || sec <= 0 || sec > endOfTime {
		return time.Time{}
	}
	return time.Unix(int64(sec), 0).UTC()
}
