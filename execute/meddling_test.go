package execute_test

import (
	"encoding/json"
	"fmt"
	"time"

	"bulksync/graph/graphsim"
	"bulksync/plan"
)

// someoneElse changes a managed member of some of the plan's objects.
func (r *rig) someoneElse(which []int, p *plan.Plan) {
	for _, n := range which {
		c := p.Changes[n%len(p.Changes)]
		_, there := r.Partner(c.Partner.TenantID)
		switch {
		case c.Action == plan.Blocked:
		case c.Object == plan.PartnerConfiguration && there:
			r.Edit(c.Partner.TenantID, func(p *graphsim.Partner) {
				p.Other = graphsim.Members{"b2bCollaborationOutbound": json.RawMessage(collaboration)}
			})
		case c.Object == plan.IdentitySynchronization:
			r.Edit(c.Partner.TenantID, func(p *graphsim.Partner) {
				p.IdentitySynchronization = graphsim.SyncAllowed("somebody else", n%2 == 0)
			})
		case c.Object == plan.Trust && there: // of the first two one is the run's own, or both are
			r.Edit(c.Partner.TenantID, func(p *graphsim.Partner) {
				theirs := []*graphsim.InboundTrust{nil, {IsMfaAccepted: ptr(n%2 == 0)}, {IsCompliantDeviceAccepted: ptr(n%2 == 0)}, {IsHybridAzureADJoinedDeviceAccepted: ptr(false)}}
				p.InboundTrust = theirs[n/2%len(theirs)]
			})
		case c.Object == plan.Consent && there:
			r.Edit(c.Partner.TenantID, func(p *graphsim.Partner) {
				p.AutomaticUserConsentSettings = graphsim.Consent{InboundAllowed: ptr(n%2 == 0)}
			})
		}
	}
	time.Sleep(r.lag())
}

// meddle has somebody change the plan's partners during the run.
func (r *rig) meddle(what []meddling, p *plan.Plan) {
	for _, m := range what {
		c := &p.Changes[m.Which%len(p.Changes)]
		id := c.Partner.TenantID
		if id == "" {
			continue
		}
		time.AfterFunc(m.After, func() { r.meddleWith(id, c, m.How) })
	}
}

func (r *rig) meddleWith(id string, c *plan.Change, how string) {
	_, there := r.Partner(id)
	switch {
	case how == "a partner" && !there:
		r.SetPartner(graphsim.Partner{TenantID: id})
	case !there || how == "a partner":
	case how == "no partner":
		r.RemovePartner(id)
	case how == "no policy":
		r.Edit(id, func(p *graphsim.Partner) { p.IdentitySynchronization = nil })
	case how == "another policy":
		r.Edit(id, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Theirs", true) })
	case how == "another trust":
		r.Edit(id, func(p *graphsim.Partner) {
			p.InboundTrust = &graphsim.InboundTrust{IsCompliantDeviceAccepted: ptr(true), IsHybridAzureADJoinedDeviceAccepted: ptr(false)}
		})
	case c.Object == plan.Trust && c.Writes():
		r.Edit(id, func(p *graphsim.Partner) {
			if err := json.Unmarshal(c.Request().Body, &struct{ InboundTrust **graphsim.InboundTrust }{&p.InboundTrust}); err != nil {
				r.t.Error(err)
			}
		})
	case c.Object == plan.IdentitySynchronization && c.Writes() && c.Request().Body != nil:
		r.Edit(id, func(p *graphsim.Partner) {
			policy := p.IdentitySynchronization
			if policy == nil {
				policy = &graphsim.IdentitySynchronization{}
			}
			if err := json.Unmarshal(c.Request().Body, policy); err != nil {
				r.t.Error(err)
			}
			p.IdentitySynchronization = policy
		})
	}
}

// becomeOwned turns some of the plan's partners into a service provider's.
func (r *rig) becomeOwned(which []int, p *plan.Plan) {
	for _, n := range which {
		if id := p.Changes[n%len(p.Changes)].Partner.TenantID; id != "" {
			if _, there := r.Partner(id); there {
				r.Edit(id, func(p *graphsim.Partner) { p.IsServiceProvider = ptr(true) })
			}
		}
	}
	time.Sleep(r.lag())
}

// breakUp has Graph show nonsense for some of the plan's partners.
func (r *rig) breakUp(which []int, p *plan.Plan) {
	for _, n := range which {
		if id := p.Changes[n%len(p.Changes)].Partner.TenantID; id != "" {
			r.Break(id, fmt.Sprintf(nonsense[n%len(nonsense)], id, id))
		}
	}
}

// mend removes the nonsense.
func (r *rig) mend(p *plan.Plan) {
	for _, c := range p.Changes {
		if c.Partner.TenantID != "" {
			r.Break(c.Partner.TenantID, "")
		}
	}
}

func (r *rig) lag() time.Duration { return 40 * time.Second }

// picture is a state in a comparable form: null and an object of nulls are the
// same.
func picture(st graphsim.State) string {
	for i := range st.Partners {
		y := st.Partners[i].IdentitySynchronization
		if y != nil && y.UserSyncInbound != nil && y.UserSyncInbound.IsSyncAllowed == nil {
			y.UserSyncInbound = nil
		}
		if u := st.Partners[i].InboundTrust; u != nil && *u == (graphsim.InboundTrust{}) {
			st.Partners[i].InboundTrust = nil
		}
	}
	if u := st.Template.UserSyncInbound; u != nil && u.IsSyncAllowed == nil {
		st.Template.UserSyncInbound = nil
	}
	text, err := json.MarshalIndent(st, "", " ")
	if err != nil {
		panic(err)
	}
	return string(text)
}
