package graph

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

const (
	policyPath   = "/policies/crossTenantAccessPolicy"
	partnersPath = policyPath + "/partners"
	// TemplatePath is the multitenant-organization identity-sync template.
	TemplatePath = policyPath + "/templates/multiTenantOrganizationIdentitySynchronization"
)

// SupportTenantID is the tenant of Microsoft Support. It appears as a partner by
// itself after a support case (Entra page on support access).
const SupportTenantID = "b4c546a4-7dac-46a6-a7dd-ed822a11efd3"

// PartnersPath is the collection of partner configurations.
func PartnersPath() string { return partnersPath }

// PartnerPath is one partner configuration.
func PartnerPath(tenantID string) string { return partnersPath + "/" + tenantID }

// SyncPath is a partner's identity synchronization.
func SyncPath(tenantID string) string { return PartnerPath(tenantID) + "/identitySynchronization" }

// get reads one object through parse. If parse refuses the answer, the request is sent again. The
// needed members must be there, if only as null.
func get[T any](ctx context.Context, c *Client, path string, parse func([]byte) (T, error), needed ...string) (v T, err error) {
	_, err = c.Do(ctx, Request{Method: http.MethodGet, Path: path, check: func(body []byte) error {
		has, err := membersOf(body)
		if err != nil {
			return err
		}
		if v, err = parse(body); err != nil {
			return err
		}
		return has.all(needed)
	}})
	return v, err
}

// Partner reads one partner configuration, without its identity
// synchronization.
func (c *Client) Partner(ctx context.Context, tenantID string) (Partner, error) {
	return get(ctx, c, PartnerPath(tenantID), func(body []byte) (Partner, error) {
		p, _, err := parsePartner(body, true)
		if err == nil && !strings.EqualFold(p.TenantID, tenantID) {
			err = fmt.Errorf("answered with partner %s", p.TenantID)
		}
		if err != nil {
			return Partner{}, ofPartner(tenantID, body, err)
		}
		return p, nil
	}, memberProvider, memberConsent, memberTrust)
}

// IdentitySynchronization reads one partner's policy; its absence is a NotFound
// error.
func (c *Client) IdentitySynchronization(ctx context.Context, tenantID string) (*IdentitySynchronization, error) {
	return get(ctx, c, SyncPath(tenantID), func(body []byte) (*IdentitySynchronization, error) {
		s, err := parseSyncOf(tenantID, body)
		if err != nil {
			return nil, ofPartner(tenantID, body, err)
		}
		return s, nil
	}, syncMembers()...)
}

// Template reads the multitenant-organization identity-sync template.
func (c *Client) Template(ctx context.Context) (Template, error) {
	return get(ctx, c, TemplatePath, ParseTemplate, "templateApplicationLevel", "userSyncInbound")
}
