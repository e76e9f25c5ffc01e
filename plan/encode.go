package plan

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"bulksync/internal/seal"
	"bulksync/plan/desired"
)

// Encode writes the plan file: JSON with each member, and each change, on a line
// of its own, so that two plans can be compared with ordinary tools. The plan
// must be sealed, as Build leaves it. A plan that was read from a file is passed
// on as the bytes that were proved: it may have members that Encode does not
// know, without which the fingerprint would differ.
func (p *Plan) Encode(w io.Writer) error {
	b := bufio.NewWriter(w)
	for i, m := range p.members() {
		fmt.Fprintf(b, "%s%q: ", []string{"{\n", ",\n"}[min(i, 1)], m.name)
		var err error
		switch m.name {
		case nameOfChanges:
			err = writeLines(b, p.Changes)
		case nameOfInput:
			err = writeInput(b, &p.Input)
		default:
			err = writeJSON(b, m.value)
		}
		if err != nil {
			return err
		}
	}
	fmt.Fprintf(b, ",\n\"fingerprint\": %q\n}\n", p.Fingerprint)
	return b.Flush()
}

type member struct {
	name  string
	value any // nil for the two that are written in parts
}

// The members that are as long as the plan, and so are written and read in parts;
// and the one that counts them.
const (
	nameOfChanges = "changes"
	nameOfInput   = "input"
	nameOfSummary = "summary"
)

// members lists what the fingerprint covers, in the order of the file.
func (p *Plan) members() []member {
	ms := []member{
		{"formatVersion", p.FormatVersion}, {"tool", p.Tool}, {"createdAt", p.CreatedAt},
		{"homeTenant", p.HomeTenant}, {nameOfSummary, p.Summary}, {"read", p.Read}, {"policy", p.Policy}, {nameOfInput, nil},
	}
	if p.Template != nil {
		ms = append(ms, member{"template", p.Template})
	}
	if p.Selection != nil {
		ms = append(ms, member{"selection", p.Selection})
	}
	if p.Estimate != nil {
		ms = append(ms, member{"estimate", p.Estimate})
	}
	return append(ms, member{nameOfChanges, nil})
}

// writeLines writes a list with one change per line.
func writeLines(w *bufio.Writer, changes []Change) error {
	if len(changes) == 0 {
		_, err := w.WriteString("[]")
		return err
	}
	for i := range changes {
		w.WriteString([]string{"[\n", ",\n"}[min(i, 1)])
		if err := writeJSON(w, changes[i].line()); err != nil {
			return err
		}
	}
	_, err := w.WriteString("\n]")
	return err
}

// writeInput writes the input, a few rows at a time: as one text it would be as
// large as the file that it came from.
func writeInput(w *bufio.Writer, in *desired.Input) error {
	before, after, err := aroundCells(in, seal.Marshal)
	if err != nil {
		return err
	}
	w.Write(before)
	for i := 0; i < len(in.Cells); i += batch {
		rows, err := seal.Marshal(in.Cells[i:min(len(in.Cells), i+batch)])
		if err != nil {
			return err
		}
		if i > 0 {
			w.WriteByte(',')
		}
		w.Write(rows[1 : len(rows)-1])
	}
	_, err = w.Write(after)
	return err
}

// aroundCells encodes an input without its cells: the text up to the bracket that
// opens their list, and from the one that closes it. An input without cells has
// all of it before.
func aroundCells(in *desired.Input, encode func(any) ([]byte, error)) (before, after []byte, err error) {
	bare := *in
	if len(in.Cells) > 0 {
		bare.Cells = [][]string{}
	}
	text, err := encode(bare)
	if start := []byte(`"cells":[`); len(in.Cells) > 0 && err == nil { // inside a text its quotes would be escaped
		end := bytes.Index(text, start) + len(start)
		return text[:end], text[end:], nil
	}
	return text, nil, err
}

func writeJSON(w io.Writer, v any) error {
	raw, err := seal.Marshal(v)
	if err == nil {
		_, err = w.Write(raw)
	}
	return err
}

// batch is how many changes or rows one goroutine works on at a time.
const batch = 256

// seal computes the fingerprint.
func (p *Plan) seal() error {
	members := p.members()
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	d := seal.NewDigest()
	for _, m := range members {
		var err error
		switch m.name {
		case nameOfChanges:
			d.List(m.name, []byte("["))
			err = digest(d, len(p.Changes), func(i, j int) any { return lines(p.Changes[i:j]) })
			d.EndList([]byte("]"))
		case nameOfInput:
			err = p.digestInput(d)
		default:
			var text []byte
			text, err = seal.Canonical(m.value)
			d.Member(m.name, text)
		}
		if err != nil {
			return err
		}
	}
	p.Fingerprint = d.Sum()
	return nil
}

func (p *Plan) digestInput(d *seal.Digest) error {
	before, after, err := aroundCells(&p.Input, seal.Canonical)
	if err != nil {
		return err
	}
	d.List(nameOfInput, before)
	err = digest(d, len(p.Input.Cells), func(i, j int) any { return p.Input.Cells[i:j] })
	d.EndList(after)
	return err
}

// digest adds n elements to a list, a few batches at once.
func digest(d *seal.Digest, n int, part func(i, j int) any) error {
	for start := 0; start < n; {
		texts := make([][]byte, min(runtime.GOMAXPROCS(0), (n-start+batch-1)/batch))
		var g errgroup.Group
		for k := range texts {
			first, last := start, min(n, start+batch)
			start = last
			g.Go(func() (err error) {
				texts[k], err = seal.Canonical(part(first, last))
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		for _, text := range texts {
			d.Elements(text)
		}
	}
	return nil
}
