package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"bulksync/execute/journal"
	"bulksync/internal/seal"
)

func writeJSON(w io.Writer, v any) error {
	return escaped(w, func(w io.Writer) error {
		enc := seal.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	})
}

// escaped lets write make JSON without any unsafe character in raw form: JSON
// leaves those above ASCII as they are, and a terminal obeys some of them. To a
// JSON reader the text is the same.
func escaped(w io.Writer, write func(io.Writer) error) error {
	e := &escaper{w: w}
	if err := write(e); err != nil {
		return err
	}
	return e.flush()
}

// escaper rewrites JSON as it passes. It holds back a character that is split
// between writes.
type escaper struct {
	w    io.Writer
	rest []byte
	out  []byte
}

func (e *escaper) Write(b []byte) (int, error) {
	in := append(e.rest, b...)
	e.out = e.out[:0]
	for len(in) > 0 && utf8.FullRune(in) {
		r, n := utf8.DecodeRune(in)
		switch {
		case r < ' ' || !isUnsafe(r) || n == 3 && r == utf8.RuneError: // below a space: only white space between values
			e.out = append(e.out, in[:n]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			e.out = fmt.Appendf(e.out, `\u%04x\u%04x`, high, low)
		default:
			e.out = fmt.Appendf(e.out, `\u%04x`, r)
		}
		in = in[n:]
	}
	e.rest = append(e.rest[:0], in...)
	_, err := e.w.Write(e.out)
	return len(b), err
}

// flush writes the bytes of a character that was never completed.
func (e *escaper) flush() error {
	_, err := io.WriteString(e.w, strings.Repeat(`\ufffd`, len(e.rest)))
	return err
}

// summary is what summary.json holds.
type summary struct {
	*journal.Result
	Running  bool `json:"running,omitempty"`
	ExitCode int  `json:"exitCode"`
}
