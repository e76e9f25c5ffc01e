package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"bulksync/graph"
	"bulksync/plan"
)

// FormatVersion is the version of the journal format, in its first entry.
const FormatVersion = 1

// Entry is one line of journal.jsonl. Exactly one of the pointers is set.
type Entry struct {
	// Prev is the Sum of the line before, so that a line that was taken out or
	// moved is noticed; empty in the first.
	Prev string    `json:"prev"`
	At   time.Time `json:"at"`
	// Run begins a journal, and each resumption of it.
	Run *Run `json:"run,omitempty"`
	// Intent is durable before its write is sent.
	Intent *Intent `json:"intent,omitempty"`
	// Outcome is how a change ended; a later one replaces an earlier one.
	Outcome *Outcome `json:"outcome,omitempty"`
	// End closes a session that ended by itself.
	End *End `json:"end,omitempty"`
	// Sum is the hex SHA-256 of the line up to its own value.
	Sum string `json:"sum"`
}

// Run says what is run, on what, by whom and how.
type Run struct {
	FormatVersion   int              `json:"formatVersion"`
	RunID           string           `json:"runId"`
	PlanFingerprint string           `json:"planFingerprint"`
	Tool            plan.Tool        `json:"tool"`
	HomeTenant      graph.HomeTenant `json:"homeTenant"`
	// Identity is the app or user of the token.
	Identity string `json:"identity"`
	// Settings are those that a resumption goes on with.
	Settings Settings `json:"settings"`
	Resumed  bool     `json:"resumed,omitempty"`
}

// Intent is a write that is about to be sent.
type Intent struct {
	Seq             int    `json:"seq"`
	Method          string `json:"method"`
	Path            string `json:"path"`
	ClientRequestID string `json:"clientRequestId"`
	// Found is the object that the write replaces, where that is another one
	// than the plan knew (see Outcome.Found).
	Found json.RawMessage `json:"found,omitempty"`
}

// End is the last word of a session.
type End struct {
	Stopped     string   `json:"stopped,omitempty"`
	Interrupted bool     `json:"interrupted,omitempty"`
	Requests    Requests `json:"requests"`
	Pace        Pace     `json:"pace"`
}

// The ends of a line between which the sums stand.
const (
	beforePrev = `{"prev":"`
	beforeSum  = `,"sum":"`
	afterSum   = `"}`
	sumLength  = 2 * sha256.Size
)

// appendLine writes e as a line, without the newline, into b and sets its Sum.
func (e *Entry) AppendLine(b *bytes.Buffer) {
	start := b.Len()
	e.Sum = ""
	e.encode(b)
	b.Truncate(b.Len() - len(afterSum))
	sum := sha256.Sum256(b.Bytes()[start:])
	b.Write(hex.AppendEncode(b.AvailableBuffer(), sum[:]))
	e.Sum = string(b.Bytes()[b.Len()-sumLength:])
	b.WriteString(afterSum)
}

// errAltered is a line that is not what was written there.
var errAltered = errors.New("it was altered, or does not follow from the line before")

// sealed is a line that was proved to be whole and to follow from the one
// before.
type sealed struct {
	// text is the line from the value of its time to before its sum.
	text []byte
	line []byte
	sum  string
}

// unseal proves a line that is to follow from prev.
func unseal(line []byte, prev string) (sealed, error) {
	at := len(line) - len(afterSum) - sumLength
	if at < 0 || !bytes.HasSuffix(line[:at], []byte(beforeSum)) || !bytes.HasSuffix(line, []byte(afterSum)) {
		return sealed{}, errAltered
	}
	head := len(beforePrev) + len(prev)
	if at < head || string(line[:len(beforePrev)]) != beforePrev || string(line[len(beforePrev):head]) != prev {
		return sealed{}, errAltered
	}
	sum := sha256.Sum256(line[:at])
	var text [sumLength]byte
	hex.Encode(text[:], sum[:])
	if !bytes.Equal(line[at:at+sumLength], text[:]) {
		return sealed{}, errAltered
	}
	return sealed{text: line[head : at-len(beforeSum)], line: line, sum: string(text[:])}, nil
}

// decode reads the entry. Most of the time goes into finding the members of an
// object, so a line in the very form that appendLine gives it is cut by hand;
// any other is left to the decoder as a whole. Of an intent it reads no more
// than Seq, and returns the object to read the rest from: nearly every intent
// has its outcome further down.
func (s sealed) decode() (e Entry, intent json.RawMessage, err error) {
	rest, ok := bytes.CutPrefix(s.text, []byte(`","at":"`))
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
	if err := json.Unmarshal(s.line, &e); err != nil {
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
