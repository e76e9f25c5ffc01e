package audit_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph"
	"bulksync/plan"
	"bulksync/plan/audit"
)

const (
	addPartner    = "Add a partner to cross-tenant access setting"
	updatePartner = "Update a partner cross-tenant access setting"
	deletePartner = "Delete partner specific cross-tenant access setting"
	createSync    = "Create a partner cross-tenant identity sync setting"
	updateSync    = "Update a partner cross-tenant identity sync setting"
	deleteSync    = "Delete a partner cross-tenant identity sync setting"

	allowed = "userSyncInbound.isSyncAllowed"
	inbound = "automaticUserConsentSettings.inboundAllowed"
)

// logged is a record of a change that Ada made to a partner, an hour before the
// audit.
func logged(activity string, modified ...graph.ModifiedProperty) graph.DirectoryAudit {
	return graph.DirectoryAudit{
		ID: activity, At: head.CreatedAt.Add(-time.Hour), Activity: activity, Result: "success", CorrelationID: "c",
		By:      graph.AuditInitiator{Name: "ada@home.example", ID: "a"},
		Targets: []graph.AuditTarget{{ID: fabrikam, Modified: modified}},
	}
}

func modified(name, old, changed string) graph.ModifiedProperty {
	return graph.ModifiedProperty{Name: name, Old: old, New: changed}
}

// finding is one about fabrikam; the fields are false and should be true, or are not
// there if it is missing.
func finding(kind audit.Kind, o plan.Object, paths ...string) audit.Finding {
	f := audit.Finding{TenantID: fabrikam, Kind: kind, Object: o}
	for _, path := range paths {
		d := plan.Field{Path: path, Before: false, After: true}
		if kind == audit.Missing {
			d.Before = nil
		}
		f.Fields = append(f.Fields, d)
	}
	return f
}

// A change that the earlier audit had seen already did not fix what it found: that may
// be gone because the file asks for something else.
func TestWhatWasFoundWasNotFixedBefore(t *testing.T) {
	earlier := &audit.Audit{CreatedAt: head.CreatedAt.AddDate(0, 0, -7)}
	for ago, want := range map[time.Duration]int{-40 * time.Minute: 0, 0: 1, 24 * time.Hour: 1} {
		record := logged(updateSync, modified(allowed, "true", "false"))
		record.At = earlier.CreatedAt.Add(ago)
		a := audit.New(head, audit.Input{}, plan.Read{})
		a.Fixed = []audit.Finding{finding(audit.Changed, plan.IdentitySynchronization, allowed)}
		a.Findings = []audit.Finding{finding(audit.Changed, plan.IdentitySynchronization, allowed)}
		trail := audit.NewTrail(audit.TrailSince(head.CreatedAt, earlier))
		trail.Add([]graph.DirectoryAudit{record})
		a.Attribute(trail)
		if len(a.Fixed[0].ChangedBy) != want || len(a.Findings[0].ChangedBy) != 1 {
			t.Errorf("%v after the earlier audit: fixed by %v, found because of %v", ago, a.Fixed[0].ChangedBy, a.Findings[0].ChangedBy)
		}
	}
}

// attributed says who changed the finding's object by these records, as numbers into
// them, the newest first.
func attributed(f audit.Finding, fixed bool, records ...graph.DirectoryAudit) string {
	a := audit.New(head, audit.Input{}, plan.Read{})
	list := &a.Findings
	if fixed {
		list = &a.Fixed
	}
	*list = []audit.Finding{f}
	t := audit.NewTrail(head.CreatedAt.AddDate(0, 0, -7))
	for i := range records {
		records[i].ID, records[i].CorrelationID = strconv.Itoa(i), strconv.Itoa(i)
	}
	t.Add(records)
	a.Attribute(t)
	var by []string
	for _, e := range (*list)[0].ChangedBy {
		by = append(by, e.CorrelationID)
	}
	return strings.Join(by, " ")
}

func TestChangesThatAreTheCause(t *testing.T) {
	const trusts = "inboundTrust.isMfaAccepted"
	whole := func(consent string) string {
		return `{"tenantId":"` + fabrikam + `","automaticUserConsentSettings":{"inboundAllowed":` + consent + `}}`
	}
	changedSync := finding(audit.Changed, plan.IdentitySynchronization, allowed)
	changedConsent := finding(audit.Changed, plan.Consent, inbound)
	for name, tc := range map[string]struct {
		finding audit.Finding
		record  graph.DirectoryAudit
		cause   bool
	}{
		"the switch":                         {changedSync, logged(updateSync, modified("userSyncInbound", `{"isSyncAllowed":true}`, `{"isSyncAllowed":false}`)), true},
		"the switch, by its own name":        {changedSync, logged(updateSync, modified("isSyncAllowed", "true", "false")), true},
		"the switch, in a list of one":       {changedSync, logged(updateSync, modified("UserSyncInbound.IsSyncAllowed", "[true]", "[false]")), true},
		"the switch, in a string":            {changedSync, logged(updateSync, modified("userSyncInbound", "", `"{\"isSyncAllowed\":false}"`)), true},
		"the switch, not in JSON":            {changedSync, logged(updateSync, modified("userSyncInbound", "on", "off")), true},
		"the switch, written again":          {changedSync, logged(updateSync, modified("userSyncInbound", `{"isSyncAllowed":false}`, `{"isSyncAllowed":false}`)), false},
		"another property of the policy":     {changedSync, logged(updateSync, modified("displayName", `"a"`, `"b"`)), false},
		"an update that names no property":   {changedSync, logged(updateSync), true},
		"an update in unknown words":         {changedSync, logged(updateSync, modified("Setting", "true", "false")), true},
		"a new policy":                       {changedSync, logged(createSync, modified("displayName", "", `"b"`)), true},
		"a policy that was removed before":   {changedSync, logged(deleteSync), false},
		"another object of the partner":      {changedSync, logged(updatePartner, modified("automaticUserConsentSettings", "null", `{}`)), false},
		"another object that names nothing":  {changedSync, logged(updatePartner), false},
		"consent":                            {changedConsent, logged(updatePartner, modified("automaticUserConsentSettings", `{"inboundAllowed":true}`, `{"inboundAllowed":false}`)), true},
		"consent, from nothing":              {changedConsent, logged(updatePartner, modified("automaticUserConsentSettings", "", `{"inboundAllowed":false}`)), true},
		"consent, in the whole partner":      {changedConsent, logged(updatePartner, modified("CrossTenantAccessPolicy", whole("true"), whole("false"))), true},
		"consent, the same in the partner":   {changedConsent, logged(updatePartner, modified("CrossTenantAccessPolicy", whole("false"), whole("false"))), false},
		"consent in the other direction":     {changedConsent, logged(updatePartner, modified("automaticUserConsentSettings", `{"outboundAllowed":true}`, `{"outboundAllowed":false}`)), false},
		"trust":                              {changedConsent, logged(updatePartner, modified("inboundTrust", "null", `{"isMfaAccepted":true}`)), false},
		"a member of the same name":          {changedConsent, logged(updatePartner, modified("crossCloudMeetingConfiguration.inboundAllowed", "true", "false")), false},
		"a bare name that several have":      {changedConsent, logged(updatePartner, modified("inboundAllowed", "true", "false")), false},
		"a partner's update naming nothing":  {changedConsent, logged(updatePartner), false},
		"trust of the partner":               {finding(audit.Changed, plan.Trust, trusts), logged(updatePartner, modified("inboundTrust", "null", `{"isMfaAccepted":false}`)), true},
		"the policy removed":                 {finding(audit.Missing, plan.IdentitySynchronization, allowed), logged(deleteSync), true},
		"the partner removed":                {finding(audit.Missing, plan.IdentitySynchronization, allowed), logged(deletePartner), true},
		"consent with the partner removed":   {finding(audit.Missing, plan.Consent, inbound), logged(deletePartner), true},
		"the partner itself removed":         {finding(audit.Missing, plan.PartnerConfiguration), logged(deletePartner), true},
		"a policy removed, not its partner":  {finding(audit.Missing, plan.Consent, inbound), logged(deleteSync), false},
		"missing, and created before":        {finding(audit.Missing, plan.IdentitySynchronization, allowed), logged(createSync), false},
		"missing, and updated before":        {finding(audit.Missing, plan.IdentitySynchronization, allowed), logged(updateSync), false},
		"an extra policy created":            {finding(audit.Extra, plan.IdentitySynchronization, allowed), logged(createSync), true},
		"an extra policy, its partner added": {finding(audit.Extra, plan.IdentitySynchronization, allowed), logged(addPartner), false},
		"an extra policy removed before":     {finding(audit.Extra, plan.IdentitySynchronization, allowed), logged(deleteSync), false},
		"synchronization without consent":    {finding(audit.SyncWithoutConsent, plan.Consent, inbound), logged(updatePartner, modified("automaticUserConsentSettings", `{"inboundAllowed":true}`, "null")), true},
		"synchronization without, by policy": {finding(audit.SyncWithoutConsent, plan.Consent, inbound), logged(createSync), false},
		"consent without a policy":           {audit.Finding{TenantID: fabrikam, Kind: audit.ConsentWithoutSync, Object: plan.IdentitySynchronization, Fields: []plan.Field{{Path: allowed}}}, logged(deleteSync), true},
		"consent with a policy off":          {finding(audit.ConsentWithoutSync, plan.IdentitySynchronization, allowed), logged(updateSync, modified("userSyncInbound", `{"isSyncAllowed":true}`, `{"isSyncAllowed":false}`)), true},
		"a partner that cannot be read":      {finding(audit.Unreadable, plan.PartnerConfiguration), logged(updatePartner), false},
		"an activity that is not known":      {changedSync, logged("Update a partner cross-tenant identity sync setting again"), false},
	} {
		if got := attributed(tc.finding, false, tc.record) != ""; got != tc.cause {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestChangesThatFixed(t *testing.T) {
	for name, tc := range map[string]struct {
		finding audit.Finding
		record  graph.DirectoryAudit
		fixed   bool
	}{
		"a missing policy created":   {finding(audit.Missing, plan.IdentitySynchronization, allowed), logged(createSync), true},
		"a missing policy deleted":   {finding(audit.Missing, plan.IdentitySynchronization, allowed), logged(deleteSync), false},
		"a missing partner added":    {finding(audit.Missing, plan.PartnerConfiguration), logged(addPartner), true},
		"a missing partner updated":  {finding(audit.Missing, plan.PartnerConfiguration), logged(updatePartner), false},
		"an extra policy deleted":    {finding(audit.Extra, plan.IdentitySynchronization, allowed), logged(deleteSync), true},
		"an extra policy updated":    {finding(audit.Extra, plan.IdentitySynchronization, allowed), logged(updateSync), false},
		"a changed policy updated":   {finding(audit.Changed, plan.IdentitySynchronization, allowed), logged(updateSync), true},
		"a changed policy deleted":   {finding(audit.Changed, plan.IdentitySynchronization, allowed), logged(deleteSync), false},
		"an unreadable one readable": {finding(audit.Unreadable, plan.PartnerConfiguration), logged(updatePartner), false},
	} {
		if got := attributed(tc.finding, true, tc.record) != ""; got != tc.fixed {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// A record names its partner in the modified property tenantId, or else in its
// target.
func TestRecordsNameTheirPartner(t *testing.T) {
	f := finding(audit.Changed, plan.IdentitySynchronization, allowed)
	for name, tc := range map[string]struct {
		target graph.AuditTarget
		named  bool
	}{
		"the ID of the target":           {graph.AuditTarget{ID: strings.ToUpper(fabrikam)}, true},
		"the name of the target":         {graph.AuditTarget{ID: "policy", DisplayName: fabrikam}, true},
		"tenantId":                       {graph.AuditTarget{ID: "policy", Modified: []graph.ModifiedProperty{modified("tenantId", "", `"`+fabrikam+`"`)}}, true},
		"tenantId in a list":             {graph.AuditTarget{Modified: []graph.ModifiedProperty{modified("Policy.TenantId", `["{`+fabrikam+`}"]`, "")}}, true},
		"tenantId without quotes":        {graph.AuditTarget{Modified: []graph.ModifiedProperty{modified("tenantId", fabrikam, fabrikam)}}, true},
		"tenantId in an object":          {graph.AuditTarget{Modified: []graph.ModifiedProperty{modified("Policy", "", `{"tenantId":"`+fabrikam+`"}`)}}, true},
		"another partner":                {graph.AuditTarget{ID: contoso}, false},
		"tenantId of another partner":    {graph.AuditTarget{ID: fabrikam, Modified: []graph.ModifiedProperty{modified("tenantId", "", `"`+contoso+`"`)}}, false},
		"no partner":                     {graph.AuditTarget{}, false},
		"the partner as something else":  {graph.AuditTarget{Modified: []graph.ModifiedProperty{modified("targets", "", `["`+fabrikam+`"]`)}}, false},
		"something that is not an ID":    {graph.AuditTarget{ID: "crossTenantAccessPolicy"}, false},
		"a tenantId that is a number":    {graph.AuditTarget{ID: fabrikam, Modified: []graph.ModifiedProperty{modified("tenantId", "1", "2")}}, true},
		"a tenantId of which JSON broke": {graph.AuditTarget{ID: fabrikam, Modified: []graph.ModifiedProperty{modified("tenantId", "", `{"tenantId":`)}}, true},
	} {
		r := logged(createSync)
		r.Targets = []graph.AuditTarget{tc.target}
		if got := attributed(f, false, r) != ""; got != tc.named {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestRecordsThatSayNothing(t *testing.T) {
	f := finding(audit.Changed, plan.IdentitySynchronization, allowed)
	for name, change := range map[string]func(*graph.DirectoryAudit){
		"one that failed":        func(r *graph.DirectoryAudit) { r.Result = "failure" },
		"one without a result":   func(r *graph.DirectoryAudit) { r.Result = "" },
		"one without a time":     func(r *graph.DirectoryAudit) { r.At = time.Time{} },
		"one before the trail":   func(r *graph.DirectoryAudit) { r.At = head.CreatedAt.AddDate(0, 0, -7).Add(-time.Nanosecond) },
		"one after the audit":    func(r *graph.DirectoryAudit) { r.At = head.CreatedAt.Add(2 * time.Minute) },
		"one without an object":  func(r *graph.DirectoryAudit) { r.Activity = "" },
		"one of the template":    func(r *graph.DirectoryAudit) { r.Activity, r.Category = "", "MultiTenantOrgIdentitySyncPolicyTemplate" },
		"one without any target": func(r *graph.DirectoryAudit) { r.Targets = nil },
	} {
		r := logged(updateSync)
		change(&r)
		if got := attributed(f, false, r); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if attributed(f, false, logged(updateSync)) == "" {
		t.Error("the record as it is says nothing either")
	}
}

// The newest three are told, whatever the order in which they are read, each once.
func TestNewestChangesAreTold(t *testing.T) {
	f := finding(audit.Changed, plan.IdentitySynchronization, allowed)
	var records []graph.DirectoryAudit
	for i := range 5 {
		r := logged(updateSync)
		r.At = r.At.Add(-time.Duration((i*3)%5) * time.Minute) // 0, 3, 1, 4, 2 minutes
		records = append(records, r)
	}
	if got := attributed(f, false, records...); got != "0 2 4" {
		t.Errorf("got %s", got)
	}
	trail := audit.NewTrail(head.CreatedAt.AddDate(0, 0, -7))
	trail.Add(records[:1])
	trail.Add(records[:1])
	a := audit.New(head, audit.Input{}, plan.Read{})
	a.Waived = []audit.Finding{f}
	a.Attribute(trail)
	want := []audit.Edit{{By: "ada@home.example", ByID: "a", At: records[0].At, Activity: updateSync, CorrelationID: "0"}}
	if d := cmp.Diff(want, a.Waived[0].ChangedBy); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// A change of the template is told by its category, and names no partner.
func TestTemplateChangesAreTold(t *testing.T) {
	f := audit.Finding{Kind: audit.Changed, Object: plan.SyncTemplate, Fields: []plan.Field{{Path: "templateApplicationLevel", Before: "none", After: "newPartners"}}}
	r := logged("Update a template", modified("templateApplicationLevel", `"newPartners"`, `"none"`))
	r.Category = "MultiTenantOrgIdentitySyncPolicyTemplate"
	other := logged("Update a template", modified("userSyncInbound", `null`, `{"isSyncAllowed":true}`))
	other.Category = r.Category
	r.By = graph.AuditInitiator{ID: strings.Repeat("é", 1000)}
	if got := attributed(f, false, other, r); got != "1" {
		t.Errorf("got %q", got)
	}
	a := audit.New(head, audit.Input{}, plan.Read{})
	a.Findings = []audit.Finding{f}
	trail := audit.NewTrail(head.CreatedAt.AddDate(0, 0, -7))
	trail.Add([]graph.DirectoryAudit{r})
	a.Attribute(trail)
	if by := a.Findings[0].ChangedBy; len(by) != 1 || by[0].By != "(not named in the log)" || by[0].ByID != strings.Repeat("é", 256) {
		t.Errorf("got %v", by)
	}
}

// Records of one partner say nothing about another, and findings that are not asked
// about keep what they have.
func TestUnjudgedFindingsStayAsTheyAre(t *testing.T) {
	a := audit.New(head, audit.Input{}, plan.Read{})
	old := finding(audit.Changed, plan.IdentitySynchronization, allowed)
	old.ChangedBy = []audit.Edit{{By: "eve"}}
	a.Findings, a.Unjudged = []audit.Finding{old}, []audit.Finding{old}
	a.Attribute(audit.NewTrail(head.CreatedAt))
	if len(a.Findings[0].ChangedBy) != 0 || len(a.Unjudged[0].ChangedBy) != 1 {
		t.Errorf("got %v and %v", a.Findings[0].ChangedBy, a.Unjudged[0].ChangedBy)
	}
	if !slices.Equal(old.ChangedBy, []audit.Edit{{By: "eve"}}) {
		t.Errorf("a finding of the caller was changed: %v", old.ChangedBy)
	}
}
