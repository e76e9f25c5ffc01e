package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"bulksync/execute/journal"
	"bulksync/internal/seal"
	"bulksync/plan"
	"bulksync/plan/audit"
)

func writeJSON(w io.Writer, v any) error {
	return escaped(w, func(w io.Writer) error {
		enc := seal.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	})
}

// auditJSON is writeJSON for an audit. It writes the findings one by one: all of
// them as one text would be larger than everything else.
func auditJSON(w io.Writer, a *audit.Audit) error {
	if len(a.Findings) == 0 {
		return writeJSON(w, a)
	}
	frame := *a
	frame.Findings = []audit.Finding{}
	var text bytes.Buffer
	enc := seal.NewEncoder(&text)
	enc.SetIndent("", "  ")
	if err := enc.Encode(frame); err != nil {
		return err
	}
	const list = `"findings": [` // never inside a string, where a quote is escaped
	head, foot, _ := strings.Cut(text.String(), list)
	return escaped(w, func(w io.Writer) error {
		b := bufio.NewWriter(w)
		b.WriteString(head + list)
		for i := range a.Findings {
			finding, err := seal.Marshal(a.Findings[i])
			if err != nil {
				return err
			}
			text.Reset()
			text.WriteString([]string{"\n    ", ",\n    "}[min(i, 1)])
			if err := json.Indent(&text, finding, "    ", "  "); err != nil {
				return err
			}
			b.Write(text.Bytes())
		}
		b.WriteString("\n  " + foot)
		return b.Flush()
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
	// Policy is the one that the plan was held to.
	Policy policyName `json:"policy"`
	// Estimate is how long the writes were thought to take; nil if not known.
	Estimate *plan.Estimate `json:"estimate,omitempty"`
	Running  bool           `json:"running,omitempty"`
	ExitCode int            `json:"exitCode"`
}

// policyName identifies a policy.
type policyName struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256,omitempty"`
}
