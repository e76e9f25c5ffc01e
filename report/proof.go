package report

import "io"

// Proof writes what was proved of files, or found by doctor, as JSON. The value says
// which members it has.
func Proof(w io.Writer, proved any) error { return writeJSON(w, proved) }

// WrapItem wraps a line of a list for a terminal of this many columns (at least 60), and
// indents the lines that follow.
func WrapItem(line string, columns int) string { return WrapUnder(line, 4, columns) }

// WrapUnder is WrapItem with the lines that follow indented by this much.
func WrapUnder(line string, indent, columns int) string {
	return hang(line, indent, max(columns, 60))
}
