package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Partner is a partner configuration, as far as this program manages it.
type Partner struct {
	// TenantID is in lower case.
	TenantID          string
	IsServiceProvider bool
	// InboundAllowed and OutboundAllowed are the automaticUserConsentSettings;
	// nil means inherited from the default, which is false.
	InboundAllowed, OutboundAllowed *bool
	// Consent is automaticUserConsentSettings as returned; nil for null.
	Consent json.RawMessage
	// Sync is nil where the partner has no identity synchronization.
	Sync *IdentitySynchronization
	// Raw is the configuration as returned, unknown members included.
	Raw json.RawMessage
	// Problem says why the partner could not be read; empty where it was. TenantID
	// is right then, and its other members mean nothing.
	Problem string
}

// IdentitySynchronization is a partner's crossTenantIdentitySyncPolicyPartner.
type IdentitySynchronization struct {
	DisplayName   *string
	IsSyncAllowed *bool
	// Raw is the object as returned, unknown members included.
	Raw json.RawMessage
}

// Template is the multitenant-organization identity-sync template.
type Template struct {
	// TemplateApplicationLevel is a set of flags in one string.
	TemplateApplicationLevel string
	IsSyncAllowed            *bool
	// Raw is the object as returned, unknown members included.
	Raw json.RawMessage
}

// decode reads an object of an answer. The library reads it once where
// encoding/json reads it three times, which tells in a list of 100,000
// partners. It is as lenient: an answer is not refused for how it is spelled.
func decode(body []byte, v any) error { return jsonv2.Unmarshal(body, v, lenient) }

var lenient = jsonv2.JoinOptions(
	jsonv2.MatchCaseInsensitiveNames(true), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// ParsePartner decodes a partner as Graph returns it, and keeps body. Unknown members are
// passed over: real answers carry some that no schema has.
func ParsePartner(body []byte) (Partner, error) {
	var wire struct {
		TenantID          string          `json:"tenantId"`
		IsServiceProvider *bool           `json:"isServiceProvider"`
		Consent           json.RawMessage `json:"automaticUserConsentSettings"`
		Sync              json.RawMessage `json:"identitySynchronization"`
	}
	if err := decode(body, &wire); err != nil {
		return Partner{}, err
	}
	if wire.TenantID == "" {
		return Partner{}, errors.New("a partner without tenantId")
	}
	p := Partner{
		Raw:               body,
		TenantID:          strings.ToLower(wire.TenantID),
		IsServiceProvider: wire.IsServiceProvider != nil && *wire.IsServiceProvider,
	}
	var err error
	if p.Sync, err = ParseSync(wire.Sync); err != nil {
		return Partner{}, fmt.Errorf("partner %s: %w", p.TenantID, err)
	}
	if isNull(wire.Consent) {
		return p, nil
	}
	var consent struct {
		InboundAllowed  *bool `json:"inboundAllowed"`
		OutboundAllowed *bool `json:"outboundAllowed"`
	}
	if err := decode(wire.Consent, &consent); err != nil {
		return Partner{}, fmt.Errorf("partner %s: automaticUserConsentSettings: %w", p.TenantID, err)
	}
	p.InboundAllowed, p.OutboundAllowed = consent.InboundAllowed, consent.OutboundAllowed
	p.Consent = wire.Consent
	return p, nil
}

// ParseSync decodes an identitySynchronization. It keeps
// body. It returns nil for null, for a missing one and for an object of nothing but nulls.
func ParseSync(body []byte) (*IdentitySynchronization, error) {
	if isNull(body) {
		return nil, nil
	}
	var wire struct {
		TenantID        *string `json:"tenantId"`
		DisplayName     *string `json:"displayName"`
		UserSyncInbound *struct {
			IsSyncAllowed *bool `json:"isSyncAllowed"`
		} `json:"userSyncInbound"`
	}
	if err := decode(body, &wire); err != nil {
		return nil, fmt.Errorf("identitySynchronization: %w", err)
	}
	s := &IdentitySynchronization{DisplayName: wire.DisplayName, Raw: body}
	if wire.UserSyncInbound != nil {
		s.IsSyncAllowed = wire.UserSyncInbound.IsSyncAllowed
	}
	if wire.TenantID == nil && s.DisplayName == nil && s.IsSyncAllowed == nil {
		return nil, nil
	}
	return s, nil
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// ParseTemplate decodes the template as Graph returns it.
func ParseTemplate(body []byte) (Template, error) {
	var wire struct {
		Level           *string `json:"templateApplicationLevel"`
		UserSyncInbound *struct {
			IsSyncAllowed *bool `json:"isSyncAllowed"`
		} `json:"userSyncInbound"`
	}
	if err := decode(body, &wire); err != nil {
		return Template{}, fmt.Errorf("template: %w", err)
	}
	if wire.Level == nil {
		return Template{}, errors.New("a template without templateApplicationLevel")
	}
	t := Template{TemplateApplicationLevel: *wire.Level, Raw: body}
	if wire.UserSyncInbound != nil {
		t.IsSyncAllowed = wire.UserSyncInbound.IsSyncAllowed
	}
	return t, nil
}
