package plan_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/plan"
	"bulksync/plan/desired"
)

const (
	fabrikam = "90e29127-71ad-49c7-9ce8-db3f41ea06f1"
	contoso  = "11111111-aaaa-4bbb-8ccc-000000000001"
	partners = "/policies/crossTenantAccessPolicy/partners"
	synced   = partners + "/" + fabrikam + "/identitySynchronization"
	template = "/policies/crossTenantAccessPolicy/templates/multiTenantOrganizationIdentitySynchronization"
)

// columns is the header of the rows in these tests.
const columns = "tenantId,displayName,isSyncAllowed,inboundConsent,outboundConsent,ensure,note\n"

// allColumns is a header with all columns.
const allColumns = "tenantId,displayName,isSyncAllowed,mfaTrust,deviceTrust,hybridTrust,inboundConsent,outboundConsent,ensure,note\n"

// rows reads CSV lines below columns; the first is line 2.
func rows(t testing.TB, lines ...string) *desired.Rows {
	t.Helper()
	return rowsBelow(t, columns, lines...)
}

func rowsBelow(t testing.TB, header string, lines ...string) *desired.Rows {
	t.Helper()
	r, err := desired.ReadRows(t.Context(), strings.NewReader(header+strings.Join(lines, "\n")), "partners.csv")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wanted(t testing.TB, lines ...string) plan.Desired {
	t.Helper()
	return resolved(t, rows(t, lines...), nil)
}

// wantedOfAll is wanted below a header with all columns.
func wantedOfAll(t testing.TB, lines ...string) plan.Desired {
	t.Helper()
	return resolved(t, rowsBelow(t, allColumns, lines...), nil)
}

// resolved gives rows the tenants of their domains.
func resolved(t testing.TB, r *desired.Rows, tenants map[string]string) plan.Desired {
	t.Helper()
	partners, err := r.Resolve(head.HomeTenant.ID, tenants)
	if err != nil {
		t.Fatal(err)
	}
	return plan.Desired{Partners: partners}
}

func wantedTemplate(t testing.TB, body string) *desired.Template {
	t.Helper()
	tmpl, err := desired.ReadTemplate(strings.NewReader(body), "template.json")
	if err != nil {
		t.Fatal(err)
	}
	return tmpl
}

// partner is a partner as Graph returns it, from the members besides its ID.
func partner(t testing.TB, id, members string) graph.Partner {
	t.Helper()
	if members != "" {
		members = "," + members
	}
	// The policy in it belongs to that partner, whoever it was written for.
	members = regexp.MustCompile(`"tenantId":"[^"]*"`).ReplaceAllString(members, `"tenantId":"`+id+`"`)
	p, err := graph.ParsePartner([]byte(`{"tenantId":"` + id + `"` + members + `}`))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func currently(ps ...graph.Partner) *plan.Current {
	cur := &plan.Current{Partners: map[string]graph.Partner{}, Read: plan.Read{Pages: 1, Partners: len(ps), Complete: true}}
	for _, p := range ps {
		cur.Partners[p.TenantID] = p
	}
	return cur
}

func build(t testing.TB, d plan.Desired, cur *plan.Current) *plan.Plan {
	t.Helper()
	p, err := plan.Build(head, d, cur)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Changes {
		for _, h := range p.Changes[i].Hazards {
			if h.Info().Words == string(h) {
				t.Fatalf("the hazard %s is not in its table", h)
			}
		}
	}
	return p
}

// told is a change in one line: what a reader of the plan needs to know.
func told(c *plan.Change) string {
	var b strings.Builder
	b.WriteString(string(c.Action) + " " + string(c.Object))
	for _, f := range c.Fields {
		before, _ := json.Marshal(f.Before)
		after, _ := json.Marshal(f.After)
		b.WriteString(" " + f.Path[strings.LastIndex(f.Path, ".")+1:] + ":" + string(before) + ">" + string(after))
	}
	if q := c.Request(); q != nil {
		b.WriteString(" = " + strings.TrimSpace(q.Method+" "+q.Path+" "+string(q.Body)))
	}
	for _, h := range c.Hazards {
		b.WriteString(" !" + string(h))
	}
	if c.Reason != "" {
		b.WriteString(" (" + c.Reason + ")")
	}
	return b.String()
}

func toldAll(p *plan.Plan) (lines []string) {
	for i := range p.Changes {
		lines = append(lines, told(&p.Changes[i]))
	}
	return lines
}

// head says who plans in these tests, and when.
var head = plan.Head{
	Tool: plan.Tool{Name: "bulksync", Version: "1.2.3"}, CreatedAt: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC),
	HomeTenant: graph.HomeTenant{ID: graphsim.DefaultHomeTenant, Cloud: graph.Global, GraphURL: graph.Global.RootURL()},
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// authorized is the layer that signs requests to a simulator.
func authorized(sim *graphsim.Sim) []func(http.RoundTripper) http.RoundTripper {
	token := "Bearer " + sim.Token(graphsim.TokenOptions{})
	return []func(http.RoundTripper) http.RoundTripper{func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			r = r.Clone(r.Context())
			r.Header.Set("Authorization", token)
			return next.RoundTrip(r)
		})
	}}
}
