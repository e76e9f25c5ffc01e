// Package seal makes text that can be proved later: JSON in one form, whose
// fingerprint anybody can compute again, and lines that are chained by their
// sums.
//
// The package knows nothing of plans and runs. It sends nothing and opens no
// file.
package seal
