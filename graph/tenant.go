package graph

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
)

// PermissionTenantInformation is what looking up a tenant needs, by its ID or by
// one of its domain names. It needs no role (pages on findTenantInformationByTenantId
// and findTenantInformationByDomainName). It is not among the permissions that the
// partners need.
const PermissionTenantInformation = "CrossTenantInformation.ReadBasic.All"

const findTenantPath = "/tenantRelationships/findTenantInformationBy"

// tenantAttempts bounds the attempts of a look-up by ID. A name is no more than a
// help to the reader, so nobody waits long for one.
const tenantAttempts = 3

// TenantPatience is the longest wait that a look-up by ID accepts when Graph names
// one. The commands ask for names when all else is done.
const TenantPatience = 20 * time.Second

// Tenant is what its own directory says about a tenant (tenantInformation in
// Graph's reference). Every tenant can read it. A text that is missing, or that no
// tenant can have, is empty.
type Tenant struct {
	// Name is the display name or, for want of one, the brand name of the tenant.
	Name string
	// Domain is the default domain name, in lower case.
	Domain string
}

// tenantWire is tenantInformation as it is written.
type tenantWire struct {
	TenantID string `json:"tenantId"`
	Brand    text   `json:"federationBrandName"`
	Name     text   `json:"displayName"`
	Domain   text   `json:"defaultDomainName"`
}

// Tenant looks up a tenant by its ID. A tenant that the directory does not know is
// a NotFound or an Invalid error, a missing permission a Forbidden one. Microsoft
// documents none of them, so a caller takes any error for "unknown". The national
// clouds have the function in their metadata; whether they answer is not certain.
func (c *Client) Tenant(ctx context.Context, tenantID string) (Tenant, error) {
	var t Tenant
	_, err := c.Do(ctx, Request{
		Method: "GET", Path: findTenantPath + "TenantId(tenantId='" + url.PathEscape(tenantID) + "')", MaxAttempts: tenantAttempts,
		MaxWait: TenantPatience,
		check: func(body []byte) (err error) {
			t, err = ParseTenant(tenantID, body)
			return err
		},
	})
	return t, err
}

// LookedUp is the tenant that a URL looks up at a Graph host; ok is false if it is
// the URL of something else.
func LookedUp(graphURL, target string) (tenantID string, ok bool) {
	rest, ok := strings.CutPrefix(target, graphURL+apiVersion+findTenantPath+"TenantId(tenantId='")
	if !ok {
		return "", false
	}
	tenantID, ok = strings.CutSuffix(rest, "')")
	return tenantID, ok && isGUID(tenantID)
}

// ParseTenant reads an answer to a look-up of that ID. An answer about another
// tenant is an error.
func ParseTenant(tenantID string, body []byte) (Tenant, error) {
	has, err := membersOf(body)
	if err != nil {
		return Tenant{}, err
	}
	var wire tenantWire
	if err := decodeStrictly(body, &wire); err != nil {
		return Tenant{}, err
	}
	if !has["tenantid"] || !strings.EqualFold(wire.TenantID, tenantID) {
		return Tenant{}, fmt.Errorf("information about the tenant %q instead of %s", wire.TenantID, tenantID)
	}
	t := Tenant{Domain: strings.ToLower(string(wire.Domain))}
	t.Name = cmp.Or(tidy(string(wire.Name)), tidy(string(wire.Brand)))
	if !IsDomain(t.Domain) {
		t.Domain = ""
	}
	return t, nil
}

// MaxTenantName is the longest name of a tenant that is kept, in bytes. The
// directory allows 256 characters.
const MaxTenantName = 1024

// tidy is a name without the space around it; empty if it is too long or is no
// text.
func tidy(name string) string {
	if name = strings.TrimSpace(name); !IsTenantName(name) {
		return ""
	}
	return name
}

// IsTenantName reports whether a text can be the name of a tenant. Control
// characters are no part of one.
func IsTenantName(name string) bool {
	return name != "" && len(name) <= MaxTenantName && strings.TrimSpace(name) == name && !strings.ContainsFunc(name, func(r rune) bool {
		return unicode.IsControl(r) || r == unicode.ReplacementChar
	})
}

// maxDomain is the longest domain name (RFC 1035).
const maxDomain = 253

// IsDomain reports whether a text can be the default domain name of a tenant, in
// lower case.
func IsDomain(name string) bool {
	if name == "" || len(name) > maxDomain || strings.ToLower(name) != name {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || strings.ContainsFunc(label, func(r rune) bool {
			return r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r)
		}) {
			return false
		}
	}
	return true
}

// TenantIDOfDomain looks up the tenant that a domain name belongs to.
func (c *Client) TenantIDOfDomain(ctx context.Context, domain string) (string, error) {
	path := findTenantPath + "DomainName(domainName='" + url.PathEscape(domain) + "')"
	return get(ctx, c, path, func(body []byte) (string, error) {
		var wire struct {
			TenantID string `json:"tenantId"`
		}
		err := decodeStrictly(body, &wire)
		if err == nil && !isGUID(wire.TenantID) {
			err = errors.New("tenant information without a readable tenantId")
		}
		return strings.ToLower(wire.TenantID), err
	})
}
