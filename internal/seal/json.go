package seal

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// Marshal encodes v on one line, without the escapes that JSON inside HTML
// needs.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	if err := NewEncoder(&b).Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// NewEncoder returns an encoder that writes as Marshal does, with a newline
// after each value.
func NewEncoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}

// Canonical is the canonical JSON (RFC 8785) of v: the one spelling of its
// content.
func Canonical(v any) ([]byte, error) {
	text, err := Marshal(v)
	if err != nil {
		return nil, err
	}
	return Canonicalize(text)
}

// Canonicalize brings JSON into its canonical form. It may overwrite text, and
// refuses an object with a duplicate name.
func Canonicalize(text []byte) ([]byte, error) {
	value := jsontext.Value(text)
	err := value.Canonicalize()
	return value, err
}

// Same reports whether a and b are JSON with the same content, or are both
// empty. Nearly always they are spelled alike.
func Same(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, err := Canonicalize(bytes.Clone(a))
	if err != nil {
		return false
	}
	y, err := Canonicalize(bytes.Clone(b))
	return err == nil && bytes.Equal(x, y)
}
