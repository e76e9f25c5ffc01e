// Package execute carries out a plan and accounts for every change in it.
//
//	Prepare   reads the tenant as it is now, before the first write
//	Run       writes, with one worker for each partner at a time, and reads back
//	Undo      makes the plan that reverts a run
//	Settled   reads the tenant to see whether a run has nothing left to resume
//
// The package owns the safety rules around a write. It does not decide what to
// write: the plan says that. It does not pace: a layer under the client does.
// It opens no file and prints nothing: the caller passes the journal in and
// receives the outcomes.
//
// Its invariants, all held by one property test (TestWhateverHappens):
//
//   - Every change ends in exactly one outcome.
//   - A write's intent is durable before the write is sent, and its outcome
//     before it is reported. Concurrent workers share the syncs.
//   - No write relies on a reading older than Settings.MaxAge, and a change
//     whose own members changed since the plan is held. There is one exception:
//     if Graph's answer to the write (409, 404) shows that the object exists
//     after all, or does not, the other verb is sent, once, and what was found
//     is kept for the undo.
//   - What may have landed belongs to this run. An answer to a write proves
//     that it was done, that it was not, or neither. If neither, the object is
//     read before anything is sent again or reported: an object found as wanted
//     counts as done by this run, and undo reverts it. Outcome.Open is never
//     reset.
//   - A reading says something about a write only once readings are known to
//     show writes of that age.
//   - Changes of one partner run in order on one worker; after one that did not
//     succeed, the rest of that partner is skipped. A partner that is to be
//     removed is compared before the first of them (removal.go).
//   - What a decision of the session leaves out is not written (excepted.go).
//     What an earlier session wrote to it, or may have, is still this run's.
//   - Once a context has ended, no more writes are sent.
//   - What a journal confirms is never sent again.
//   - The last reading decides what is called done. If an object that this run
//     or an earlier session of it made, or found as wanted, differs there, its
//     change is held.
//   - Every wait is bounded, whatever the clocks say: ages use the clock that
//     counts sleep, a deadline the time of day, and the uncertainty of a write
//     the clock of this process.
//
// A run and the replay of its journal give the same Result, because both fold
// the same entries (see journal.Log).
//
// A run is composed of parts that do not reach into each other: env holds what
// all changes only read; control what they learn from each other and why the
// run stops (control.go, stop.go); record and its recorders write down what
// happens (record.go); writeQueue is where writes wait for a slot (queue.go). A
// worker (worker.go) takes the changes of one partner and makes a changeRun of
// each, which looks, judges and writes (change.go), and reconciles when the
// answer is not a plain yes (reconcile.go). The runner goes through the waves
// (run.go, waves.go) and compares what was done, and the plan's no-ops, with
// readings (verify.go, noops.go). reading.go is the tenant as it was read,
// clock.go how old that is.
//
// The tenant is read as one list. A plan for a few partners of a large tenant
// is the exception: if the plan's own reading had at least two pages for each of
// its partners, no-ops included, each partner is read by itself, before the
// first write and at each reading back (single.go). Both ways feed the same
// snapshots, so nothing that judges a change knows which it was. What a single
// read cannot show is taken from the list: whether this identity sees policies
// at all, from one page or, if creates are refused, from all of it; and
// everything, if any first single read fails. A plan
// with a template always reads the list.
//
// Neighbours: journal keeps the record, plan judges and reverts, graph sends.
package execute
