package plan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// prove holds the fingerprint against the text and the parts of the plan
// against each other.
func (d *decoder) prove() error {
	for _, name := range slices.Sorted(maps.Keys(d.parts)) {
		if err := d.parts[name].err; err != nil {
			return fmt.Errorf("member %q: %w", name, err)
		}
	}
	p, sum := &d.plan, d.fingerprint()
	if p.Fingerprint != sum {
		return fmt.Errorf("it says %s, its content is %s", p.Fingerprint, sum)
	}
	if err := d.collect(); err != nil {
		return err
	}
	if p.Summary != Summarize(p.Changes) {
		return errors.New("the summary does not count the changes")
	}
	return p.check()
}

// fingerprint computes the fingerprint of the text, members that this program
// does not know included.
func (d *decoder) fingerprint() string {
	sum := newDigest()
	for _, name := range slices.Sorted(maps.Keys(d.parts)) {
		if name == "fingerprint" {
			continue
		}
		sum.name(name)
		if name != "changes" {
			sum.Write(d.parts[name].text)
			continue
		}
		io.WriteString(sum, "[")
		comma := false
		for _, b := range d.batches {
			sum.elements(b.text[1:len(b.text)-1], &comma)
		}
		io.WriteString(sum, "]")
	}
	return sum.sum()
}

// collect puts the changes together, or says what is wrong with the first that
// is.
func (d *decoder) collect() error {
	p := &d.plan
	p.Changes = make([]Change, 0, len(d.batches)*batch)
	for _, b := range d.batches {
		if b.err != nil {
			return fmt.Errorf("change %d: %w", len(p.Changes)+b.at+1, b.err)
		}
		p.Changes = append(p.Changes, b.changes...)
	}
	for i := range p.Changes {
		if p.Changes[i].Seq != i+1 {
			return fmt.Errorf("change %d has the number %d", i+1, p.Changes[i].Seq)
		}
	}
	return nil
}

// changeBatch is some changes on their way from text to data.
type changeBatch struct {
	text    jsontext.Value // a list of them; canonical in the end
	size    int
	changes []Change
	err     error // of the change at index at
	at      int
}

func (b *changeBatch) add(change []byte) {
	b.text = append(append(b.text, "[,"[min(b.size, 1)]), change...)
	b.size++
}

func (b *changeBatch) decode() {
	b.text = append(b.text, ']')
	b.changes = make([]Change, b.size)
	list := jsontext.NewDecoder(bytes.NewBuffer(b.text))
	_, b.err = list.ReadToken()
	for i := range b.changes {
		if b.err == nil {
			b.at, b.err = i, b.changes[i].parse(list)
		}
	}
	if err := b.text.Canonicalize(); b.err == nil {
		b.err = err
	}
}

// parse reads one change and checks it.
func (c *Change) parse(list *jsontext.Decoder) error {
	err := jsonv2.UnmarshalDecode(list, c)
	if bad := (*jsonv2.SemanticError)(nil); errors.As(err, &bad) {
		_, member, _ := strings.Cut(string(bad.JSONPointer[1:]), "/")
		bad.JSONPointer = jsontext.Pointer("/" + member) // below the change, not below the batch
	}
	if err != nil {
		return err
	}
	if string(c.Before) == "null" {
		c.Before = nil
	}
	return c.check()
}
