// Package yamlfile reads a YAML file that people write, strictly: keys that nobody
// knows, keys that appear twice, values of another kind than is needed, aliases,
// anchors and types are faults. One reading finds all of them, each with its line and
// column.
//
//	File       the file that is read, and its faults so far
//	Read       its only document
//	Mapping    the members of a mapping; List and Text for the other kinds of values
//
// It does not know what a file is about: its caller says which members there are, and
// reads their values. Its invariant: a file with a fault has an Err, and the faults of
// a file that is Discreet repeat nothing that may be a secret.
//
// Package plan/approval reads policies with it, package internal/fleet manifests.
// Package desired below owns the form of a fault, package seal the sum of a text.
package yamlfile
