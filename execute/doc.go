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
// Its invariants, each with a property test:
//
//   - Every change ends in exactly one outcome.
//   - A write's intent is durable before it is sent, its outcome before anybody
//     is told of it. Concurrent workers share the syncs.
//   - No write leans on a reading older than Options.MaxAge, and a change whose
//     own members moved since the plan is held, never overwritten.
//   - After a lost answer the object is read before it is written again.
//   - Changes of one partner run in order on one worker; a step that did not
//     succeed skips the rest of that partner.
//   - A context that ends before a write is sent means that it is not sent.
//
// A run and the replay of its journal give the same Result, because both are
// made by folding the same entries (see Log).
package execute
