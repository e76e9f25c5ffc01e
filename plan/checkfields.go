package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"bulksync/plan/desired"
)

// checkFields refuses fields that no change of this kind has.
func (c *Change) checkFields() error {
	paths, last := desired.Managed[c.Object], -1
	for i := range c.Fields {
		f := &c.Fields[i]
		at := slices.Index(paths, f.Path)
		if at <= last {
			return fmt.Errorf("the field %q is unknown or out of place", f.Path)
		}
		last = at
		if !f.fits(f.Before) || !f.fits(f.After) {
			return fmt.Errorf("the field %q holds a value of the wrong type", f.Path)
		}
		if err := c.checkSides(f); err != nil {
			return err
		}
	}
	return c.checkNumber()
}

// fits reports whether a value is null or of the property's type.
func (f *Field) fits(v any) bool {
	switch v.(type) {
	case nil:
		return true
	case bool:
		return f.Path == desired.PathSyncAllowed || f.Path == desired.PathInbound || f.Path == desired.PathOutbound
	case string:
		return f.Path == desired.PathTenantID || f.Path == desired.PathDisplayName || f.Path == desired.PathLevel
	default:
		return false
	}
}

// checkSides refuses values that the action cannot have before or after it.
func (c *Change) checkSides(f *Field) error {
	comes, goes := f.Before == nil && f.After != nil, f.Before != nil && f.After == nil
	fits := true
	switch c.Action {
	case Create:
		fits = comes
	case Delete:
		fits = goes
	case Update:
		fits = c.Reverts() || f.After != nil
	case Blocked: // of a removal everything goes
		fits = f.After != nil || c.Object == IdentitySynchronization && goes && c.Removes()
	default: // what is as wanted
		if f.Before == nil || f.Before != f.After {
			return fmt.Errorf("a no-op cannot take the field %q from %s to %s", f.Path, jsonValue(f.Before), jsonValue(f.After))
		}
		return nil
	}
	isLevel := f.Path == desired.PathLevel && f.Before != nil && f.After != nil
	if !fits || f.Before == f.After || isLevel && same(f.Path, f.Before, f.After) {
		return fmt.Errorf("%s cannot take the field %q from %s to %s", c.Action, f.Path, jsonValue(f.Before), jsonValue(f.After))
	}
	if f.Path == desired.PathTenantID && f.Before != c.Partner.TenantID && f.After != c.Partner.TenantID {
		return errors.New("a partner is added and removed by its tenant ID alone")
	}
	return c.checkWanted(f)
}

// checkWanted refuses what no input can ask for. A revert may bring back whatever
// was there.
func (c *Change) checkWanted(f *Field) (err error) {
	text, ok := f.After.(string)
	switch {
	case !ok || c.Reverts():
		return nil
	case f.Path == desired.PathLevel:
		err = desired.CheckLevels(text)
	case f.Path == desired.PathDisplayName && text == "":
		err = errors.New("displayName is empty")
	case f.Path == desired.PathDisplayName:
		err = desired.CheckDisplayName(text)
	}
	if err != nil {
		return fmt.Errorf("no input wants that: %w", err)
	}
	return nil
}

// checkNumber refuses a change that lacks the fields that it must have, or says
// something of a partner that could not be read.
func (c *Change) checkNumber() error {
	var needs bool
	switch {
	case c.Action == Blocked && strings.HasPrefix(c.Reason, reasonUnread):
		if len(c.Fields) > 0 || c.Before != nil {
			return errors.New("it says what a partner holds that could not be read")
		}
	case c.Action == Blocked: // a policy without content can be there
		needs = c.Object != PartnerConfiguration && c.Before == nil
	case c.Object == PartnerConfiguration:
		needs = c.sends()
	case c.Action == NoOp:
		needs = !c.Reverts() && (c.Object != IdentitySynchronization || c.Before != nil)
	default:
		needs = c.Action == Update || c.Action == Create && !c.Reverts()
	}
	if c.Action == NoOp && !needs && len(c.Fields) > 0 {
		return fmt.Errorf("no-op %s with fields", c.Object)
	}
	if needs && len(c.Fields) == 0 {
		return fmt.Errorf("%s %s without fields", c.Action, c.Object)
	}
	return nil
}
