// Package journal keeps the record of a run: what was about to be sent, how it
// ended, and why the run ended. The file is append-only, and its lines are
// chained by their sums (see seal.Chain), so that a line that was altered,
// moved or removed is noticed.
//
//	Writer    appends entries; they are durable when Receipt.Wait returns
//	Replay    reads them back, without a line that was torn when a process died
//	Log       a plan folded with its entries, live and replayed alike
//	Result    a whole run: one outcome per change, made from the Log alone
//
// The package owns the format of the journal, the table of statuses
// (status.go), the totals and the settings of a run. It sends nothing and opens
// no file.
//
// Its invariant: every change of the plan ends in exactly one outcome, and what
// was begun and has no outcome is indeterminate, never forgotten.
//
// Package execute above writes the record; package report shows a Result.
package journal
