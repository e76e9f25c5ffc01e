// Package seal makes text that can be proved later: JSON in one form, whose
// fingerprint anybody can recompute, and lines that are chained by their sums.
//
//	Canonical, Same   the one spelling of what JSON says (RFC 8785)
//	Digest            a fingerprint over it, member by member
//	Document          a sealed document, read strictly and in parts
//
// The package knows nothing of plans and runs. It sends nothing and opens no
// file. It is a home of the JSON v2 library, which reports where a text is
// wrong, refuses duplicate names, and has the canonical form; package graph
// reads Graph's answers with it.
package seal
