package journal

import (
	"bytes"
	"encoding/json"
)

// EncodeEntry is an entry's JSON without its braces.
func EncodeEntry(e Entry) string {
	var b bytes.Buffer
	e.encode(&b)
	return b.String()
}

// IsByHand reports whether an entry is encoded by hand.
func IsByHand(e Entry) bool {
	var l entryEncoder
	l.entry(&e)
	return !l.odd
}

// DecodeEntry reads the members of an entry as a journal line is read, and then
// the rest of its intent.
func DecodeEntry(members string) (Entry, error) {
	e, rest, err := proven{line: []byte("{" + members + "}"), members: []byte(members)}.decode()
	if rest != nil && err == nil {
		err = json.Unmarshal(rest, e.Intent)
	}
	return e, err
}
