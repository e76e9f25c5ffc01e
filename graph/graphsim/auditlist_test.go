package graphsim_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph/graphsim"
)

const audits = "/v1.0/auditLogs/directoryAudits"

// audited is a rig that may read the audit log, with one partner that has a policy.
func audited(t *testing.T, cfg graphsim.Config) *rig {
	r := newRig(t, cfg)
	r.SetPartner(graphsim.Partner{TenantID: contoso, IdentitySynchronization: graphsim.SyncAllowed("Contoso", true)})
	r.token = r.Token(graphsim.TokenOptions{Lifetime: 1000 * time.Hour, Permissions: []string{graphsim.PermissionAudit, graphsim.PermissionWrite}})
	return r
}

// records follows every link from a query of the audit log.
func (r *rig) records(query url.Values) (all []graphsim.AuditRecord, pages int) {
	r.t.Helper()
	for path := audits + "?" + query.Encode(); path != ""; pages++ {
		var page struct {
			Value []graphsim.AuditRecord
			Next  string `json:"@odata.nextLink"`
		}
		if err := json.Unmarshal([]byte(r.must("GET", path, "").body), &page); err != nil {
			r.t.Fatal(err)
		}
		all, path = append(all, page.Value...), page.Next
	}
	return all, pages
}

// rename is an edit that gives the policy another name.
func rename(name string) func(*graphsim.Partner) {
	return func(p *graphsim.Partner) { p.IdentitySynchronization.DisplayName = &name }
}

// names are the names that renames gave, as the records tell.
func names(records []graphsim.AuditRecord) (all []string) {
	for _, r := range records {
		m := r.TargetResources[0].ModifiedProperties
		all = append(all, strings.Trim(m[len(m)-1].NewValue, `"`))
	}
	return all
}

func TestAuditLogFilters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := audited(t, graphsim.Config{})
		var times []string
		for _, name := range []string{"a", "b", "c"} {
			times = append(times, time.Now().UTC().Format(time.RFC3339))
			r.Edit(contoso, rename(name))
			time.Sleep(time.Hour)
		}
		for filter, want := range map[string]string{
			"activityDateTime ge " + times[1]:                                               "c b",
			"activityDateTime le " + times[1]:                                               "b a",
			"activityDateTime eq " + times[1]:                                               "b",
			"activityDateTime ge " + times[1] + " and loggedByService eq 'Core Directory'":  "c b",
			"activityDateTime ge " + times[1] + " and loggedByService eq 'PIM'":             "",
			"activityDisplayName eq '" + graphsim.ActivityUpdateSync + "'":                  "c b a",
			"startswith(activityDisplayName, 'Update a partner') and loggedByService eq ''": "",
			"startswith(activityDisplayName,'Update a partner')":                            "c b a",
			"correlationId eq '" + r.AuditLog()[2].CorrelationID + "'":                      "c",
			"id eq 'it''s'": "",
		} {
			all, _ := r.records(url.Values{"$filter": {filter}})
			if got := strings.Join(names(all), " "); got != want {
				t.Errorf("%s: got %q, want %q", filter, got, want)
			}
		}
		all, _ := r.records(url.Values{"$filter": {"activityDateTime le " + times[1]}, "$orderby": {"activityDateTime"}, "$top": {"1"}})
		if got := strings.Join(names(all), " "); got != "a b" {
			t.Errorf("oldest first: %q", got)
		}
	})
}

func TestAuditLogRefusesWhatIsNotDocumented(t *testing.T) {
	r := audited(t, graphsim.Config{})
	for _, q := range []url.Values{
		{"$filter": {"category eq 'CrossTenantAccessSettings'"}},
		{"$filter": {"activityDateTime gt 2026-01-01T00:00:00Z"}},
		{"$filter": {"activityDateTime ge '2026-01-01T00:00:00Z'"}},
		{"$filter": {"activityDateTime ge 2026-01-01T00:00:00"}},
		{"$filter": {"ActivityDateTime ge 2026-01-01T00:00:00Z"}},
		{"$filter": {"loggedByService eq Core"}},
		{"$filter": {"loggedByService ne 'Core Directory'"}},
		{"$filter": {"startswith(loggedByService,'Core')"}},
		{"$filter": {"id eq 'it's'"}},
		{"$filter": {""}},
		{"$orderby": {"category"}}, {"$orderby": {""}},
		{"$top": {"0"}}, {"$top": {"1001"}}, {"$top": {"x"}},
		{"$select": {"id"}}, {"$skip": {"1"}}, {"$search": {"x"}},
	} {
		r.want(400, "Request_BadRequest", "GET", audits+"?"+q.Encode(), "")
	}
	for _, token := range []string{"x", "-1_0_false_0", "1_0_false_0", "0_0_true_"} {
		r.want(400, "Directory_ExpiredPageToken", "GET", audits+"?%24skiptoken="+token, "")
	}
	plain := audited(t, graphsim.Config{AuditPlain: true})
	plain.records(url.Values{"$filter": {"activityDateTime ge 2026-01-01T00:00:00Z"}})
	plain.want(400, "Request_BadRequest", "GET", audits+"?%24orderby=activityDateTime", "")
	plain.want(400, "Request_BadRequest", "GET", audits+"?%24filter="+url.QueryEscape("loggedByService eq 'Core Directory'"), "")
}

// A listing shows each record once, although others are added meanwhile. A token of
// another query is noticed.
func TestAuditLogPages(t *testing.T) {
	r := audited(t, graphsim.Config{PageSize: 2, EmptyPage: true})
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		r.Edit(contoso, rename(name))
	}
	all, pages := r.records(nil)
	if d := cmp.Diff([]string{"e", "d", "c", "b", "a"}, names(all)); d != "" || pages != 4 {
		t.Errorf("%d pages (-want +got)\n%s", pages, d)
	}
	var page struct {
		Value []graphsim.AuditRecord
		Next  string `json:"@odata.nextLink"`
	}
	if err := json.Unmarshal([]byte(r.must("GET", audits+"?%24top=3", "").body), &page); err != nil {
		t.Fatal(err)
	}
	r.Edit(contoso, rename("f"))
	next, err := url.Parse(page.Next)
	if err != nil {
		t.Fatal(err)
	}
	rest, _ := r.records(next.Query())
	if d := cmp.Diff([]string{"b", "a"}, names(rest)); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	other := next.Query()
	other.Set("$top", "4")
	r.want(400, "Directory_ExpiredPageToken", "GET", audits+"?"+other.Encode(), "")
}

func TestAuditLogLagsAndForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := audited(t, graphsim.Config{AuditLag: 5 * time.Minute, AuditRetention: 7 * 24 * time.Hour})
		r.Edit(contoso, rename("a"))
		look := func(want int) {
			t.Helper()
			if all, _ := r.records(nil); len(all) != want {
				t.Errorf("%v after: got %d records, want %d", time.Now(), len(all), want)
			}
		}
		look(0)
		time.Sleep(5 * time.Minute)
		look(1)
		time.Sleep(7*24*time.Hour - 5*time.Minute)
		look(1)
		time.Sleep(time.Second)
		look(0)
	})
}

func TestAuditRecordForms(t *testing.T) {
	type target struct {
		ID       string
		Modified string
	}
	for name, tc := range map[string]struct {
		cfg  graphsim.Config
		want []target
	}{
		"by ID": {graphsim.Config{}, []target{{contoso, "userSyncInbound"}, {contoso, "tenantId"}}},
		"by property": {
			graphsim.Config{AuditTarget: graphsim.AuditTargetProperty},
			[]target{{"policy", "userSyncInbound tenantId"}, {"policy", "tenantId"}},
		},
		"opaque": {graphsim.Config{AuditOpaque: true}, []target{{contoso, ""}, {contoso, "tenantId"}}},
	} {
		r := newRig(t, tc.cfg).with(contoso)
		r.must("PUT", sync, `{"userSyncInbound":{"isSyncAllowed":true}}`)
		r.RemovePartner(contoso)
		r.must("POST", partners, `{"tenantId":"`+contoso+`"}`)
		var got []target
		for _, a := range r.AuditLog() {
			one := target{ID: a.TargetResources[0].ID}
			if one.ID != contoso {
				one.ID = "policy"
			}
			var names []string
			for _, m := range a.TargetResources[0].ModifiedProperties {
				names = append(names, m.DisplayName)
			}
			one.Modified = strings.Join(names, " ")
			got = append(got, one)
		}
		if d := cmp.Diff(tc.want, got); d != "" {
			t.Errorf("%s (-want +got)\n%s", name, d)
		}
	}
}

// An edit that creates or deletes a policy says so, and one that changes both
// objects has a record of each.
func TestEditLeavesARecordOfEachObject(t *testing.T) {
	r := audited(t, graphsim.Config{})
	r.Edit(contoso, func(p *graphsim.Partner) { p.IdentitySynchronization = nil })
	r.Edit(contoso, func(p *graphsim.Partner) {
		p.IdentitySynchronization = graphsim.SyncAllowed("Contoso", false)
		p.AutomaticUserConsentSettings.InboundAllowed = new(true)
	})
	var got []string
	for _, a := range r.AuditLog() {
		got = append(got, a.ActivityDisplayName)
	}
	if d := cmp.Diff([]string{graphsim.ActivityDeleteSync, graphsim.ActivityCreateSync, graphsim.ActivityUpdatePartner}, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}
