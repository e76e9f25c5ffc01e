package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// prove holds the fingerprint against the text and the parts of the plan
// against each other.
func (d *decoder) prove() error {
	sum, err := d.fingerprint()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(d.parts)) {
		if err := d.parts[name].err; err != nil {
			return fmt.Errorf("member %q: %w", name, err)
		}
	}
	p := &d.plan
	if p.Fingerprint != sum {
		return fmt.Errorf("it says %s, its content is %s", p.Fingerprint, sum)
	}
	if err := d.collect(); err != nil {
		return err
	}
	if p.Summary != Summarize(p.Changes) {
		return errors.New("the summary does not count the changes")
	}
	return nil
}

// fingerprint computes the fingerprint of the text, members that this program
// does not know included.
func (d *decoder) fingerprint() (string, error) {
	sum := newDigest()
	for _, name := range slices.Sorted(maps.Keys(d.parts)) {
		if name == "fingerprint" {
			continue
		}
		if !plainName([]byte(name)) {
			return "", fmt.Errorf("no plan has a member %q", name)
		}
		sum.name(name)
		if err := d.addTo(sum, name); err != nil {
			return "", fmt.Errorf("member %q: %w", name, err)
		}
	}
	return sum.sum(), nil
}

func (d *decoder) addTo(sum *digest, name string) error {
	if name != "changes" {
		sum.Write(d.parts[name].canonical)
		return d.parts[name].unclear
	}
	io.WriteString(sum, "[")
	comma := false
	for _, b := range d.batches {
		if b.unclear != nil {
			return b.unclear
		}
		sum.elements(b.canonical, &comma)
	}
	io.WriteString(sum, "]")
	return nil
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
	texts     []json.RawMessage
	changes   []Change
	canonical []byte
	unclear   error // as for a part
	err       error // of the change at index at
	at        int
}

func (b *changeBatch) decode() {
	b.changes = make([]Change, len(b.texts))
	b.canonical = make([]byte, 0, size(b.texts))
	for i, text := range b.texts {
		if i > 0 {
			b.canonical = append(b.canonical, ',')
		}
		if b.canonical, b.unclear = canonical(b.canonical, text); b.unclear != nil {
			return
		}
		if err := b.changes[i].parse(text); err != nil && b.err == nil {
			b.err, b.at = err, i
		}
	}
	b.texts = nil
}

// size is the length of all texts with a comma each.
func size(texts []json.RawMessage) (n int) {
	for _, t := range texts {
		n += len(t) + 1
	}
	return n
}

// parse reads one change and checks it.
func (c *Change) parse(text []byte) error {
	if err := json.Unmarshal(text, c); err != nil {
		return err
	}
	if string(c.Before) == "null" {
		c.Before = nil
	}
	return c.checkRequest()
}
