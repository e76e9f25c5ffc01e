package plan_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/plan"
)

func TestATenantIsReadByPagesAndNeverByPartner(t *testing.T) {
	for _, c := range []struct {
		partners, page int
		needs          plan.Needs
		requests       int
	}{
		{0, 100, plan.Needs{}, 1},
		{100, 100, plan.Needs{}, 1},
		{101, 100, plan.Needs{}, 2},
		{2000, 100, plan.Needs{Template: true}, 20 + 1},
		{2000, 999, plan.Needs{Template: true, Domains: []string{"a.example", "b.example"}}, 3 + 3},
	} {
		t.Run(fmt.Sprintf("%d partners by %d", c.partners, c.page), func(t *testing.T) {
			sim := graphsim.New(graphsim.Config{Partners: c.partners, PageSize: c.page})
			cur, err := plan.ReadCurrent(t.Context(), inProcess(t, sim), c.needs)
			if err != nil {
				t.Fatal(err)
			}
			pages := max(1, (c.partners+c.page-1)/c.page)
			if want := readingOf(plan.Read{Pages: pages, Complete: true}, sim.Partners()); cur.Read != want || len(cur.Partners) != c.partners {
				t.Errorf("read %+v and %d partners, want %+v", cur.Read, len(cur.Partners), want)
			}
			if (cur.Template != nil) != c.needs.Template {
				t.Errorf("template %+v", cur.Template)
			}
			if got := sim.Requests(); len(got) != c.requests || len(sim.Writes()) != 0 {
				t.Errorf("%d requests, %d writes; want %d and none", len(got), len(sim.Writes()), c.requests)
			}
			for _, r := range sim.Requests() {
				if strings.Contains(r.Path, "/partners/") {
					t.Errorf("a partner was read by itself: %s", r.Path)
				}
			}
		})
	}
}

// readingOf adds to r what is counted of partners.
func readingOf(r plan.Read, partners []graphsim.Partner) plan.Read {
	isOn := func(b *bool) bool { return b != nil && *b }
	r.Partners = len(partners)
	for _, p := range partners {
		if s := p.IdentitySynchronization; s != nil && s.UserSyncInbound != nil && isOn(s.UserSyncInbound.IsSyncAllowed) {
			r.Synchronizing++
		}
		if c := p.AutomaticUserConsentSettings; isOn(c.InboundAllowed) || isOn(c.OutboundAllowed) {
			r.Consenting++
		}
	}
	return r
}

func TestDomainsAreLookedUpOnceEach(t *testing.T) {
	sim := graphsim.New(graphsim.Config{})
	sim.AddTenant(graphsim.Tenant{TenantID: fabrikam, DefaultDomainName: "fabrikam.com"})
	r := rows(t, "Fabrikam.com,,true,,,,", "nobody.example,,true,,,,", "fabrikam.com,,true,,,,")
	cur, err := plan.ReadCurrent(t.Context(), inProcess(t, sim), plan.Needs{Domains: r.Domains()})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"fabrikam.com": fabrikam}, cur.TenantIDs); diff != "" || len(sim.Requests()) != 3 {
		t.Errorf("%d requests (-want +got):\n%s", len(sim.Requests()), diff)
	}
	_, err = r.Resolve(graphsim.DefaultHomeTenant, cur.TenantIDs)
	if err == nil || !strings.Contains(err.Error(), "partners.csv:3:1: unknown domain") {
		t.Errorf("got %v", err)
	}
}

// A failed look-up of a domain is distinct from a failed list: it needs another
// permission.
func TestALookUpThatFailsNamesItsDomain(t *testing.T) {
	for kind, says := range map[graphsim.FaultKind]string{
		"403": "looking up a.example: the permission CrossTenantInformation.ReadBasic.All is missing: ",
		"500": "looking up a.example: GET ",
	} {
		synctest.Test(t, func(t *testing.T) {
			sim := graphsim.New(graphsim.Config{Partners: 1})
			sim.Inject(graphsim.Fault{Kind: kind, Path: "tenant", Times: 99})
			_, err := plan.ReadCurrent(t.Context(), inProcess(t, sim), plan.Needs{Domains: []string{"a.example"}})
			var lookup *plan.LookupError
			if !errors.As(err, &lookup) || lookup.Domain != "a.example" || !strings.HasPrefix(err.Error(), says) {
				t.Errorf("%s: got %v", kind, err)
			}
		})
	}
}

// The first page decides whether the host and the token are good: nothing else is
// requested before it arrives.
func TestTheFirstPageIsReadAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Partners: 30, PageSize: 10, Latency: 2 * time.Second})
		began := time.Now()
		needs := plan.Needs{Template: true, Domains: []string{"a.example"}}
		if _, err := plan.ReadCurrent(t.Context(), inProcess(t, sim), needs); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range sim.Requests() {
			got = append(got, fmt.Sprintf("%s at %s", r.Path[strings.LastIndex(r.Path, "/")+1:], r.At.Sub(began)))
		}
		want := map[string]bool{
			"partners at 0s": true, "partners at 2s": true, "partners at 4s": true,
			"multiTenantOrganizationIdentitySynchronization at 2s":            true,
			"findTenantInformationByDomainName(domainName='a.example') at 4s": true,
		}
		for _, line := range got {
			delete(want, line)
		}
		if len(want) != 0 || len(got) != 5 {
			t.Errorf("got %q, without %v", got, want)
		}
		if sim.MaxInFlight() > 2 {
			t.Errorf("%d requests at once", sim.MaxInFlight())
		}
	})
	sim := graphsim.New(graphsim.Config{Partners: 30, PageSize: 10})
	sim.Inject(graphsim.Fault{Kind: "403", Path: "partners"})
	_, err := plan.ReadCurrent(t.Context(), inProcess(t, sim), plan.Needs{Template: true, Domains: []string{"a.example"}})
	if !errors.Is(err, graph.Forbidden) || len(sim.Requests()) != 1 {
		t.Errorf("got %v after %d requests, want one that is forbidden", err, len(sim.Requests()))
	}
}

func TestAReadingThatIsNotWholeIsAnError(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault graphsim.Fault
		is    error
		read  plan.Read
		says  string
	}{
		{"a page", graphsim.Fault{Kind: "403", Path: "partners", Nth: 3}, graph.Forbidden, plan.Read{Pages: 2, Partners: 20}, "reading page 3 of the partners: "},
		{"the template", graphsim.Fault{Kind: "403", Path: "template"}, graph.Forbidden, plan.Read{}, "reading the template: "},
		{"a domain", graphsim.Fault{Kind: "403", Path: "tenant"}, graph.Forbidden, plan.Read{}, "looking up a.example: the permission CrossTenantInformation.ReadBasic.All is missing: GET "},
		{"a service that stays down", graphsim.Fault{Kind: "503", Path: "partners", Nth: 3, Times: 999}, graph.Outage, plan.Read{Pages: 2, Partners: 20}, "reading page 3 of the partners: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := graphsim.New(graphsim.Config{Partners: 50, PageSize: 10})
				sim.Inject(c.fault)
				cur, err := plan.ReadCurrent(t.Context(), inProcess(t, sim), plan.Needs{Template: true, Domains: []string{"a.example"}})
				if !errors.Is(err, c.is) || !strings.HasPrefix(fmt.Sprint(err), c.says) {
					t.Errorf("got %v", err)
				}
				if cur == nil || cur.Read.Complete || c.read.Pages > 0 && (cur.Read.Pages != c.read.Pages || cur.Read.Partners != c.read.Partners) {
					t.Errorf("claims %+v, want %+v", cur, c.read)
				}
			})
		})
	}
}

func TestAListThatBeginsAgainIsCountedOnce(t *testing.T) {
	sim := graphsim.New(graphsim.Config{Partners: 50, PageSize: 10})
	expired := 0
	base := roundTrip(func(r *http.Request) (*http.Response, error) {
		if strings.Contains(r.URL.RawQuery, "skiptoken") {
			if expired++; expired == 3 {
				r = r.Clone(r.Context())
				r.URL.RawQuery = "$skiptoken=of-long-ago"
			}
		}
		return sim.Transport().RoundTrip(r)
	})
	client, err := graph.New(graph.Options{RootURL: graph.Global.RootURL(), Base: base, Layers: authorized(sim)})
	if err != nil {
		t.Fatal(err)
	}
	cur, err := plan.ReadCurrent(t.Context(), client, plan.Needs{})
	if want := readingOf(plan.Read{Pages: 5, Complete: true}, sim.Partners()); err != nil || cur.Read != want || len(sim.Requests()) != 3+1+5 {
		t.Errorf("read %+v in %d requests, %v", cur.Read, len(sim.Requests()), err)
	}
}

func TestACancelledReadingStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Partners: 50, PageSize: 10, Latency: 2 * time.Second})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		cur, err := plan.ReadCurrent(ctx, inProcess(t, sim), plan.Needs{Template: true})
		if !errors.Is(err, context.DeadlineExceeded) || cur.Read.Complete {
			t.Errorf("got %v, %+v", err, cur.Read)
		}
	})
}

// The JSON of an object that is not kept is dropped, its values are not.
func TestOnlyTheJSONAskedForIsKept(t *testing.T) {
	sim := graphsim.New(graphsim.Config{Partners: 20})
	whole, err := plan.ReadCurrent(t.Context(), inProcess(t, sim), plan.Needs{})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := plan.ReadCurrent(t.Context(), inProcess(t, sim), plan.Needs{Keeps: func(o plan.Object) bool { return o == plan.Consent }})
	if err != nil {
		t.Fatal(err)
	}
	for id, p := range whole.Partners {
		if len(p.Raw) == 0 {
			t.Errorf("partner %s has no text", id)
		}
		p.Raw, p.Trust = nil, nil
		if p.Sync != nil {
			p.Sync.Raw = nil
		}
		whole.Partners[id] = p
	}
	if diff := cmp.Diff(whole, parts); diff != "" {
		t.Errorf("(-whole +parts):\n%s", diff)
	}
}
