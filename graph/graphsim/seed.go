package graphsim

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// SupportTenant is the tenant of Microsoft Support. It appears as a partner by
// itself after a support case, and in every seed as the
// service-owned partner.
const SupportTenant = "b4c546a4-7dac-46a6-a7dd-ed822a11efd3"

// seedStream and seedObjects keep the chance of the seed apart from that of
// request ids, so that objects do not depend on what was asked before.
const (
	seedStream  = 0x6772617068
	seedObjects = 0x73656564
)

// The parts of the names of made-up companies.
var (
	seedFirst = strings.Fields("Alder Birch Cobalt Dunmore Elstree Fairhaven Glenrock Harbourline Ironbridge Juniper Kestrel Larkfield " +
		"Marlowe Nordvik Oakhurst Pemberton Quayside Ravensworth Silverbeck Thornbury Ullswater Valmont Westmere Yarrow Zephyr")
	seedSecond = strings.Fields("Analytics Bioscience Capital Dairy Energy Foods Freight Glass Health Insurance Logistics Marine Mills " +
		"Optics Packaging Pharma Robotics Shipping Steel Telecom Textiles Timber Travel Utilities Ventures")
	seedForm = strings.Fields("AB AG BV GmbH Inc LLC Ltd NV Oy PLC Pty SA SAS SpA")
)

// seedState makes up cfg.Partners partners: a third without a sync policy, the
// rest with sync allowed or off, consent set, half set or unset. With more than
// one, the last belongs to the service.
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

// seed gives the i-th partner its settings; every mix comes in each dozen.
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

// companyName is unique for each i: the number of the office is added once all
// names were given.
func companyName(rng *rand.Rand, i int) string {
	n := len(seedFirst) * len(seedSecond)
	k := i % n * 37 % n // 37 and n have no common divisor, so no name comes early again
	name := seedFirst[k%len(seedFirst)] + " " + seedSecond[k/len(seedFirst)] + " " + seedForm[rng.IntN(len(seedForm))]
	if i >= n {
		name = fmt.Sprintf("%s %d", name, i/n+1)
	}
	return name
}

func domain(name string) string {
	return strings.ToLower(strings.Join(strings.Fields(name), "-")) + ".example"
}
