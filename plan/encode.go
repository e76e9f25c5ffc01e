package plan

import (
	"bufio"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"bulksync/internal/seal"
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
		if m.name == "changes" {
			err = writeLines(b, p.Changes)
		} else {
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
	value any
}

// members lists what the fingerprint covers, in the order of the file.
func (p *Plan) members() []member {
	ms := []member{
		{"formatVersion", p.FormatVersion}, {"tool", p.Tool}, {"createdAt", p.CreatedAt},
		{"homeTenant", p.HomeTenant}, {"summary", p.Summary}, {"read", p.Read}, {"input", p.Input},
	}
	if p.Template != nil {
		ms = append(ms, member{"template", p.Template})
	}
	return append(ms, member{"changes", p.Changes})
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

func writeJSON(w io.Writer, v any) error {
	raw, err := seal.Marshal(v)
	if err == nil {
		_, err = w.Write(raw)
	}
	return err
}

// batch is how many changes one goroutine works on at a time.
const batch = 256

// seal computes the fingerprint.
func (p *Plan) seal() error {
	members := p.members()
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	d := seal.NewDigest()
	for _, m := range members {
		if m.name == "changes" {
			d.List(m.name)
			if err := digestChanges(d, p.Changes); err != nil {
				return err
			}
			d.EndList()
			continue
		}
		text, err := seal.Canonical(m.value)
		if err != nil {
			return err
		}
		d.Member(m.name, text)
	}
	p.Fingerprint = d.Sum()
	return nil
}

// digestChanges adds changes to a list, a few batches at once.
func digestChanges(d *seal.Digest, changes []Change) error {
	for wave := range slices.Chunk(changes, batch*runtime.GOMAXPROCS(0)) {
		parts := make([][]byte, (len(wave)+batch-1)/batch)
		var g errgroup.Group
		for i := range parts {
			g.Go(func() (err error) {
				parts[i], err = seal.Canonical(lines(wave[i*batch : min(len(wave), (i+1)*batch)]))
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		for _, part := range parts {
			d.Elements(part)
		}
	}
	return nil
}
