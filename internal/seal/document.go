package seal

import (
	"errors"
	"fmt"
	"io"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Document reads a sealed document, which is one JSON object, member by member,
// so that parts of it can be processed while the rest is read. It refuses
// whatever two readers might understand differently: a duplicate name in an
// object, bytes that are not UTF-8, and text after the end. Its errors are a
// *TwiceError, a *SyntaxError, or that of the reader, which is io.EOF if the
// text is cut short.
type Document struct {
	json *jsontext.Decoder
}

// ErrShape means that a value is valid JSON, but not of the expected kind.
var ErrShape = errors.New("another kind of value")

// TwiceError is a name that occurs twice in its object.
type TwiceError struct {
	Path string // of the member, as a JSON pointer without its first slash
}

// Error names the member.
func (e *TwiceError) Error() string { return fmt.Sprintf("the member %q appears twice", e.Path) }

// SyntaxError means that a text is not JSON.
type SyntaxError struct {
	Err    error
	Offset int64 // in bytes
}

// Error says what is wrong with the text, and where.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%v at byte %d", e.Err, e.Offset) }

// Unwrap returns what is wrong with the text.
func (e *SyntaxError) Unwrap() error { return e.Err }

// NewDocument begins to read a document. It returns ErrShape if the text is
// JSON but not an object.
func NewDocument(r io.Reader) (*Document, error) {
	d := &Document{json: jsontext.NewDecoder(r)}
	return d, d.begin('{')
}

// begin reads the first token of an object or a list.
func (d *Document) begin(kind jsontext.Kind) error {
	t, err := d.json.ReadToken()
	if err == nil && t.Kind() != kind {
		return ErrShape
	}
	return ours(err)
}

// Next returns the name of the next member, whose value must be read next. It
// reports false if there are no more members and the document ends there, and
// returns ErrShape if text follows.
func (d *Document) Next() (name string, more bool, err error) {
	t, err := d.json.ReadToken()
	if err == nil && t.Kind() != '}' {
		return t.String(), true, nil
	}
	if err == nil {
		switch _, err = d.json.ReadToken(); {
		case err == nil:
			err = ErrShape
		case errors.Is(err, io.EOF):
			err = nil
		}
	}
	return "", false, ours(err)
}

// Holds reports whether the next value begins with this byte: '{' is an object,
// and '[' a list.
func (d *Document) Holds(kind byte) bool { return d.json.PeekKind() == jsontext.Kind(kind) }

// Object reads a value that is an object, and calls member with the name of each
// member. member must read its value.
func (d *Document) Object(member func(name string) error) error {
	if err := d.begin('{'); err != nil {
		return err
	}
	for {
		t, err := d.json.ReadToken()
		if err != nil || t.Kind() == '}' {
			return ours(err)
		}
		if err := member(t.String()); err != nil {
			return err
		}
	}
}

// Value reads a value and returns its text, which is valid until the next call.
func (d *Document) Value() ([]byte, error) {
	text, err := d.json.ReadValue()
	return text, ours(err)
}

// List reads a value that is a list, and calls add with the text of each element.
// The text is valid during the call.
func (d *Document) List(add func(element []byte)) error {
	if err := d.begin('['); err != nil {
		return err
	}
	for d.json.PeekKind() != ']' {
		text, err := d.json.ReadValue()
		if err != nil {
			return ours(err)
		}
		add(text)
	}
	_, err := d.json.ReadToken()
	return ours(err)
}

// Unmarshal reads JSON into v as strictly as Document does: names are
// case-sensitive and unique. Members that v does not have are ignored.
func Unmarshal(text []byte, v any) error { return jsonv2.Unmarshal(text, v) }

// ours converts an error of the library into one of this package.
func ours(err error) error {
	var broken *jsontext.SyntacticError
	switch {
	case !errors.As(err, &broken):
		return err
	case errors.Is(err, jsontext.ErrDuplicateName):
		return &TwiceError{Path: string(broken.JSONPointer[1:])}
	default:
		return &SyntaxError{Err: broken.Err, Offset: broken.ByteOffset}
	}
}
