package graph_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

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
		got.Query != "$select=tenantId,isServiceProvider,automaticUserConsentSettings,inboundTrust&$expand=identitySynchronization" {
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
		{"a link as OData 4.01 spells it", answers{answer(200, `{"value":[],"@nextLink":"?a"}`)}, "@nextlink instead of @odata.nextLink"},
		{"a link as OData 3 spells it", answers{answer(200, `{"value":[],"odata.nextLink":"?a"}`)}, "odata.nextlink instead of @odata.nextLink"},
		{"no value", answers{answer(200, `{"@odata.context":"x"}`)}, "the answer holds no list"},
		{"a value of null", answers{answer(200, `{"value":null}`)}, "the answer holds no list"},
		{"a sign-in page", answers{answer(200, `<html>`, "Content-Type: text/html")}, "is a proxy or a sign-in page in between?"},
		{"a sign-in page that calls itself JSON", answers{answer(200, `<html>`)}, "is a proxy or a sign-in page in between?"},
		{"half a page", answers{answer(200, `{"value":[{"tenantId":"`+fabrikam+`"}`)}, "unexpected EOF"},
		{"a partner without an ID", answers{answer(200, `{"value":[{"isServiceProvider":true}]}`)}, "a partner without a readable tenantId"},
		{"a partner of null", answers{answer(200, `{"value":[null]}`)}, "a partner without a readable tenantId"},
		{"a partner whose ID is none", answers{answer(200, `{"value":[{"tenantId":"x"}]}`)}, "a partner that does not say which one it is"},
		{"a partner with two IDs", answers{answer(200, `{"value":[{"tenantId":"`+fabrikam+`","TenantId":"`+contoso+`"}]}`)}, "a partner that does not say which one it is"},
		{"a value that appears twice", answers{answer(200, `{"value":[],"Value":[]}`)}, "value appears twice"},
		{"a value that is no array", answers{answer(200, `{"value":{}}`)}, "the answer holds no list"},
		{"a link that is no text", answers{answer(200, `{"value":[],"@odata.nextLink":7}`)}, "@odata.nextLink"},
		{"an array", answers{answer(200, `[]`)}, "the answer holds no list"},
		{"two answers in one", answers{answer(200, `{"value":[]}{}`)}, "something follows it"},
		{"an error in a success", answers{answer(200, `{"value":[],"error":{"code":"c","message":"m"}}`)}, "the status says success, but the body holds an error (c: m)"},
		{"an answer without a body", answers{answer(200, ``)}, "an answer without a body"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, _, err := list(t.Context(), newClient(t, played(c.answers...), ""))
				if !errors.Is(err, graph.Unreadable) || !strings.Contains(fmt.Sprint(err), c.says) {
					t.Errorf("got %v\nwant an unreadable answer with %s", err, c.says)
				}
				if strings.Contains(fmt.Sprint(err), "s3cret") {
					t.Errorf("a page token is in %v", err)
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
	if n := len(r.Requests()); !errors.Is(err, enough) || n > 3+1 { // the next page was requested meanwhile
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
