package doctor_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/graph/graphsim"
	"bulksync/internal/doctor"
	"bulksync/internal/session"
)

const theirs = "22222222-2222-4222-8222-222222222222"

// everything is a token that is enough for all commands.
var everything = graphsim.TokenOptions{Permissions: []string{graphsim.PermissionWrite, graphsim.PermissionTenantInfo, graphsim.PermissionAudit}}

// person is a token of a person with a role.
func person(role string) graphsim.TokenOptions {
	o := everything
	o.User, o.Roles = "ada@home.example", []string{role}
	return o
}

// byAzureCLI is the token of a person who signed in with az login.
func byAzureCLI() graphsim.TokenOptions {
	o := person(graphsim.RoleSecurityReader)
	o.AppID, o.Permissions = "04b07795-8ddb-461a-bbee-02f9e1bf7b46", []string{"Directory.AccessAsUser.All", "User.ReadWrite.All"}
	return o
}

// may is a token of an app with these permissions.
func may(permissions ...string) graphsim.TokenOptions {
	return graphsim.TokenOptions{Permissions: permissions}
}

// examine runs the checks against a Graph in process.
func examine(t *testing.T, sim *graphsim.Sim, token graphsim.TokenOptions, with func(*doctor.Options)) []doctor.Check {
	t.Helper()
	o := doctor.Options{
		Session: session.Options{GraphURL: "http://127.0.0.1:1", Token: sim.Token(token), Base: sim.Transport()},
		SignIn:  "a token", HowToSignIn: "sign in again",
		Advise: func(error, auth.Identity) string { return "advice" },
	}
	if with != nil {
		with(&o)
	}
	checks, err := doctor.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return checks
}

// told lists the checks that are not ok, without those that nobody asked for.
func told(checks []doctor.Check) string {
	var all []string
	for _, c := range checks {
		if c.Status != doctor.OK && c.Detail != "no file was given" {
			all = append(all, string(c.Status)+" "+c.Name)
		}
	}
	return strings.Join(all, ", ")
}

func of(t *testing.T, checks []doctor.Check, name string) doctor.Check {
	t.Helper()
	for _, c := range checks {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no check %s", name)
	return doctor.Check{}
}

// A case is a tenant, a token and what is asked of them, and what must be told.
type scene struct {
	cfg    graphsim.Config
	token  graphsim.TokenOptions
	faults []graphsim.Fault
	with   func(*doctor.Options)
	want   string // the checks that are not ok
	says   map[string]string
}

func (s scene) play(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s.cfg.Partners = cmp.Or(s.cfg.Partners, 5)
		sim := graphsim.New(s.cfg)
		sim.Inject(s.faults...)
		began := time.Now()
		checks := examine(t, sim, s.token, s.with)
		if got := told(checks); got != s.want {
			t.Errorf("told %s\nwant %s\n%+v", got, s.want, checks)
		}
		for name, want := range s.says {
			if c := of(t, checks, name); !regexp.MustCompile(want).MatchString(c.Detail + " -> " + c.Next) {
				t.Errorf("%s: %s -> %s\nwant %s", name, c.Detail, c.Next, want)
			}
		}
		for _, c := range checks {
			if c.Status == doctor.Fail && c.Next == "" || c.Detail == "" {
				t.Errorf("no next step: %+v", c)
			}
		}
		requests := sim.Requests()
		for _, r := range requests {
			if r.Method != http.MethodGet {
				t.Errorf("it sent %s %s", r.Method, r.Path)
			}
		}
		if most := 10; len(s.faults) == 0 && len(requests) > most {
			t.Errorf("%d requests, want at most %d", len(requests), most)
		}
		if took, most := time.Since(began), time.Duration(len(checks))*doctor.Limit; took > most {
			t.Errorf("it took %s", took)
		}
	})
}

// rest is every check that needs the tenant.
const rest = "skipped permissions, skipped lifetime, skipped partners, skipped synchronization, skipped template, skipped quota, skipped names, skipped audit-log"

func TestIdentities(t *testing.T) {
	expired := everything
	expired.Lifetime = -time.Hour
	foreign, china, other := everything, everything, everything
	foreign.TenantID, china.Audience, other.Audience = theirs, graph.China.RootURL(), "https://management.azure.com"
	asking := func(task auth.Task) func(*doctor.Options) { return func(o *doctor.Options) { o.Task = task } }
	for name, s := range map[string]scene{
		"one for everything": {token: everything, with: asking(auth.Writing), says: map[string]string{
			"permissions": "^enough for plan and audit, apply and resume, looking up tenants, audit --who ->", "partners": "^5 partners listed ->",
			"quota":           "^Graph reports no shortage; 3 requests cost 3 resource units ->",
			"synchronization": "^visible, for [1-5] of 5 partners ->", "sign-in": "^app bulksync rehearsal .*, with a token",
		}},
		"one that reads": {
			token: may(graphsim.PermissionRead), want: "warn permissions, warn names, warn audit-log",
			says: map[string]string{
				"permissions": `^enough for plan and audit; not for apply and resume \(needs Policy\.ReadWrite\.CrossTenantAccess\), .*-> for apply and resume: the permission Policy\.ReadWrite`,
				"names":       "-> the permission CrossTenantInformation", "audit-log": "-> for audit --who: the permission AuditLog",
			},
		},
		"one that reads, for an audit":  {token: may(graphsim.PermissionRead), with: asking(auth.Reading), want: "warn names, warn audit-log"},
		"one that writes, for an audit": {token: everything, with: asking(auth.Reading), says: map[string]string{"permissions": "; it could write here, which these do not need: Policy.ReadWrite.CrossTenantAccess ->"}},
		"one that reads, for apply": {
			token: may(graphsim.PermissionRead), with: asking(auth.Writing), want: "fail permissions, warn names, warn audit-log",
		},
		"one for something else": {
			token: may("User.Read.All"), want: "fail permissions, fail partners, skipped synchronization, warn template, warn names, warn audit-log",
			says: map[string]string{"permissions": `-> for plan and audit: the permission Policy\.Read\.All`, "synchronization": "because partners failed", "partners": "403 .* -> advice"},
		},
		"a person signed in by the Azure CLI": {
			token: byAzureCLI(), want: "warn permissions, fail partners, skipped synchronization, warn template, warn names, warn audit-log",
			says: map[string]string{"permissions": "^perhaps enough .* -> for plan and audit: az login cannot have the permission .*; if Graph refuses, sign in with --auth browser or device-code"},
		},
		"a Teams administrator": {
			token: person(graphsim.RoleTeamsAdministrator), want: "warn permissions, fail synchronization, warn audit-log",
			says: map[string]string{"synchronization": "^a Teams Administrator sees partners, but not their policies: none of 5 partners shows one -> use an identity"},
		},
		"a Teams administrator, told otherwise": {
			cfg: graphsim.Config{HiddenSync: graphsim.HiddenMissing}, token: person(graphsim.RoleTeamsAdministrator),
			want: "warn permissions, fail synchronization, warn audit-log",
			says: map[string]string{"synchronization": "^a Teams Administrator sees partners, but not their policies ->", "partners": "^the list can be read"},
		},
		"another role": {token: person("x"), want: "warn permissions, warn synchronization, warn audit-log"},
		"another role, told otherwise": {
			cfg: graphsim.Config{HiddenSync: graphsim.HiddenMissing}, token: person("x"), want: "warn permissions, fail synchronization, warn audit-log",
			says: map[string]string{"synchronization": "left identitySynchronization out .* -> advice"},
		},
		"a security reader": {token: person(graphsim.RoleSecurityReader), want: "warn permissions", says: map[string]string{
			"permissions": "^enough for plan and audit, .*; perhaps enough for apply and resume -> ",
		}},
		"one that expired": {token: expired, want: "fail sign-in, skipped tenant, " + rest, says: map[string]string{"sign-in": "expired at .* -> sign in again", "partners": "because sign-in failed"}},
		"of another tenant": {
			token: foreign, want: "fail tenant, " + rest, with: func(o *doctor.Options) { o.Session.Tenant = graphsim.DefaultHomeTenant },
			says: map[string]string{"tenant": "^the token is for tenant 2222.*, and --tenant asks for 5a1e.* -> sign in to that tenant"},
		},
		"of a tenant that is not Graph's": {token: foreign, want: "fail tenant, " + rest, says: map[string]string{"tenant": "401 .* -> advice"}},
		"of another cloud": {
			token: china, want: "fail tenant, " + rest,
			says: map[string]string{"tenant": "the Graph of the cloud china, not of global -> name the token's cloud with --cloud china"},
		},
		"of another API": {token: other, want: "fail tenant, " + rest, says: map[string]string{"tenant": `for https://management\.azure\.com, not for Graph`}},
		"in a cloud without templates": {
			cfg: graphsim.Config{Cloud: graph.USGov}, token: everything, want: "skipped template", with: func(o *doctor.Options) { o.Session.Cloud = graph.USGov },
		},
		"in a tenant that is known": {
			cfg:   graphsim.Config{Tenants: []graphsim.Tenant{{TenantID: graphsim.DefaultHomeTenant, DisplayName: "Contoso", DefaultDomainName: "contoso.example"}}},
			token: everything, says: map[string]string{"tenant": `^5a1e.*, Contoso \(contoso\.example\) ->`},
		},
		"in a tenant that is known without a name": {
			cfg: graphsim.Config{Tenants: []graphsim.Tenant{{TenantID: graphsim.DefaultHomeTenant}}}, token: everything, want: "warn names",
			says: map[string]string{"tenant": "^5a1e.*, whose name is not known ->", "names": "without a name or a domain: names are not checked -> compare"},
		},
		"in a large tenant": {
			cfg: graphsim.Config{Partners: 3000}, token: everything, says: map[string]string{"partners": "^200 partners listed on the first 2 pages; no more"},
		},
	} {
		t.Run(name, s.play)
	}
}

// What a file asks for, beside what the token allows.
func TestFiles(t *testing.T) {
	lasting := func(d time.Duration) graphsim.TokenOptions {
		o := everything
		o.Lifetime = d
		return o
	}
	file := func(f doctor.File) func(*doctor.Options) { return func(o *doctor.Options) { o.File = &f } }
	renewing := func(o *doctor.Options) { o.Renews, o.File = true, &doctor.File{Writes: 100_000} }
	for name, s := range map[string]scene{
		"a good one":                    {token: everything, with: file(doctor.File{Name: "p.csv", Rows: 2, Writes: 4}), says: map[string]string{"file": "^p.csv: 2 rows, at most 4 writes"}},
		"a faulty one":                  {token: everything, with: file(doctor.File{Fault: "p.csv:2:1: no", Next: "correct it"}), want: "fail file", says: map[string]string{"file": "^p.csv:2:1: no -> correct it"}},
		"domains":                       {token: everything, with: file(doctor.File{Domains: 2, Writes: 1})},
		"domains that are not found":    {token: may(graphsim.PermissionWrite), with: file(doctor.File{Domains: 2, Writes: 1}), want: "fail permissions, fail names, warn audit-log", says: map[string]string{"names": "the file names 2 partners by domain"}},
		"a token that ends too soon":    {token: lasting(3 * time.Minute), with: file(doctor.File{Writes: 10_000}), want: "fail lifetime", says: map[string]string{"lifetime": "^3m left, and 10,000 writes take at least 5m50s -> get a token"}},
		"a token that may end too soon": {token: lasting(time.Hour), with: file(doctor.File{Writes: 10_000}), want: "warn lifetime", says: map[string]string{"lifetime": "may take up to 2h46m"}},
		"a token that lasts":            {token: lasting(4 * time.Hour), with: file(doctor.File{Writes: 10_000}), says: map[string]string{"lifetime": "^4h0m left"}},
		"a token that is renewed":       {token: lasting(time.Minute), with: renewing},
		"a token that ends, no file":    {token: lasting(5 * time.Minute), want: "warn lifetime"},
	} {
		t.Run(name, s.play)
	}
}

// A network, a clock and a Graph that fail are told in time.
func TestFaults(t *testing.T) {
	always := func(kind graphsim.FaultKind, path string) []graphsim.Fault {
		return []graphsim.Fault{{Kind: kind, Path: path, Times: 1000}}
	}
	named := func(resolve func(context.Context, string) ([]string, error)) func(*doctor.Options) {
		return func(o *doctor.Options) { o.Session.GraphURL, o.Resolve = "http://localhost:1", resolve }
	}
	offline := "fail dns, skipped tls, skipped clock, skipped tenant, " + rest
	silent := func(ctx context.Context, _ string) ([]string, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	for name, s := range map[string]scene{
		"a clock that is wrong":        {cfg: graphsim.Config{DateOffset: -10 * time.Minute}, want: "fail clock", says: map[string]string{"clock": "^10m0s ahead of Graph's.* -> set the clock"}},
		"a clock that is odd":          {cfg: graphsim.Config{DateOffset: time.Minute}, want: "warn clock", says: map[string]string{"clock": "^1m0s behind Graph's"}},
		"a clock at the limit":         {cfg: graphsim.Config{DateOffset: -5 * time.Minute}, want: "warn clock"},
		"a clock that is as usual":     {cfg: graphsim.Config{DateOffset: -30 * time.Second}},
		"no name":                      {with: named(func(context.Context, string) ([]string, error) { return nil, errors.New("no such host") }), want: offline, says: map[string]string{"dns": "localhost is not known here: no such host -> check the network", "partners": "because dns failed"}},
		"no address":                   {with: named(func(context.Context, string) ([]string, error) { return nil, nil }), want: offline},
		"a name server that hangs":     {with: named(silent), want: offline, says: map[string]string{"dns": "^no answer to the question for localhost in 10s"}},
		"a name":                       {with: named(func(context.Context, string) ([]string, error) { return []string{"127.0.0.1", "::1"}, nil }), says: map[string]string{"dns": `^localhost is 127\.0\.0\.1, and 1 more`}},
		"no connection":                {faults: always(graphsim.FaultRefused, ""), want: "fail tls, skipped clock, skipped tenant, " + rest, says: map[string]string{"tls": "^no connection: .*refused -> check the network"}},
		"a host that hangs":            {faults: always(graphsim.FaultSilent, ""), want: "fail tls, skipped clock, skipped tenant, " + rest, says: map[string]string{"tls": "^no answer in 10s"}},
		"a sign-in page":               {faults: always(graphsim.FaultHTML, ""), want: "fail tls, skipped clock, skipped tenant, " + rest, says: map[string]string{"tls": "not as Graph does"}},
		"a Graph that hangs":           {faults: always(graphsim.FaultSilent, "tenant"), want: "fail tenant, " + rest, says: map[string]string{"tenant": "no good answer from Graph for 8s.* -> check the network"}},
		"a list that hangs":            {faults: always(graphsim.FaultSilent, "partners"), want: "fail partners, skipped synchronization"},
		"a list that fails":            {faults: always("503", "partners"), want: "fail partners, skipped synchronization", says: map[string]string{"partners": "503"}},
		"a list that is cut":           {faults: always(graphsim.FaultCut, "partners"), want: "fail partners, skipped synchronization"},
		"a template that is not there": {faults: always("404", "template"), want: "warn template", says: map[string]string{"template": "no template -> leave --template out"}},
		"a look-up that fails":         {faults: always("400", "tenantRelationships"), want: "warn names", says: map[string]string{"tenant": "whose name is not known", "names": "400 .* -> advice"}},
		"a log that fails":             {faults: always("500", "audit"), want: "warn audit-log"},
		"a quota that is short": {
			faults: []graphsim.Fault{{Kind: "429", Path: "template", Times: 1, RetryAfter: time.Second}}, want: "warn quota",
			says: map[string]string{"quota": "^Graph refused 1 request for lack of quota; .* cost .* resource units? -> run when others do not"},
		},
		"a quota that is used up": {
			faults: []graphsim.Fault{{Kind: "429", Path: "partners", Times: 1000, RetryAfter: time.Minute}}, want: "fail partners, skipped synchronization, warn template, warn quota, warn audit-log",
			says: map[string]string{"partners": "^Graph throttled the request, and asked for a longer pause"},
		},
	} {
		s.token = everything
		t.Run(name, s.play)
	}
}

// A list that begins again is counted once.
func TestAListThatBeginsAgain(t *testing.T) {
	sim := graphsim.New(graphsim.Config{Partners: 300})
	expired := false
	checks := examine(t, sim, everything, func(o *doctor.Options) {
		base := o.Session.Base
		o.Session.Base = roundTrip(func(r *http.Request) (*http.Response, error) {
			if expired || !strings.Contains(r.URL.RawQuery, "skiptoken") {
				return base.RoundTrip(r)
			}
			expired = true
			return &http.Response{
				StatusCode: http.StatusBadRequest, Request: r, ContentLength: -1, Header: http.Header{"Content-Type": {"application/json"}, "Request-Id": {"7f3c"}},
				Body: io.NopCloser(strings.NewReader(`{"error":{"code":"Directory_ExpiredPageToken","message":"x"}}`)),
			}, nil
		})
	})
	if c := of(t, checks, "partners"); !expired || !strings.HasPrefix(c.Detail, "200 partners listed on the first 2 pages") {
		t.Errorf("expired %t: %+v", expired, c)
	}
}

// Partners that cannot be read are counted, and where to read more is said.
func TestPartnersThatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Partners: 5})
		id := sim.Partners()[1].TenantID
		sim.Break(id, `{"tenantId":"`+id+`","identitySynchronization":7}`)
		c := of(t, examine(t, sim, everything, nil), "partners")
		if c.Status != doctor.Warn || c.Detail != "5 partners listed; 1 of them cannot be read" || !strings.HasPrefix(c.Next, "bulksync export,") {
			t.Errorf("%+v", c)
		}
	})
}

// An interrupt ends the checks at once.
func TestAnInterruptEndsTheChecks(t *testing.T) {
	sim := graphsim.New(graphsim.Config{})
	ctx, stop := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	_, err := doctor.Run(ctx, doctor.Options{
		Session: session.Options{GraphURL: "http://localhost:1", Token: sim.Token(everything), Base: sim.Transport()},
		Resolve: func(context.Context, string) ([]string, error) { stop(enough); return nil, enough },
	})
	if err != enough || len(sim.Requests()) > 0 {
		t.Errorf("got %v after %d requests", err, len(sim.Requests()))
	}
}

// A URL that no command would take is refused.
func TestAURLThatIsRefused(t *testing.T) {
	if _, err := doctor.Run(t.Context(), doctor.Options{Session: session.Options{GraphURL: "http://graph.example"}}); err == nil {
		t.Error("a token would be sent in clear")
	}
}

// Each check is told when it is done, and nobody has to listen to the end.
func TestChecksAreToldOneByOne(t *testing.T) {
	sim := graphsim.New(graphsim.Config{})
	var names []string
	enough := errors.New("enough")
	_, err := doctor.Run(t.Context(), doctor.Options{
		Session: session.Options{GraphURL: "http://127.0.0.1:1", Token: sim.Token(everything), Base: sim.Transport()},
		Tell: func(c doctor.Check) error {
			if names = append(names, c.Name); c.Name == "tls" {
				return enough
			}
			return nil
		},
	})
	if got := strings.Join(names, " "); err != enough || got != "file dns tls" || len(sim.Requests()) != 1 {
		t.Errorf("%v after %s", err, got)
	}
}
