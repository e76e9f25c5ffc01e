package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"unicode"

	"golang.org/x/sync/errgroup"

	"bulksync/internal/seal"
	"bulksync/plan/desired"
)

// Decode reads a plan file and proves it: the format version is ours
// (ErrFormat), the fingerprint covers the content, and it says nothing that
// Build and Revert would never have written (ErrAltered). Any other error means
// that the file is broken or no plan at all.
//
// The text may begin with a byte order mark or be in UTF-16, as some shells
// write what is piped into a file: the fingerprint is over what it says.
// Members that this program does not know are covered by it too, and are not in
// the Plan: to pass a plan on, copy the bytes that were read. Decode reads r to
// its end.
func Decode(r io.Reader) (*Plan, error) {
	text, _, err := desired.DecodeText(r)
	var foreign desired.ForeignError
	if errors.As(err, &foreign) {
		what, _, _ := strings.Cut(foreign.Error(), ":") // the advice is about a CSV
		return nil, errors.New("not a plan: " + what)
	}
	if err != nil {
		return nil, notJSON(err, "")
	}
	d := newDecoder()
	err = d.read(text)
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

// decoder takes the text of a plan apart. Its parts are worked on while the rest
// is read.
type decoder struct {
	plan    Plan
	known   map[string]any // where each member goes; the others are kept for the fingerprint alone
	parts   map[string]*part
	batches []*changeBatch
	group   errgroup.Group
}

// part is a member on its way from text to data.
type part struct {
	text []byte // canonical in the end
	err  error  // it is not what a plan has there
}

func newDecoder() *decoder {
	d := &decoder{parts: map[string]*part{}}
	p := &d.plan
	d.known = map[string]any{
		"formatVersion": &p.FormatVersion, "tool": &p.Tool, "createdAt": &p.CreatedAt, "homeTenant": &p.HomeTenant, "input": &p.Input,
		"template": &p.Template, "read": &p.Read, "summary": &p.Summary, "fingerprint": &p.Fingerprint,
	}
	d.group.SetLimit(2 * runtime.GOMAXPROCS(0)) // so that the reader does not run ahead
	return d
}

// read takes the text apart.
func (d *decoder) read(text io.Reader) error {
	doc, err := seal.NewDocument(text)
	if err != nil {
		return notJSON(err, "it is no JSON object")
	}
	for {
		name, more, err := doc.Next()
		if err != nil {
			return notJSON(err, "text follows its end")
		}
		if !more {
			return nil
		}
		if strings.ContainsFunc(name, notInNames) {
			return fmt.Errorf("%w: no plan has a member %q", ErrAltered, name)
		}
		p := &part{}
		d.parts[name] = p
		if name == "changes" {
			err = d.changes(doc)
		} else {
			err = d.member(doc, name, p)
		}
		if err != nil {
			return err
		}
	}
}

// notInNames reports whether the name of a member never has r. With letters
// alone the canonical order of names is that of their bytes.
func notInNames(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLetter(r) }

func (d *decoder) member(doc *seal.Document, name string, p *part) error {
	text, err := doc.Value()
	if err != nil {
		return notJSON(err, "")
	}
	if name == "formatVersion" {
		if err := checkVersion(text); err != nil {
			return err
		}
	}
	p.text = bytes.Clone(text)
	d.group.Go(func() error {
		if into := d.known[name]; into != nil {
			p.err = seal.Unmarshal(p.text, into)
		}
		var err error
		if p.text, err = seal.Canonicalize(p.text); p.err == nil {
			p.err = err
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
func (d *decoder) changes(doc *seal.Document) error {
	b := &changeBatch{}
	err := doc.List(func(change []byte) {
		if b.add(change); len(b.ends) == batch {
			next := &changeBatch{text: make([]byte, 0, len(b.text)*9/8)} // about as long as the one before
			d.start(b)
			b = next
		}
	})
	if err != nil {
		return notJSON(err, "its changes are no list")
	}
	if len(b.ends) > 0 {
		d.start(b)
	}
	return nil
}

func (d *decoder) start(b *changeBatch) {
	d.batches = append(d.batches, b)
	d.group.Go(func() error { b.decode(); return nil })
}

// notJSON says that a text is no plan, for the reason of err or else of why.
func notJSON(err error, why string) error {
	var twice *seal.TwiceError
	switch {
	case errors.As(err, &twice): // readers differ in which of the two they believe
		return fmt.Errorf("%w: %w", ErrAltered, err)
	case errors.Is(err, seal.ErrShape):
		return errors.New("not a plan: " + why)
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("not a plan, or cut short: %w", err)
}
