package fleet

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Shard is one of Count parts of a fleet, counted from 0. The zero Shard is not
// one; WholeFleet is the only part of a fleet that is not divided.
type Shard struct {
	Index int `json:"index"`
	Count int `json:"count"`
}

// WholeFleet is the shard that owns every tenant.
var WholeFleet = Shard{0, 1}

// maxShards bounds Count: more machines than that have nothing to do.
const maxShards = 10_000

// indexVariable is what Kubernetes sets in each pod of an Indexed Job. Source:
// https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode.
const indexVariable = "JOB_COMPLETION_INDEX"

// ParseShard reads "I/N", such as 0/4. JOB_COMPLETION_INDEX in place of I, as in
// JOB_COMPLETION_INDEX/4, is the value of that variable.
func ParseShard(s string, getenv func(string) string) (Shard, error) {
	index, count, _ := strings.Cut(strings.TrimSpace(s), "/")
	n, err := strconv.Atoi(count)
	if err != nil {
		return Shard{}, fmt.Errorf("%q is not of the form I/N, such as 0/4 for the first of four", s)
	}
	if index == indexVariable || index == "$"+indexVariable {
		if index = strings.TrimSpace(getenv(indexVariable)); index == "" {
			return Shard{}, fmt.Errorf("%s is not set: it is in each pod of an Indexed Job", indexVariable)
		}
	}
	s = index + "/" + count
	if n < 1 || n > maxShards {
		return Shard{}, fmt.Errorf("%q: the number of shards is between 1 and %d", s, maxShards)
	}
	i, err := strconv.Atoi(index)
	if err != nil || i < 0 || i >= n {
		return Shard{}, fmt.Errorf("%q: shards count from 0, so the last of %d is %d/%d", s, n, n-1, n)
	}
	return Shard{i, n}, nil
}

// String is the shard as --shard takes it.
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Count) }

// Owns reports whether a home tenant is worked on by this shard.
func (s Shard) Owns(tenantID string) bool { return ShardOf(tenantID, s.Count) == s.Index }

// Of returns the tenants of a manifest that are this shard's.
func (s Shard) Of(all []Tenant) (own []Tenant) {
	for _, t := range all {
		if s.Owns(t.TenantID) {
			own = append(own, t)
		}
	}
	return own
}

// division is the tenants of a listing by their shards. The records of a run all have
// the same listing, so that the last one is kept.
type division struct {
	tenants []Ident
	shards  [][]Ident
}

// divide returns the tenants of each of count shards, in their order.
func (d *division) divide(tenants []Ident, count int) [][]Ident {
	if len(d.shards) == count && slices.Equal(d.tenants, tenants) {
		return d.shards
	}
	d.tenants, d.shards = tenants, make([][]Ident, count)
	for _, t := range tenants {
		i := ShardOf(t.TenantID, count)
		d.shards[i] = append(d.shards[i], t)
	}
	return d.shards
}

// ShardOf is the shard, of count, that works on a home tenant: the one whose weight
// for the tenant is the largest. One shard more or less therefore moves only the
// tenants that it gets or had.
func ShardOf(tenantID string, count int) int {
	sum := sha256.Sum256([]byte(strings.ToLower(tenantID)))
	state := binary.BigEndian.Uint64(sum[:])
	best, most := 0, uint64(0)
	for i := range count {
		state += 0x9E3779B97F4A7C15
		if weight := mix(state); weight > most {
			best, most = i, weight
		}
	}
	return best
}

// mix is what SplitMix64 makes of its state: one number for each shard, from one hash
// of the tenant. A thousand tenants in a thousand shards need a million of them.
// Source: Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, 2014.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}
