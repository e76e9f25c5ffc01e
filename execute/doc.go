// Package execute carries out a plan and accounts for every change in it.
//
//	Prepare   reads the tenant as it is now, before the first write
//	Run       writes, with one worker for each partner at a time, and reads back
//	Undo      makes the plan that reverts a run
//
// The package owns the rules of safety around a write. It decides nothing about
// what should be written: that stands in the plan. It paces nothing: that is a
// layer under the client. It opens no file and prints nothing: the journal is
// handed in, outcomes are handed out.
//
// Its invariants, all held by one property test (TestWhateverHappens):
//
//   - Every change ends in exactly one outcome.
//   - A write's intent is durable before the write is sent, and its outcome before
//     it is told. Concurrent workers share the syncs.
//   - No write relies on a reading older than Settings.MaxAge, and a change whose
//     own members moved since the plan is held. There is one exception: where
//     Graph's answer to the write (409, 404) shows that the object is there after
//     all, or is not, the other verb is sent, once, and what was found is kept for
//     the undo.
//   - What may have landed belongs to this run. An answer to a write proves that
//     it was done, that it was not, or neither. In the last case the object is read
//     before anything is sent again or said: what is as wanted counts as done by
//     this run, and undo reverts it. Outcome.Open is never taken back.
//   - A reading is trusted about a write only once readings are known to show
//     writes as old as that.
//   - Changes of one partner run in order on one worker; a change that did not
//     succeed skips the rest of that partner.
//   - Once a context has ended, no further write is sent.
//   - What a journal confirms is never sent again.
//   - The last reading decides what is called done. What this run or an earlier
//     session of it made, or found as wanted, and what is different there, is held.
//   - Every wait is bounded, whatever the clocks say: ages are measured by the
//     clock that counts sleep, a deadline by the time of day, and how long a write
//     is uncertain by the clock of this process.
//
// A run and the replay of its journal give the same Result, because both are
// made by folding the same entries (see journal.Log).
//
// A run is composed of parts that do not reach into each other: env is what all
// changes only read, control what they learn from each other and why the run
// stops (control.go, stop.go), record and its recorders what is written down
// (record.go), writeQueue where writes wait for a slot (queue.go). A worker
// (worker.go) takes the changes of one partner and makes a changeRun of each: it
// looks, judges and writes (change.go) and reconciles where the answer is not a
// plain yes (reconcile.go). The runner leads through the waves (run.go,
// waves.go) and holds what was done, and the plan's no-ops, against readings
// (verify.go, noops.go). reading.go is the tenant as it was read, clock.go how
// old that is.
//
// Neighbours: journal keeps the record, plan judges and reverts, graph sends.
package execute
