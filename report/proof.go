package report

import "io"

// Proof writes what was proved of files as JSON. The value says which members it
// has.
func Proof(w io.Writer, proved any) error { return writeJSON(w, proved) }
