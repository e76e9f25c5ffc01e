package graphsim_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph/graphsim"
)

// The answers to a caller who may not see sync policies.
func TestHiddenSyncPolicies(t *testing.T) {
	const other = partners + "/" + fabrikam + "/identitySynchronization"
	const denied, none, noObject, same = "Authorization_RequestDenied", "Request_ResourceNotFound", "Directory_ObjectNotFound", "Request_MultipleObjectsWithSameKeyValue"
	for _, c := range []struct {
		cfg    graphsim.Config
		status map[string]int // by method and path; the code follows
		shown  string
	}{
		{graphsim.Config{}, map[string]int{"GET " + sync: 404, "PATCH " + sync: 404, "DELETE " + sync: 404, "PUT " + sync: 409, "PUT " + other: 404}, `,"identitySynchronization":null}`},
		{graphsim.Config{HiddenSync: graphsim.HiddenMissing, HiddenSyncStatus: 403},
			map[string]int{"GET " + sync: 403, "PATCH " + sync: 403, "DELETE " + sync: 403, "PUT " + sync: 403, "PUT " + other: 403}, `"outboundAllowed":null}}`},
	} {
		r := newRig(t, c.cfg).with(fabrikam)
		r.SetPartner(graphsim.Partner{TenantID: contoso, IdentitySynchronization: graphsim.SyncAllowed("Contoso", true)})
		before := r.Partners()
		admin := r.token
		r.token = r.Token(graphsim.TokenOptions{User: "ada@home.example", Roles: []string{graphsim.RoleTeamsAdministrator}})
		for request, status := range c.status {
			method, path, _ := strings.Cut(request, " ")
			code := map[int]string{403: denied, 404: none, 409: same}[status]
			if status == 404 && method == "PATCH" {
				code = noObject
			}
			r.want(status, code, method, path, `{}`)
		}
		for _, path := range []string{partners + expand, partners + "/" + contoso + expand} {
			if got := r.must("GET", path, "").body; !strings.Contains(got, c.shown) || strings.Contains(got, "Contoso") {
				t.Errorf("%s: got %s, want %s in it", path, got, c.shown)
			}
		}
		if d := cmp.Diff(before, r.Partners()); d != "" {
			t.Errorf("(-before +after):\n%s", d)
		}
		r.token = admin
		if got := r.must("GET", partners+expand, "").body; !strings.Contains(got, `"displayName":"Contoso"`) {
			t.Errorf("a caller who may see it sees %s", got)
		}
	}
}

// A new partner refuses writes to its parts until the lag is over.
func TestANewPartnerIsNotKnownEverywhere(t *testing.T) {
	codes := map[int]string{404: "Request_ResourceNotFound", 400: "Request_BadRequest", 403: "Authorization_RequestDenied"}
	for set, want := range map[int]int{0: 404, 404: 404, 400: 400, 403: 403} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, graphsim.Config{CreateLag: time.Minute, CreateLagStatus: set}).with(fabrikam)
			r.must("POST", partners, `{"tenantId":"`+contoso+`"}`)
			time.Sleep(time.Minute - time.Nanosecond)
			r.want(want, codes[want], "PATCH", partners+"/"+contoso, `{}`)
			for _, method := range []string{"PUT", "PATCH", "DELETE"} {
				r.want(want, codes[want], method, sync, `{}`)
			}
			r.must("GET", partners+"/"+contoso, "")
			r.want(404, codes[404], "GET", sync, "")
			r.must("PATCH", partners+"/"+fabrikam, `{}`)
			time.Sleep(time.Nanosecond)
			r.must("PUT", sync, `{}`)
			r.must("PATCH", sync, `{}`)
			r.must("PATCH", partners+"/"+contoso, `{}`)
			r.must("DELETE", sync, ``)
		})
	}
}

func TestANewPartnerCanBeDeletedAtOnce(t *testing.T) {
	r := newRig(t, graphsim.Config{CreateLag: time.Hour})
	r.must("POST", partners, `{"tenantId":"`+contoso+`"}`)
	r.must("DELETE", partners+"/"+contoso, "")
}

// The pages of an endless list repeat with new tokens.
func TestAListWithoutEnd(t *testing.T) {
	for _, n := range []int{0, 1, 20, 25} {
		r := newRig(t, graphsim.Config{Partners: n, PageSize: 10, EndlessList: true, EmptyPage: true})
		laps := max(1, (n+9)/10)
		if laps > 1 {
			laps++ // the empty page
		}
		var first []string
		links := map[string]bool{}
		path := partners
		for i := range 4 * laps {
			body := r.must("GET", path, "").body
			path = nextLink(t, body)
			if links[path] {
				t.Errorf("%d partners: page %d leads to %s again", n, i+1, path)
			}
			links[path] = true
			_, value, _ := strings.Cut(body, `"value":`)
			if i < laps {
				first = append(first, value)
			} else if value != first[i%laps] {
				t.Errorf("%d partners: page %d is not page %d again", n, i+1, i%laps+1)
			}
		}
	}
}

func TestABrokenPartnerIsShownAsItIs(t *testing.T) {
	const text = "{\"tenantId\":\"" + contoso + "\",\"tenantId\":7,\"note\":\"\xff\"}"
	twoWays(t, graphsim.Config{PageSize: 1}, func(t *testing.T, r *rig) {
		r.with(fabrikam)
		whole := r.must("GET", partners+"/"+contoso, "").body
		r.Break(strings.ToUpper(contoso), text)
		if got := r.must("GET", partners+"/"+contoso, "").body; got != text {
			t.Errorf("got %s", got)
		}
		first := r.must("GET", partners+expand, "").body
		both := []string{first, r.must("GET", nextLink(t, first), "").body}
		if !slices.ContainsFunc(both, func(page string) bool { return strings.HasSuffix(page, `"value":[`+text+`]}`) }) ||
			!slices.ContainsFunc(both, func(page string) bool { return strings.Contains(page, fabrikam) && json.Valid([]byte(page)) }) {
			t.Errorf("got %s", both)
		}
		r.must("PATCH", sync, `{"displayName":"Contoso 2"}`)
		r.Break(contoso, "")
		if got := r.must("GET", partners+"/"+contoso, "").body; got != whole {
			t.Errorf("after mending: %s", got)
		}
	})
}

// A partner becomes service-owned behind our back.
func TestAPartnerBecomesServiceOwned(t *testing.T) {
	r := newRig(t, graphsim.Config{}).with(contoso)
	r.Edit(contoso, func(p *graphsim.Partner) { p.IsServiceProvider = new(true) })
	if got := r.must("GET", partners+"?$select=isServiceProvider", "").body; !strings.Contains(got, `[{"isServiceProvider":true}]`) {
		t.Errorf("got %s", got)
	}
	if m := r.AuditLog()[0].TargetResources[0].ModifiedProperties; len(m) != 1 || m[0].DisplayName != "isServiceProvider" || m[0].NewValue != "true" {
		t.Errorf("audit log: %+v", m)
	}
}

// Graph's clock shows wherever an answer holds a time.
func TestGraphsClockMayBeWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ahead = -90 * time.Minute
		r := newRig(t, graphsim.Config{DateOffset: ahead, RetryAfter: graphsim.RetryAfterDate}).with(contoso)
		there := time.Now().Add(ahead).UTC()
		r.must("PUT", sync, `{}`)
		r.inject("503,retry-after=1m")
		got := r.want(503, "ServiceUnavailable", "GET", sync, "")
		for name, want := range map[string]time.Time{"Date": there, "Retry-After": there.Add(time.Minute)} {
			if told := got.header.Get(name); told != want.Format(http.TimeFormat) {
				t.Errorf("%s: %s, want %s", name, told, want)
			}
		}
		if !strings.Contains(got.body, there.Format(`"date":"2006-01-02T15:04:05"`)) || !r.AuditLog()[0].ActivityDateTime.Equal(there) {
			t.Errorf("got %s %v, want %s", got.body, r.AuditLog()[0].ActivityDateTime, there)
		}
		if at := r.Requests()[0].At; !at.Equal(time.Now()) {
			t.Errorf("the journal is ours, and says %s", at)
		}
	})
}
