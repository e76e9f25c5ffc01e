package desired

import (
	"encoding/json"

	"bulksync/graph"
)

// Object names what a change is made to, in Graph's words if it has one.
type Object string

// The objects of a plan. A partner is the partner configuration itself; trust is
// its inboundTrust, and consent its automaticUserConsentSettings; template is the
// multitenant-organization identity-synchronization template.
const (
	PartnerConfiguration    Object = "partner"
	IdentitySynchronization Object = "identitySynchronization"
	Trust                   Object = "trust"
	Consent                 Object = "consent"
	SyncTemplate            Object = "template"
)

// PartnerObjects are the objects of one partner, in the order in which they are
// created. They are removed in reverse order.
var PartnerObjects = [...]Object{PartnerConfiguration, IdentitySynchronization, Trust, Consent}

// member describes an object that is a part of a partner configuration and has no
// address of its own: it is written with PATCH to the partner, and can be neither
// created nor deleted.
type member struct {
	object Object
	name   string
	raw    func(*graph.Partner) *json.RawMessage // as Graph returned it
}

var members = [...]member{
	{Trust, "inboundTrust", func(p *graph.Partner) *json.RawMessage { return &p.Trust }},
	{Consent, "automaticUserConsentSettings", func(p *graph.Partner) *json.RawMessage { return &p.Consent }},
}

func (o Object) member() *member {
	for i := range members {
		if members[i].object == o {
			return &members[i]
		}
	}
	return nil
}

// Member is the name of the member of a partner configuration that the object is;
// empty for an object with an address of its own. The paths of its properties
// begin with it.
func (o Object) Member() string {
	if m := o.member(); m != nil {
		return m.name
	}
	return ""
}

// Raw returns the object as Graph returned it; nil if it does not exist, and for
// the partner configuration itself.
func (o Object) Raw(p *graph.Partner) json.RawMessage {
	switch m := o.member(); {
	case p == nil:
		return nil
	case m != nil:
		return *m.raw(p)
	case o == IdentitySynchronization && p.Sync != nil:
		return p.Sync.Raw
	default:
		return nil
	}
}

// SetRaw replaces the object, which is a member of a partner configuration or an
// existing policy.
func (o Object) SetRaw(p *graph.Partner, raw json.RawMessage) {
	if m := o.member(); m != nil {
		*m.raw(p) = raw
	} else {
		p.Sync.Raw = raw
	}
}
