package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"bulksync/internal/seal"
)

// proven is a line that was proved to be whole and to follow from the one
// before.
type proven struct {
	line    []byte
	members []byte // between the sums
}

// prove proves a line that is the next of the chain.
func prove(c *seal.Chain, line []byte) (proven, error) {
	line = bytes.TrimSuffix(line, []byte("\n"))
	members, err := c.Prove(line)
	return proven{line, members}, err
}

// decode reads the entry. Most of the time goes into finding the members of an
// object, so a line in the very form that encode gives it is cut by hand; any
// other is left to encoding/json as a whole. Of an intent it reads no more than
// Seq, and returns the object to read the rest from: nearly every intent has its
// outcome further down.
func (p proven) decode() (e Entry, intent json.RawMessage, err error) {
	rest, ok := bytes.CutPrefix(p.members, []byte(`"at":"`))
	at, rest, cut := bytes.Cut(rest, []byte(`","`))
	kind, object, cut2 := bytes.Cut(rest, []byte(`":`))
	if ok && cut && cut2 && e.At.UnmarshalText(at) == nil {
		switch string(kind) {
		case "intent":
			if seq, ok := seqOf(object); ok {
				e.Intent = &Intent{Seq: seq}
				return e, object, nil
			}
		case "outcome":
			e.Outcome = &Outcome{}
			if json.Unmarshal(object, e.Outcome) == nil {
				return e, nil, nil
			}
		}
	}
	e = Entry{}
	if err := json.Unmarshal(p.line, &e); err != nil {
		return e, nil, fmt.Errorf("not a journal entry: %w", err)
	}
	return e, nil, nil
}

// seqOf reads the number that an intent begins with.
func seqOf(intent []byte) (int, bool) {
	rest, ok := bytes.CutPrefix(intent, []byte(`{"seq":`))
	digits, _, cut := bytes.Cut(rest, []byte{','})
	n, err := strconv.Atoi(string(digits))
	return n, ok && cut && err == nil
}

// isSession reports whether a line, not proved, begins a session.
func isSession(line []byte) bool {
	_, rest, ok := bytes.Cut(line, []byte(`","at":"`))
	_, rest, cut := bytes.Cut(rest, []byte(`","`))
	return ok && cut && bytes.HasPrefix(rest, []byte(`run":`))
}
