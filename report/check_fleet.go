package report

import (
	"fmt"
	"slices"

	"bulksync/internal/fleet"
)

// checkFleet refuses a roll-up that does not have each tenant of its manifest exactly
// once, whose totals, shards or exit code do not follow from its rows, or whose worst
// rows do not come first.
func checkFleet(r *fleet.Rollup) error {
	if r.Verb != "audit" && r.Verb != "plan" {
		return fmt.Errorf("the roll-up is of a fleet %q, which no report knows", r.Verb)
	}
	if len(r.Rows) == 0 || len(r.Rows) != r.Manifest.Tenants {
		return fmt.Errorf("the roll-up does not add up: it has %d tenants, and its manifest has %d", len(r.Rows), r.Manifest.Tenants)
	}
	if err := checkTenants(r); err != nil {
		return err
	}
	if code := fleet.ExitCode(r.Rows); r.ExitCode != code {
		return fmt.Errorf("the roll-up does not add up: it ends with %d, and its tenants with %d", r.ExitCode, code)
	}
	return checkShards(r)
}

// checkTenants refuses a tenant that is there twice, has an unknown status or claims
// what it has no result of, and counts the tenants again.
func checkTenants(r *fleet.Rollup) error {
	var got fleet.Totals
	seen, last := map[string]bool{}, 0
	for i := range r.Rows {
		t := &r.Rows[i]
		at := slices.Index(fleet.Statuses(), t.Status)
		switch {
		case at < 0:
			return fmt.Errorf("the roll-up does not add up: tenant %s has the unknown status %q", t.Name, t.Status)
		case at < last:
			return fmt.Errorf("the roll-up is not in order: tenant %s, %s, comes too late", t.Name, t.Status)
		case seen["name "+t.Name] || seen["ID "+t.TenantID]:
			return fmt.Errorf("the roll-up does not add up: it has tenant %s, %s, twice", t.Name, t.TenantID)
		case !t.IsUnread() && t.Audit == nil && t.Plan == nil:
			return fmt.Errorf("the roll-up does not add up: it says %q of tenant %s without a result", t.Status, t.Name)
		}
		seen["name "+t.Name], seen["ID "+t.TenantID], last = true, true, at
		*got.Of(t.Status)++
	}
	if got != r.Totals {
		return fmt.Errorf("the roll-up does not add up: its totals say %+v and its tenants say %+v", r.Totals, got)
	}
	return nil
}

// checkShards counts the tenants of each shard again.
func checkShards(r *fleet.Rollup) error {
	got := make([]int, len(r.Shards))
	for i := range r.Rows {
		t := &r.Rows[i]
		if t.Shard < 0 || t.Shard >= len(got) {
			return fmt.Errorf("the roll-up does not add up: tenant %s is in shard %d of %d", t.Name, t.Shard, len(got))
		}
		got[t.Shard]++
	}
	for i, s := range r.Shards {
		if s.Index != i || s.Tenants != got[i] {
			return fmt.Errorf("the roll-up does not add up: shard %d has %d tenants, and the roll-up has %d of shard %d", s.Index, s.Tenants, got[i], i)
		}
	}
	return nil
}
