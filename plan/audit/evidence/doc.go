// Package evidence keeps audits so that they stand up later: a store is a folder
// with one folder for each audit, and each holds what was read, what was found
// and a manifest that names the one before it.
//
// It owns the store (who may write to it, what a torn audit leaves behind), the
// files of a bundle and their manifest, the chain of manifests, and the proof:
// the sums, the chain and the signatures, and the findings computed again from
// the input and from the answers of Graph, byte for byte. It knows audits, but
// not what a report looks like: reports come as names with functions that render
// them. It never reaches a network: a proof plays the recorded answers to the same
// client that read them.
//
// The files of an audit, in a folder <UTC time>-<result>:
//
//	input/           what was read: partners.csv, template.json, waivers.csv, policy.yaml
//	graph/           the answers of Graph, and requests.jsonl, which says what was asked
//	audit.json ...   the reports
//	manifest.json    who, when, with what, the size and the sum of each file, and the audit before
//	SHA256SUMS       for sha256sum -c
//	manifest.json.sig
//
// Its invariants: an audit is in the store whole or not at all; nothing that is
// there is ever changed; and what was not proved is said.
package evidence
