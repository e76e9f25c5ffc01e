package graphsim

import (
	"slices"
	"time"
)

// The activityDisplayName of each change, as in Microsoft's reference of audit activities. Those of
// templates and policy are not listed there.
const (
	ActivityAddPartner     = "Add a partner to cross-tenant access setting"
	ActivityUpdatePartner  = "Update a partner cross-tenant access setting"
	ActivityDeletePartner  = "Delete partner specific cross-tenant access setting"
	ActivityUpdateDefault  = "Update the company default cross-tenant access setting"
	ActivityResetDefault   = "Reset the cross-tenant access default setting"
	ActivityCreateSync     = "Create a partner cross-tenant identity sync setting"
	ActivityUpdateSync     = "Update a partner cross-tenant identity sync setting"
	ActivityDeleteSync     = "Delete a partner cross-tenant identity sync setting"
	ActivityUpdateTemplate = "Update a multi-tenant organization identity sync policy template"
	ActivityUpdatePartners = "Update a multi-tenant organization partner configuration template"
	ActivityUpdatePolicy   = "Update a cross-tenant access policy"
)

const (
	categoryAccess          = "CrossTenantAccessSettings"
	categorySync            = "CrossTenantIdentitySyncSettings"
	categorySyncTemplate    = "MultiTenantOrgIdentitySyncPolicyTemplate"
	categoryPartnerTemplate = "MultiTenantOrgPartnerConfigurationTemplate"
)

// AuditRecord is one entry of the directory's audit log.
type AuditRecord struct {
	ID                  string        `json:"id"`
	Category            string        `json:"category"`
	ActivityDisplayName string        `json:"activityDisplayName"`
	ActivityDateTime    time.Time     `json:"activityDateTime"`
	LoggedByService     string        `json:"loggedByService"`
	Result              string        `json:"result"`
	CorrelationID       string        `json:"correlationId"`
	InitiatedBy         Initiator     `json:"initiatedBy"`
	TargetResources     []AuditTarget `json:"targetResources"`
}

// Initiator is who made a change: an app or a user; the other one is null.
type Initiator struct {
	App  *AuditApp  `json:"app"`
	User *AuditUser `json:"user"`
}

// AuditApp and AuditUser name an initiator.
type (
	AuditApp struct {
		AppID       string `json:"appId"`
		DisplayName string `json:"displayName"`
	}
	AuditUser struct {
		ID                string `json:"id"`
		UserPrincipalName string `json:"userPrincipalName"`
	}
)

// AuditTarget is the object that was changed. In which of its members a record
// names the partner depends on Config.AuditTarget.
type AuditTarget struct {
	ID                 string             `json:"id"`
	ModifiedProperties []ModifiedProperty `json:"modifiedProperties"`
}

// ModifiedProperty holds JSON as text, as Graph does; null is "".
type ModifiedProperty struct {
	DisplayName string `json:"displayName"`
	OldValue    string `json:"oldValue"`
	NewValue    string `json:"newValue"`
}

// event is what is kept of a change; records are built when they are read.
type event struct {
	id, correlation, activity, category, target string
	at                                          time.Time
	by                                          *claims
	changes                                     []change
}

type change struct{ name, before, after string }

// audit adds a record of a change. The caller holds the mutex. A nil call stands
// for another person, who used the portal.
func (s *Sim) audit(c *call, category, activity, target string, changes ...change) {
	if s.cfg.NoHistory || c.suffers(FaultLost) {
		return
	}
	e := event{id: s.newGUID(), activity: activity, category: category, target: target, at: time.Now().Add(s.cfg.DateOffset), changes: changes}
	if c != nil {
		e.correlation, e.by = c.id, c.claims
	} else {
		e.correlation = s.newGUID()
	}
	s.audits = append(s.audits, e)
}

// AuditTargetForm is where a record names the partner that was changed. Microsoft's sample queries
// find it in the modified property tenantId of an added partner; for other changes nothing is
// documented.
type AuditTargetForm string

// The forms.
const (
	AuditTargetID       AuditTargetForm = "id"       // in the ID of the target; tenantId is modified by adding and deleting alone
	AuditTargetProperty AuditTargetForm = "property" // always in tenantId; the ID is that of the policy
)

// AuditLog returns all records so far, oldest first, as if none were too new or
// too old to be served.
func (s *Sim) AuditLog() []AuditRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	records := make([]AuditRecord, len(s.audits))
	for i, e := range s.audits {
		records[i] = e.record(s.cfg)
	}
	return records
}

func (e event) record(cfg Config) AuditRecord {
	r := AuditRecord{
		ID: e.id, Category: e.category, ActivityDisplayName: e.activity, ActivityDateTime: e.at.UTC(),
		LoggedByService: "Core Directory", Result: "success", CorrelationID: e.correlation,
	}
	switch {
	case e.by == nil:
		r.InitiatedBy.User = &AuditUser{ID: "0b5d6f3e-7a44-4c1f-9d0b-2f6a1c3e8b57", UserPrincipalName: "someone.else@home.example"}
	case e.by.UPN != "":
		r.InitiatedBy.User = &AuditUser{ID: e.by.OID, UserPrincipalName: e.by.UPN}
	default:
		r.InitiatedBy.App = &AuditApp{AppID: e.by.Appid, DisplayName: e.by.Name}
	}
	r.TargetResources = []AuditTarget{e.targetAs(cfg)}
	return r
}

// targetAs is the target of a record in the form that the configuration says.
func (e event) targetAs(cfg Config) AuditTarget {
	t := AuditTarget{ID: e.target, ModifiedProperties: []ModifiedProperty{}}
	for _, ch := range e.changes {
		if ch.name == "tenantId" || !cfg.AuditOpaque {
			t.ModifiedProperties = append(t.ModifiedProperties, ModifiedProperty{ch.name, ch.before, ch.after})
		}
	}
	if cfg.AuditTarget != AuditTargetProperty || !isGUID(e.target) || e.category == categorySyncTemplate || e.category == categoryPartnerTemplate {
		return t
	}
	named := slices.ContainsFunc(t.ModifiedProperties, func(m ModifiedProperty) bool { return m.DisplayName == "tenantId" })
	if !named {
		id := `"` + e.target + `"`
		t.ModifiedProperties = append(t.ModifiedProperties, ModifiedProperty{"tenantId", id, id})
	}
	t.ID = policyObjectID
	return t
}

// policyObjectID is the directory object of the policy, which no API shows.
const policyObjectID = "6d0f3a1c-52be-4b0f-9a4e-0c8e7f4d2b61"
