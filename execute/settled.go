package execute

import (
	"context"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/plan"
)

// Settled reports whether a run has nothing left to do and nothing to add: its
// journal says that all of it is done and was read back, and the tenant, read
// now, still shows everything as wanted, no-ops included. To resume such a run
// would only note that it was resumed. Anything else is for Run to judge, with
// a reading of its own: a single reading may be behind. Settled reads nothing
// if the journal already says no, and keeps nothing of what it reads.
func Settled(ctx context.Context, c *graph.Client, p *plan.Plan, l *journal.Log) (bool, error) {
	if !l.Complete() {
		return false, nil
	}
	r := newReading(c, p)
	r.noOps = newNoOps(p.Changes, true)
	err := r.begin(ctx)
	return err == nil && len(r.noOps.lost) == 0, err
}
