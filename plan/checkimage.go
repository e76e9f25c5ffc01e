package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"

	"bulksync/graph"
	"bulksync/plan/desired"
)

// checkImage holds the before-image against the fields: what a reader is shown
// as being there now, and what an undo goes back to, is one and the same.
func (c *Change) checkImage() error {
	there := c.Before != nil
	if there && c.Before[0] != '{' {
		return errors.New("its before-image is neither an object nor null")
	}
	if there != c.needsImage(there) {
		return fmt.Errorf("%s %s has the wrong before-image", c.Action, c.Object)
	}
	values, err := c.imageValues()
	if err != nil {
		return fmt.Errorf("its before-image: %w", err)
	}
	set := 0
	for i, path := range desired.Managed[c.Object] {
		if values[i] != nil {
			set++
		}
		at := slices.IndexFunc(c.Fields, func(f Field) bool { return f.Path == path })
		if at >= 0 && c.Fields[at].Before != values[i] {
			return fmt.Errorf("the field %q is %s before, and %s in the before-image", path, jsonValue(c.Fields[at].Before), jsonValue(values[i]))
		}
	}
	if (c.Action == Delete || c.Action == Blocked && c.Removes()) && set != len(c.Fields) {
		return errors.New("its fields are not all that its before-image holds")
	}
	return nil
}

// needsImage reports whether such a change has a before-image; there is the
// answer where it may or may not.
func (c *Change) needsImage(there bool) bool {
	switch {
	case c.Action == Create:
		return false
	case c.Action == Delete:
		return true
	case c.Object == PartnerConfiguration: // blocked where there is none
		return c.Action == NoOp
	case c.Action == Update && c.Object == Consent && !c.Reverts(): // what was never set is null
		return there
	case c.Action == NoOp && c.Object == IdentitySynchronization: // there may be nothing to remove
		return there
	case c.Action == Blocked:
		return there
	default:
		return true
	}
}

// imageValues reads the managed properties of the before-image, in their order,
// as they were read when the plan was made.
func (c *Change) imageValues() (values [2]any, err error) {
	switch {
	case c.Before == nil:
		return values, nil
	case c.Object == IdentitySynchronization:
		s, err := graph.ParseSync(c.Before)
		if s == nil { // all null
			return values, err
		}
		return [2]any{deref(s.DisplayName), deref(s.IsSyncAllowed)}, err
	case c.Object == SyncTemplate:
		t, err := graph.ParseTemplate(c.Before)
		return [2]any{t.TemplateApplicationLevel, deref(t.IsSyncAllowed)}, err
	case c.Object == Consent:
		return consentValues(c.Before)
	}
	p, err := graph.ParsePartner(c.Before)
	if err == nil && p.TenantID != c.Partner.TenantID {
		err = fmt.Errorf("it is of tenant %s", desired.Quote(p.TenantID))
	}
	return [2]any{strings.ToLower(p.TenantID)}, err
}

func consentValues(raw json.RawMessage) (values [2]any, err error) {
	var consent struct {
		InboundAllowed  *bool `json:"inboundAllowed"`
		OutboundAllowed *bool `json:"outboundAllowed"`
	}
	err = jsonv2.Unmarshal(raw, &consent, jsonv2.MatchCaseInsensitiveNames(true)) // as graph.ParsePartner reads it
	return [2]any{deref(consent.InboundAllowed), deref(consent.OutboundAllowed)}, err
}
