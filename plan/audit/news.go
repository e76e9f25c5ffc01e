package audit

import (
	"slices"
	"time"

	"bulksync/plan"
	"bulksync/plan/desired"
)

// tellNews gives each finding its state beside the newest earlier audit, which is
// nil for the first one, and sorts out what that audit found and this one did not.
func (c *comparison) tellNews(earlier *Audit, link *Link) {
	known := map[string]*earlierFinding{}
	if earlier != nil {
		c.Earlier = link
		known = findingsOf(earlier)
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		f.tell(known[f.ID], c.CreatedAt)
		f.Reopened = f.State == StateContinuing && known[f.ID].waived
	}
	for i := range c.Waived {
		f := &c.Waived[i]
		f.tell(known[f.ID], c.CreatedAt)
	}
	if earlier != nil {
		c.sortGone(earlier, known)
	}
}

// earlierFinding is what is known of a finding of the earlier audit.
type earlierFinding struct {
	since  time.Time
	waived bool
	syncs  bool // users were synchronized
	found  bool // by this audit as well
}

// findingsOf lists what an earlier audit found, and what it could not speak of
// but one before it found.
func findingsOf(earlier *Audit) map[string]*earlierFinding {
	all := map[string]*earlierFinding{}
	add := func(list []Finding, waived func(*Finding) bool) {
		for i := range list {
			f := &list[i]
			k := &earlierFinding{since: f.Since, waived: waived(f), syncs: f.shows(desired.PathSyncAllowed, true)}
			if k.since.IsZero() {
				k.since = earlier.CreatedAt
			}
			all[f.ID] = k
		}
	}
	add(earlier.Unjudged, func(f *Finding) bool { return f.Waiver != nil })
	add(earlier.Waived, func(*Finding) bool { return true })
	add(earlier.Findings, func(*Finding) bool { return false })
	return all
}

// tell gives a finding its state: k is the same one of the earlier audit, or nil.
// An extra policy that was idle and now lets users in is another matter than the
// one that somebody may have got used to, so it is new.
func (f *Finding) tell(k *earlierFinding, now time.Time) {
	f.State, f.Since = StateNew, now
	if k == nil {
		return
	}
	if k.found = true; f.Kind != Extra || k.syncs || !f.shows(desired.PathSyncAllowed, true) {
		f.State, f.Since = StateContinuing, k.since
	}
}

// shows reports whether a property had a value when the finding was made.
func (f *Finding) shows(path string, value any) bool {
	return slices.ContainsFunc(f.Fields, func(d plan.Field) bool { return d.Path == path && d.Before == value })
}

// sortGone sorts out what the earlier audit found and this one did not: it is
// fixed, or this one cannot speak of it. What the earlier audit could not speak of
// itself is told again as long as the partner cannot be judged, and was told
// enough if the file asks for something else.
func (c *comparison) sortGone(earlier *Audit, known map[string]*earlierFinding) {
	add := func(list []Finding, waived, again bool) {
		for _, f := range list {
			if known[f.ID].found {
				continue
			}
			if known[f.ID].found = true; f.Since.IsZero() {
				f.Since = earlier.CreatedAt
			}
			f.State, f.Reopened, f.ChangedBy = "", false, nil
			switch seen := c.sees(f.subject()); {
			case seen && c.judges(&f):
				c.Fixed = append(c.Fixed, f)
			case !seen || !again:
				if !waived { // an expired waiver would look like one that held
					f.Waiver = nil
				}
				c.Unjudged = append(c.Unjudged, f)
			}
		}
	}
	add(earlier.Findings, false, false)
	add(earlier.Waived, true, false)
	add(earlier.Unjudged, true, true)
}

// sees reports whether the audit looks at a partner, or at the template. A partner
// that is gone was seen to be gone.
func (c *comparison) sees(subject string) bool {
	switch {
	case subject == TemplateTenant:
		return c.desired.Template != nil
	case c.desired.Partners == nil:
		return false
	case c.cur.Partners[subject].Problem != "":
		return false
	default:
		return c.rows[subject] != nil || c.Scope == ScopeAll
	}
}

// judges reports whether the audit says that an earlier finding, which it did not
// find again, is gone. It looks at the partner or the template.
func (c *comparison) judges(f *Finding) bool {
	r, p := c.rows[f.TenantID], c.cur.Partners[f.TenantID]
	switch _, exists := c.cur.Partners[f.TenantID]; f.Kind {
	case Unreadable, Extra:
		return true
	case SyncWithoutConsent, ConsentWithoutSync: // it may still be broken, and told by another finding
		return brokenRule(&p) != f.Kind
	case Missing:
		if f.Object == plan.PartnerConfiguration {
			return r != nil && exists
		}
		return r != nil && r.Manages(f.Object)
	case Changed:
		return c.wants(f) && (f.Object == plan.SyncTemplate || exists && (f.Object != plan.IdentitySynchronization || p.Sync != nil))
	default:
		return false
	}
}

// wants reports whether the file still says how the property of a finding should be.
func (c *comparison) wants(f *Finding) bool {
	if f.Object != plan.SyncTemplate {
		return wantedOf(c.rows[f.TenantID], f.Object, f.Property()) != nil
	}
	p := f.Object.Property(f.Property())
	return p != nil && c.desired.Template.Value(p) != nil
}
