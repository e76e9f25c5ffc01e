package plan

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"bulksync/graph"
	"bulksync/plan/desired"
)

// Removing a partner configuration takes all its members with it, not only those
// that this program manages. The before-image holds them, and undo writes back what
// Graph lets a client write ("Update crossTenantAccessPolicyConfigurationPartner"):
// inbound trust and consent as changes of their own, which show each value, and the
// members below as they were, with the request that adds the partner again.
var restorable = [...]string{
	"b2bCollaborationInbound", "b2bCollaborationOutbound", "b2bDirectConnectInbound", "b2bDirectConnectOutbound", "tenantRestrictions",
}

// partnerSettings maps each member of a partner configuration that is set to its
// value as JSON, without nulls and annotations: null means inherited (reference page
// of the partner configuration), also inside an object. Members that no schema names
// count too.
func partnerSettings(raw json.RawMessage) map[string]string {
	var members map[string]any
	_ = json.Unmarshal(raw, &members) // it was read before; a partner known only by its ID has none
	set := map[string]string{}
	for name, v := range members {
		if strings.Contains(name, "@") || slices.Contains(aboutPartner, name) {
			continue
		}
		// A bare false is the initial value of a switch such as isServiceProvider.
		if v = pruned(v); v != nil && v != false {
			set[name] = jsonValue(v)
		}
	}
	return set
}

// pruned is a value without nulls and annotations; nil if nothing is left.
func pruned(v any) any {
	object, ok := v.(map[string]any)
	if !ok {
		return v
	}
	left := map[string]any{}
	for name, value := range object {
		if value = pruned(value); value != nil && !strings.Contains(name, "@") {
			left[name] = value
		}
	}
	if len(left) == 0 {
		return nil
	}
	return left
}

// withManaged is the configuration of a partner in which the managed members are
// those of p, where Apply may have changed them.
func withManaged(p *graph.Partner) json.RawMessage {
	all := membersOf(p.Raw)
	for _, o := range desired.PartnerObjects {
		if raw := o.Raw(p); o.Member() != "" && raw != nil {
			all = all.set(o.Member(), raw)
		}
	}
	return all.encode()
}

// changedSettings lists the members of a partner that are not as in before. A
// member that the reading does not show is unknown, and does not count.
func changedSettings(before json.RawMessage, p *graph.Partner) (changed []string) {
	was, now := partnerSettings(before), partnerSettings(withManaged(p))
	shown := membersOf(p.Raw)
	all := maps.Clone(was)
	maps.Copy(all, now)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if was[name] != now[name] && (now[name] != "" || shown.find(name) >= 0) {
			changed = append(changed, name)
		}
	}
	return changed
}

// restored is what undo writes back of a partner configuration when it adds it
// again; nil if nothing.
func restored(before json.RawMessage) json.RawMessage {
	var object members
	set := partnerSettings(before)
	for _, name := range restorable {
		if value := set[name]; value != "" {
			object = append(object, objectMember{name, json.RawMessage(value)})
		}
	}
	if object == nil {
		return nil
	}
	return object.encode()
}

// lost lists what undo cannot bring back of a partner configuration: members that
// no client may write, or that no page documents as written.
func lost(before json.RawMessage) (names []string) {
	for name, value := range partnerSettings(before) {
		switch o := memberObject(name); {
		case o != "":
			names = append(names, lostInside(o, name, value)...)
		case !slices.Contains(restorable[:], name):
			names = append(names, name)
		}
	}
	if isMember(before) {
		names = append(names, memberOfMTO)
	}
	slices.Sort(names)
	return names
}

// memberOfMTO says that the partner is a member of the home tenant's multitenant
// organization. It is no setting, and whether the service would say so again is not
// documented.
const memberOfMTO = "isInMultiTenantOrganization"

func isMember(raw json.RawMessage) bool {
	all := membersOf(raw)
	at := all.find(memberOfMTO)
	return at >= 0 && string(all[at].value) == "true"
}

// memberObject is the managed object that a member of a partner is; empty if it is
// none.
func memberObject(name string) Object {
	for _, o := range desired.PartnerObjects {
		if o.Member() == name {
			return o
		}
	}
	return ""
}

// lostInside lists the members of a managed object that are not managed.
func lostInside(o Object, member, value string) (names []string) {
	for _, m := range membersOf(json.RawMessage(value)) {
		path := member + "." + m.name
		if !slices.ContainsFunc(o.Properties(), func(p desired.Property) bool { return strings.EqualFold(p.Path, path) }) {
			names = append(names, path)
		}
	}
	return names
}

// lossReason says what an undo of the removal of a partner could not bring back;
// empty if nothing.
func lossReason(before json.RawMessage) string {
	names := lost(before)
	if len(names) == 0 {
		return ""
	}
	return clip(reasonLost+strings.Join(names, ", "), maxReason)
}

// bringBack completes the creation that reverts a deletion.
func (c *Change) bringBack(deleted *Change) {
	if c.Object != PartnerConfiguration {
		return
	}
	c.Restore = restored(deleted.Before)
	if why := lossReason(deleted.Before); why != "" {
		c.Reason = clip(reasonRevertPart+why, maxReason)
	}
}

// Taken lists the inbound trust and the consent that the removal of a partner
// configuration takes with it, as fields that are not set afterwards; nil for any
// other change.
func (c *Change) Taken() []Field {
	if c.Object != PartnerConfiguration || c.Action != Delete {
		return nil
	}
	image, err := c.image()
	if err != nil || image.Partner == nil {
		return nil
	}
	var taken Change
	for _, o := range []Object{Trust, Consent} {
		for _, p := range o.Properties() {
			taken.differ(p.Path, image.value(&p), nil)
		}
	}
	return taken.Fields
}

// settingsBack are the changes that write back the inbound trust and the consent of
// a partner whose removal is reverted.
func (c *Change) settingsBack() (all []Change) {
	for _, f := range c.Taken() {
		o := Trust
		if Trust.Property(f.Path) == nil {
			o = Consent
		}
		if len(all) == 0 || all[len(all)-1].Object != o {
			all = append(all, Change{Row: c.Row, Partner: c.Partner, Object: o, Action: Update, Note: c.Note, Reason: reasonRevert})
		}
		all[len(all)-1].differ(f.Path, nil, f.Before)
	}
	return all
}

// removalHazards lists the hazards of removing a partner configuration: what was
// automatic consent is none by default.
func (c *Change) removalHazards() []Hazard {
	all := []Hazard{PartnerRemoved}
	if slices.ContainsFunc(c.Taken(), func(f Field) bool { return f.Before == true && Consent.Property(f.Path) != nil }) {
		all = append(all, ConsentOff)
	}
	if strings.HasPrefix(c.Reason, reasonLost) {
		all = append(all, BeyondUndo)
	}
	return all
}

// PartnerWords says which members of a partner configuration the change removes or
// writes back beside its fields and what Taken lists, and which no undo brings back;
// empty for most changes.
func (c *Change) PartnerWords() string {
	var parts []string
	add := func(what string, object json.RawMessage) {
		if object != nil {
			parts = append(parts, what+strings.Join(slices.Sorted(maps.Keys(partnerSettings(object))), ", "))
		}
	}
	lost := strings.TrimPrefix(c.Reason, reasonRevertPart)
	if c.Object == PartnerConfiguration && c.Action == Delete {
		add("also removed: ", restored(c.Before))
	}
	add("writes back: ", c.Restore)
	if strings.HasPrefix(lost, reasonLost) {
		parts = append(parts, lost)
	}
	return strings.Join(parts, "; ")
}

// checkRestore refuses members that no undo writes back.
func (c *Change) checkRestore() error {
	if c.Restore == nil {
		return nil
	}
	var object map[string]json.RawMessage
	fits := c.Reverts() && c.Object == PartnerConfiguration && c.Action == Create
	if !fits || json.Unmarshal(c.Restore, &object) != nil || len(object) == 0 {
		return errRestore
	}
	set := partnerSettings(c.Restore)
	for name := range object {
		if set[name] == "" || !slices.Contains(restorable[:], name) {
			return errRestore
		}
	}
	return nil
}
