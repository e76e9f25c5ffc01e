package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// Decode reads a plan file and proves it: the format version is ours
// (ErrFormat), the fingerprint covers the content, and each request is the one
// that follows from its change (ErrAltered). Any other error means that the
// file is broken or no plan at all.
func Decode(r io.Reader) (*Plan, error) {
	d := newDecoder(r)
	err := d.read()
	d.group.Wait() // the parts keep their own errors
	if err != nil {
		return nil, err
	}
	if d.parts["formatVersion"] == nil {
		return nil, errors.New("not a plan: it has no formatVersion")
	}
	if err := d.prove(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAltered, err)
	}
	return &d.plan, nil
}

// decoder splits the text of a plan. Its parts are worked on while the rest is
// read.
type decoder struct {
	json    *json.Decoder
	plan    Plan
	known   map[string]any // where each member goes; the others are kept for the fingerprint alone
	parts   map[string]*part
	batches []*changeBatch
	group   errgroup.Group
}

// part is a member on its way from text to data.
type part struct {
	canonical []byte
	unclear   error // it has no canonical form: it says two things at once
	err       error // it is not what a plan has there
}

func newDecoder(r io.Reader) *decoder {
	d := &decoder{json: json.NewDecoder(r), parts: map[string]*part{}}
	p := &d.plan
	d.known = map[string]any{
		"formatVersion": &p.FormatVersion, "tool": &p.Tool, "createdAt": &p.CreatedAt, "homeTenant": &p.HomeTenant, "input": &p.Input,
		"template": &p.Template, "read": &p.Read, "summary": &p.Summary, "fingerprint": &p.Fingerprint,
	}
	d.group.SetLimit(2 * runtime.GOMAXPROCS(0)) // so that the reader does not run ahead
	return d
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
		if d.parts[name] != nil {
			return fmt.Errorf("%w: the member %q stands twice", ErrAltered, name)
		}
		d.parts[name] = &part{}
		if name == "changes" {
			err = d.changes()
		} else {
			err = d.member(name, d.parts[name])
		}
		if err != nil {
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

func (d *decoder) member(name string, p *part) error {
	var raw json.RawMessage
	if err := d.json.Decode(&raw); err != nil {
		return notJSON(err, "")
	}
	if name == "formatVersion" {
		if err := checkVersion(raw); err != nil {
			return err
		}
	}
	d.group.Go(func() error {
		p.canonical, p.unclear = canonical(nil, raw)
		if into := d.known[name]; into != nil {
			p.err = json.Unmarshal(raw, into)
		}
		return nil
	})
	return nil
}

func checkVersion(raw []byte) error {
	var version int
	if err := json.Unmarshal(raw, &version); err != nil {
		return fmt.Errorf("not a plan: its formatVersion is %s", raw)
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
