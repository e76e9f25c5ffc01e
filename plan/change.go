package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"bulksync/plan/desired"
)

// Object names what a change is made to; package desired describes each one.
type Object = desired.Object

// The objects of a plan, defined in package desired.
const (
	PartnerConfiguration    = desired.PartnerConfiguration
	IdentitySynchronization = desired.IdentitySynchronization
	Trust                   = desired.Trust
	Consent                 = desired.Consent
	SyncTemplate            = desired.SyncTemplate
)

// Action is what a change does to its object.
type Action string

// The actions. A no-op is kept in the plan because "this row is already as
// wanted" is an answer; a blocked change says in Reason why it cannot be made.
const (
	Create  Action = "create"
	Update  Action = "update"
	Delete  Action = "delete"
	NoOp    Action = "no-op"
	Blocked Action = "blocked"
)

// Symbol is the one-character sign of the action in tables, familiar from
// Terraform.
func (a Action) Symbol() string {
	switch a {
	case Create:
		return "+"
	case Update:
		return "~"
	case Delete:
		return "-"
	case Blocked:
		return "!"
	default:
		return " "
	}
}

// Partner names the tenant that a change is about. It is empty for the
// template, which belongs to the home tenant.
type Partner struct {
	TenantID string `json:"tenantId"`
	// DisplayName is the name in the input or, for want of one, that of the policy
	// that is there, which Graph wants to be the name of the tenant.
	DisplayName string `json:"displayName"`
	// DirectoryName and Domain are the name and the default domain that the tenant
	// has in its own directory; empty if they are not known. Nothing that is sent
	// depends on them.
	DirectoryName string `json:"directoryName,omitempty"`
	Domain        string `json:"domain,omitempty"`
}

// Field is one managed property of a change: its path in Graph's spelling, and
// its value before and after, each nil, a bool or a string.
type Field struct {
	Path   string `json:"path"`
	Before any    `json:"before"`
	After  any    `json:"after"`
}

// Request is the call that makes a change. Path starts below the API version;
// Body is empty for DELETE.
type Request struct {
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Body   json.RawMessage `json:"body,omitempty"`
}

// Change takes one object from what is there to what is wanted. It is data:
// Fields say what a reader needs to know, and what is sent follows from them.
type Change struct {
	Action Action
	// Before is the object as Graph returned it, unknown members included; nil
	// if there was none. It is shown, and undo goes back to it; it is never sent.
	Before json.RawMessage
	// Fields holds the properties that differ; for a delete, those that are
	// removed; for a no-op, those that are as wanted, with equal values before
	// and after.
	Fields  []Field
	Hazards []Hazard
	Note    string
	Object  Object
	Partner Partner
	// Reason says why a change is blocked, or what else a reader should know.
	Reason string
	// Restore holds the members of a partner configuration that are written as they
	// were before a run removed it; only where a run is reverted.
	Restore json.RawMessage
	// Row is the line of the input that asks for the change; 0 for the template.
	Row int
	// Seq numbers the changes from 1 in the order in which they are listed.
	Seq int
}

// Writes reports whether applying the change sends a write.
func (c *Change) Writes() bool { return c.Action != NoOp && c.Action != Blocked }

// Request is the call that makes the change; nil for a no-op and for a blocked
// change. It is made anew each time: kept, the requests of a long plan would be a
// third of it.
func (c *Change) Request() *Request {
	r := RequestFor(c.Object, c.Action, c.Partner.TenantID, c.Fields)
	if r != nil && c.Restore != nil {
		r.Body = c.after()
	}
	return r
}

// Removes reports whether the change leaves no field behind, which only a removal
// does. Removing a policy without content has no fields.
func (c *Change) Removes() bool {
	return !slices.ContainsFunc(c.Fields, func(f Field) bool { return f.After != nil })
}

// IsBare reports whether the change only checks that a partner is there: its row
// names no property.
func (c *Change) IsBare() bool { return c.Action == NoOp && c.Reason == reasonBareRow }

// Reverts reports whether the change reverts a run. It comes from no file then,
// and Revert has other rules than Build.
func (c *Change) Reverts() bool { return c.Reason == reasonRevert || c.revertsInPart() }

// revertsInPart reports whether the change says what it does not bring back.
func (c *Change) revertsInPart() bool { return strings.HasPrefix(c.Reason, reasonRevertPart) }

// IsWhole reports whether the change is about all members of a partner
// configuration: it removes one that has settings, or writes them back.
func (c *Change) IsWhole() bool {
	return c.Object == PartnerConfiguration && (c.Restore != nil || c.Action == Delete && len(partnerSettings(c.Before)) > 0)
}

// Name is what messages call the object of a change.
func (c *Change) Name() string {
	if c.Object == SyncTemplate {
		return "template"
	}
	return fmt.Sprintf("%s of partner %s", c.Object, c.Partner.TenantID)
}

// StopsSync reports whether applying the change stops synchronization that is
// allowed now: it removes the policy or turns its switch off. If the switch is
// not on, nothing stops for people.
func (c *Change) StopsSync() bool {
	f := c.syncSwitch()
	return f != nil && f.Before == true
}

// AllowsSync reports whether applying the change allows synchronization that is
// not allowed now.
func (c *Change) AllowsSync() bool {
	f := c.syncSwitch()
	return f != nil && f.After == true
}

// syncSwitch is the field that turns a partner's synchronization on or off; nil
// if the change does neither.
func (c *Change) syncSwitch() *Field {
	if c.Object != IdentitySynchronization || c.Action == NoOp || c.Action == Blocked {
		return nil
	}
	for i := range c.Fields {
		if f := &c.Fields[i]; f.Path == desired.PathSyncAllowed && f.Before != f.After {
			return f
		}
	}
	return nil
}

// field is the field of the change at a path; nil if it has none.
func (c *Change) field(path string) *Field {
	for i := range c.Fields {
		if c.Fields[i].Path == path {
			return &c.Fields[i]
		}
	}
	return nil
}
