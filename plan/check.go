package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
)

// checkRequest refuses a change that says one thing and sends another, and
// everything that Build would never have written.
func (c *Change) checkRequest() error {
	if err := c.checkWords(); err != nil {
		return err
	}
	want := RequestFor(c.Object, c.Action, c.Partner.TenantID, c.Fields)
	if (want == nil) != (c.Request == nil) {
		return fmt.Errorf("%s %s has the wrong request", c.Action, c.Object)
	}
	if want == nil {
		return nil
	}
	if c.Request.Method != want.Method || c.Request.Path != want.Path || !sameText(c.Request.Body, want.Body) {
		return errors.New("the request does not follow from the fields")
	}
	c.Request = want
	return nil
}

// sameText reports whether a and b, which has no spaces, are the same but for
// the spaces in a.
func sameText(a, b []byte) bool {
	var compact bytes.Buffer
	return bytes.Equal(a, b) || json.Compact(&compact, a) == nil && bytes.Equal(compact.Bytes(), b)
}

// managed lists the properties of each object, in the order of their bodies.
var managed = map[Object][]string{
	PartnerConfiguration:    {pathTenantID},
	IdentitySynchronization: {pathDisplayName, pathSyncAllowed},
	Consent:                 {pathInbound, pathOutbound},
	SyncTemplate:            {pathLevel, pathSyncAllowed},
}

// actions lists what can be done to each object.
var actions = map[Object][]Action{
	PartnerConfiguration:    {Create, Delete, NoOp, Blocked},
	IdentitySynchronization: {Create, Update, Delete, NoOp, Blocked},
	Consent:                 {Update, NoOp, Blocked},
	SyncTemplate:            {Update, NoOp, Blocked},
}

func (c *Change) checkWords() error {
	if !slices.Contains(actions[c.Object], c.Action) {
		return fmt.Errorf("no such change: %s %s", c.Action, c.Object)
	}
	id, err := uuid.Parse(c.Partner.TenantID)
	if c.Object != SyncTemplate && (err != nil || id.String() != c.Partner.TenantID) {
		return fmt.Errorf("%q is no tenant ID", c.Partner.TenantID)
	}
	if c.Action == Update && len(c.Fields) == 0 {
		return errors.New("an update without fields")
	}
	last := -1
	for _, f := range c.Fields {
		at := slices.Index(managed[c.Object], f.Path)
		if at <= last {
			return fmt.Errorf("the field %q is unknown or out of place", f.Path)
		}
		last = at
		if !plain(f.Before) || !plain(f.After) {
			return fmt.Errorf("the field %q holds no plain value", f.Path)
		}
	}
	if c.Object == PartnerConfiguration && c.Action == Create && (len(c.Fields) != 1 || c.Fields[0].After != c.Partner.TenantID) {
		return errors.New("a partner is created from its tenant ID alone")
	}
	return nil
}

func plain(v any) bool {
	switch v.(type) {
	case nil, bool, string:
		return true
	default:
		return false
	}
}
