package seal

import (
	"bytes"
	"encoding/json"
	"io"
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
