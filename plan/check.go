package plan

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"bulksync/graph"
	"bulksync/internal/seal"
	"bulksync/plan/desired"
)

// check refuses a change that says one thing and sends another, and everything
// that Build and Revert would never have written. It is their twin: what they
// learn to write is allowed here.
func (c *Change) check() error {
	for _, rule := range []func(*Change) error{
		(*Change).checkWords, (*Change).checkReason, (*Change).checkFields, (*Change).checkImage, (*Change).checkHazards, (*Change).checkRequest,
	} {
		if err := rule(c); err != nil {
			return err
		}
	}
	return nil
}

// canBe reports whether an action can be taken on an object.
func canBe(o Object, a Action) bool {
	switch a {
	case Create, Delete:
		return o == PartnerConfiguration || o == IdentitySynchronization
	case Update:
		return o == IdentitySynchronization || o.Member() != "" || o == SyncTemplate
	case NoOp, Blocked:
		return o == PartnerConfiguration || canBe(o, Update)
	default:
		return false
	}
}

// maxNote is the longest note, in bytes. A note is a cell, and no row of an input
// is longer.
const maxNote = 1 << 20

func (c *Change) checkWords() error {
	switch {
	case !canBe(c.Object, c.Action):
		return fmt.Errorf("no such change: %s %s", c.Action, c.Object)
	case len(c.Partner.DisplayName) > desired.MaxName:
		return fmt.Errorf("the name of the partner has %d bytes, at most %d are written", len(c.Partner.DisplayName), desired.MaxName)
	case len(c.Note) > maxNote:
		return fmt.Errorf("the note has %d bytes, at most %d are written", len(c.Note), maxNote)
	case c.Object == SyncTemplate && (c.Partner != Partner{} || c.Row != 0 || c.Note != ""):
		return errors.New("the template has no partner, row or note")
	case c.Object == SyncTemplate:
		return nil
	case !desired.IsCanonicalGUID(c.Partner.TenantID):
		return fmt.Errorf("%q is no tenant ID", c.Partner.TenantID)
	case c.Partner.TenantID == graph.SupportTenantID && c.sends():
		return errors.New("it writes to the tenant of Microsoft Support")
	case c.Row < 1:
		return fmt.Errorf("it is of row %d", c.Row)
	default:
		return nil
	}
}

// sends reports whether the action sends a write.
func (c *Change) sends() bool { return c.Action != NoOp && c.Action != Blocked }

// checkReason refuses a reason that such a change never has.
func (c *Change) checkReason() error {
	var fits bool
	switch {
	case c.Action == Blocked:
		fits = c.isBlockedBy()
	case c.sends():
		fits = c.Reason == "" || c.Reverts()
	case c.Object == PartnerConfiguration:
		fits = c.Reason == reasonBareRow
	case c.Object == IdentitySynchronization && c.Before == nil:
		fits = c.Reason == reasonNoPolicy
	case c.Object == IdentitySynchronization:
		fits = c.Reason == "" || c.Reverts()
	default:
		fits = c.Reason == ""
	}
	if !fits {
		return fmt.Errorf("%s %s never has the reason %s", c.Action, c.Object, desired.Quote(c.Reason))
	}
	return nil
}

// isBlockedBy reports whether the reason is one that blocks such a change.
func (c *Change) isBlockedBy() bool {
	switch {
	case c.Object == SyncTemplate:
		return c.Reason == reasonNoTemplate
	case c.Reason == reasonNoPartner:
		return c.Before == nil
	default:
		return c.Reason == reasonOwned || strings.HasPrefix(c.Reason, reasonUnread) && len(c.Reason) <= maxReason
	}
}

// checkHazards refuses a change that hides what a board must know, or that
// cries wolf.
func (c *Change) checkHazards() error {
	if want := c.hazards(); !slices.Equal(c.Hazards, want) {
		return fmt.Errorf("its hazards are %q, where those of such a change are %q", c.Hazards, want)
	}
	return nil
}

// checkRequest refuses a request that does not follow from the change. It is what
// RequestFor says, which is not made again for each change of a long plan.
func (c *Change) checkRequest() error {
	r := c.Request
	if c.sends() != (r != nil) {
		return fmt.Errorf("%s %s has the wrong request", c.Action, c.Object)
	}
	if r == nil {
		return nil
	}
	var room [256]byte
	var want []byte
	if c.Action != Delete {
		want = appendBody(room[:0], c.Fields)
	}
	if r.Method != methodOf(c.Object, c.Action) || r.Path != pathOf(c.Object, c.Action, c.Partner.TenantID) || !seal.Same(r.Body, want) {
		return errors.New("the request does not follow from the fields")
	}
	if !bytes.Equal(r.Body, want) { // what is sent is spelt as we spell it
		r.Body = bytes.Clone(want)
	}
	return nil
}
