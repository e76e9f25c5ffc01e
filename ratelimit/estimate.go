package ratelimit

import "time"

// The limits Graph documents for one app in one tenant: 3,000 writes per
// 150 s, and 3,500 resource units (a read costs one) per 10 s in the smallest
// tenants. Users report one write a second for neighbouring objects.
var (
	documentedWrites = quota{perSecond: 20, burst: 3000}
	documentedReads  = quota{perSecond: 350, burst: 3500}
)

const reportedRate = 1.0

// Estimate says how long so many more writes will take, as an honest range,
// when each takes latency. Before anything is learned the low end is the
// documented limit of 3,000 writes per 150 s with all of its burst, and the
// high end one write a second.
func (t *Transport) Estimate(writes int, latency time.Duration) (low, high time.Duration) {
	o := t.writes.opts
	floor := time.Duration(float64(writes) / float64(o.Concurrency) * float64(latency))
	best, worst := documentedWrites.perSecond*o.Capacity, reportedRate*o.Capacity
	if o.MaxRate > 0 {
		best, worst = min(best, o.MaxRate), min(worst, o.MaxRate)
	}
	low = seconds(float64(max(0, writes-int(documentedWrites.burst*o.Capacity))) / best)
	high = seconds(float64(writes) / worst)
	return max(low, floor), max(high, floor)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
