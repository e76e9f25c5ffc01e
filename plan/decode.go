package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/sync/errgroup"

	"bulksync/internal/seal"
	"bulksync/plan/desired"
)

// Decode reads a plan file and proves it: the format version is ours (ErrFormat),
// the fingerprint covers the content, and nothing in it could not have been
// written by Build or Revert (ErrAltered). Any other error means that the file is
// broken or no plan at all.
//
// The text may begin with a byte order mark or be in UTF-16, which some shells
// write for piped output: the fingerprint covers what the text says. It also
// covers members that this program does not know, which are not in the Plan: to
// pass a plan on, copy the bytes that were read. Decode reads r to its end. It
// keeps none of the text; if r cannot seek, it has all of it in memory meanwhile.
func Decode(r io.Reader) (*Plan, error) {
	text := newRewinder(r)
	d, err := decode(text, nil)
	if err == nil && d.isLate {
		if err = text.rewind(); err == nil {
			d, err = decode(text, d.early)
		}
	}
	if err != nil {
		return nil, err
	}
	if d.parts["formatVersion"] == nil {
		return nil, errors.New("not a plan: it has no formatVersion")
	}
	if err := d.prove(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAltered, err)
	}
	p := d.plan // the decoder also holds what was read
	return &p, nil
}

// decode reads the text once. Early are the members before the changes, if they
// are known from an earlier reading.
func decode(r io.Reader, early map[string][]byte) (*decoder, error) {
	text, _, err := desired.DecodeText(r)
	var foreign desired.ForeignError
	if errors.As(err, &foreign) {
		what, _, _ := strings.Cut(foreign.Error(), ":") // the advice is about a CSV
		return nil, errors.New("not a plan: " + what)
	}
	if err != nil {
		return nil, notJSON(err, "")
	}
	d := newDecoder(early)
	err = d.read(text)
	d.group.Wait() // the parts keep their own errors
	return d, err
}

// rewinder reads a text that can be read again from where it began.
type rewinder struct {
	io.Reader
	rewind func() error
}

func newRewinder(r io.Reader) *rewinder {
	if file, ok := r.(io.Seeker); ok {
		if start, err := file.Seek(0, io.SeekCurrent); err == nil {
			return &rewinder{r, func() error { _, err := file.Seek(start, io.SeekStart); return err }}
		}
	}
	var kept bytes.Buffer
	again := &rewinder{Reader: io.TeeReader(r, &kept)}
	again.rewind = func() error { again.Reader = &kept; return nil }
	return again
}

// decoder splits the text of a plan into parts, and works on them while the rest
// is read. The changes are most of the text, and their place in the fingerprint
// is before all other members that this program knows: so their text goes into it
// as they are read, and is not kept.
type decoder struct {
	plan  Plan
	known map[string]any // where each known member goes; others only count for the fingerprint
	parts map[string]*part
	sum   *seal.Digest
	fault error // of the first change that is wrong
	group errgroup.Group
	// early are the canonical texts of the members whose names are before
	// "changes". Those are in the fingerprint before the changes, so if one comes
	// late, the text has to be read again.
	early  map[string][]byte
	isLate bool
}

// part is a member that is being read.
type part struct {
	text  []byte // canonical in the end
	err   error  // it is not what a plan has there
	input *inputPart
}

func newDecoder(early map[string][]byte) *decoder {
	d := &decoder{parts: map[string]*part{}, sum: seal.NewDigest(), early: maps.Clone(early)}
	if d.early == nil {
		d.early = map[string][]byte{}
	}
	p := &d.plan
	d.known = map[string]any{
		"formatVersion": &p.FormatVersion, "tool": &p.Tool, "createdAt": &p.CreatedAt, "homeTenant": &p.HomeTenant, "input": &p.Input,
		"template": &p.Template, "read": &p.Read, "policy": &p.Policy, "estimate": &p.Estimate, "selection": &p.Selection, "summary": &p.Summary, "fingerprint": &p.Fingerprint,
	}
	d.group.SetLimit(2 * runtime.GOMAXPROCS(0)) // so that the reader does not run ahead
	return d
}

// read splits the text.
func (d *decoder) read(text io.Reader) error {
	doc, err := seal.NewDocument(text)
	if err != nil {
		return notJSON(err, "it is not a JSON object")
	}
	for {
		name, more, err := doc.Next()
		if err != nil {
			return notJSON(err, "there is text after its end")
		}
		if !more {
			return nil
		}
		if strings.ContainsFunc(name, notInNames) {
			return fmt.Errorf("%w: a plan has no member %q", ErrAltered, name)
		}
		p := &part{}
		d.parts[name] = p
		switch name {
		case nameOfChanges:
			err = d.changes(doc)
		case nameOfInput:
			err = d.input(doc, p)
		default:
			err = d.member(doc, name, p)
		}
		if err != nil {
			return err
		}
	}
}

// notInNames reports whether r never occurs in the name of a member. With letters
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
	if name < nameOfChanges {
		p.read(nil)
		if _, known := d.early[name]; !known && d.parts[nameOfChanges] != nil {
			d.isLate = true
		}
		d.early[name] = p.text
		return nil
	}
	if name == nameOfSummary { // it says how many changes come
		p.read(d.known[name])
		return nil
	}
	d.group.Go(func() error { p.read(d.known[name]); return nil })
	return nil
}

// read reads the member into a value, unless that is nil.
func (p *part) read(into any) {
	if into != nil {
		p.err = seal.Unmarshal(p.text, into)
	}
	var err error
	if p.text, err = seal.Canonicalize(p.text); p.err == nil {
		p.err = err
	}
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

// changes reads the list of changes and passes it on in batches.
func (d *decoder) changes(doc *seal.Document) error {
	for _, name := range slices.Sorted(maps.Keys(d.early)) {
		d.sum.Member(name, d.early[name])
	}
	d.sum.List(nameOfChanges, []byte("["))
	d.plan.Changes = make([]Change, 0, max(0, min(d.plan.Summary.all(), maxRoom)))
	turn := make(chan struct{})
	close(turn)
	b := &changeBatch{textBatch: newTextBatch(0)}
	err := doc.List(func(change []byte) {
		if b.add(change); len(b.ends) == batch {
			next := newTextBatch(len(b.text) * 9 / 8) // about as long as the one before
			turn = d.start(b, turn)
			b = &changeBatch{textBatch: next}
		}
	})
	if err != nil {
		return notJSON(err, "its changes are not a list")
	}
	if len(b.ends) > 0 {
		turn = d.start(b, turn)
	}
	<-turn
	d.sum.EndList([]byte("]"))
	return nil
}

// maxRoom is for how many changes there is room before they are read: what the
// summary says is not proved yet.
const maxRoom = 1 << 20

// start works on a batch. It goes into the plan and its text into the fingerprint
// once its turn has come; after that is the turn of the next.
func (d *decoder) start(b *changeBatch, turn <-chan struct{}) (next chan struct{}) {
	next = make(chan struct{})
	d.group.Go(func() error {
		b.decode()
		<-turn
		d.sum.Elements(b.text)
		if d.fault == nil && b.err != nil {
			d.fault = fmt.Errorf("change %d: %w", len(d.plan.Changes)+b.at+1, b.err)
		} else if d.fault == nil {
			d.plan.Changes = append(d.plan.Changes, b.changes...)
		}
		close(next)
		return nil
	})
	return next
}

// notJSON says that a text is no plan: because of why if it is JSON, and
// otherwise because of err.
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

// prove compares the fingerprint with the text, and the parts of the plan with
// each other.
func (d *decoder) prove() error {
	if p := d.parts[nameOfInput]; p != nil && p.input != nil && p.err == nil {
		d.plan.Input.Cells, p.err = p.input.collect()
	}
	for _, name := range slices.Sorted(maps.Keys(d.parts)) {
		if err := d.parts[name].err; err != nil {
			return fmt.Errorf("member %q: %w", name, err)
		}
	}
	p, sum := &d.plan, d.fingerprint()
	if p.Fingerprint != sum {
		return fmt.Errorf("it says %s, its content is %s", p.Fingerprint, sum)
	}
	if d.fault != nil {
		return d.fault
	}
	for i := range p.Changes {
		if p.Changes[i].Seq != i+1 {
			return fmt.Errorf("change %d has the number %d", i+1, p.Changes[i].Seq)
		}
	}
	if p.Summary != Summarize(p.Changes) {
		return errors.New("the summary does not count the changes")
	}
	return p.check()
}

// fingerprint completes the fingerprint of the text, including members that this
// program does not know.
func (d *decoder) fingerprint() string {
	for _, name := range slices.Sorted(maps.Keys(d.parts)) {
		isIn := name == nameOfChanges || name < nameOfChanges && d.parts[nameOfChanges] != nil
		switch p := d.parts[name]; {
		case name == "fingerprint" || isIn:
		case p.input != nil:
			p.input.digest(d.sum)
		default:
			d.sum.Member(name, p.text)
		}
	}
	return d.sum.Sum()
}

// textBatch is the text of a group of elements that are read together.
type textBatch struct {
	text []byte // a list of them, without the bracket at its end
	ends []int  // of each element in text
}

// newTextBatch returns an empty batch with room for a text.
func newTextBatch(size int) textBatch {
	return textBatch{text: make([]byte, 0, size), ends: make([]int, 0, batch)}
}

func (b *textBatch) add(element []byte) {
	b.text = append(append(b.text, "[,"[min(len(b.ends), 1)]), element...)
	b.ends = append(b.ends, len(b.text))
}

// changeBatch is a group of changes that are read together.
type changeBatch struct {
	textBatch // canonical in the end
	changes   []Change
	err       error // of the change at index at
	at        int
}

func (b *changeBatch) decode() {
	b.changes = make([]Change, len(b.ends))
	var before *Change
	start := 1
	for i, end := range b.ends {
		if b.changes[i], b.err = parseChange(b.text[start:end], before); b.err != nil {
			b.at = i
			break
		}
		before, start = &b.changes[i], end+1
	}
	var err error
	if b.text, err = seal.Canonicalize(append(b.text, ']')); b.err == nil {
		b.err = err
	}
}
