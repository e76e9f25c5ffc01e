// Package execute carries out a plan and can account for every change in it.
//
//	Prepare   the tenant as it is now: one paged reading before the first write
//	Run       workers, one partner at a time each; journal; reading back
//	Replay    a journal alone, told again: what resume, report and undo start from
//	Undo      the plan that takes a run back
//
// The package owns outcomes, the journal's format and the rules of safety
// around a write. It decides nothing about what should be written: that stands
// in the plan. It paces nothing: that is a layer under the client. It opens no
// file and prints nothing: the journal is handed in, outcomes are handed out.
//
// Its invariants, all held by one property test (TestWhateverHappens):
//
//   - Every change ends in exactly one outcome.
//   - A write's intent is durable before it is sent, its outcome before anybody
//     is told of it. Concurrent workers share the syncs.
//   - No write leans on a reading older than Settings.MaxAge, and a change whose
//     own members moved since the plan is held. Only where Graph's own answer
//     (409, 404) tells of it in the last moment, the other verb is sent, once,
//     and what was found is kept for the undo.
//   - What may have landed is this run's. An answer to a write proves that it was
//     done, or that it was not, or neither; then the object is read before
//     anything is sent again or said, what is as wanted counts as done by this run,
//     and undo takes it back. Outcome.Open is never taken back.
//   - A reading is believed only as far as readings show what was accepted since.
//   - Changes of one partner run in order on one worker; a step that did not
//     succeed skips the rest of that partner.
//   - A context that ends before a write is sent means that it is not sent.
//   - What is confirmed in a journal is never sent again.
//   - What is called done is so by the last reading: what this run or an earlier
//     session of it made, or found as wanted, and is different now, is held.
//   - No wait is without bound, whatever the clocks say: age goes by the clock that
//     counts sleep, a deadline by the time of day, a doubt by this process.
//
// A run and the replay of its journal give the same Result, because both are
// made by folding the same entries (see Log). Each line of a journal carries
// its own SHA-256 and that of the line before.
//
// A step (step.go) looks, judges and writes; settle.go is what it does when the
// answer is not a plain yes, crew.go how it queues for the wire, stop.go what
// ends a run early, verify.go how what was done is held against readings, and
// standing.go the same for the plan's no-ops. reading.go is what the tenant looks
// like, clock.go how old that is.
// Neighbours: plan judges and reverts, graph sends.
package execute
