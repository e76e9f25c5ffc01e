package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Decode reads a plan file and proves it: the format version is ours
// (ErrFormat), the fingerprint covers the content, and each request is the one
// that follows from its change (ErrAltered). Any other error means that the
// file is broken or no plan at all.
func Decode(r io.Reader) (*Plan, error) {
	d := &decoder{json: json.NewDecoder(r), members: map[string]json.RawMessage{}}
	err := d.read()
	d.group.Wait() // the batches keep their own errors
	if err != nil {
		return nil, err
	}
	if _, ok := d.members["formatVersion"]; !ok {
		return nil, errors.New("not a plan: it has no formatVersion")
	}
	sum, err := d.fingerprint()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAltered, err)
	}
	p, err := d.plan()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAltered, err)
	}
	if p.Fingerprint != sum {
		return nil, fmt.Errorf("%w: it says %s, its content is %s", ErrAltered, p.Fingerprint, sum)
	}
	if err := d.check(p); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAltered, err)
	}
	return p, nil
}

// decoder splits the text of a plan. The changes are worked on in batches while
// the rest is read.
type decoder struct {
	json    *json.Decoder
	members map[string]json.RawMessage // all but the changes
	batches []*changeBatch
	listed  bool // the changes were there
	group   errgroup.Group
}

// read takes the text apart. A member that stands twice is refused: readers
// differ in which one they believe.
func (d *decoder) read() error {
	if t, err := d.json.Token(); err != nil || t != json.Delim('{') {
		return notJSON(err, "it is no JSON object")
	}
	for d.json.More() {
		t, err := d.json.Token()
		if err != nil {
			return notJSON(err, "")
		}
		name := t.(string)
		if _, twice := d.members[name]; twice || name == "changes" && d.listed {
			return fmt.Errorf("%w: the member %q stands twice", ErrAltered, name)
		}
		if err := d.member(name); err != nil {
			return err
		}
	}
	if _, err := d.json.Token(); err != nil {
		return notJSON(err, "")
	}
	if _, err := d.json.Token(); !errors.Is(err, io.EOF) {
		return notJSON(err, "text follows its end")
	}
	return nil
}

func (d *decoder) member(name string) error {
	if name == "changes" {
		d.listed = true
		return d.changes()
	}
	var raw json.RawMessage
	if err := d.json.Decode(&raw); err != nil {
		return notJSON(err, "")
	}
	d.members[name] = raw
	if name != "formatVersion" {
		return nil
	}
	var version int
	if err := json.Unmarshal(raw, &version); err != nil {
		return fmt.Errorf("not a plan: formatVersion is %s", raw)
	}
	if version != FormatVersion {
		return fmt.Errorf("%w: it has %d, this program reads %d", ErrFormat, version, FormatVersion)
	}
	return nil
}

// changes reads the list of changes and hands it on in batches.
func (d *decoder) changes() error {
	if t, err := d.json.Token(); err != nil || t != json.Delim('[') {
		return notJSON(err, "its changes are no list")
	}
	d.group.SetLimit(4)
	b := &changeBatch{}
	for d.json.More() {
		var raw json.RawMessage
		if err := d.json.Decode(&raw); err != nil {
			return notJSON(err, "")
		}
		if b.texts = append(b.texts, raw); len(b.texts) == batch {
			d.start(b)
			b = &changeBatch{}
		}
	}
	if len(b.texts) > 0 {
		d.start(b)
	}
	if _, err := d.json.Token(); err != nil {
		return notJSON(err, "")
	}
	return nil
}

func (d *decoder) start(b *changeBatch) {
	d.batches = append(d.batches, b)
	d.group.Go(func() error { b.decode(); return nil })
}

// notJSON says that a text is no plan, for the reason of err or else of why.
func notJSON(err error, why string) error {
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("not a plan, or cut short: %w", io.ErrUnexpectedEOF)
	case err != nil:
		return fmt.Errorf("not a plan, or cut short: %w", err)
	default:
		return errors.New("not a plan: " + why)
	}
}

// fingerprint computes the fingerprint of the text, members that this program
// does not know included.
func (d *decoder) fingerprint() (string, error) {
	names := slices.Collect(maps.Keys(d.members))
	if d.listed {
		names = append(names, "changes")
	}
	slices.Sort(names)
	sum := newDigest()
	for _, name := range names {
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
		text, err := canonical(nil, d.members[name])
		sum.Write(text)
		return err
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

// plan puts the parts together. Members are known by their exact names.
func (d *decoder) plan() (*Plan, error) {
	p := &Plan{}
	for name, into := range map[string]any{
		"formatVersion": &p.FormatVersion, "tool": &p.Tool, "createdAt": &p.CreatedAt, "homeTenant": &p.HomeTenant,
		"input": &p.Input, "template": &p.Template, "read": &p.Read, "summary": &p.Summary, "fingerprint": &p.Fingerprint,
	} {
		raw, ok := d.members[name]
		if !ok {
			continue
		}
		if err := json.Unmarshal(raw, into); err != nil {
			return nil, fmt.Errorf("member %q: %w", name, err)
		}
	}
	for _, b := range d.batches {
		p.Changes = append(p.Changes, b.changes...)
	}
	return p, nil
}

// check holds the parts of a plan against each other.
func (d *decoder) check(p *Plan) error {
	for i, b := range d.batches {
		if b.err != nil {
			return fmt.Errorf("change %d: %w", i*batch+b.at+1, b.err)
		}
	}
	for i := range p.Changes {
		if p.Changes[i].Seq != i+1 {
			return fmt.Errorf("change %d has the number %d", i+1, p.Changes[i].Seq)
		}
	}
	if p.Summary != Summarize(p.Changes) {
		return errors.New("the summary does not count the changes")
	}
	return nil
}

// changeBatch is some changes on their way from text to data.
type changeBatch struct {
	texts     []json.RawMessage
	changes   []Change
	canonical []byte
	unclear   error // no canonical form: the text says two things at once
	err       error // of the change at index at
	at        int
}

func (b *changeBatch) decode() {
	b.changes = make([]Change, len(b.texts))
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
