package graphsim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
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

// AuditTarget is the object that was changed; ID is the partner's tenant ID.
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

// AuditLog returns the records so far, oldest first.
func (s *Sim) AuditLog() []AuditRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	records := make([]AuditRecord, len(s.audits))
	for i, e := range s.audits {
		records[i] = e.record()
	}
	return records
}

func (e event) record() AuditRecord {
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
	t := AuditTarget{ID: e.target, ModifiedProperties: []ModifiedProperty{}}
	for _, ch := range e.changes {
		t.ModifiedProperties = append(t.ModifiedProperties, ModifiedProperty{ch.name, ch.before, ch.after})
	}
	r.TargetResources = []AuditTarget{t}
	return r
}

// listAudits serves the log newest first, in pages.
func (s *Sim) listAudits(c *call) answer {
	q, bad := c.query("$skiptoken")
	if bad != nil {
		return refuse(bad)
	}
	skip := 0
	if q.Has("$skiptoken") {
		n, err := strconv.Atoi(q.Get("$skiptoken"))
		if err != nil || n < 0 {
			return refuse(expiredPage())
		}
		skip = n
	}
	log := s.AuditLog()
	page := struct {
		Context string        `json:"@odata.context"`
		Value   []AuditRecord `json:"value"`
		Next    string        `json:"@odata.nextLink,omitempty"`
	}{Context: c.base + "/v1.0/$metadata#auditLogs/directoryAudits", Value: []AuditRecord{}}
	for i := len(log) - 1 - skip; i >= 0 && len(page.Value) < s.cfg.PageSize; i-- {
		page.Value = append(page.Value, log[i])
	}
	if end := skip + len(page.Value); end < len(log) {
		page.Next = c.base + c.path + "?" + url.Values{"$skiptoken": {strconv.Itoa(end)}}.Encode()
	}
	body, err := json.Marshal(page)
	if err != nil {
		return refuse(&odataError{status: http.StatusInternalServerError, code: "InternalServerError", message: err.Error()})
	}
	return ok(body)
}
