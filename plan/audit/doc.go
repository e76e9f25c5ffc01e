// Package audit reports how a tenant differs from a file: the comparison of
// package plan, as findings. It never writes to a tenant.
//
// Compare covers everything that the file names, and every synchronization policy
// that it does not name. New returns an audit that claims nothing yet.
//
// Its invariant: an incomplete reading has no findings and no totals. A partner
// that could not be read is a finding of its own, and is never called clean.
//
// Package plan below compares; package report shows an audit.
package audit
