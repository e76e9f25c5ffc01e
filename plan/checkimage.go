package plan

import (
	"errors"
	"fmt"

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
	image, err := c.image()
	if err != nil {
		return fmt.Errorf("its before-image: %w", err)
	}
	set := 0
	list := c.Object.Properties()
	for i := range list {
		value := image.value(&list[i])
		if value != nil {
			set++
		}
		if f := c.field(list[i].Path); f != nil && f.Before != value {
			return fmt.Errorf("the field %q is %s before, and %s in the before-image", f.Path, jsonValue(f.Before), jsonValue(value))
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
	case c.Action == Update && c.Object.Member() != "" && !c.Reverts(): // what was never set is null
		return there
	case c.Action == NoOp && c.Object == IdentitySynchronization: // there may be nothing to remove
		return there
	case c.Action == Blocked:
		return there
	default:
		return true
	}
}

// image is the before-image as it was read when the plan was made.
func (c *Change) image() (l Live, err error) {
	var p graph.Partner
	switch member := c.Object.Member(); {
	case c.Before == nil:
		return Live{}, nil
	case c.Object == SyncTemplate:
		t, err := graph.ParseTemplate(c.Before)
		return Live{Template: &t}, err
	case c.Object == IdentitySynchronization:
		p.Sync, err = graph.ParseSync(c.Before)
		return Live{Partner: &p}, err
	case member != "":
		p, err = graph.ParsePartner(fmt.Appendf(nil, `{"tenantId":%q,%q:%s}`, c.Partner.TenantID, member, c.Before))
		return Live{Partner: &p}, err
	}
	p, err = graph.ParsePartner(c.Before)
	if err == nil && p.TenantID != c.Partner.TenantID {
		err = fmt.Errorf("it is of tenant %s", desired.Quote(p.TenantID))
	}
	return Live{Partner: &p}, err
}

// field is the field of the change at a path; nil where it has none.
func (c *Change) field(path string) *Field {
	for i := range c.Fields {
		if c.Fields[i].Path == path {
			return &c.Fields[i]
		}
	}
	return nil
}
