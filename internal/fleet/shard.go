package fleet

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
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
	index, count, ok := strings.Cut(strings.TrimSpace(s), "/")
	if !ok {
		return Shard{}, fmt.Errorf("%q is not of the form I/N, such as 0/4 for the first of four", s)
	}
	if index == indexVariable || index == "$"+indexVariable {
		if index = strings.TrimSpace(getenv(indexVariable)); index == "" {
			return Shard{}, fmt.Errorf("%s is not set: it is in each pod of an Indexed Job", indexVariable)
		}
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > maxShards {
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

// ShardOf is the shard, of count, that works on a home tenant: the one whose hash
// with the tenant's ID is the largest. One shard more or less therefore moves only
// the tenants that it gets or had.
func ShardOf(tenantID string, count int) int {
	id := strings.ToLower(tenantID)
	best, most := 0, uint64(0)
	for i := range count {
		sum := sha256.Sum256([]byte(strconv.Itoa(i) + "/" + id))
		if weight := binary.BigEndian.Uint64(sum[:]); i == 0 || weight > most {
			best, most = i, weight
		}
	}
	return best
}
