package audit_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/desired"
)

const (
	fabrikam = "90e29127-71ad-49c7-9ce8-db3f41ea06f1"
	contoso  = "11111111-aaaa-4bbb-8ccc-000000000001"
	syncs    = `"identitySynchronization":{"tenantId":"` + fabrikam + `","displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":true}}`
	// syncOn synchronizes as it should: with consent.
	syncOn   = syncs + "," + consents
	inherits = `"automaticUserConsentSettings":{"inboundAllowed":null,"outboundAllowed":null}`
	consents = `"automaticUserConsentSettings":{"inboundAllowed":true,"outboundAllowed":true}`
)

// head says who audits in these tests, and when.
var head = plan.Head{
	Tool: plan.Tool{Name: "bulksync", Version: "1.2.3"}, CreatedAt: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC),
	HomeTenant: graph.HomeTenant{ID: graphsim.DefaultHomeTenant, Cloud: graph.Global, GraphURL: graph.Global.RootURL()},
}

// columns is the header of the rows in these tests.
const columns = "tenantId,displayName,isSyncAllowed,inboundConsent,outboundConsent,ensure,note\n"

// rows reads CSV lines below columns; the first is line 2.
func rows(t testing.TB, lines ...string) *desired.Rows {
	t.Helper()
	r, err := desired.ReadRows(t.Context(), strings.NewReader(columns+strings.Join(lines, "\n")), "partners.csv")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wanted(t testing.TB, lines ...string) plan.Desired {
	t.Helper()
	return resolved(t, rows(t, lines...))
}

// resolved takes rows that name no domains.
func resolved(t testing.TB, r *desired.Rows) plan.Desired {
	t.Helper()
	partners, err := r.Resolve(head.HomeTenant.ID, nil)
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

// input identifies what is wanted.
func input(d plan.Desired) audit.Input {
	if d.Partners == nil {
		return audit.Input{Name: d.Template.Name, SHA256: d.Template.SHA256}
	}
	return audit.InputOf(&d.Partners.Input)
}

func compared(d plan.Desired, cur *plan.Current) *audit.Audit {
	return audit.Compare(head, input(d), d, cur, audit.Options{})
}

func build(t testing.TB, d plan.Desired, cur *plan.Current) *plan.Plan {
	t.Helper()
	p, err := plan.Build(head, d, cur)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
