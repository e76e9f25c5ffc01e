package graphsim

import (
	"net/http"
	"time"
)

func (s *Sim) getSync(c *call) answer {
	v := view{members: syncMembers, context: c.context("partners('" + c.route.id + "')/identitySynchronization/$entity")}
	q, bad := c.query("$select")
	if bad == nil && q.Has("$select") {
		v.members, bad = selected(q.Get("$select"), syncPolicy.typ, syncMembers)
	}
	if bad != nil {
		return refuse(bad)
	}
	s.mu.Lock()
	p := s.partners.at(c.route.id, c.now)
	s.mu.Unlock()
	if p == nil || p.IdentitySynchronization == nil {
		return refuse(notFound(c.route.id))
	}
	return ok(appendSync(nil, c.shownID(p.TenantID), p.IdentitySynchronization, v))
}

// putSync creates a policy. Microsoft's pages disagree about an existing one, and are silent about
// a missing partner: Config has a switch for both.
func (s *Sim) putSync(c *call) answer {
	body, bad := c.decode(syncPolicy)
	if bad != nil {
		return refuse(bad)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.partners.latest(c.route.id)
	if p == nil {
		if s.cfg.PutWithoutPartner != http.StatusNoContent {
			return refuse(notFound(c.route.id))
		}
		p = &Partner{TenantID: c.route.id}
		s.audit(c, categoryAccess, ActivityAddPartner, p.TenantID, change{"tenantId", "", `"` + p.TenantID + `"`})
	}
	old := p.IdentitySynchronization
	if old != nil && s.cfg.PutExisting != http.StatusNoContent || s.inWindow(c, s.partners.slot(c.route.id).syncGone) {
		return refuse(sameObject())
	}
	var none *IdentitySynchronization
	activity := ActivityCreateSync
	if old != nil {
		activity = ActivityUpdateSync
	}
	s.putSyncPolicy(c, p, none.merged(body), activity)
	return noContent()
}

func (s *Sim) patchSync(c *call) answer {
	body, bad := c.decode(syncPolicy)
	if bad != nil {
		return refuse(bad)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.partners.latest(c.route.id)
	if p == nil || p.IdentitySynchronization == nil {
		return refuse(noObject())
	}
	s.putSyncPolicy(c, p, p.IdentitySynchronization.merged(body), ActivityUpdateSync)
	return noContent()
}

func (s *Sim) deleteSync(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.partners.latest(c.route.id)
	if p == nil || p.IdentitySynchronization == nil {
		return refuse(notFound(c.route.id))
	}
	s.putSyncPolicy(c, p, nil, ActivityDeleteSync)
	c.note(&s.partners.slot(p.TenantID).syncGone)
	return noContent()
}

// putSyncPolicy writes the partner with another sync policy. The caller holds the mutex.
func (s *Sim) putSyncPolicy(c *call, p *Partner, y *IdentitySynchronization, activity string) {
	n := *p
	n.IdentitySynchronization = y
	s.put(c, p.TenantID, &n)
	s.audit(c, categorySync, activity, p.TenantID, syncChanges(p.IdentitySynchronization, y)...)
}

// syncChanges lists the members that differ; userSyncInbound comes first, where
// Microsoft's sample queries look for it.
func syncChanges(old, y *IdentitySynchronization) []change {
	if old == nil {
		old = &IdentitySynchronization{}
	}
	if y == nil {
		y = &IdentitySynchronization{}
	}
	var changes []change
	before, after := appendUserSync(nil, old.UserSyncInbound), appendUserSync(nil, y.UserSyncInbound)
	if string(before) != string(after) {
		changes = append(changes, change{"userSyncInbound", string(before), string(after)})
	}
	before, after = appendText(nil, old.DisplayName), appendText(nil, y.DisplayName)
	if string(before) != string(after) {
		changes = append(changes, change{"displayName", string(before), string(after)})
	}
	return changes
}

// note records the time of a change, unless the change gets lost.
func (c *call) note(when *time.Time) {
	if !c.suffers(FaultLost) {
		*when = c.now
	}
}

// tooNew refuses a write to a partner that was created so recently that not every
// server knows it.
func (s *Sim) tooNew(c *call) *odataError {
	into := c.route.noun == nounSync && isWrite(c.method) || c.route.noun == nounPartner && c.method == http.MethodPatch
	if s.cfg.CreateLag == 0 || !into {
		return nil
	}
	s.mu.Lock()
	made := s.partners.madeAt(c.route.id)
	s.mu.Unlock()
	switch {
	case made.IsZero() || c.now.Sub(made) >= s.cfg.CreateLag:
		return nil
	case s.cfg.CreateLagStatus == http.StatusNotFound:
		return notFound(c.route.id)
	}
	return statusError(s.cfg.CreateLagStatus)
}

// inWindow reports whether a deletion is so recent that the object cannot be created again. gone is
// zero if there was none.
func (s *Sim) inWindow(c *call, gone time.Time) bool {
	return !gone.IsZero() && c.now.Sub(gone) < s.cfg.DeleteWindow
}
