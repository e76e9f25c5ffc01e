package fleet_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"bulksync/internal/fleet"
)

func TestParseShard(t *testing.T) {
	for _, c := range []struct {
		text, index string
		want        fleet.Shard
		problem     string
	}{
		{text: "0/4", want: fleet.Shard{Index: 0, Count: 4}},
		{text: " 3/4 ", want: fleet.Shard{Index: 3, Count: 4}},
		{text: "0/1", want: fleet.WholeFleet},
		{text: "9999/10000", want: fleet.Shard{Index: 9999, Count: 10000}},
		{text: "JOB_COMPLETION_INDEX/4", index: "2", want: fleet.Shard{Index: 2, Count: 4}},
		{text: "$JOB_COMPLETION_INDEX/4", index: " 2\n", want: fleet.Shard{Index: 2, Count: 4}},
		{text: "JOB_COMPLETION_INDEX/4", problem: "JOB_COMPLETION_INDEX is not set: it is in each pod"},
		{text: "JOB_COMPLETION_INDEX/4", index: "4", problem: `"4/4": shards count from 0, so the last of 4 is 3/4`},
		{text: "4/4", problem: `"4/4": shards count from 0, so the last of 4 is 3/4`},
		{text: "-1/4", problem: "shards count from 0"},
		{text: "x/4", problem: "shards count from 0"},
		{text: "/4", problem: "shards count from 0"},
		{text: "0/0", problem: `"0/0": the number of shards is between 1 and 10000`},
		{text: "0/10001", problem: "the number of shards is between 1 and 10000"},
		{text: "0/", problem: "is not of the form I/N"},
		{text: "1/4/4", problem: "is not of the form I/N"},
		{text: "x/y", problem: `"x/y" is not of the form I/N, such as 0/4`},
		{text: "", problem: `"" is not of the form I/N, such as 0/4`},
		{text: "3", problem: "is not of the form I/N"},
	} {
		got, err := fleet.ParseShard(c.text, func(name string) string {
			if name != "JOB_COMPLETION_INDEX" {
				t.Errorf("%s is asked for", name)
			}
			return c.index
		})
		if c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)) || c.problem == "" && err != nil || got != c.want {
			t.Errorf("%q: got %v, %v; want %v %s", c.text, got, err, c.want, c.problem)
		}
	}
	if got := (fleet.Shard{Index: 1, Count: 4}).String(); got != "1/4" {
		t.Errorf("String: %s", got)
	}
	if got := (fleet.Shard{Index: 1, Count: 4}).LockName(); got != filepath.Join("shards", "1-of-4.lock") {
		t.Errorf("LockName: %s", got)
	}
}

// Which shard a tenant has must never change between versions: pods of two versions
// may work on one fleet.
func TestShardsOfSomeTenants(t *testing.T) {
	for id, want := range map[string][4]int{ // of 2, 4, 10 and 1,000 shards
		contoso:                                {1, 2, 2, 407},
		fabrikam:                               {1, 1, 7, 985},
		northWnd:                               {1, 1, 6, 251},
		"00000000-0000-0000-0000-000000000001": {0, 3, 9, 739},
		"ffffffff-ffff-ffff-ffff-ffffffffffff": {0, 0, 0, 984},
	} {
		for i, count := range []int{2, 4, 10, 1000} {
			if got := fleet.ShardOf(id, count); got != want[i] {
				t.Errorf("%s is in shard %d of %d, not %d", id, got, count, want[i])
			}
			if upper := fleet.ShardOf(strings.ToUpper(id), count); upper != fleet.ShardOf(id, count) {
				t.Errorf("%s is in another shard if it is spelt in upper case", id)
			}
		}
	}
}

// randomFleet is a number of tenants with random IDs.
func randomFleet(r *rand.Rand, n int) []fleet.Tenant {
	all := make([]fleet.Tenant, n)
	for i := range all {
		all[i] = fleet.Tenant{
			Name:     fmt.Sprintf("t%d", i),
			TenantID: fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", r.Uint32(), r.Uint32N(1<<16), r.Uint32N(1<<12), r.Uint32N(1<<12), r.Uint64N(1<<48)),
		}
	}
	return all
}

// Every tenant is in exactly one shard, in the order of the manifest, and no shard has
// much more than its part.
func TestShardsAreDisjointAndComplete(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		all, count := randomFleet(r, r.IntN(2000)), 1+r.IntN(60)
		owner := map[string]int{}
		for i := range count {
			own := fleet.Shard{Index: i, Count: count}.Of(all)
			checkBetween(t, fmt.Sprintf("shard %d/%d of %d tenants", i, count, len(all)), len(own), len(all), 1/float64(count))
			at := -1
			for _, tenant := range own {
				if _, twice := owner[tenant.Name]; twice {
					t.Errorf("%s is in two shards of %d", tenant.Name, count)
				}
				owner[tenant.Name] = i
				for at++; at < len(all) && all[at].Name != tenant.Name; at++ { // in order
				}
			}
			if at >= len(all) {
				t.Errorf("shard %d/%d is not in the order of the manifest", i, count)
			}
		}
		if len(owner) != len(all) {
			t.Errorf("%d of %d tenants are in one of %d shards", len(owner), len(all), count)
		}
	}
}

// One shard more moves tenants to that one alone, and no more than its part.
func TestOneShardMoreMovesFewTenants(t *testing.T) {
	all := randomFleet(rand.New(rand.NewPCG(3, 4)), 2000)
	for count := 1; count < 60; count++ {
		moved := 0
		for _, tenant := range all {
			switch before, after := fleet.ShardOf(tenant.TenantID, count), fleet.ShardOf(tenant.TenantID, count+1); {
			case before == after:
			case after != count:
				t.Errorf("%s moves from %d/%d to %d/%d", tenant.TenantID, before, count, after, count+1)
			default:
				moved++
			}
		}
		checkBetween(t, fmt.Sprintf("moved to shard %d/%d", count, count+1), moved, len(all), 1/float64(count+1))
	}
}

// IDs that count up are spread as well as random ones.
func TestIDsThatCountUpAreSpread(t *testing.T) {
	got := make([]int, 7)
	for i := range 3500 {
		got[fleet.ShardOf(tenantID(i), len(got))]++
	}
	for i, n := range got {
		checkBetween(t, fmt.Sprintf("shard %d/7", i), n, 3500, 1.0/7)
	}
}

// checkBetween requires that a count is within five standard deviations of what it is
// on average.
func checkBetween(t *testing.T, what string, got, n int, p float64) {
	t.Helper()
	mean := float64(n) * p
	if far := 5*math.Sqrt(mean*(1-p)) + 2; math.Abs(float64(got)-mean) > far {
		t.Errorf("%s: %d, which is not %.0f give or take %.0f", what, got, mean, far)
	}
}
