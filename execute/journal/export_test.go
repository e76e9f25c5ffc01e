package journal

import "bytes"

// EncodeEntry is an entry's JSON without its braces.
func EncodeEntry(e Entry) string {
	var b bytes.Buffer
	e.encode(&b)
	return b.String()
}
