package plan

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"bulksync/internal/seal"
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
	sum := seal.NewDigest()
	for _, name := range slices.Sorted(maps.Keys(d.parts)) {
		switch name {
		case "fingerprint":
		case "changes":
			sum.List(name)
			for _, b := range d.batches {
				sum.Elements(b.text)
			}
			sum.EndList()
		default:
			sum.Member(name, d.parts[name].text)
		}
	}
	return sum.Sum()
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
	text    []byte // a list of them; canonical in the end
	ends    []int  // of each change in text
	changes []Change
	err     error // of the change at index at
	at      int
}

func (b *changeBatch) add(change []byte) {
	b.text = append(append(b.text, "[,"[min(len(b.ends), 1)]), change...)
	b.ends = append(b.ends, len(b.text))
}

func (b *changeBatch) decode() {
	b.changes = make([]Change, len(b.ends))
	start := 1
	for i, end := range b.ends {
		if b.at, b.err = i, b.changes[i].parse(b.text[start:end]); b.err != nil {
			break
		}
		start = end + 1
	}
	var err error
	if b.text, err = seal.Canonicalize(append(b.text, ']')); b.err == nil {
		b.err = err
	}
}

// parse reads one change and checks it.
func (c *Change) parse(text []byte) error {
	if err := seal.Unmarshal(text, c); err != nil {
		return err
	}
	if string(c.Before) == "null" {
		c.Before = nil
	}
	return c.check()
}
