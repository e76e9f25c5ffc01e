package audit_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/plan"
	"bulksync/plan/audit"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// clientOf is a client of a simulator with a token.
func clientOf(t *testing.T, sim *graphsim.Sim, o graphsim.TokenOptions) *graph.Client {
	t.Helper()
	o.Lifetime = 10000 * time.Hour
	token := "Bearer " + sim.Token(o)
	c, err := graph.New(graph.Options{
		RootURL: graph.Global.RootURL(), Base: sim.Transport(),
		Layers: []func(http.RoundTripper) http.RoundTripper{func(next http.RoundTripper) http.RoundTripper {
			return roundTrip(func(r *http.Request) (*http.Response, error) {
				r = r.Clone(r.Context())
				r.Header.Set("Authorization", token)
				return next.RoundTrip(r)
			})
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var reader = graphsim.TokenOptions{Permissions: []string{graphsim.PermissionRead, graphsim.PermissionAudit}}

// auditedNow is an audit that is made now and found that fabrikam's switch and its
// consent were changed.
func auditedNow() *audit.Audit {
	h := head
	h.CreatedAt = time.Now()
	a := audit.New(h, audit.Input{}, plan.Read{})
	a.Findings = []audit.Finding{
		finding(audit.Changed, plan.IdentitySynchronization, allowed), finding(audit.Changed, plan.Consent, inbound),
	}
	return a
}

// told is who changed each finding's object, and how long ago.
func toldOf(a *audit.Audit) string {
	var all []string
	for _, f := range a.Findings {
		var by []string
		for _, e := range f.ChangedBy {
			by = append(by, e.By+" "+a.CreatedAt.Sub(e.At).Round(time.Second).String())
		}
		all = append(all, strings.Join(by, ", "))
	}
	return strings.Join(all, "; ")
}

// In every form of record that the log can have, the audit says who changed what,
// or nothing.
func TestWhoIsToldFromTheLog(t *testing.T) {
	const both = "someone.else@home.example 2h0m0s; someone.else@home.example 1h0m0s"
	for name, tc := range map[string]struct {
		cfg  graphsim.Config
		want string
	}{
		"by ID":            {graphsim.Config{PageSize: 1}, both},
		"by property":      {graphsim.Config{AuditTarget: graphsim.AuditTargetProperty}, both},
		"plain filters":    {graphsim.Config{AuditPlain: true}, both},
		"no properties":    {graphsim.Config{AuditOpaque: true}, "someone.else@home.example 2h0m0s; "},
		"a log that lags":  {graphsim.Config{AuditLag: 90 * time.Minute}, "someone.else@home.example 2h0m0s; "},
		"a short log":      {graphsim.Config{AuditRetention: 90 * time.Minute}, "; someone.else@home.example 1h0m0s"},
		"a clock far away": {graphsim.Config{DateOffset: 30 * time.Second}, "someone.else@home.example 1h59m30s; someone.else@home.example 59m30s"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := graphsim.New(tc.cfg)
				sim.SetPartner(graphsim.Partner{TenantID: fabrikam, IdentitySynchronization: graphsim.SyncAllowed("Fabrikam", true)})
				sim.Edit(fabrikam, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Fabrikam", false) })
				time.Sleep(time.Hour)
				sim.Edit(fabrikam, func(p *graphsim.Partner) { p.AutomaticUserConsentSettings.InboundAllowed = new(false) })
				time.Sleep(time.Hour)
				a := auditedNow()
				trail, err := audit.ReadTrail(t.Context(), clientOf(t, sim, reader), audit.TrailSince(a.CreatedAt, nil))
				if err != nil {
					t.Fatal(err)
				}
				a.Attribute(trail)
				if got := toldOf(a); got != tc.want {
					t.Errorf("got  %s\nwant %s", got, tc.want)
				}
				if h := a.History; h.Problem != "" || !h.Since.Equal(a.CreatedAt.Add(-30*24*time.Hour)) {
					t.Errorf("history %+v", h)
				}
			})
		})
	}
}

func TestTrailBeginsAtTheEarlierAudit(t *testing.T) {
	now := time.Date(2026, 11, 21, 13, 0, 0, 5, time.FixedZone("", 3600))
	earlier := func(ago time.Duration) *audit.Audit { return &audit.Audit{CreatedAt: now.Add(-ago)} }
	for _, tc := range []struct {
		earlier *audit.Audit
		want    time.Duration
	}{
		{nil, 720 * time.Hour}, {earlier(7 * 24 * time.Hour), 169 * time.Hour}, {earlier(90 * 24 * time.Hour), 720 * time.Hour},
	} {
		if got := now.Sub(audit.TrailSince(now, tc.earlier)).Truncate(time.Second); got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
	}
}

// A log that cannot be read leaves the audit as it is, and says why in the same
// words each time.
func TestLogThatCannotBeRead(t *testing.T) {
	for name, tc := range map[string]struct {
		token graphsim.TokenOptions
		cfg   graphsim.Config
		fault graphsim.FaultKind
		want  string
		told  string
	}{
		"no permission": {
			token: graphsim.TokenOptions{},
			want:  "the permission AuditLog.Read.All is missing (403 Authentication_MSGraphPermissionMissing: Calling principal does not have required MSGraph permissions AuditLog.Read.All)",
		},
		"no role": {
			token: graphsim.TokenOptions{User: "ada@home.example", Permissions: reader.Permissions, Roles: []string{graphsim.RoleTeamsAdministrator}},
			want:  "the signed-in person needs one of the roles Reports Reader, Security Reader and Security Administrator (403 Authentication_RequestFromUnsupportedUserRole: User is not in the allowed roles)",
		},
		"a page that is broken": {token: reader, fault: graphsim.FaultForeignLink, want: "the audit log could not be read: @odata.nextLink leads to https://graph.example/v1.0/auditLogs/directoryAudits, which is not below https://graph.microsoft.com/v1.0"},
		"a log without end": {
			token: reader, cfg: graphsim.Config{EndlessList: true}, want: "the audit log has more than 200 pages, and the rest was not read",
			told: "someone.else@home.example 0s",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tc.cfg.PageSize = 1
				sim := graphsim.New(tc.cfg)
				sim.SetPartner(graphsim.Partner{TenantID: fabrikam, IdentitySynchronization: graphsim.SyncAllowed("Fabrikam", true)})
				sim.Edit(fabrikam, func(p *graphsim.Partner) { p.IdentitySynchronization.DisplayName = new("Fab") })
				sim.Edit(fabrikam, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("Fab", false) })
				if tc.fault != "" {
					sim.Inject(graphsim.Fault{Kind: tc.fault, Nth: 2})
					sim.Edit(fabrikam, func(p *graphsim.Partner) { p.IdentitySynchronization.DisplayName = new("F") })
				}
				a := auditedNow()
				trail, err := audit.ReadTrail(t.Context(), clientOf(t, sim, tc.token), a.CreatedAt.Add(-time.Hour))
				a.Attribute(trail)
				if err == nil || a.History.Problem != tc.want {
					t.Errorf("%v\ngot  %s\nwant %s", err, a.History.Problem, tc.want)
				}
				if e := (*graph.Error)(nil); errors.As(err, &e) && !strings.Contains(err.Error(), e.ClientRequestID) {
					t.Errorf("no request ID in %v", err)
				}
				if got := strings.TrimSuffix(toldOf(a), "; "); got != tc.told {
					t.Errorf("told %q, want %q", got, tc.told)
				}
			})
		})
	}
}

// A write of a program is told with the program's name and ID, and with the ID that
// the service's own log has.
func TestProgramsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{})
		sim.SetPartner(graphsim.Partner{TenantID: fabrikam, IdentitySynchronization: graphsim.SyncAllowed("Fabrikam", true)})
		both := []string{graphsim.PermissionWrite, graphsim.PermissionAudit}
		c := clientOf(t, sim, graphsim.TokenOptions{AppName: "nightly", AppID: contoso, Permissions: both})
		if _, err := c.Do(t.Context(), graph.Request{
			Method: http.MethodPatch, Path: graph.SyncPath(fabrikam), Body: []byte(`{"userSyncInbound":{"isSyncAllowed":false}}`),
		}); err != nil {
			t.Fatal(err)
		}
		a := auditedNow()
		trail, err := audit.ReadTrail(t.Context(), c, a.CreatedAt)
		if err != nil {
			t.Fatal(err)
		}
		a.Attribute(trail)
		want := []audit.Edit{{
			By: "nightly", ByID: contoso, App: true, At: sim.AuditLog()[0].ActivityDateTime, Activity: updateSync,
			CorrelationID: sim.AuditLog()[0].CorrelationID,
		}}
		if d := cmp.Diff(want, a.Findings[0].ChangedBy); d != "" || a.History.Records != 1 {
			t.Errorf("%d records (-want +got)\n%s", a.History.Records, d)
		}
	})
}
