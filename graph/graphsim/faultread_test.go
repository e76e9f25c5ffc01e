package graphsim_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph/graphsim"
)

const expand = "?$select=tenantId,automaticUserConsentSettings&$expand=identitySynchronization"

// twoWays runs a test in process and over a connection.
func twoWays(t *testing.T, cfg graphsim.Config, test func(t *testing.T, r *rig)) {
	for _, way := range []string{"in process", "over a connection"} {
		t.Run(way, func(t *testing.T) {
			r := newRig(t, cfg)
			r.SetPartner(graphsim.Partner{TenantID: contoso, IdentitySynchronization: graphsim.SyncAllowed("Contoso", true)})
			if way != "in process" {
				r.listen()
			}
			test(t, r)
		})
	}
}

func (r *rig) inject(specs ...string) {
	r.t.Helper()
	for _, spec := range specs {
		f, err := graphsim.ParseFault(spec)
		if err != nil {
			r.t.Fatal(err)
		}
		r.Inject(f)
	}
}

// What a read shows for each kind of unbelievable answer.
func TestReadsThatCannotBeBelieved(t *testing.T) {
	const one = partners + "/" + contoso
	id := `"tenantId":"` + contoso + `"`
	other := `"tenantId":"` + contoso[:35] + `0"`
	for _, c := range []struct{ spec, path, has, lacks string }{
		{"empty", sync, "", "{"},
		{"shape", sync, `{"value":[{"@odata.context":`, ""},
		{"shape", partners + expand, `{` + id, `"value"`},
		{"other-tenant", sync, other, id},
		{"other-tenant", one + expand, `"identitySynchronization":{` + other, id},
		{"unexpanded", partners + expand, id + `,"automaticUserConsentSettings":{`, "identitySynchronization\":"},
		{"unexpanded", one + expand, id + `,"automaticUserConsentSettings":{`, "identitySynchronization\":"},
		{"unselected", partners + expand, `"identitySynchronization":{` + id, "automaticUserConsentSettings\":"},
		{"unselected", one, `"tenantRestrictions":null,"crossCloud`, "automaticUserConsentSettings\":"},
	} {
		twoWays(t, graphsim.Config{}, func(t *testing.T, r *rig) {
			r.inject(c.spec)
			got := r.must("GET", c.path, "")
			if !strings.Contains(got.body, c.has) || c.lacks != "" && strings.Contains(got.body, c.lacks) || got.header.Get("Request-Id") == "" {
				t.Errorf("%s of %s: got %s", c.spec, c.path, got.body)
			}
			if c.has != "" && !json.Valid([]byte(got.body)) {
				t.Errorf("%s: not JSON: %s", c.spec, got.body)
			}
		})
	}
}

func TestAnEmptyListHasAnotherShapeToo(t *testing.T) {
	r := newRig(t, graphsim.Config{})
	r.inject("shape")
	if got := r.must("GET", partners, "").body; got != "{}" {
		t.Errorf("got %s", got)
	}
}

func TestWhatIsRefusedStaysRefused(t *testing.T) {
	for _, spec := range []string{"empty", "cut", "huge", "shape", "other-tenant"} {
		r := newRig(t, graphsim.Config{})
		r.inject(spec)
		r.want(404, "Request_ResourceNotFound", "GET", sync, "")
	}
}

// The answer is whole for HTTP; only its JSON is not.
func TestACutAnswerIsWholeForHTTP(t *testing.T) {
	twoWays(t, graphsim.Config{Partners: 30}, func(t *testing.T, r *rig) {
		whole := r.must("GET", partners, "").body
		r.inject("cut")
		got := r.must("GET", partners, "")
		if json.Valid([]byte(got.body)) || len(got.body) < len(whole)/3 || got.header.Get("Content-Length") != strconv.Itoa(len(got.body)) {
			t.Errorf("got %d of %d bytes, %s", len(got.body), len(whole), got.header)
		}
	})
}

// It is valid to its last byte, and longer than a client should read.
func TestAHugeAnswerIsValid(t *testing.T) {
	twoWays(t, graphsim.Config{}, func(t *testing.T, r *rig) {
		whole := r.must("GET", sync, "").body
		r.inject("huge")
		got := r.must("GET", sync, "").body
		head, tail := strings.CutSuffix(whole, "}")
		if want := head + strings.Repeat(" ", 32<<20) + "}"; !tail || got != want {
			t.Errorf("got %d bytes, want %d", len(got), len(want))
		}
	})
}

func TestABareNotFoundIsNotGraphs(t *testing.T) {
	twoWays(t, graphsim.Config{}, func(t *testing.T, r *rig) {
		r.inject("bare-404")
		for _, want := range []string{"<html><head><title>404 Not Found</title>", "", "<html>", ""} {
			got := r.want(404, "", "GET", sync, "")
			if !strings.HasPrefix(got.body, want) || (got.body == "") != (want == "") || got.header.Get("Request-Id") != "" {
				t.Errorf("got %s %q, want %q", got.header, got.body, want)
			}
		}
	})
}

func TestAPageRepeatsAPartnerThatMoved(t *testing.T) {
	twoWays(t, graphsim.Config{Partners: 30, PageSize: 10}, func(t *testing.T, r *rig) {
		r.inject("moved,nth=1")
		pages := r.list(partners + expand)
		if len(pages) != 4 || len(pages[0]) != 10 || len(pages[1]) != 11 {
			t.Fatalf("%d pages", len(pages))
		}
		again := pages[1][10]
		i := slices.IndexFunc(pages[0], func(p graphsim.Partner) bool { return p.TenantID == again.TenantID })
		if i < 0 || cmp.Equal(pages[0][i].AutomaticUserConsentSettings, again.AutomaticUserConsentSettings) {
			t.Errorf("%s stands at %d of the first page", again.TenantID, i)
		}
	})
}

// A moved partner is shown with other values everywhere, and is not changed.
func TestAMovedPartnerDiffersInEverything(t *testing.T) {
	for _, allowed := range []bool{true, false} {
		r := newRig(t, graphsim.Config{PageSize: 1})
		for _, id := range []string{contoso, fabrikam} {
			r.SetPartner(graphsim.Partner{TenantID: id, IdentitySynchronization: graphsim.SyncAllowed("x", allowed),
				AutomaticUserConsentSettings: graphsim.Consent{InboundAllowed: &allowed}})
		}
		before := r.Partners()
		r.inject("moved")
		p := r.list(partners + expand)[1][1]
		if *p.IdentitySynchronization.UserSyncInbound.IsSyncAllowed == allowed || *p.AutomaticUserConsentSettings.InboundAllowed == allowed {
			t.Errorf("got %+v", p)
		}
		if d := cmp.Diff(before, r.Partners()); d != "" {
			t.Errorf("(-before +after):\n%s", d)
		}
	}
}

// A kind strikes, and counts, only requests that it can break.
func TestAKindStrikesOnlyWhatItCanBreak(t *testing.T) {
	const one = partners + "/" + contoso
	for spec, want := range map[string][]int{
		"cut":          {0, 1, 2, 3, 4, 5},
		"other-tenant": {3, 4, 5},
		"unselected":   {0, 1, 2, 3},
		"unexpanded":   {1, 3},
		"moved":        {2},
		"same-link":    {0, 1, 2},
		"lost":         {6},
		"stale":        {6},
		"html":         {0, 1, 2, 3, 4, 5, 6},
	} {
		r := newRig(t, graphsim.Config{Partners: 3, PageSize: 1, Tenants: []graphsim.Tenant{{TenantID: contoso}}}).with(contoso)
		next := nextLink(t, r.must("GET", partners, "").body)
		paths := []string{partners, partners + expand, next, one + expand, sync,
			"/v1.0/tenantRelationships/findTenantInformationByTenantId(tenantId='" + contoso + "')"}
		var got []int
		for i := range 7 {
			r.ClearFaults()
			r.inject(spec)
			if i < len(paths) {
				r.do("GET", paths[i], "")
			} else {
				r.do("PUT", sync, `{}`)
			}
			if r.UnusedFaults() == nil {
				got = append(got, i)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", spec, d)
		}
	}
}

func TestALinkLeadsElsewhere(t *testing.T) {
	const path = partners + "?$select=tenantId"
	for kind, want := range map[graphsim.FaultKind]string{
		graphsim.FaultForeignLink: "https://graph.example" + partners + "?$select=tenantId&$skiptoken=", graphsim.FaultRelativeLink: partners + "?$select=tenantId&$skiptoken=",
	} {
		twoWays(t, graphsim.Config{Partners: 3, PageSize: 1}, func(t *testing.T, r *rig) {
			r.Inject(graphsim.Fault{Kind: kind})
			if got := nextLink(t, r.must("GET", path, "").body); !strings.HasPrefix(got, want) {
				t.Errorf("%s: got %s", kind, got)
			}
		})
	}
	twoWays(t, graphsim.Config{Partners: 3, PageSize: 1}, func(t *testing.T, r *rig) {
		second := nextLink(t, r.must("GET", path, "").body)
		r.inject("same-link")
		for _, asked := range []string{r.root + path, second} {
			if got := nextLink(t, r.must("GET", asked, "").body); got != asked {
				t.Errorf("got %s, want %s", got, asked)
			}
		}
	})
}
