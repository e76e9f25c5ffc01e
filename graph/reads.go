package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	policyPath   = "/policies/crossTenantAccessPolicy"
	partnersPath = policyPath + "/partners"
	// TemplatePath is the multitenant-organization identity-sync template.
	TemplatePath = policyPath + "/templates/multiTenantOrganizationIdentitySynchronization"
)

// SupportTenantID is the tenant of Microsoft Support. It appears as a partner
// by itself after a support case (Entra page on support access).
const SupportTenantID = "b4c546a4-7dac-46a6-a7dd-ed822a11efd3"

// PartnersPath is the collection of partner configurations.
func PartnersPath() string { return partnersPath }

// PartnerPath is one partner configuration.
func PartnerPath(tenantID string) string { return partnersPath + "/" + tenantID }

// SyncPath is a partner's identity synchronization.
func SyncPath(tenantID string) string { return PartnerPath(tenantID) + "/identitySynchronization" }

// get reads one object through parse. What parse refuses is asked for again.
// The members that are needed have to be there, if only as null.
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

// members are the names of an object's members, in lower case.
type members map[string]bool

// membersOf refuses what is no object, and an error.
func membersOf(body []byte) (members, error) {
	var wire map[string]jsontext.Value
	if err := decode(body, &wire); err != nil {
		return nil, notJSON(err)
	}
	has := make(members, len(wire))
	for name := range wire {
		has[strings.ToLower(name)] = true
	}
	if has["error"] {
		return nil, errInSuccess
	}
	return has, nil
}

// all refuses an object that lacks one of the members. If it has none of them it
// is another one; else somebody may not see all of it.
func (m members) all(needed []string) error {
	var missing []string
	for _, name := range needed {
		if !m[strings.ToLower(name)] {
			missing = append(missing, name)
		}
	}
	switch {
	case len(missing) == 0:
		return nil
	case len(missing) == len(needed) && !m["tenantid"]:
		return errors.New("none of the members that were asked for")
	default:
		return &MissingMember{Member: missing[0], why: "no " + missing[0] + " in the answer, although it was asked for"}
	}
}

// MissingMember is an answer without a member that was asked for: the cause of
// an error that is NotVisible. Shown says that a request for it alone succeeded,
// so it is not hidden from this identity.
type MissingMember struct {
	Member, why string
	Shown       bool
}

// Error says where the member was missing.
func (m *MissingMember) Error() string { return m.why }

// broken is an answer that is Graph's, since it says whom it is about, and that
// cannot be read: no outage, and asked for again only a few times.
type broken struct{ error }

func (b *broken) Unwrap() error { return b.error }

// ofPartner says which partner an answer that cannot be read was to be about.
func ofPartner(tenantID string, body []byte, err error) error {
	err = fmt.Errorf("partner %s cannot be read: %w", tenantID, err)
	if id, ok := tenantIDOf(body); ok && strings.EqualFold(id, tenantID) {
		return &broken{err}
	}
	return err
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
	}, memberProvider, memberConsent)
}

// IdentitySynchronization reads one partner's policy; its absence is a
// NotFound error.
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

// TenantIDOfDomain looks up the tenant that a domain name belongs to.
func (c *Client) TenantIDOfDomain(ctx context.Context, domain string) (string, error) {
	path := "/tenantRelationships/findTenantInformationByDomainName(domainName='" + url.PathEscape(domain) + "')"
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
