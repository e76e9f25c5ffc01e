package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// Partner is a partner configuration, as far as this program manages it.
type Partner struct {
	// TenantID is in lower case.
	TenantID          string
	IsServiceProvider bool
	ConsentSettings
	// Consent is automaticUserConsentSettings as returned; nil for null.
	Consent json.RawMessage
	InboundTrust
	// Trust is inboundTrust as returned; nil for null and for an object that
	// holds only nulls: both inherit everything.
	Trust json.RawMessage
	// Sync is nil if the partner has no identity synchronization.
	Sync *IdentitySynchronization
	// Raw is the configuration as returned, unknown members included.
	Raw json.RawMessage
	// Problem says why the partner could not be read; empty if it could. If it is
	// set, TenantID is right, and the other members mean nothing.
	Problem string
}

// ConsentSettings are the members of automaticUserConsentSettings
// (inboundOutboundPolicyConfiguration in Graph's reference). Nil means inherited
// from the default, which is false.
type ConsentSettings struct {
	InboundAllowed  *bool `json:"inboundAllowed"`
	OutboundAllowed *bool `json:"outboundAllowed"`
}

// InboundTrust has the members of inboundTrust (crossTenantAccessPolicyInboundTrust
// in Graph's reference): which claims of the partner's users are trusted. Nil means
// inherited from the default.
type InboundTrust struct {
	IsMfaAccepted                       *bool `json:"isMfaAccepted"`
	IsCompliantDeviceAccepted           *bool `json:"isCompliantDeviceAccepted"`
	IsHybridAzureADJoinedDeviceAccepted *bool `json:"isHybridAzureADJoinedDeviceAccepted"`
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

// The members that are asked for, as messages name them.
const (
	memberProvider = "isServiceProvider"
	memberConsent  = "automaticUserConsentSettings"
	memberTrust    = "inboundTrust"
	memberSync     = "identitySynchronization"
)

// ParsePartner decodes a partner as Graph returns it, and keeps body. It ignores unknown members:
// real answers have some that no schema names. Anything that could be read in two ways is an error.
func ParsePartner(body []byte) (Partner, error) {
	p, _, err := parsePartner(body, false)
	if err == nil {
		return p, nil
	}
	if p.TenantID != "" {
		err = fmt.Errorf("partner %s: %w", p.TenantID, err)
	}
	return Partner{}, err
}

// partnerWire is a partner as it is written.
type partnerWire struct {
	TenantID          string          `json:"tenantId"`
	IsServiceProvider json.RawMessage `json:"isServiceProvider"`
	Consent           json.RawMessage `json:"automaticUserConsentSettings"`
	Trust             json.RawMessage `json:"inboundTrust"`
	Sync              json.RawMessage `json:"identitySynchronization"`
}

// missing names the first requested member that is missing. Null is a value:
// OData writes it for a member without one.
func (w *partnerWire) missing() string {
	switch {
	case w.Sync == nil:
		return memberSync
	case w.Consent == nil:
		return memberConsent
	case w.Trust == nil:
		return memberTrust
	case w.IsServiceProvider == nil:
		return memberProvider
	}
	return ""
}

// parsePartner also names the first requested member that is missing. With live,
// the policy must be the partner's own. Its error does not name the partner: the
// callers do.
func parsePartner(body []byte, live bool) (p Partner, missing string, err error) {
	var wire partnerWire
	if err := decodeStrictly(body, &wire); err != nil {
		return Partner{}, "", err
	}
	if !isGUID(wire.TenantID) {
		return Partner{}, "", errors.New("a partner without a readable tenantId")
	}
	p = Partner{Raw: body, TenantID: strings.ToLower(wire.TenantID)}
	if p.IsServiceProvider, err = isTrue(wire.IsServiceProvider); err != nil {
		return p, "", fmt.Errorf("%s: %w", memberProvider, err)
	}
	if err = p.parsePolicy(wire.Sync, live); err != nil {
		return p, "", err
	}
	if err = p.parseConsent(wire.Consent); err != nil {
		return p, "", fmt.Errorf("%s: %w", memberConsent, err)
	}
	if err = p.parseTrust(wire.Trust); err != nil {
		return p, "", fmt.Errorf("%s: %w", memberTrust, err)
	}
	return p, wire.missing(), nil
}

// parsePolicy reads the policy. With live it must be the partner's own, and complete.
func (p *Partner) parsePolicy(raw json.RawMessage, live bool) (err error) {
	owner := ""
	if live {
		owner = p.TenantID
	}
	if p.Sync, err = parseSyncOf(owner, raw); err != nil || !live {
		return err
	}
	if err = p.sawSync(raw); err != nil {
		return fmt.Errorf("%s: %w", memberSync, err)
	}
	return nil
}

func (p *Partner) parseConsent(raw json.RawMessage) error {
	if isNull(raw) {
		return nil
	}
	if err := decodeStrictly(raw, &p.ConsentSettings); err != nil {
		return err
	}
	p.Consent = raw
	return nil
}

func (p *Partner) parseTrust(raw json.RawMessage) error {
	if isNull(raw) {
		return nil
	}
	if err := decodeStrictly(raw, &p.InboundTrust); err != nil {
		return err
	}
	if p.InboundTrust != (InboundTrust{}) || !isAllNull(raw) {
		p.Trust = raw
	}
	return nil
}

// isAllNull reports whether an object has nothing but nulls and what the protocol
// adds.
func isAllNull(raw json.RawMessage) bool {
	var members map[string]jsontext.Value
	_ = decode(raw, &members) // it was read before
	for name, value := range members {
		if string(value) != "null" && !strings.HasPrefix(name, "@") {
			return false
		}
	}
	return true
}

// sawSync refuses a policy that is shown only in part: a missing member is unknown, while null is a
// value. It looks closer only if something is not set.
func (p *Partner) sawSync(raw json.RawMessage) error {
	if isNull(raw) || p.Sync != nil && p.Sync.IsSyncAllowed != nil {
		return nil
	}
	has, err := membersOf(raw)
	if err != nil {
		return err
	}
	if err = has.all(syncMembers()); err != nil {
		return fmt.Errorf("shown in part: %v", err) // not %w: it concerns this partner, not the whole list
	}
	return nil
}

// syncMembers are the members that Graph always shows, with null for no value. A
// policy without a name is complete all the same.
func syncMembers() []string { return []string{"userSyncInbound"} }

// isTrue reads a boolean that may be null or missing.
func isTrue(raw json.RawMessage) (bool, error) {
	switch string(raw) {
	case "true":
		return true, nil
	case "false", "null", "":
		return false, nil
	default:
		return false, errors.New("neither true nor false")
	}
}

// isGUID reports whether s is a tenant ID in Graph's own form.
func isGUID(s string) bool { return len(s) == 36 && uuid.Validate(s) == nil }

// ParseSync decodes an identitySynchronization, and keeps body. It returns nil
// for null, for a missing one and for an object that holds only nulls.
func ParseSync(body []byte) (*IdentitySynchronization, error) { return parseSyncOf("", body) }

// parseSyncOf is ParseSync, but refuses the policy of another tenant if tenantID is given.
func parseSyncOf(tenantID string, body []byte) (*IdentitySynchronization, error) {
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
	if err := decodeStrictly(body, &wire); err != nil {
		return nil, fmt.Errorf("identitySynchronization: %w", err)
	}
	if wire.TenantID != nil && tenantID != "" && !strings.EqualFold(*wire.TenantID, tenantID) {
		return nil, fmt.Errorf("identitySynchronization: of another tenant, %s", *wire.TenantID)
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

// ParseTemplate decodes the template as Graph returns it.
func ParseTemplate(body []byte) (Template, error) {
	var wire struct {
		Level           *string `json:"templateApplicationLevel"`
		UserSyncInbound *struct {
			IsSyncAllowed *bool `json:"isSyncAllowed"`
		} `json:"userSyncInbound"`
	}
	if err := decodeStrictly(body, &wire); err != nil {
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
