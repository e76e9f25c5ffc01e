package graph_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph"
)

const contoso = "11111111-1111-4111-8111-111111111111"

// seen is a partner as a list shows it: members replaces nulls, or removes members.
func seen(id string, members ...string) string {
	all := map[string]string{"isServiceProvider": "null", "automaticUserConsentSettings": "null", "inboundTrust": "null", "identitySynchronization": "null"}
	extra := ""
	for _, m := range members {
		name, value, ok := strings.Cut(m, "=")
		if _, known := all[name]; !known {
			extra += "," + m
		} else if delete(all, name); ok {
			all[name] = value
		}
	}
	s := `{"tenantId":"` + id + `"`
	for _, name := range []string{"isServiceProvider", "automaticUserConsentSettings", "inboundTrust", "identitySynchronization"} {
		if value, ok := all[name]; ok {
			s += `,"` + name + `":` + value
		}
	}
	return s + extra + "}"
}

// listOf is a page with a link that holds a token; the last page has none.
func listOf(token string, partners ...string) func(*http.Request) (*http.Response, error) {
	link := ""
	if token != "" {
		link = `,"@odata.nextLink":"` + listed + `?$skiptoken=` + token + `"`
	}
	return answer(200, `{"value":[`+strings.Join(partners, ",")+`]`+link+`}`)
}

// listing reads all partners, and returns why it had to start over.
func listing(ctx context.Context, c *graph.Client) (partners []graph.Partner, pages []int, restarts string, err error) {
	err = c.ListPartners(ctx, func(p graph.Page) error {
		partners, pages, restarts = append(partners, p.Partners...), append(pages, p.Number), restarts+p.Restarted
		return nil
	})
	return partners, pages, restarts, err
}

func numbered(n int) string { return fmt.Sprintf("%08d-0000-4000-8000-000000000000", n) }

func TestLinksAreJudgedAsURLs(t *testing.T) {
	const base = "https://graph.microsoft.com/v1.0"
	for link, want := range map[string]string{
		listed + "?$skiptoken=a":                              listed + "?$skiptoken=a",
		"HTTPS://Graph.Microsoft.COM/v1.0/x?$skiptoken=A%2Fb": base + "/x?$skiptoken=A%2Fb",
		"https://graph.microsoft.com:443/v1.0/x":              base + "/x",
		"?$skiptoken=a":                                       listed + "?$skiptoken=a",
		"partners?$skiptoken=a":                               listed + "?$skiptoken=a",
		"/v1.0/x?$skiptoken=a":                                base + "/x?$skiptoken=a",
		"//graph.microsoft.com/v1.0/x":                        base + "/x",
		"https://graph.microsoft.com/v1.0/a/../x?b=..":        base + "/x?b=..",
		"https://graph.microsoft.com/v1.0/x/":                 base + "/x/",
		"https://graph.microsoft.com/v1.0/x#fragment":         base + "/x",
		"https://graph.microsoft.com/v1.0/../beta/x":          "",
		"https://graph.microsoft.com/v1.0/%2e%2e/beta/x":      "",
		"https://graph.microsoft.com/v1.0/a%2f..%2f..%2fbeta": "",
		"https://graph.microsoft.com/v1.0/..%5cbeta":          "",
		"https://graph.microsoft.com/v1.0/%252e%252e/beta":    "",
		"https://graph.microsoft.com/v1.0":                    "",
		"https://graph.microsoft.com/V1.0/x":                  "",
		"https://graph.microsoft.com:8443/v1.0/x":             "",
		"https://ada@graph.microsoft.com/v1.0/x":              "",
		"https://evil.example.com/v1.0/x":                     "",
		"//evil.example.com/v1.0/x":                           "",
		"http://graph.microsoft.com/v1.0/x":                   "",
		"http://graph.microsoft.com:443/v1.0/x":               "",
		"../../../beta/x":                                     "",
		"https:graph.microsoft.com/v1.0/x":                    "",
		"mailto:ada@example.com":                              "",
	} {
		t.Run(link, func(t *testing.T) {
			wire := played(answer(200, `{"value":[`+seen(fabrikam)+`],"@odata.nextLink":"`+link+`"}`), listOf(""))
			_, pages, err := list(t.Context(), newClient(t, wire, ""))
			if want == "" {
				if !errors.Is(err, graph.Unreadable) || !strings.Contains(fmt.Sprint(err), "which is not below https://graph.microsoft.com/v1.0") || len(wire.sent) != 1 {
					t.Errorf("got %v after %d requests", err, len(wire.sent))
				}
				return
			}
			if err != nil || len(pages) != 2 || wire.sent[1].URL.String() != want {
				t.Errorf("got %v after %d requests to %v", err, len(wire.sent), wire.sent[len(wire.sent)-1].URL)
			}
		})
	}
}

// A link that is spelled differently is still the same.
func TestALinkThatRepeatsInOtherWordsIsRefused(t *testing.T) {
	one, other := seen(fabrikam), seen(contoso)
	first := answer(200, `{"value":[`+one+`],"@odata.nextLink":"?$skiptoken=a"}`)
	second := answer(200, `{"value":[`+other+`],"@odata.nextLink":"HTTPS://graph.microsoft.com:443/v1.0/x/../policies/crossTenantAccessPolicy/partners?$skiptoken=a"}`)
	wire := played(first, second)
	_, _, err := list(t.Context(), newClient(t, wire, ""))
	if !errors.Is(err, graph.Unreadable) || !strings.Contains(fmt.Sprint(err), "page 2 of the partners: ") || !strings.Contains(fmt.Sprint(err), "repeats") {
		t.Errorf("got %v after %d requests", err, len(wire.sent))
	}
}

// Empty pages are legal, and so are a few repeated ones; a list that brings
// nothing new for long is an error.
func TestAListMakesProgress(t *testing.T) {
	for name, partner := range map[string]string{"empty pages": "", "the same partner": seen(contoso)} {
		for _, c := range []struct {
			barren int
			ends   bool
		}{{10, true}, {11, false}, {1000, false}} {
			n := 0
			wire := played(func(r *http.Request) (*http.Response, error) {
				n++
				switch {
				case n == 1 && partner != "":
					return listOf("1", partner)(r)
				case n == 1:
					return listOf("1", seen(contoso))(r)
				case n == c.barren+2:
					return listOf("", seen(fabrikam))(r)
				case partner == "":
					return listOf(fmt.Sprint(n))(r)
				}
				return listOf(fmt.Sprint(n), partner)(r)
			})
			partners, _, err := list(t.Context(), newClient(t, wire, ""))
			if c.ends && (err != nil || len(partners) != 2) {
				t.Errorf("%s, %d: %d partners, %v", name, c.barren, len(partners), err)
			}
			if !c.ends && (!errors.Is(err, graph.Unreadable) || !strings.Contains(fmt.Sprint(err), "page 12 of the partners: ") ||
				!strings.Contains(fmt.Sprint(err), "11 pages in a row brought no new partner") || len(wire.sent) > 13) {
				t.Errorf("%s, %d: %v after %d requests", name, c.barren, err, len(wire.sent))
			}
		}
	}
}

// A partner that moves between pages while they are read is one partner as long
// as its content is the same.
func TestAPartnerTwiceIsDeliveredOnce(t *testing.T) {
	wire := played(listOf("a", seen(fabrikam), seen(fabrikam)), listOf("b", seen(strings.ToUpper(contoso))), listOf("", seen(strings.ToUpper(contoso))))
	partners, pages, restarts, err := listing(t.Context(), newClient(t, wire, ""))
	if err != nil || len(partners) != 2 || len(pages) != 3 || restarts != "" {
		t.Errorf("%d partners on pages %v, %q, %v", len(partners), pages, restarts, err)
	}
}

// With different content neither is believed.
func TestAPartnerThatDiffersIsReadAgain(t *testing.T) {
	on, off := seen(fabrikam, `isServiceProvider=true`), seen(fabrikam)
	first, second := listOf("a", seen(contoso), on), listOf("", off)
	const why = "partner " + fabrikam + " is shown differently on page 1 and page 2"

	wire := played(first, second, first, listOf("", seen(numbered(1))))
	partners, pages, restarts, err := listing(t.Context(), newClient(t, wire, ""))
	if diff := cmp.Diff([]int{1, 1, 2}, pages); diff != "" || err != nil || restarts != why || len(partners) != 5 {
		t.Errorf("%d partners, %q, %v (-want +got):\n%s", len(partners), restarts, err, diff)
	}
	wire = played(first, second, first, second, first, second, first)
	_, _, _, err = listing(t.Context(), newClient(t, wire, ""))
	if !errors.Is(err, graph.Unreadable) || !strings.Contains(fmt.Sprint(err), "page 2 of the partners: ") || !strings.Contains(fmt.Sprint(err), why) || len(wire.sent) != 6 {
		t.Errorf("got %v after %d requests", err, len(wire.sent))
	}
	wire = played(listOf("", on, off))
	_, _, _, err = listing(t.Context(), newClient(t, wire, ""))
	if !strings.Contains(fmt.Sprint(err), "partner "+fabrikam+" is shown twice on page 1, with different content") {
		t.Errorf("on one page: got %v", err)
	}
}

// A partner that cannot be read does not hide the others, and never counts as read.
func TestABrokenMemberIsAProblemOfItsPartner(t *testing.T) {
	for name, body := range map[string]string{
		"a policy that is no object":        seen(fabrikam, `identitySynchronization=7`),
		"a policy with a name twice":        seen(fabrikam, `identitySynchronization={"displayName":"a","DisplayName":"b"}`),
		"a policy with an inner name twice": seen(fabrikam, `identitySynchronization={"userSyncInbound":{"isSyncAllowed":true,"IsSyncAllowed":false}}`),
		"a policy that shows nothing":       seen(fabrikam, `identitySynchronization={}`),
		"a policy without its switch":       seen(fabrikam, `identitySynchronization={"tenantId":"`+fabrikam+`","displayName":"a"}`),
		"another's policy":                  seen(fabrikam, `identitySynchronization={"tenantId":"`+contoso+`"}`),
		"consent that is text":              seen(fabrikam, `automaticUserConsentSettings={"inboundAllowed":"yes"}`),
		"consent that is an array":          seen(fabrikam, `automaticUserConsentSettings=[]`),
		"trust that is text":                seen(fabrikam, `inboundTrust={"isCompliantDeviceAccepted":"yes"}`),
		"a trust that appears twice":        seen(fabrikam, `inboundTrust={"isMfaAccepted":true,"IsMfaAccepted":false}`),
		"a member twice":                    seen(fabrikam, `"isServiceProvider":true`),
		"a member twice in other letters":   seen(fabrikam, `"ISSERVICEPROVIDER":true`),
		"an unknown member twice":           seen(fabrikam, `"x":1`, `"x":1`),
		"a type that is none":               seen(fabrikam, `isServiceProvider="true"`),
		"a byte that is no UTF-8":           seen(fabrikam, "identitySynchronization={\"displayName\":\"\xff\"}"),
		"the ID twice, the same":            seen(fabrikam, `"TenantID":"`+strings.ToUpper(fabrikam)+`"`),
	} {
		t.Run(name, func(t *testing.T) {
			wire := played(listOf("", seen(contoso), body, seen(numbered(1))))
			partners, _, err := list(t.Context(), newClient(t, wire, ""))
			if err != nil || len(partners) != 3 || len(wire.sent) != 1 {
				t.Fatalf("%d partners in %d requests, %v", len(partners), len(wire.sent), err)
			}
			if diff := cmp.Diff(graph.Partner{TenantID: fabrikam, Problem: partners[1].Problem}, partners[1]); diff != "" || partners[1].Problem == "" || strings.HasPrefix(partners[1].Problem, "partner ") {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if partners[0].Problem+partners[2].Problem != "" {
				t.Errorf("the others: %+v", partners)
			}
			synctest.Test(t, func(t *testing.T) {
				wire := played(answer(200, body))
				_, err = newClient(t, wire, "").Partner(t.Context(), fabrikam)
				if !errors.Is(err, graph.Unreadable) || !strings.Contains(err.Error(), "partner "+fabrikam+" cannot be read: ") ||
					strings.Contains(err.Error(), "partner "+fabrikam+": ") || len(wire.sent) != 6 {
					t.Errorf("by itself: %v after %d attempts", err, len(wire.sent))
				}
			})
		})
	}
}

// A list that lacks a requested member does not count as read. One request for that member alone
// helps to say why.
func TestAMissingMemberIsNotVisible(t *testing.T) {
	all := seen(fabrikam)
	for _, c := range []struct {
		name    string
		answers answers
		sent    int
		says    string // "" is a list that was read
	}{
		{"everywhere on the first page", answers{listOf("", seen(fabrikam, "identitySynchronization")), refusal(403, "Authorization_RequestDenied")}, 2,
			"page 1 of the partners: GET /policies/crossTenantAccessPolicy/partners: not visible: Graph left identitySynchronization out for 1 of 1 partners on the page, although it was asked for; a request for it alone, for partner " + fabrikam +
				", ended with 403 Authorization_RequestDenied: said so; the roles Teams Administrator and Global Secure Access Administrator see partners without it"},
		{"and the probe finds none", answers{listOf("", seen(fabrikam, "identitySynchronization")), refusal(404, "Request_ResourceNotFound")}, 2, "ended with 404 Request_ResourceNotFound"},
		{"and the probe sees it", answers{listOf("", seen(fabrikam, "identitySynchronization")), answer(200, `{"tenantId":"x"}`)}, 2, ", succeeded (client-request-id"},
		{"in one, once", answers{listOf("", all, seen(contoso, "identitySynchronization")), listOf("", all, seen(contoso))}, 2, ""},
		{"in one, twice", answers{listOf("", all, seen(contoso, "identitySynchronization")), listOf("", all, seen(contoso, "identitySynchronization")), refusal(403, "c")}, 3,
			"Graph left identitySynchronization out for 1 of 2 partners on the page, although it was asked for; a request for it alone, for partner " + contoso},
		{"on a later page, once", answers{listOf("a", all), listOf("", seen(contoso, "automaticUserConsentSettings")), listOf("", seen(contoso))}, 3, ""},
		{"trust, and the probe leaves it out too", answers{listOf("", seen(fabrikam, "inboundTrust")), answer(200, `{"tenantId":"x"}`)}, 2, ", left it out too (client-request-id"},
		{"trust, and the probe sees it", answers{listOf("", seen(fabrikam, "inboundTrust")), answer(200, all)}, 2, ", succeeded (client-request-id"},
		{"on a later page, trust, twice", answers{listOf("a", all), listOf("", seen(contoso, "inboundTrust")), listOf("", seen(contoso, "inboundTrust")), refusal(403, "c")}, 4,
			"Graph left inboundTrust out for 1 of 1 partners on the page, although it was asked for"},
		{"on a later page, twice", answers{listOf("a", all), listOf("", seen(contoso, "isServiceProvider")), listOf("", seen(contoso, "isServiceProvider")), refusal(403, "c")}, 4,
			"page 2 of the partners: GET /policies/crossTenantAccessPolicy/partners: not visible: Graph left isServiceProvider out for 1 of 1 partners on the page, although"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := played(c.answers...)
				partners, _, err := list(t.Context(), newClient(t, wire, ""))
				if c.says == "" && (err != nil || len(partners) != 2) || c.says != "" && (!errors.Is(err, graph.NotVisible) || !strings.Contains(fmt.Sprint(err), c.says)) {
					t.Errorf("%d partners, %v", len(partners), err)
				}
				if len(wire.sent) != c.sent {
					t.Errorf("%d requests", len(wire.sent))
				}
				last := wire.sent[len(wire.sent)-1].URL.Path
				if strings.Contains(c.says, "Graph left identitySynchronization") && !strings.HasSuffix(last, "/identitySynchronization") {
					t.Errorf("probed %s", last)
				}
			})
		})
	}
}

// A broken page in the middle is requested again, and the list continues from it.
func TestAListContinuesAfterAnOddPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := map[string]int{}
		var mu sync.Mutex
		wire := roundTrip(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			token := r.URL.Query().Get("$skiptoken")
			sent[token]++
			switch token {
			case "":
				return listOf("b", seen(numbered(1)))(r)
			case "b":
				if sent["b"] == 1 {
					return listOf("c", `{"isServiceProvider":true}`)(r)
				}
				return listOf("c", seen(numbered(2)))(r)
			case "c":
				return listOf("d", seen(numbered(3)))(r)
			}
			return listOf("", seen(numbered(4)))(r)
		})
		partners, pages, err := list(t.Context(), newClient(t, wire, ""))
		if diff := cmp.Diff([]int{1, 2, 3, 4}, pages); diff != "" || err != nil || len(partners) != 4 || sent["b"] != 2 {
			t.Errorf("%d partners, %v, %v (-want +got):\n%s", len(partners), sent, err, diff)
		}
	})
}

// A list is read to its end despite one odd answer of any kind in the middle.
func TestOddAnswersInTheMiddleOfAList(t *testing.T) {
	for name, odd := range map[string]func(*http.Request) (*http.Response, error){
		"a web page":                answer(200, "<html>", "Content-Type: text/html"),
		"a web page, other letters": answer(200, "x", "Content-Type: Text/HTML; charset=UTF-8"),
		"a web page as JSON":        answer(200, "\n\t <!DOCTYPE html>"),
		"cut JSON":                  answer(200, `{"value":[{"tenantId":"`),
		"nothing":                   answer(200, ""),
		"204":                       answer(204, ""),
		"an error in a success":     refusal(200, "c"),
		"another shape":             answer(200, `{"tenantId":"x"}`),
		"no list":                   answer(200, `{"value":7}`),
		"a redirect":                answer(302, "", "Location: https://login.example.com/"),
		"a 404 of a proxy":          answer(404, "<html>"),
		"a 400 of a proxy":          answer(400, ""),
		"a 409 of a proxy":          answer(409, "no"),
		"408":                       refusal(408, "c"),
		"500":                       refusal(500, "c"),
		"503":                       answer(503, ""),
		"a reset":                   reset,
		"no line":                   noDial,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := played(listOf("a", seen(fabrikam)), odd, odd, listOf("", seen(contoso)))
				partners, pages, err := list(t.Context(), newClient(t, wire, ""))
				if err != nil || len(partners) != 2 || len(pages) != 2 || len(wire.sent) != 4 {
					t.Errorf("%d partners on pages %v in %d requests, %v", len(partners), pages, len(wire.sent), err)
				}
			})
		})
	}
}
