package graphsim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	gosync "sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph/graphsim"
)

// farmRig is a farm with a client for each of its tenants.
func farmRig(t *testing.T, cfg graphsim.Config, n int) (*graphsim.Farm, []*rig) {
	t.Helper()
	farm := graphsim.NewFarm(graphsim.FarmOf(cfg, n))
	var rigs []*rig
	for _, sim := range farm.Sims() {
		token := sim.Token(graphsim.TokenOptions{Permissions: []string{graphsim.PermissionWrite, graphsim.PermissionTenantInfo, graphsim.PermissionAudit}})
		rigs = append(rigs, &rig{
			Sim: sim, t: t, client: &http.Client{Transport: farm.Transport()}, root: root, token: token, header: http.Header{"Content-Type": {"application/json"}},
		})
	}
	return farm, rigs
}

// Of two tenants behind one host, a write to one leaves the other as it was.
func ExampleFarm() {
	farm := graphsim.NewFarm(graphsim.FarmOf(graphsim.Config{Seed: 1}, 2))
	for _, sim := range farm.Sims() {
		sim.SetPartner(graphsim.Partner{TenantID: partner})
	}
	first := farm.Sims()[0]

	err := allowSync(&http.Client{Transport: farm.Transport()}, first.Token(graphsim.TokenOptions{}))
	fmt.Println("error:", err)
	for _, sim := range farm.Sims() {
		p, _ := sim.Partner(partner)
		fmt.Println(sim.Home().DisplayName, "has a sync policy:", p.IdentitySynchronization != nil)
	}
	// Output:
	// error: <nil>
	// Adatum Corporation has a sync policy: true
	// Adatum Corporation 2 has a sync policy: false
}

// Whoever is who follows from the seed, and the first is the tenant that one simulator
// of that seed plays.
func TestAFarmFollowsFromItsSeed(t *testing.T) {
	const n = 50
	farm, again := graphsim.NewFarm(graphsim.FarmOf(graphsim.Config{Seed: 7, Partners: 3}, n)), graphsim.FarmOf(graphsim.Config{Seed: 7}, n)
	seen := map[string]bool{}
	for i, sim := range farm.Sims() {
		home := sim.Home()
		if sim.HomeTenant() != again[i].HomeTenant || home != graphsim.HomeOf(int64(7+i)) || farm.Sim(strings.ToUpper(sim.HomeTenant())) != sim {
			t.Errorf("tenant %d is %+v", i+1, home)
		}
		for _, p := range sim.Partners() {
			if p.TenantID != graphsim.SupportTenant {
				seen[p.TenantID] = true
			}
		}
		seen[home.TenantID], seen[home.DisplayName], seen[home.DefaultDomainName] = true, true, true
	}
	if len(seen) != n*(3+2) { // the last partner of each is the same
		t.Errorf("%d different names and IDs", len(seen))
	}
	alone := graphsim.New(graphsim.Config{Seed: 7, Partners: 3, HomeTenant: graphsim.HomeOf(7).TenantID})
	if d := cmp.Diff(alone.Partners(), farm.Sims()[0].Partners()); d != "" {
		t.Error(d)
	}
	if got := graphsim.FarmOf(graphsim.Config{Seed: 1}, 1)[0].HomeTenant; got != graphsim.DefaultHomeTenant {
		t.Errorf("the first tenant of seed 1 is %s", got)
	}
}

// A tenant sees nothing of another one: no object, no page and no record.
func TestTenantsOfAFarmAreApart(t *testing.T) {
	_, rigs := farmRig(t, graphsim.Config{Seed: 1, Partners: 6, PageSize: 2}, 2)
	a, b := rigs[0], rigs[1]
	b.with(contoso)
	a.want(404, "Request_ResourceNotFound", "GET", partners+"/"+contoso, "")
	a.want(404, "Request_ResourceNotFound", "PUT", sync, write)
	b.must("PUT", sync, write)
	b.must("PATCH", sync, write)
	a.must("POST", partners, `{"tenantId":"`+b.HomeTenant()+`"}`)
	a.must("POST", partners, `{"tenantId":"`+fabrikam+`"}`)
	for r, writes := range map[*rig]int{a: 3, b: 2} {
		have := map[string]bool{}
		for _, page := range r.list(partners) {
			for _, p := range page {
				have[p.TenantID] = true
			}
		}
		if have[contoso] != (r == b) || have[fabrikam] != (r == a) || len(r.AuditLog()) != 2 || len(r.Writes()) != writes {
			t.Errorf("%s: %v, %d records, %d writes", r.Home().DisplayName, have, len(r.AuditLog()), len(r.Writes()))
		}
	}
	for _, path := range []string{partners, "/v1.0/auditLogs/directoryAudits?$top=1"} {
		next := nextLink(t, a.must("GET", path, "").body)
		b.want(400, "Directory_ExpiredPageToken", "GET", next, "")
		a.must("GET", next, "")
	}
}

// A token of no tenant of the farm is refused as Graph refuses it, and no tenant has
// seen the request.
func TestAFarmRefusesStrangers(t *testing.T) {
	stranger, nobody := graphsim.New(graphsim.Config{HomeTenant: contoso}), graphsim.New(graphsim.Config{})
	for n, farm := range []*graphsim.Farm{graphsim.NewFarm(nil), graphsim.NewFarm(graphsim.FarmOf(graphsim.Config{Seed: 2}, 2))} {
		r := &rig{t: t, client: &http.Client{Transport: farm.Transport()}, root: root, header: http.Header{}}
		for token, want := range map[string]string{
			"": "Access token is empty.", "word": "CompactToken parsing failed", "a.b.c": "CompactToken parsing failed",
			stranger.Token(graphsim.TokenOptions{}):                                  "Invalid tenant.",
			nobody.Token(graphsim.TokenOptions{}):                                    "Invalid tenant.",
			stranger.Token(graphsim.TokenOptions{TenantID: "word"}):                  "Invalid tenant.",
			stranger.Token(graphsim.TokenOptions{Lifetime: -time.Minute}):            "the token is expired.",
			stranger.Token(graphsim.TokenOptions{Audience: "https://vault.example"}): "Invalid audience.",
		} {
			r.token = token
			if got := r.do("GET", partners, ""); got.status != 401 || got.code() != "InvalidAuthenticationToken" || !strings.Contains(got.body, want) {
				t.Errorf("farm of %d: %d %s, want %q in it", 2*n, got.status, got.body, want)
			}
		}
		for _, sim := range farm.Sims() {
			if asked := sim.Requests(); len(asked) > 0 {
				t.Errorf("%s has seen %+v", sim.HomeTenant(), asked)
			}
		}
	}
}

// The time that the service takes, and its clock, are the same for strangers.
func TestAFarmTakesItsTimeWithStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		farm, _ := farmRig(t, graphsim.Config{Latency: time.Second, DateOffset: time.Hour}, 1)
		r := &rig{t: t, client: &http.Client{Transport: farm.Transport()}, root: root, header: http.Header{}}
		began := time.Now()
		got := r.want(401, "InvalidAuthenticationToken", "GET", partners, "")
		if at, err := http.ParseTime(got.header.Get("Date")); time.Since(began) != time.Second || err != nil || at.Sub(began) < time.Hour {
			t.Errorf("after %s, dated %v: %v", time.Since(began), at, err)
		}
	})
}

// A fault strikes the tenant that it names, and counts that tenant's requests alone.
func TestAFaultOfOneTenantStaysItsOwn(t *testing.T) {
	farm, rigs := farmRig(t, graphsim.Config{Seed: 1}, 3)
	only, err := graphsim.ParseFault("503,tenant=2,nth=2")
	if err != nil {
		t.Fatal(err)
	}
	farm.Inject(only, graphsim.Fault{Kind: "500", Nth: 3})
	var got []int
	for range 3 {
		for _, r := range rigs {
			got = append(got, r.do("GET", partners, "").status)
		}
	}
	if want := []int{200, 200, 200, 200, 503, 200, 500, 500, 500}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	farm.Inject(graphsim.Fault{Kind: "reset-before", Tenant: 3}) // the last one there is
	if r := rigs[2].do("GET", partners, ""); r.err == nil {
		t.Error("tenant 3 answers", r.status)
	}
	rigs[1].must("GET", partners, "")
}

// What is written for a test that would prove nothing is refused.
func TestAFarmRefusesMistakes(t *testing.T) {
	for name, mistake := range map[string]func(){
		"a tenant twice": func() {
			graphsim.NewFarm([]graphsim.Config{{HomeTenant: contoso}, {HomeTenant: strings.ToUpper(contoso)}})
		},
		"no such tenant":  func() { graphsim.NewFarm(make([]graphsim.Config, 1)).Inject(graphsim.Fault{Kind: "500", Tenant: 2}) },
		"an unknown kind": func() { graphsim.NewFarm(make([]graphsim.Config, 1)).Inject(graphsim.Fault{Kind: "boom"}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: nothing was said", name)
				}
			}()
			mistake()
		}()
	}
}

// A quota that one tenant has used up is whole at another one, although the app is the
// same.
func TestEachTenantOfAFarmHasItsQuotas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		quota := graphsim.Quota{Units: 8, Per: time.Minute} // of two lists, and of two writes
		_, rigs := farmRig(t, graphsim.Config{Seed: 1, ReadQuota: quota, Window: graphsim.Quota{Units: 2, Per: time.Minute}}, 2)
		for _, r := range rigs {
			r.with(contoso)
			r.must("PUT", sync, write)
			r.must("PATCH", sync, write)
			r.want(429, "TooManyRequests", "PATCH", sync, write)
			reads := 0
			for r.do("GET", partners, "").status == 200 {
				reads++
			}
			if reads == 0 || reads > quota.Units {
				t.Errorf("%s: %d reads", r.HomeTenant(), reads)
			}
		}
	})
}

// Many clients at once, over connections and in process: each finds its own tenant.
func TestAFarmServesAllAtOnce(t *testing.T) {
	farm, rigs := farmRig(t, graphsim.Config{Seed: 1, Partners: 5, PageSize: 2}, 8)
	server := httptest.NewServer(farm)
	defer server.Close()
	var clients gosync.WaitGroup
	for i, r := range rigs {
		if i%2 == 0 {
			r.client, r.root = server.Client(), server.URL
		}
		r.with(contoso)
		clients.Go(func() {
			if got := r.do("PUT", sync, `{"displayName":"`+r.HomeTenant()+`"}`); got.status != 204 {
				t.Error(got)
			}
			if got := r.do("GET", sync, ""); !strings.Contains(got.body, `"displayName":"`+r.HomeTenant()+`"`) {
				t.Error(got)
			}
			want := map[string]bool{}
			for _, p := range r.Partners() {
				want[p.TenantID] = true
			}
			got := map[string]bool{}
			for path := partners; path != ""; {
				var page struct {
					Value []graphsim.Partner
					Next  string `json:"@odata.nextLink"`
				}
				if err := json.Unmarshal([]byte(r.do("GET", path, "").body), &page); err != nil {
					t.Error(err)
				}
				for _, p := range page.Value {
					got[p.TenantID] = true
				}
				path = page.Next
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s: %s", r.HomeTenant(), d)
			}
		})
	}
	clients.Wait()
	for _, r := range rigs {
		if n := len(r.Requests()); n != 5 {
			t.Errorf("%s saw %d requests", r.HomeTenant(), n)
		}
	}
}

// Many tenants take little room.
func TestAFarmIsSmall(t *testing.T) {
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	farm := graphsim.NewFarm(graphsim.FarmOf(graphsim.Config{Seed: 1, Partners: 200}, 200))
	if used := (heap() - before) >> 20; used < 1 || used > 50 {
		t.Errorf("200 tenants with 200 partners each take %d MB", used)
	}
	runtime.KeepAlive(farm)
}
