package desired

import (
	"errors"
	"fmt"

	"bulksync/graph"
)

// Property is a managed property of an object. Everything particular to it is in
// its entry of the tables below: its column, comparison, body, hazards and undo
// follow from there.
type Property struct {
	Object Object
	// Path is the property in Graph's spelling, as in the body that is sent. It
	// is also the canonical name of the property's column.
	Path    string
	Aliases []string // further names of the column
	Kind    Kind
	// TurnedOn and TurnedOff are the hazards of a switch that is turned on or
	// off; empty if that is no hazard.
	TurnedOn, TurnedOff Hazard

	access
}

// The paths that other code needs by name: the ID and the name of a partner, and
// the switch of its synchronization.
const (
	PathTenantID    = "tenantId"
	PathDisplayName = "displayName"
	PathSyncAllowed = "userSyncInbound.isSyncAllowed"
)

// partnerProperties are the properties of a partner, each with a column. The
// fields of a change and the members of the body that is sent follow this order.
// The properties of one object are adjacent, and so are those of one member of a
// body.
var partnerProperties = [...]Property{
	{
		Object: PartnerConfiguration, Path: PathTenantID, Kind: TenantID, Aliases: []string{"partnerTenantId"},
		access: access{get: func(p *graph.Partner, _ *graph.Template) any { return p.TenantID }},
	},
	{
		Object: IdentitySynchronization, Path: PathDisplayName, Kind: Text, Aliases: []string{"name", "partner"},
		access: inSync(func(s *graph.IdentitySynchronization) **string { return &s.DisplayName }),
	},
	{
		Object: IdentitySynchronization, Path: PathSyncAllowed, Kind: Switch, Aliases: []string{"isSyncAllowed", "inboundSync"}, TurnedOff: SyncOff,
		access: inSync(func(s *graph.IdentitySynchronization) **bool { return &s.IsSyncAllowed }),
	},
	{
		Object: Trust, Path: "inboundTrust.isMfaAccepted", Kind: Switch, Aliases: []string{"mfaTrust"}, TurnedOn: TrustOn,
		access: inPartner(func(p *graph.Partner) **bool { return &p.IsMfaAccepted }),
	},
	{
		Object: Trust, Path: "inboundTrust.isCompliantDeviceAccepted", Kind: Switch, Aliases: []string{"deviceTrust"}, TurnedOn: TrustOn,
		access: inPartner(func(p *graph.Partner) **bool { return &p.IsCompliantDeviceAccepted }),
	},
	{
		Object: Trust, Path: "inboundTrust.isHybridAzureADJoinedDeviceAccepted", Kind: Switch, Aliases: []string{"hybridTrust"}, TurnedOn: TrustOn,
		access: inPartner(func(p *graph.Partner) **bool { return &p.IsHybridAzureADJoinedDeviceAccepted }),
	},
	{
		Object: Consent, Path: "automaticUserConsentSettings.inboundAllowed", Kind: Switch, Aliases: []string{"inboundConsent"}, TurnedOff: ConsentOff,
		access: inPartner(func(p *graph.Partner) **bool { return &p.InboundAllowed }),
	},
	{
		Object: Consent, Path: "automaticUserConsentSettings.outboundAllowed", Kind: Switch, Aliases: []string{"outboundConsent"}, TurnedOff: ConsentOff,
		access: inPartner(func(p *graph.Partner) **bool { return &p.OutboundAllowed }),
	},
}

// templateProperties are the properties of the template, which has its own file.
var templateProperties = [...]Property{
	{
		Object: SyncTemplate, Path: "templateApplicationLevel", Kind: Levels,
		access: access{
			get: func(_ *graph.Partner, t *graph.Template) any { return t.TemplateApplicationLevel },
			set: func(_ *graph.Partner, t *graph.Template, v any) { t.TemplateApplicationLevel, _ = v.(string) },
		},
	},
	{
		Object: SyncTemplate, Path: PathSyncAllowed, Kind: Switch,
		access: inTemplate(func(t *graph.Template) **bool { return &t.IsSyncAllowed }),
	},
}

// Properties lists the managed properties of the object, in the order of their
// fields.
func (o Object) Properties() []Property {
	if o == SyncTemplate {
		return templateProperties[:]
	}
	first, last := 0, 0
	for i := range partnerProperties {
		if partnerProperties[i].Object == o {
			if last == 0 {
				first = i
			}
			last = i + 1
		}
	}
	return partnerProperties[first:last]
}

// Property returns the managed property of the object at a path; nil if there is
// none.
func (o Object) Property(path string) *Property {
	list := o.Properties()
	for i := range list {
		if list[i].Path == path {
			return &list[i]
		}
	}
	return nil
}

// access is how the value of a property is read from what Graph returned, and how
// it is written there.
type access struct {
	get func(*graph.Partner, *graph.Template) any
	set func(*graph.Partner, *graph.Template, any)
}

// Value returns the value that Graph returned, which is nil, a bool or a string:
// nil if the property or its object does not exist.
func (p *Property) Value(partner *graph.Partner, template *graph.Template) any {
	if partner == nil && p.Object != SyncTemplate || template == nil && p.Object == SyncTemplate {
		return nil
	}
	return p.get(partner, template)
}

// Set makes v the value of the property. Its object must exist.
func (p *Property) Set(partner *graph.Partner, template *graph.Template, v any) {
	p.set(partner, template, v)
}

func inPartner[T any](at func(*graph.Partner) **T) access {
	return access{
		get: func(p *graph.Partner, _ *graph.Template) any { return valueOf(*at(p)) },
		set: func(p *graph.Partner, _ *graph.Template, v any) { *at(p) = pointerTo[T](v) },
	}
}

func inSync[T any](at func(*graph.IdentitySynchronization) **T) access {
	return access{
		get: func(p *graph.Partner, _ *graph.Template) any {
			if p.Sync == nil {
				return nil
			}
			return valueOf(*at(p.Sync))
		},
		set: func(p *graph.Partner, _ *graph.Template, v any) { *at(p.Sync) = pointerTo[T](v) },
	}
}

func inTemplate[T any](at func(*graph.Template) **T) access {
	return access{
		get: func(_ *graph.Partner, t *graph.Template) any { return valueOf(*at(t)) },
		set: func(_ *graph.Partner, t *graph.Template, v any) { *at(t) = pointerTo[T](v) },
	}
}

// valueOf turns a nullable property into a value.
func valueOf[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// pointerTo turns a value into a nullable property.
func pointerTo[T any](v any) *T {
	if value, ok := v.(T); ok {
		return &value
	}
	return nil
}

// Kind is what the values of a property are.
type Kind int

// The kinds. Values are strings, or bools for a switch.
const (
	TenantID Kind = iota
	Text
	Switch
	// Levels is a set of flags in one string; see SameLevels.
	Levels
)

// Holds reports whether v is null or of the property's type.
func (p *Property) Holds(v any) bool {
	switch v.(type) {
	case nil:
		return true
	case bool:
		return p.Kind == Switch
	case string:
		return p.Kind != Switch
	default:
		return false
	}
}

// Same reports whether two values mean the same.
func (p *Property) Same(a, b any) bool {
	if p.Kind == Levels {
		x, _ := a.(string)
		y, _ := b.(string)
		return SameLevels(x, y)
	}
	return a == b
}

// CheckWanted refuses a value that no input can ask for.
func (p *Property) CheckWanted(v any) error {
	text, ok := v.(string)
	switch {
	case ok && p.Kind == Levels:
		return CheckLevels(text)
	case ok && p.Kind == Text && text == "":
		return errors.New(p.Path + " is empty")
	case ok && p.Kind == Text:
		return p.checkText(text)
	default:
		return nil
	}
}

// wordsOf says a value in words.
func wordsOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "empty"
	case string:
		return Quote(v)
	default:
		return fmt.Sprint(v)
	}
}
