// Package seal makes text that can be proved later: JSON in one form, whose
// fingerprint anybody can recompute, lines that are chained by their sums, and
// signatures of SSH keys.
//
//	Canonical, Same   the one spelling of what JSON says (RFC 8785)
//	Sum               the SHA-256 of a text
//	Digest            a fingerprint over it, member by member
//	Document          a sealed document, read strictly and in parts
//	Key, Signature    SSH signatures, interchangeable with "ssh-keygen -Y"
//	Signers           OpenSSH's file of allowed signers: whose key signs for whom
//
// The package knows nothing of plans and runs. It sends nothing; it opens no file
// but that of a key, and no connection but that to the SSH agent. No error of it
// holds a private key or a passphrase. It is a home of the JSON v2 library, which
// reports where a text is wrong, refuses duplicate names, and has the canonical
// form; package graph reads Graph's answers with it. It is the only home of the
// SSH libraries.
package seal
