package graphsim_test

import (
	"math"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/graph/graphsim"
)

const write = `{"displayName":"x"}`

// waitAsTold sleeps for as long as a Retry-After of any form says.
func waitAsTold(t *testing.T, h http.Header) time.Duration {
	t.Helper()
	began, told := time.Now(), h.Get("Retry-After")
	if at, err := http.ParseTime(told); err == nil {
		time.Sleep(time.Until(at))
	} else if seconds, err := strconv.ParseFloat(told, 64); err == nil {
		time.Sleep(time.Duration(math.Round(seconds * float64(time.Second))))
	} else {
		t.Fatalf("Retry-After %q", told)
	}
	return time.Since(began)
}

func TestRetryAfterIsTheTimeUntilThereIsAToken(t *testing.T) {
	for form, want := range map[graphsim.RetryAfterForm]time.Duration{
		graphsim.RetryAfterSeconds: 3 * time.Second,
		graphsim.RetryAfterDecimal: 2500 * time.Millisecond,
		graphsim.RetryAfterDate:    3 * time.Second,
	} {
		t.Run(string(form), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, graphsim.Config{WriteQuota: graphsim.Quota{Units: 2, Per: 5 * time.Second}, RetryAfter: form}).with(contoso)
				r.must("PUT", sync, write)
				r.must("PATCH", sync, write)
				refused := r.want(429, "TooManyRequests", "PATCH", sync, write)
				if got := waitAsTold(t, refused.header); got != want {
					t.Errorf("told to wait %v, want %v", got, want)
				}
				r.must("PATCH", sync, write)
			})
		})
	}
}

func TestRetryAfterMayBeAbsent(t *testing.T) {
	r := newRig(t, graphsim.Config{WriteQuota: graphsim.Quota{Units: 1, Per: time.Hour}, RetryAfter: graphsim.RetryAfterAbsent}).with(contoso)
	r.must("PUT", sync, write)
	if got := r.want(429, "TooManyRequests", "PATCH", sync, write).header; got["Retry-After"] != nil {
		t.Errorf("got %s", got["Retry-After"])
	}
}

func TestASustainedClientGetsExactlyTheQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{WriteQuota: graphsim.Quota{Units: 20, Per: time.Second}}).with(contoso)
		r.must("PUT", sync, write)
		began, accepted := time.Now(), 1
		for time.Since(began) < 10*time.Second {
			if r.do("PATCH", sync, write).status == 204 {
				accepted++
			}
			time.Sleep(10 * time.Millisecond)
		}
		if accepted != 20+10*20-1 {
			t.Errorf("%d writes in 10 s, want the burst of 20 and 20 a second", accepted)
		}
	})
}

func TestRefusedWritesMayCostToo(t *testing.T) {
	for costs, want := range map[bool]int{false: 204, true: 429} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, graphsim.Config{WriteQuota: graphsim.Quota{Units: 1, Per: time.Second}, RefusalsCost: costs}).with(contoso)
			r.must("PUT", sync, write)
			r.want(429, "TooManyRequests", "PATCH", sync, write)
			time.Sleep(time.Second)
			refused := r.do("PATCH", sync, write)
			if refused.status != want {
				t.Errorf("costs %v: got %d, want %d", costs, refused.status, want)
			}
			if costs {
				waitAsTold(t, refused.header)
				r.must("PATCH", sync, write)
			}
		})
	}
}

func TestQuotasCountPerAppAndTenant(t *testing.T) {
	r := newRig(t, graphsim.Config{
		WriteQuota: graphsim.Quota{Units: 2, Per: time.Hour}, TenantWriteQuota: graphsim.Quota{Units: 3, Per: time.Hour}}).with(contoso)
	r.must("PUT", sync, write)
	r.must("PATCH", sync, write)
	scope := func(want string) {
		t.Helper()
		got := r.want(429, "TooManyRequests", "PATCH", sync, write).header
		if got.Get("x-ms-throttle-scope") != want || got.Get("x-ms-throttle-information") != "WriteLimitExceeded" {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	scope("Tenant_Application/Write/" + graphsim.DefaultAppID + "/" + graphsim.DefaultHomeTenant)
	r.must("GET", sync, "")
	r.token = r.Token(graphsim.TokenOptions{AppID: contoso})
	r.must("PATCH", sync, write)
	scope("Tenant/Write/" + contoso + "/" + graphsim.DefaultHomeTenant)
}

func TestReadsCostResourceUnits(t *testing.T) {
	r := newRig(t, graphsim.Config{ReadQuota: graphsim.Quota{Units: 4, Per: time.Hour}}).with(contoso)
	for query, units := range map[string]string{"": "1", "?$expand=identitySynchronization": "2", "?$select=tenantId": "1"} {
		if got := r.must("GET", partners+query, "").header.Get("x-ms-resource-unit"); got != units {
			t.Errorf("%q cost %s, want %s", query, got, units)
		}
	}
	got := r.want(429, "TooManyRequests", "GET", partners, "").header
	if got.Get("x-ms-throttle-information") != "ResourceUnitLimitExceeded" {
		t.Errorf("got %s", got)
	}
	r.must("PUT", sync, write)
}

func TestAnExpensiveReadPassesASmallBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{ReadQuota: graphsim.Quota{Units: 1, Per: time.Second}})
		r.must("GET", partners+"?$expand=identitySynchronization", "")
		waitAsTold(t, r.want(429, "TooManyRequests", "GET", partners+"?$expand=identitySynchronization", "").header)
		r.must("GET", partners+"?$expand=identitySynchronization", "")
	})
}

func TestTheHeaderTellsHowNearTheLimitIs(t *testing.T) {
	r := newRig(t, graphsim.Config{WriteQuota: graphsim.Quota{Units: 10, Per: 1000 * time.Hour}}).with(contoso)
	r.must("PUT", sync, write)
	for i, want := range []string{"", "", "", "", "", "", "", "0.90", "1.00"} {
		if got := r.must("PATCH", sync, write).header.Get("x-ms-throttle-limit-percentage"); got != want {
			t.Errorf("write %d: got %q, want %q", i+2, got, want)
		}
	}
}

func TestAChangedQuotaAppliesFromThenOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{WriteQuota: graphsim.Quota{Units: 1, Per: time.Second}}).with(contoso)
		r.must("PUT", sync, write)
		r.SetWriteQuota(graphsim.Quota{Units: 1, Per: time.Minute})
		refused := r.want(429, "TooManyRequests", "PATCH", sync, write)
		if got := refused.header.Get("Retry-After"); got != "60" {
			t.Errorf("told to wait %s s, want 60", got)
		}
		r.SetWriteQuota(graphsim.Quota{})
		r.must("PATCH", sync, write)
	})
}

func TestTooManyWritesInFlightAnswerConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: time.Second, MaxConcurrentWrites: 2}).with(contoso)
		status := make(chan int, 5)
		for range 3 {
			go func() { status <- r.do("PATCH", partners+"/"+contoso, `{}`).status }()
		}
		for range 2 {
			go func() { status <- r.do("GET", partners, "").status }()
		}
		count := map[int]int{}
		for range 5 {
			count[<-status]++
		}
		if count[204] != 2 || count[409] != 1 || count[200] != 2 {
			t.Errorf("got %v, want two 204, one 409 and two 200", count)
		}
		if r.MaxInFlight() != 5 {
			t.Errorf("%d in flight, want 5", r.MaxInFlight())
		}
	})
}

func FuzzParseQuota(f *testing.F) {
	for _, s := range []string{"3000/150s", "20/s", "1/1m30s", "0/s", "-1/s", "5", "5/", "/s", "5/0s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := graphsim.ParseQuota(s)
		if err != nil {
			return
		}
		if again, err := graphsim.ParseQuota(q.String()); err != nil || again != q || q.Units <= 0 || q.Per <= 0 {
			t.Errorf("%q: %v, then %v %v", s, q, again, err)
		}
	})
}
