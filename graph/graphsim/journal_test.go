package graphsim_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph/graphsim"
)

func TestTheJournalTellsExactlyWhatWasAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{}).with(contoso)
		r.header.Set("User-Agent", "bulksync/1.0")
		r.header.Set("client-request-id", fabrikam)
		r.must("GET", partners+"?$select=tenantId", "")
		r.must("PUT", sync, `{}`)
		r.do("PUT", sync, `{}`)
		id := r.Requests()[0].RequestID
		common := graphsim.Request{UserAgent: "bulksync/1.0", ClientRequestID: fabrikam, AppID: graphsim.DefaultAppID, At: time.Now(), Decided: true}
		list, put, again := common, common, common
		list.Method, list.Path, list.Query, list.Status = "GET", partners, "$select=tenantId", 200
		put.Method, put.Path, put.Body, put.Status, put.Committed = "PUT", sync, "{}", 204, true
		again.Method, again.Path, again.Body, again.Status, again.Code = "PUT", sync, "{}", 409, "Request_MultipleObjectsWithSameKeyValue"
		ignoreID := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".RequestID" }, cmp.Ignore())
		if d := cmp.Diff([]graphsim.Request{list, put, again}, r.Requests(), ignoreID); d != "" || len(id) != 36 {
			t.Errorf("request-id %s (-want +got):\n%s", id, d)
		}
		if d := cmp.Diff([]graphsim.Request{put, again}, r.Writes(), ignoreID); d != "" {
			t.Errorf("writes (-want +got):\n%s", d)
		}
		r.ResetRequests()
		if got := r.Requests(); got != nil || r.MaxInFlight() != 0 {
			t.Errorf("after ResetRequests: %v, %d in flight", got, r.MaxInFlight())
		}
	})
}

func TestEveryAnswerCarriesGraphsHeaders(t *testing.T) {
	r := newRig(t, graphsim.Config{}).with(contoso)
	r.header.Set("client-request-id", fabrikam)
	for _, c := range []struct {
		method, path string
		contentType  bool
	}{{"GET", partners, true}, {"PUT", sync, false}, {"PUT", sync, true}} {
		got := r.do(c.method, c.path, "{}")
		for _, name := range []string{"request-id", "client-request-id", "Date", "x-ms-ags-diagnostic", "Strict-Transport-Security", "Cache-Control"} {
			if got.header.Get(name) == "" {
				t.Errorf("%s: no %s", c.method, name)
			}
		}
		if got.header.Get("client-request-id") != fabrikam {
			t.Errorf("client-request-id %s", got.header.Get("client-request-id"))
		}
		if has := strings.HasPrefix(got.header.Get("Content-Type"), "application/json;odata.metadata=minimal"); has != c.contentType {
			t.Errorf("%s: Content-Type %q", c.method, got.header.Get("Content-Type"))
		}
	}
	r.header.Del("client-request-id")
	got := r.want(404, "Request_ResourceNotFound", "GET", partners+"/"+fabrikam, "")
	if id := got.header.Get("request-id"); got.header.Get("client-request-id") != id || strings.Count(got.body, id) != 2 {
		t.Errorf("without an id of the client the service's own comes back: %s %s", got.header, got.body)
	}
}

func TestTheAuditLogNamesWhatWasChangedAndByWhom(t *testing.T) {
	r := newRig(t, graphsim.Config{PageSize: 2})
	r.must("POST", partners, `{"tenantId":"`+contoso+`"}`)
	r.must("PUT", sync, `{"displayName":"Contoso","userSyncInbound":{"isSyncAllowed":true}}`)
	r.do("PUT", sync, `{}`)
	r.must("PATCH", partners+"/"+contoso, `{"automaticUserConsentSettings":{"inboundAllowed":true}}`)
	r.must("PATCH", partners+"/"+contoso, `{"inboundTrust":{"isMfaAccepted":true}}`)
	r.must("PATCH", partners+"/"+contoso, `{"inboundTrust":null}`)
	r.token = r.Token(graphsim.TokenOptions{User: "ada@home.example"})
	r.must("PATCH", sync, `{"userSyncInbound":{"isSyncAllowed":false}}`)
	r.Edit(contoso, func(p *graphsim.Partner) { p.AutomaticUserConsentSettings.InboundAllowed = nil })
	r.must("DELETE", sync, "")
	r.must("DELETE", partners+"/"+contoso, "")

	type line struct{ Category, Activity, By, Property, Old, New string }
	const access, syncs = "CrossTenantAccessSettings", "CrossTenantIdentitySyncSettings"
	const trusted = `{"isMfaAccepted":true,"isCompliantDeviceAccepted":null,"isHybridAzureADJoinedDeviceAccepted":null}`
	id := `"` + contoso + `"`
	want := []line{
		{access, graphsim.ActivityAddPartner, "bulksync rehearsal", "tenantId", "", id},
		{syncs, graphsim.ActivityCreateSync, "bulksync rehearsal", "userSyncInbound", "null", `{"isSyncAllowed":true}`},
		{access, graphsim.ActivityUpdatePartner, "bulksync rehearsal", "automaticUserConsentSettings",
			`{"inboundAllowed":null,"outboundAllowed":null}`, `{"inboundAllowed":true,"outboundAllowed":null}`},
		{access, graphsim.ActivityUpdatePartner, "bulksync rehearsal", "inboundTrust", "null", trusted},
		{access, graphsim.ActivityUpdatePartner, "bulksync rehearsal", "inboundTrust", trusted, "null"},
		{syncs, graphsim.ActivityUpdateSync, "ada@home.example", "userSyncInbound", `{"isSyncAllowed":true}`, `{"isSyncAllowed":false}`},
		{access, graphsim.ActivityUpdatePartner, "someone.else@home.example", "automaticUserConsentSettings",
			`{"inboundAllowed":true,"outboundAllowed":null}`, `{"inboundAllowed":null,"outboundAllowed":null}`},
		{syncs, graphsim.ActivityDeleteSync, "ada@home.example", "userSyncInbound", `{"isSyncAllowed":false}`, "null"},
		{access, graphsim.ActivityDeletePartner, "ada@home.example", "tenantId", id, ""},
	}
	var got []line
	for _, a := range r.AuditLog() {
		by := ""
		if a.InitiatedBy.App != nil {
			by = a.InitiatedBy.App.DisplayName
		} else {
			by = a.InitiatedBy.User.UserPrincipalName
		}
		m := a.TargetResources[0].ModifiedProperties[0]
		got = append(got, line{a.Category, a.ActivityDisplayName, by, m.DisplayName, m.OldValue, m.NewValue})
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestTheAuditLogIsServedNewestFirst(t *testing.T) {
	r := newRig(t, graphsim.Config{PageSize: 2}).with(contoso)
	r.must("PUT", sync, `{}`)
	r.must("PATCH", sync, `{}`)
	r.must("DELETE", sync, ``)
	r.token = r.Token(graphsim.TokenOptions{Permissions: []string{graphsim.PermissionAudit}})
	var got []string
	for path := "/v1.0/auditLogs/directoryAudits"; path != ""; {
		var page struct {
			Value []graphsim.AuditRecord
			Next  string `json:"@odata.nextLink"`
		}
		if err := json.Unmarshal([]byte(r.must("GET", path, "").body), &page); err != nil {
			t.Fatal(err)
		}
		for _, a := range page.Value {
			got = append(got, a.ActivityDisplayName)
		}
		path = page.Next
	}
	if d := cmp.Diff([]string{graphsim.ActivityDeleteSync, graphsim.ActivityUpdateSync, graphsim.ActivityCreateSync}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestALongRunKeepsNoHistory(t *testing.T) {
	r := newRig(t, graphsim.Config{NoHistory: true}).with(contoso)
	r.must("PUT", sync, `{}`)
	if len(r.Requests()) != 0 || len(r.AuditLog()) != 0 {
		t.Errorf("kept %v %v", r.Requests(), r.AuditLog())
	}
}

func TestOneHandlerServesManyClients(t *testing.T) {
	r := newRig(t, graphsim.Config{Partners: 50, PageSize: 7})
	r.listen()
	all := r.Partners()
	done := make(chan bool)
	for w := range 4 {
		go func() {
			defer func() { done <- true }()
			for i := w; i < len(all); i += 4 {
				r.do("PATCH", partners+"/"+all[i].TenantID, `{"inboundTrust":{"isMfaAccepted":true}}`)
				r.do(http.MethodGet, partners, "")
			}
		}()
	}
	for range 4 {
		<-done
	}
	for _, p := range r.Partners() {
		if p.InboundTrust == nil || p.InboundTrust.IsMfaAccepted == nil {
			t.Errorf("%s was not written", p.TenantID)
		}
	}
}
