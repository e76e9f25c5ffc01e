// Package audit reports how a tenant differs from a file: the comparison of
// package plan, as findings. It never writes to a tenant.
//
// Compare covers everything that the file names, every synchronization policy that
// it does not name, and the rules that need no row. It sets aside what a waiver
// accepts, and says beside the audit before what is new, continuing and fixed. New
// returns an audit that claims nothing yet. Decode reads back what an audit's JSON
// holds.
//
// Its invariants: an incomplete reading has no findings and no totals. A partner
// that could not be read is a finding of its own, and never counts as wanted. Every
// finding is open or waived, and every finding of the audit before continues, is
// fixed, or is one that this audit cannot speak of.
//
// Package plan below compares; package report shows an audit.
package audit
