package graphsim

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"time"
)

// State is everything that a Sim holds of its tenant, in the form that is written to a file. A
// missing member is as in a new tenant.
type State struct {
	HomeTenant      string    `json:"homeTenant,omitempty"` // unless Config.HomeTenant says otherwise
	Partners        []Partner `json:"partners"`
	Template        *Template `json:"multiTenantOrganizationIdentitySynchronization,omitempty"`
	PartnerTemplate Members   `json:"multiTenantOrganizationPartnerConfiguration,omitempty"`
	Default         Members   `json:"default,omitempty"`
	Policy          Members   `json:"policy,omitempty"`
	Tenants         []Tenant  `json:"tenants,omitempty"`
}

// State returns the current state, with the partners in the order of their IDs.
func (s *Sim) State() State {
	st := State{HomeTenant: s.cfg.HomeTenant, Partners: s.Partners()}
	s.mu.Lock()
	defer s.mu.Unlock()
	st.Template = new(s.template.latest.clone())
	st.PartnerTemplate, st.Default, st.Policy = maps.Clone(s.partnerTemplate.latest), maps.Clone(s.defaults.latest), maps.Clone(s.policy.latest)
	st.Tenants = s.tenants.all()
	return st
}

// load puts a state into a Sim that is not yet shared.
func (s *Sim) load(st State) {
	s.partners = store{index: make(map[string]int, len(st.Partners)), slots: make([]slot, 0, len(st.Partners))}
	for _, p := range st.Partners {
		s.partners.slot(p.TenantID).latest = p.clone()
	}
	s.template.latest = unconfiguredTemplate()
	if st.Template != nil {
		s.template.latest = st.Template.clone()
	}
	s.partnerTemplate.latest = orElse(st.PartnerTemplate, unconfiguredPartnerTemplate)
	s.defaults.latest = orElse(st.Default, serviceDefault)
	s.policy.latest = orElse(st.Policy, initialPolicy)
	for _, t := range st.Tenants {
		s.tenants.add(t)
	}
}

func orElse(m Members, make func() Members) Members {
	if m == nil {
		return make()
	}
	return maps.Clone(m)
}

// Partners returns a copy of every partner as the last write left it, even if reads still lag, in
// the order of their IDs.
func (s *Sim) Partners() []Partner {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Partner, 0, len(s.partners.slots))
	for i := range s.partners.slots {
		if p := s.partners.slots[i].latest; p != nil {
			all = append(all, *p.clone())
		}
	}
	slices.SortFunc(all, func(a, b Partner) int { return cmp.Compare(key(a.TenantID), key(b.TenantID)) })
	return all
}

// Partner returns a copy of one partner, and whether there is one.
func (s *Sim) Partner(tenantID string) (Partner, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.partners.latest(tenantID)
	if p == nil {
		return Partner{}, false
	}
	return *p.clone(), true
}

// SetPartner adds or replaces a partner, at once and for all reads. It prepares a test and leaves
// no audit record.
func (s *Sim) SetPartner(p Partner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.partners.slot(p.TenantID).put(p.clone(), time.Now(), 0)
}

// RemovePartner removes a partner with its sync policy, and leaves no record.
func (s *Sim) RemovePartner(tenantID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.partners.latest(tenantID) != nil {
		s.partners.slot(tenantID).put(nil, time.Now(), 0)
	}
}

// Edit is an edit by another person, for example in the portal: edit changes the partner, reads
// show it after ReadLag, and the audit record names another user. Edit reports whether there is
// such a partner.
func (s *Sim) Edit(tenantID string, edit func(*Partner)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.partners.latest(tenantID)
	if old == nil {
		return false
	}
	p := old.clone()
	edit(p)
	p.TenantID = old.TenantID
	s.put(nil, p.TenantID, p)
	s.auditEdit(old, p)
	return true
}

// auditEdit adds a record for each object that an edit changed.
func (s *Sim) auditEdit(old, p *Partner) {
	changes := syncChanges(old.IdentitySynchronization, p.IdentitySynchronization)
	switch created, deleted := old.IdentitySynchronization == nil, p.IdentitySynchronization == nil; {
	case created != deleted && created:
		s.audit(nil, categorySync, ActivityCreateSync, p.TenantID, changes...)
	case created != deleted:
		s.audit(nil, categorySync, ActivityDeleteSync, p.TenantID, changes...)
	case len(changes) > 0:
		s.audit(nil, categorySync, ActivityUpdateSync, p.TenantID, changes...)
	}
	changes = slices.DeleteFunc(partnerChanges(old, p, partnerMembers), func(c change) bool { return c.before == c.after })
	if len(changes) > 0 || reflect.DeepEqual(old.IdentitySynchronization, p.IdentitySynchronization) {
		s.audit(nil, categoryAccess, ActivityUpdatePartner, p.TenantID, changes...)
	}
}

// Break makes all reads of a partner, in the list and single ones, show text instead of it; "" ends
// that. The partner itself, its sync policy and writes to both are not affected.
func (s *Sim) Break(tenantID, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	broken := maps.Clone(s.broken)
	if broken == nil {
		broken = map[string]string{}
	}
	broken[key(tenantID)] = text
	if text == "" {
		delete(broken, key(tenantID))
	}
	s.broken = broken
}

// Template returns the identity synchronization template.
func (s *Sim) Template() Template {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.template.latest.clone()
}

// SetTemplate replaces the template, and leaves no audit record.
func (s *Sim) SetTemplate(t Template) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.template.put(t.clone(), time.Now(), 0)
}

// SupportTenant is the tenant of Microsoft Support. It appears as a partner by itself after a
// support case, and in every seed as the service-owned partner.
const SupportTenant = "b4c546a4-7dac-46a6-a7dd-ed822a11efd3"

// seedStream, seedObjects and seedHome separate the random numbers of request IDs from those of
// the seeded objects, so that the objects do not depend on earlier requests.
const (
	seedStream  = 0x6772617068
	seedObjects = 0x73656564
	seedHome    = 0x686f6d65
)

// The parts of the names of made-up companies.
var (
	seedFirst = strings.Fields("Alder Birch Cobalt Dunmore Elstree Fairhaven Glenrock Harbourline Ironbridge Juniper Kestrel Larkfield " +
		"Marlowe Nordvik Oakhurst Pemberton Quayside Ravensworth Silverbeck Thornbury Ullswater Valmont Westmere Yarrow Zephyr")
	seedSecond = strings.Fields("Analytics Bioscience Capital Dairy Energy Foods Freight Glass Health Insurance Logistics Marine Mills " +
		"Optics Packaging Pharma Robotics Shipping Steel Telecom Textiles Timber Travel Utilities Ventures")
	seedForm = strings.Fields("AB AG BV GmbH Inc LLC Ltd NV Oy PLC Pty SA SAS SpA")
)

// seedState makes up cfg.Partners partners: a third without a sync policy, the rest with sync
// allowed or off; consent is set, half set or unset. If there is more than one partner, the last
// one belongs to the service.
func seedState(cfg Config) State {
	rng := rand.New(rand.NewPCG(uint64(cfg.Seed), seedObjects))
	var st State
	for i := range cfg.Partners {
		id, name := guid(rng), companyName(rng, i)
		p := Partner{TenantID: id}
		if i > 0 && i == cfg.Partners-1 {
			p.TenantID, name, p.IsServiceProvider = SupportTenant, "Microsoft Support", new(true)
		} else {
			p.seed(rng, i, name)
		}
		st.Partners = append(st.Partners, p)
		st.Tenants = append(st.Tenants, Tenant{TenantID: p.TenantID, DisplayName: name, DefaultDomainName: domain(name)})
	}
	return st
}

// seed gives the i-th partner its settings; each dozen has every combination.
func (p *Partner) seed(rng *rand.Rand, i int, name string) {
	if i%3 != 0 {
		p.IdentitySynchronization = SyncAllowed(name, i%3 == 1)
	}
	consents := []Consent{{}, {InboundAllowed: new(true)}, {InboundAllowed: new(true), OutboundAllowed: new(true)}, {InboundAllowed: new(false)}}
	p.AutomaticUserConsentSettings = consents[i/3%len(consents)]
	if rng.IntN(4) == 0 {
		p.InboundTrust = &InboundTrust{IsMfaAccepted: new(true), IsCompliantDeviceAccepted: new(rng.IntN(2) == 0), IsHybridAzureADJoinedDeviceAccepted: new(false)}
	}
}

// companyName is unique for each i: once all names are used, a number is added.
func companyName(rng *rand.Rand, i int) string {
	n := len(seedFirst) * len(seedSecond)
	k := i % n * 37 % n // 37 and n have no common divisor, so no name repeats early
	name := seedFirst[k%len(seedFirst)] + " " + seedSecond[k/len(seedFirst)] + " " + seedForm[rng.IntN(len(seedForm))]
	if i >= n {
		name = fmt.Sprintf("%s %d", name, i/n+1)
	}
	return name
}

func domain(name string) string {
	return strings.ToLower(strings.Join(strings.Fields(name), "-")) + ".example"
}
