package plan

import (
	"errors"
	"fmt"
	"strings"

	"bulksync/plan/desired"
)

// checkFields refuses fields that no change of this kind has.
func (c *Change) checkFields() error {
	list, next := c.Object.Properties(), 0
	for i := range c.Fields {
		f := &c.Fields[i]
		for next < len(list) && list[next].Path != f.Path {
			next++
		}
		if next == len(list) {
			return fmt.Errorf("the field %q is unknown or out of place", f.Path)
		}
		p := &list[next]
		next++
		if !p.Holds(f.Before) || !p.Holds(f.After) {
			return fmt.Errorf("the field %q holds a value of the wrong type", f.Path)
		}
		if err := c.checkSides(p, f); err != nil {
			return err
		}
	}
	return c.checkNumber()
}

// checkSides refuses values that the action cannot have before or after it.
func (c *Change) checkSides(p *desired.Property, f *Field) error {
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
	isThere := f.Before != nil && f.After != nil
	if !fits || f.Before == f.After || isThere && p.Same(f.Before, f.After) {
		return fmt.Errorf("%s cannot take the field %q from %s to %s", c.Action, f.Path, jsonValue(f.Before), jsonValue(f.After))
	}
	if p.Kind == desired.TenantID && f.Before != c.Partner.TenantID && f.After != c.Partner.TenantID {
		return errors.New("a partner is added and removed by its tenant ID alone")
	}
	if c.Reverts() { // it may bring back whatever was there
		return nil
	}
	if err := p.CheckWanted(f.After); err != nil {
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
