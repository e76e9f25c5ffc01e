package graph_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bulksync/graph"
	"bulksync/graph/graphsim"
)

func TestAListIsReadToItsEndPageByPage(t *testing.T) {
	for _, c := range []struct {
		name  string
		cfg   graphsim.Config
		pages int
	}{
		{"no partner", graphsim.Config{}, 1},
		{"one page", graphsim.Config{Partners: 100}, 1},
		{"a last page of one", graphsim.Config{Partners: 101}, 2},
		{"an empty page in the middle", graphsim.Config{Partners: 250, PageSize: 50, EmptyPage: true}, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.cfg)
			want := map[string]bool{}
			for _, p := range r.Partners() {
				want[p.TenantID] = true
			}
			partners, pages, err := list(t.Context(), r.Client)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]bool{}
			for _, p := range partners {
				got[p.TenantID] = true
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("partners (-want +got):\n%s", diff)
			}
			if len(pages) != c.pages || pages[len(pages)-1] != c.pages || len(r.Requests()) != c.pages {
				t.Errorf("pages %v in %d requests, want %d", pages, len(r.Requests()), c.pages)
			}
		})
	}
}

func TestAListAsksForWhatIsManagedAndNothingElse(t *testing.T) {
	r := newRig(t, graphsim.Config{Partners: 1})
	if _, _, err := list(t.Context(), r.Client); err != nil {
		t.Fatal(err)
	}
	got := r.Requests()[0]
	if got.Path != "/v1.0/policies/crossTenantAccessPolicy/partners" ||
		got.Query != "$select=tenantId,isServiceProvider,automaticUserConsentSettings&$expand=identitySynchronization" {
		t.Errorf("asked for %s?%s", got.Path, got.Query)
	}
}

const listed = "https://graph.microsoft.com/v1.0/policies/crossTenantAccessPolicy/partners"

func TestAListThatCannotBeTrustedIsAnError(t *testing.T) {
	page := func(next string) answers {
		return answers{answer(200, `{"value":[],"@odata.nextLink":"`+next+`"}`)}
	}
	for _, c := range []struct {
		name    string
		answers answers
		says    string
	}{
		{"a link that repeats", page(listed + "?$skiptoken=a"), "page 2 of the partners: GET /policies/crossTenantAccessPolicy/partners: unreadable: @odata.nextLink repeats, so the list would never end"},
		{"a link to another host", page("https://evil.example.com/v1.0/x?$skiptoken=s3cret"), "page 1 of the partners: GET /policies/crossTenantAccessPolicy/partners: unreadable: @odata.nextLink leads to https://evil.example.com/v1.0/x, which is not below https://graph.microsoft.com/v1.0"},
		{"a link to a host with our name in front", page("https://graph.microsoft.com.evil.com/v1.0/x"), "leads to https://graph.microsoft.com.evil.com/v1.0/x, which is not below"},
		{"a link with our name as user", page("https://graph.microsoft.com@evil.com/v1.0/x"), "leads to https://evil.com/v1.0/x, which is not below"},
		{"a link in clear", page("http://graph.microsoft.com/v1.0/x"), "leads to http://graph.microsoft.com/v1.0/x, which is not below"},
		{"a link to another version", page("https://graph.microsoft.com/beta/x"), "leads to https://graph.microsoft.com/beta/x, which is not below https://graph.microsoft.com/v1.0"},
		{"a link that is none", page("%zz"), "leads to an unreadable address"},
		{"a link that is empty", page(""), "@odata.nextLink is empty"},
		{"a link as OData 4.01 spells it", answers{answer(200, `{"value":[],"@nextLink":"?a"}`)}, "@nextlink in place of @odata.nextLink"},
		{"a link as OData 3 spells it", answers{answer(200, `{"value":[],"odata.nextLink":"?a"}`)}, "odata.nextlink in place of @odata.nextLink"},
		{"no value", answers{answer(200, `{"@odata.context":"x"}`)}, "the answer holds no list of partners"},
		{"a value of null", answers{answer(200, `{"value":null}`)}, "the answer holds no list of partners"},
		{"a sign-in page", answers{answer(200, `<html>`, "Content-Type: text/html")}, "is a proxy or a sign-in page in between?"},
		{"a sign-in page that calls itself JSON", answers{answer(200, `<html>`)}, "is a proxy or a sign-in page in between?"},
		{"half a page", answers{answer(200, `{"value":[{"tenantId":"`+fabrikam+`"}`)}, "unexpected EOF"},
		{"a partner without an ID", answers{answer(200, `{"value":[{"isServiceProvider":true}]}`)}, "a partner without a readable tenantId"},
		{"a partner of null", answers{answer(200, `{"value":[null]}`)}, "a partner without a readable tenantId"},
		{"a partner whose ID is none", answers{answer(200, `{"value":[{"tenantId":"x"}]}`)}, "a partner that does not say who it is"},
		{"a partner with two IDs", answers{answer(200, `{"value":[{"tenantId":"`+fabrikam+`","TenantId":"`+contoso+`"}]}`)}, "a partner that does not say who it is"},
		{"a value that stands twice", answers{answer(200, `{"value":[],"Value":[]}`)}, "value stands twice"},
		{"a value that is no array", answers{answer(200, `{"value":{}}`)}, "the answer holds no list of partners"},
		{"a link that is no text", answers{answer(200, `{"value":[],"@odata.nextLink":7}`)}, "@odata.nextLink"},
		{"an array", answers{answer(200, `[]`)}, "the answer holds no list of partners"},
		{"two answers in one", answers{answer(200, `{"value":[]}{}`)}, "something follows it"},
		{"an error in a success", answers{answer(200, `{"value":[],"error":{"code":"c","message":"m"}}`)}, "the status says success, and the body holds an error (c: m)"},
		{"an answer without a body", answers{answer(200, ``)}, "an answer without a body"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, _, err := list(t.Context(), newClient(t, played(c.answers...), ""))
				if !errors.Is(err, graph.Unreadable) || !strings.Contains(fmt.Sprint(err), c.says) {
					t.Errorf("got %v\nwant an unreadable answer with %s", err, c.says)
				}
				if strings.Contains(fmt.Sprint(err), "s3cret") {
					t.Errorf("a page token stands in %v", err)
				}
			})
		})
	}
}

func TestAnExpiredPageTokenBeginsTheListAgain(t *testing.T) {
	expired := refusal(400, "Directory_ExpiredPageToken")
	first, last := listOf("a", seen(fabrikam)), listOf("")

	wire := played(first, expired, first, last)
	_, pages, restarts, err := listing(t.Context(), newClient(t, wire, ""))
	if diff := cmp.Diff([]int{1, 1, 2}, pages); diff != "" || err != nil || restarts != "the page token expired" {
		t.Errorf("%v, began again because %q, pages (-want +got):\n%s", err, restarts, diff)
	}
	wire = played(first, expired, first, expired, first, expired, first, last)
	_, _, err = list(t.Context(), newClient(t, wire, ""))
	if !errors.Is(err, graph.Invalid) || len(wire.sent) != 6 {
		t.Errorf("got %v after %d requests, want to give up after the third time", err, len(wire.sent))
	}
}

func TestAListEndsWithTheErrorOfItsReader(t *testing.T) {
	r := newRig(t, graphsim.Config{Partners: 10, PageSize: 1})
	enough := errors.New("enough")
	err := r.ListPartners(t.Context(), func(p graph.Page) error {
		if p.Number == 3 {
			return enough
		}
		return nil
	})
	if n := len(r.Requests()); !errors.Is(err, enough) || n > 3+1 { // the next page was asked for meanwhile
		t.Errorf("got %v after %d requests", err, n)
	}
}

func TestAPageIsAsOldAsTheRequestForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Partners: 2, PageSize: 1, Latency: 3 * time.Second})
		began, ages := time.Now(), []time.Duration{}
		err := r.ListPartners(t.Context(), func(p graph.Page) error {
			ages = append(ages, p.AsOf.Sub(began))
			return nil
		})
		if diff := cmp.Diff([]time.Duration{0, 3 * time.Second}, ages); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}

func TestAPartnerIsReadWithEverythingThatGraphSays(t *testing.T) {
	yes, no, name := true, false, "Fabrikam"
	for _, c := range []struct {
		name, body string
		want       graph.Partner
	}{
		{"nulls", `{"tenantId":"90E29127-71AD-49C7-9CE8-DB3F41EA06F1","isServiceProvider":null,"automaticUserConsentSettings":null,"identitySynchronization":null}`, graph.Partner{}},
		{
			"other letter case", `{"TenantID":"` + fabrikam + `","isserviceprovider":true,"AutomaticUserConsentSettings":null,"IdentitySynchronization":null}`,
			graph.Partner{IsServiceProvider: true},
		},
		{
			"an object of nulls", `{"tenantId":"` + fabrikam + `","isServiceProvider":null,"automaticUserConsentSettings":{"inboundAllowed":null,"outboundAllowed":null},"identitySynchronization":{"displayName":null,"userSyncInbound":{"isSyncAllowed":null}}}`,
			graph.Partner{Consent: []byte(`{"inboundAllowed":null,"outboundAllowed":null}`)},
		},
		{
			"a policy with nothing but an ID is there", `{"tenantId":"` + fabrikam + `","isServiceProvider":null,"automaticUserConsentSettings":null,"identitySynchronization":{"tenantId":"90E29127-71AD-49C7-9CE8-DB3F41EA06F1","displayName":null,"userSyncInbound":null}}`,
			graph.Partner{Sync: &graph.IdentitySynchronization{Raw: []byte(`{"tenantId":"90E29127-71AD-49C7-9CE8-DB3F41EA06F1","displayName":null,"userSyncInbound":null}`)}},
		},
		{
			"all of it, and members that no schema has",
			`{"tenantId":"` + fabrikam + `","x":[1],"isServiceProvider":true,"automaticUserConsentSettings":{"inboundAllowed":true,"outboundAllowed":false,"y":{}},"identitySynchronization":{"z":1e3,"displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":false,"w":null}}}`,
			graph.Partner{
				IsServiceProvider: true, InboundAllowed: &yes, OutboundAllowed: &no,
				Consent: []byte(`{"inboundAllowed":true,"outboundAllowed":false,"y":{}}`),
				Sync: &graph.IdentitySynchronization{DisplayName: &name, IsSyncAllowed: &no,
					Raw: []byte(`{"z":1e3,"displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":false,"w":null}}`)},
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.want.TenantID, c.want.Raw = fabrikam, []byte(c.body)
			got, _, err := list(t.Context(), newClient(t, played(answer(200, `{"value":[ `+c.body+` ]}`)), ""))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]graph.Partner{c.want}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			one, err := newClient(t, played(answer(200, c.body)), "").Partner(t.Context(), fabrikam)
			if diff := cmp.Diff(c.want, one, cmpopts.EquateEmpty()); diff != "" || err != nil {
				t.Errorf("by itself: %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestSingleObjectsAreReadOrMissing(t *testing.T) {
	r := newRig(t, graphsim.Config{})
	r.SetPartner(graphsim.Partner{TenantID: fabrikam})
	r.AddTenant(graphsim.Tenant{TenantID: fabrikam, DefaultDomainName: "fabrikam.com"})
	ctx := t.Context()

	if p, err := r.Client.Partner(ctx, fabrikam); err != nil || p.TenantID != fabrikam {
		t.Errorf("partner: %+v, %v", p, err)
	}
	if _, err := r.IdentitySynchronization(ctx, fabrikam); !errors.Is(err, graph.NotFound) {
		t.Errorf("a policy that is not there: %v", err)
	}
	r.SetPartner(graphsim.Partner{TenantID: fabrikam, IdentitySynchronization: graphsim.SyncAllowed("Fabrikam", true)})
	if s, err := r.IdentitySynchronization(ctx, fabrikam); err != nil || *s.DisplayName != "Fabrikam" || !*s.IsSyncAllowed {
		t.Errorf("policy: %+v, %v", s, err)
	}
	if tmpl, err := r.Client.Template(ctx); err != nil || tmpl.TemplateApplicationLevel != "newPartners,existingPartners" || tmpl.IsSyncAllowed != nil {
		t.Errorf("template: %+v, %v", tmpl, err)
	}
	if id, err := r.TenantIDOfDomain(ctx, "fabrikam.com"); err != nil || id != fabrikam {
		t.Errorf("domain: %s, %v", id, err)
	}
	if _, err := r.TenantIDOfDomain(ctx, "nobody.example"); !errors.Is(err, graph.NotFound) {
		t.Errorf("a domain of nobody: %v", err)
	}
}

// What is not the object that was asked for is asked for again, and told.
func TestASingleReadIsHeldToWhatWasAsked(t *testing.T) {
	const mine, other = `"tenantId":"` + fabrikam + `"`, `"tenantId":"` + contoso + `"`
	const rest = `,"isServiceProvider":null,"automaticUserConsentSettings":null`
	partner := func(ctx context.Context, c *graph.Client) error { _, err := c.Partner(ctx, fabrikam); return err }
	sync := func(ctx context.Context, c *graph.Client) error {
		_, err := c.IdentitySynchronization(ctx, fabrikam)
		return err
	}
	tmpl := func(ctx context.Context, c *graph.Client) error { _, err := c.Template(ctx); return err }
	domain := func(ctx context.Context, c *graph.Client) error {
		_, err := c.TenantIDOfDomain(ctx, "a.example")
		return err
	}
	for _, c := range []struct {
		name string
		read func(context.Context, *graph.Client) error
		body string
		want graph.Kind // "" is a success
		says string
	}{
		{"a partner", partner, `{` + mine + rest + `}`, "", ""},
		{"another partner", partner, `{` + other + rest + `}`, graph.Unreadable, "partner " + fabrikam + " cannot be read: answered with partner " + contoso},
		{"a partner without an ID", partner, `{"isServiceProvider":null,"automaticUserConsentSettings":null}`, graph.Unreadable, "a partner without a readable tenantId"},
		{"a partner without consent", partner, `{` + mine + `,"isServiceProvider":null}`, graph.NotVisible, "no automaticUserConsentSettings in the answer, although it was asked for"},
		{"a partner with a member twice", partner, `{` + mine + rest + `,"isServiceProvider":true}`, graph.Unreadable, "partner " + fabrikam + " cannot be read: "},
		{"a policy", sync, `{` + mine + `,"displayName":null,"userSyncInbound":null}`, "", ""},
		{"a policy without an ID", sync, `{"displayName":null,"userSyncInbound":{"isSyncAllowed":true}}`, "", ""},
		{"another's policy", sync, `{` + other + `,"displayName":null,"userSyncInbound":null}`, graph.Unreadable, "of another tenant, " + contoso},
		{"half a policy", sync, `{` + mine + `,"displayName":"x"}`, graph.NotVisible, "no userSyncInbound in the answer"},
		{"another object", sync, `{"id":"x"}`, graph.Unreadable, "none of the members that were asked for"},
		{"a policy that is null", sync, `null`, graph.Unreadable, "none of the members that were asked for"},
		{"a policy of another type", sync, `{` + mine + `,"displayName":7,"userSyncInbound":null}`, graph.Unreadable, "partner " + fabrikam + " cannot be read: "},
		{"a template without its level", tmpl, `{"userSyncInbound":null}`, graph.Unreadable, "a template without templateApplicationLevel"},
		{"half a template", tmpl, `{"templateApplicationLevel":"none"}`, graph.NotVisible, "no userSyncInbound in the answer"},
		{"a template with a level twice", tmpl, `{"templateApplicationLevel":"none","TemplateApplicationLevel":"x","userSyncInbound":null}`, graph.Unreadable, "TemplateApplicationLevel stands twice"},
		{"a level of null", tmpl, `{"templateApplicationLevel":null}`, graph.Unreadable, "a template without"},
		{"a list", tmpl, `[]`, graph.Unreadable, "not the JSON that Graph answers"},
		{"cut JSON", partner, `{` + mine, graph.Unreadable, "not the JSON that Graph answers"},
		{"no JSON", domain, `nope`, graph.Unreadable, "not the JSON that Graph answers"},
		{"a domain of nobody", domain, `{"tenantId":""}`, graph.Unreadable, "tenant information without a readable tenantId"},
		{"an error in a success", domain, `{` + mine + `,"error":{"code":"c","message":"m"}}`, graph.Unreadable, "the status says success, and the body holds an error"},
		{"nothing", domain, ``, graph.Unreadable, "an answer without a body"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := played(answer(200, c.body))
				err := c.read(t.Context(), newClient(t, wire, ""))
				if c.want == "" && err != nil || c.want != "" && !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.says) {
					t.Errorf("got %v", err)
				}
				if again := len(wire.sent) > 1; again != (c.want == graph.Unreadable) {
					t.Errorf("asked %d times", len(wire.sent))
				}
			})
		})
	}
}
