package seal

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// Canonical is the canonical JSON (RFC 8785) of v: the one spelling of what it
// says.
func Canonical(v any) ([]byte, error) {
	text, err := Marshal(v)
	if err != nil {
		return nil, err
	}
	return Canonicalize(text)
}

// Canonicalize brings JSON into its canonical form. It may write over text, and
// refuses an object in which a name stands twice.
func Canonicalize(text []byte) ([]byte, error) {
	value := jsontext.Value(text)
	err := value.Canonicalize()
	return value, err
}

// Same reports whether a and b are JSON that says the same, or are both empty.
// Nearly always they are spelt alike.
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
