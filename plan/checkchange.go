package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"bulksync/graph"
	"bulksync/internal/seal"
	"bulksync/plan/desired"
)

// check refuses a change that says one thing and sends another, and everything
// that Build and Revert would never have written. Whatever they learn to write
// has to be allowed here.
func (c *Change) check(sent *Request) error {
	for _, rule := range []func(*Change) error{
		(*Change).checkWords, (*Change).checkReason, (*Change).checkFields, (*Change).checkImage, (*Change).checkRestore, (*Change).checkHazards,
	} {
		if err := rule(c); err != nil {
			return err
		}
	}
	return c.checkRequest(sent)
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
		return fmt.Errorf("%q is not a tenant ID", c.Partner.TenantID)
	case c.Partner.DirectoryName != "" && !graph.IsTenantName(c.Partner.DirectoryName):
		return fmt.Errorf("no tenant has the name %s", desired.Quote(c.Partner.DirectoryName))
	case c.Partner.Domain != "" && !graph.IsDomain(c.Partner.Domain):
		return fmt.Errorf("no tenant has the domain %s", desired.Quote(c.Partner.Domain))
	case c.Partner.TenantID == graph.SupportTenantID && c.Writes():
		return errors.New("it writes to the tenant of Microsoft Support")
	case c.Row < 1:
		return fmt.Errorf("its row is %d", c.Row)
	default:
		return nil
	}
}

// errRestore refuses members to write back that Revert would not have.
var errRestore = errors.New("it writes back what no undo does")

// checkReason refuses a reason that such a change cannot have.
func (c *Change) checkReason() error {
	var fits bool
	switch {
	case c.Action == Blocked:
		fits = c.isBlockedBy()
	case c.revertsInPart():
		fits = c.Object == PartnerConfiguration && c.Action == Create && strings.HasPrefix(c.Reason, reasonRevertPart+reasonLost) && len(c.Reason) <= maxReason
	case c.Object == PartnerConfiguration && c.Action == Delete:
		fits = c.Reason == lossReason(c.Before) || c.Reverts()
	case c.Writes():
		fits = c.Reason == "" || c.Reverts()
	case c.Object == PartnerConfiguration:
		fits = c.Reason == reasonBareRow || c.Reason == reasonNoConfiguration
	case c.Object == IdentitySynchronization && c.Before == nil:
		fits = c.Reason == reasonNoPolicy
	case c.Object == IdentitySynchronization:
		fits = c.Reason == "" || c.Reverts()
	default:
		fits = c.Reason == ""
	}
	if !fits {
		return fmt.Errorf("%s %s cannot have the reason %s", c.Action, c.Object, desired.Quote(c.Reason))
	}
	return nil
}

// isBlockedBy reports whether the reason is one that blocks such a change.
func (c *Change) isBlockedBy() bool {
	switch {
	case c.Object == SyncTemplate:
		return c.Reason == reasonNoTemplate
	case c.Reason == reasonNoPartner, c.Reason == reasonAbsent:
		return c.Before == nil
	case c.isProtected():
		return true // the policy says whether
	default:
		return c.Reason == reasonOwned || strings.HasPrefix(c.Reason, reasonUnread) && len(c.Reason) <= maxReason
	}
}

// isProtected reports whether the change is blocked because a policy protects its
// partner.
func (c *Change) isProtected() bool {
	return c.Action == Blocked && strings.HasPrefix(c.Reason, reasonProtected)
}

// checkHazards refuses a change that hides a hazard, or names one too many.
func (c *Change) checkHazards() error {
	if want := c.hazards(); !slices.Equal(c.Hazards, want) {
		return fmt.Errorf("its hazards are %q, but must be %q", c.Hazards, want)
	}
	return nil
}

// checkRequest refuses a request that does not follow from the change. It
// compares with what RequestFor would return, without building it again for each
// change of a long plan.
func (c *Change) checkRequest(r *Request) error {
	if c.Writes() != (r != nil) {
		return fmt.Errorf("%s %s has the wrong request", c.Action, c.Object)
	}
	if r == nil {
		return nil
	}
	var room [256]byte
	var want []byte
	switch {
	case c.Restore != nil:
		want = c.after()
	case c.Action != Delete:
		want = appendBody(room[:0], c.Fields)
	}
	if r.Method != methodOf(c.Object, c.Action) || r.Path != pathOf(c.Object, c.Action, c.Partner.TenantID) || !seal.Same(r.Body, want) {
		return errors.New("the request does not follow from the fields")
	}
	return nil
}

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
	case Blocked: // a removal removes everything
		fits = f.After != nil || c.Object.Member() == "" && goes && c.Removes()
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
	if c.Reverts() { // it may bring back anything that was there
		return nil
	}
	if err := p.CheckWanted(f.After); err != nil {
		return fmt.Errorf("no input can ask for that: %w", err)
	}
	return nil
}

// checkNumber refuses a change that lacks fields it must have, or shows values of
// a partner that could not be read.
func (c *Change) checkNumber() error {
	var needs bool
	switch {
	case c.Action == Blocked && strings.HasPrefix(c.Reason, reasonUnread):
		if len(c.Fields) > 0 || c.Before != nil {
			return errors.New("it shows values of a partner that could not be read")
		}
	case c.Action == Blocked: // there may be a policy without content
		needs = c.Object != PartnerConfiguration && c.Before == nil
	case c.Object == PartnerConfiguration:
		needs = c.Writes()
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

// checkImage compares the before-image with the fields: what a reader sees as the
// present state is what an undo goes back to.
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
			return fmt.Errorf("the field %q is %s before, but %s in the before-image", f.Path, jsonValue(f.Before), jsonValue(value))
		}
	}
	if (c.Action == Delete || c.Action == Blocked && c.Removes()) && set != len(c.Fields) {
		return errors.New("its fields leave out part of its before-image")
	}
	return nil
}

// needsImage reports whether such a change has a before-image. If it may or may
// not have one, it returns there.
func (c *Change) needsImage(there bool) bool {
	switch {
	case c.Action == Create:
		return false
	case c.Action == Delete:
		return true
	case c.Object == PartnerConfiguration && c.Action == NoOp:
		return c.Reason != reasonNoConfiguration
	case c.Object == PartnerConfiguration: // blocked: there is none, or it is not removed
		return len(c.Fields) > 0 && c.Removes()
	case c.Action == Update && c.Object.Member() != "": // null if it was never set
		return there
	case c.Action == NoOp && c.Object == IdentitySynchronization: // there may be nothing to remove
		return there
	case c.Action == Blocked:
		return there
	default:
		return true
	}
}
