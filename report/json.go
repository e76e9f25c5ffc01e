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
	lists := []findings{
		{`"findings": [`, &a.Findings}, {`"waived": [`, &a.Waived}, {`"fixed": [`, &a.Fixed}, {`"unjudged": [`, &a.Unjudged},
	}
	text, standIn, err := auditFrame(*a)
	if err != nil {
		return err
	}
	return escaped(w, func(w io.Writer) error {
		b := bufio.NewWriter(w)
		for _, l := range lists {
			if len(*l.list) == 0 {
				continue
			}
			head, rest, _ := strings.Cut(text, l.head)
			b.WriteString(head + l.head)
			if err := l.write(b); err != nil {
				return err
			}
			text = strings.TrimPrefix(rest, standIn)
		}
		b.WriteString(text + "\n")
		return b.Flush()
	})
}

// auditFrame is the JSON of an audit in which a stand-in is the only finding of
// each list that is not empty.
func auditFrame(a audit.Audit) (text, standIn string, err error) {
	only := make([]audit.Finding, 1)
	for _, list := range []*[]audit.Finding{&a.Findings, &a.Waived, &a.Fixed, &a.Unjudged} {
		if len(*list) > 0 {
			*list = only
		}
	}
	if text, err = indented(a, ""); err != nil {
		return "", "", err
	}
	standIn, err = indented(only[0], "    ")
	return text, "\n    " + standIn, err
}

// findings are a list of an audit, and how it begins in indented JSON. That never
// stands inside a string, where a quote is escaped.
type findings struct {
	head string
	list *[]audit.Finding
}

func (l findings) write(b *bufio.Writer) error {
	for i := range *l.list {
		text, err := indented((*l.list)[i], "    ")
		if err != nil {
			return err
		}
		b.WriteString([]string{"\n    ", ",\n    "}[min(i, 1)])
		b.WriteString(text)
	}
	return nil
}

// indented is v as indented JSON whose lines after the first start with prefix.
func indented(v any, prefix string) (string, error) {
	text, err := seal.Marshal(v)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, text, prefix, "  "); err != nil {
		return "", err
	}
	return b.String(), nil
}

// escaped lets write make JSON without any unsafe character in raw form: JSON
// leaves those above ASCII as they are, and a terminal obeys some of them. Nor
// does it hold two number signs in a row, with which a command to a CI runner
// begins. To a JSON reader the text is the same.
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
	last rune // the character before
}

func (e *escaper) Write(b []byte) (int, error) {
	in := append(e.rest, b...)
	e.out = e.out[:0]
	for len(in) > 0 && utf8.FullRune(in) {
		r, n := utf8.DecodeRune(in)
		switch {
		case r == '#' && e.last == '#': // only within a string
			e.out = append(e.out, `\u0023`...)
		case r < ' ' || !isUnsafe(r) || n == 3 && r == utf8.RuneError: // below a space: only white space between values
			e.out = append(e.out, in[:n]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			e.out = fmt.Appendf(e.out, `\u%04x\u%04x`, high, low)
		default:
			e.out = fmt.Appendf(e.out, `\u%04x`, r)
		}
		in, e.last = in[n:], r
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
	// Selection says which part of the input the plan is about; nil if all of it.
	Selection *plan.Selection `json:"selection,omitempty"`
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
