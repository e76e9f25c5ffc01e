package graphsim_test

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph/graphsim"
)

func ids(pages [][]graphsim.Partner) (all []string) {
	for _, page := range pages {
		for _, p := range page {
			all = append(all, p.TenantID)
		}
	}
	return all
}

func TestAListIsCompleteAndInNoOrder(t *testing.T) {
	for _, n := range []int{0, 1, 2, 10, 11, 97, 250} {
		r := newRig(t, graphsim.Config{Partners: n, PageSize: 10, EmptyPage: true})
		got := ids(r.list(partners))
		if n > 10 && slices.IsSorted(got) {
			t.Errorf("%d partners: the list is sorted", n)
		}
		slices.Sort(got)
		want := ids([][]graphsim.Partner{r.Partners()})
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%d partners (-want +got):\n%s", n, d)
		}
	}
}

func TestAListHasAnEmptyPageInTheMiddle(t *testing.T) {
	r := newRig(t, graphsim.Config{Partners: 25, PageSize: 10, EmptyPage: true})
	var sizes []int
	for _, page := range r.list(partners) {
		sizes = append(sizes, len(page))
	}
	if d := cmp.Diff([]int{10, 0, 10, 5}, sizes); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestAListStaysWholeWhilePartnersComeAndGo(t *testing.T) {
	r := newRig(t, graphsim.Config{Partners: 30, PageSize: 10})
	first := r.must("GET", partners+"?$select=tenantId", "").body
	stay := r.Partners()
	for _, gone := range stay[:5] {
		r.RemovePartner(gone.TenantID)
	}
	r.with(contoso, fabrikam)
	seen := map[string]int{}
	for _, id := range append(regexp.MustCompile(`[0-9a-f-]{36}`).FindAllString(first, -1), ids(r.list(nextLink(t, first)))...) {
		seen[id]++
	}
	for _, p := range stay[5:] {
		if seen[p.TenantID] != 1 {
			t.Errorf("%s came %d times, want once", p.TenantID, seen[p.TenantID])
		}
	}
}

func nextLink(t *testing.T, body string) string {
	t.Helper()
	_, link, _ := strings.Cut(body, `"@odata.nextLink":"`)
	link, _, ok := strings.Cut(link, `"`)
	if !ok {
		t.Fatalf("no link in %s", body)
	}
	return strings.ReplaceAll(link, `\u0026`, "&")
}

func TestALinkIsAbsoluteAndKeepsTheQuery(t *testing.T) {
	r := newRig(t, graphsim.Config{Partners: 3, PageSize: 1})
	r.root = "http://127.0.0.1:8080"
	link, err := url.Parse(nextLink(t, r.must("GET", partners+"?$select=tenantId,inboundTrust&$expand=identitySynchronization", "").body))
	if err != nil {
		t.Fatal(err)
	}
	q := link.Query()
	q.Del("$skiptoken")
	want := url.Values{"$select": {"tenantId,inboundTrust"}, "$expand": {"identitySynchronization"}}
	if d := cmp.Diff(want, q); d != "" || link.Scheme+"://"+link.Host != r.root {
		t.Errorf("got %s (-want +got):\n%s", link, d)
	}
}

func TestASkipTokenWorksOnlyWhereItCameFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Partners: 30, PageSize: 10})
		other := newRig(t, graphsim.Config{Partners: 30, PageSize: 10, Seed: 1})
		link := nextLink(t, r.must("GET", partners, "").body)
		r.must("GET", link, "")
		for name, bad := range map[string]string{
			"of another query": strings.Replace(link, "?", "?$select=tenantId&", 1), "cut off": link[:len(link)-1],
			"altered": strings.Replace(link, "AAAA", "AAAB", 1), "made up": partners + "?$skiptoken=page2",
		} {
			t.Log(name)
			r.want(400, "Directory_ExpiredPageToken", "GET", bad, "")
		}
		other.want(400, "Directory_ExpiredPageToken", "GET", link, "")
		time.Sleep(time.Hour)
		r.want(400, "Directory_ExpiredPageToken", "GET", link, "")
	})
}

func TestSelectAndExpandShowOnlyWhatWasAsked(t *testing.T) {
	r := newRig(t, graphsim.Config{})
	r.SetPartner(graphsim.Partner{TenantID: contoso, IdentitySynchronization: graphsim.SyncAllowed("Contoso", true)})
	r.with(fabrikam)
	for query, want := range map[string]string{
		"?$select=tenantId": `{"tenantId":"` + contoso + `"}`,
		"?$select=automaticUserConsentSettings&$expand=identitySynchronization": `{"automaticUserConsentSettings":{"inboundAllowed":null,"outboundAllowed":null},` +
			`"identitySynchronization":{"tenantId":"` + contoso + `","displayName":"Contoso","userSyncInbound":{"isSyncAllowed":true}}}`,
		"?$select=inboundTrust,m365CollaborationInbound": `{"inboundTrust":null,"m365CollaborationInbound":null}`,
	} {
		if got := r.must("GET", partners+query, "").body; !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s in it", query, got, want)
		}
	}
	all := r.must("GET", partners+"?$expand=identitySynchronization", "").body
	if !strings.Contains(all, `"identitySynchronization":null`) {
		t.Errorf("a partner without a policy must show null: %s", all)
	}
	if got := r.must("GET", partners, "").body; strings.Contains(got, "identitySynchronization") {
		t.Errorf("not asked for: %s", got)
	}
}
