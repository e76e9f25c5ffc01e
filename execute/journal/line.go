package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"bulksync/graph"
	"bulksync/internal/seal"
)

// encode writes the members of an entry. Each write has two entries, so the two
// common kinds are encoded by hand, in exactly the form of encoding/json;
// anything unusual is left to encoding/json.
func (e *Entry) encode(b *bytes.Buffer) {
	l := entryEncoder{b: b.AvailableBuffer()}
	if l.entry(e); !l.odd {
		b.Write(l.b)
		return
	}
	text, err := seal.Marshal(e)
	if err != nil {
		panic(fmt.Sprintf("journal: an entry does not encode: %v", err))
	}
	b.Write(text[1 : len(text)-1])
}

// entryEncoder holds an entry being encoded; odd means that encoding/json is
// needed.
type entryEncoder struct {
	b   []byte
	odd bool
}

func (l *entryEncoder) entry(e *Entry) {
	l.time(`"at":`, e.At)
	switch {
	case e.Intent != nil:
		l.intent(e.Intent)
	case e.Outcome != nil:
		l.outcome(e.Outcome)
	default:
		l.odd = true
	}
	l.b = append(l.b, '}')
}

func (l *entryEncoder) intent(in *Intent) {
	l.odd = l.odd || in.Found != nil
	l.number(`,"intent":{"seq":`, int64(in.Seq))
	l.text(`,"method":`, in.Method)
	l.text(`,"path":`, in.Path)
	l.text(`,"clientRequestId":`, in.ClientRequestID)
}

func (l *entryEncoder) outcome(o *Outcome) {
	l.odd = l.odd || o.Live != nil || o.Found != nil
	l.number(`,"outcome":{"seq":`, int64(o.Seq))
	l.text(`,"status":`, string(o.Status))
	l.some(`,"reason":`, string(o.Reason))
	if o.Attempts != 0 {
		l.number(`,"attempts":`, int64(o.Attempts))
	}
	if o.HTTPStatus != 0 {
		l.number(`,"httpStatus":`, int64(o.HTTPStatus))
	}
	l.some(`,"graphCode":`, o.GraphCode)
	l.kind(`,"kind":`, o.Kind)
	l.set(`,"open":true`, o.Open)
	l.set(`,"unseen":true`, o.Unseen)
	l.set(`,"unread":true`, o.Unread)
	l.set(`,"applied":true`, o.Applied)
	l.set(`,"overwritten":true`, o.Overwritten)
	l.some(`,"message":`, o.Message)
	l.some(`,"requestId":`, o.RequestID)
	l.some(`,"clientRequestId":`, o.ClientRequestID)
	if !o.StartedAt.IsZero() {
		l.time(`,"startedAt":`, o.StartedAt)
	}
	if o.ElapsedMs != 0 {
		l.number(`,"elapsedMs":`, o.ElapsedMs)
	}
}

func (l *entryEncoder) number(name string, n int64) {
	l.b = strconv.AppendInt(append(l.b, name...), n, 10)
}

// set writes a member that is omitted when false.
func (l *entryEncoder) set(member string, is bool) {
	if is {
		l.b = append(l.b, member...)
	}
}

// some omits an empty text.
func (l *entryEncoder) some(name, s string) {
	if s != "" {
		l.text(name, s)
	}
}

func (l *entryEncoder) kind(name string, k graph.Kind) {
	word, err := k.MarshalText()
	l.odd = l.odd || err != nil
	l.some(name, string(word))
}

func (l *entryEncoder) text(name, s string) {
	l.b = append(append(l.b, name...), '"')
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			l.odd = true
		}
	}
	l.b = append(append(l.b, s...), '"')
}

func (l *entryEncoder) time(name string, t time.Time) {
	l.b = append(append(l.b, name...), '"')
	l.b = append(t.AppendFormat(l.b, time.RFC3339Nano), '"')
}

// proven is a line proved to be whole and to follow the line before.
type proven struct {
	line    []byte
	members []byte // between the sums
}

// prove proves that a line is whole and the next of the chain.
func prove(c *seal.Chain, line []byte) (proven, error) {
	line = bytes.TrimSuffix(line, []byte("\n"))
	members, err := c.Prove(line)
	return proven{line, members}, err
}

// decode reads the entry. Finding the members of an object takes most of the
// time, so a line in exactly the form that encode gives it is split by hand;
// any other is left to encoding/json as a whole. Of an intent it reads only
// Seq, and returns the object so that the rest can be read later: nearly every
// intent has its outcome further down.
func (p proven) decode() (e Entry, intent json.RawMessage, err error) {
	rest, ok := bytes.CutPrefix(p.members, []byte(`"at":"`))
	at, rest, cut := bytes.Cut(rest, []byte(`","`))
	kind, object, cut2 := bytes.Cut(rest, []byte(`":`))
	var when time.Time
	if ok && cut && cut2 && when.UnmarshalText(at) == nil {
		switch string(kind) {
		case "intent":
			if seq, ok := seqOf(object); ok {
				return Entry{At: when, Intent: &Intent{Seq: seq}}, object, nil
			}
		case "outcome":
			var o Outcome
			if seal.Unmarshal(object, &o) == nil { // in half the time of encoding/json
				return Entry{At: when, Outcome: &o}, nil, nil
			}
		}
	}
	if err := json.Unmarshal(p.line, &e); err != nil {
		return e, nil, fmt.Errorf("not a journal entry: %w", err)
	}
	return e, nil, nil
}

// seqOf reads the number that an intent begins with.
func seqOf(intent []byte) (int, bool) {
	rest, ok := bytes.CutPrefix(intent, []byte(`{"seq":`))
	digits, _, _ := bytes.Cut(rest, []byte{','})
	n, err := strconv.Atoi(string(digits))
	return n, ok && err == nil
}

// isSession reports whether a line, not proved, begins a session.
func isSession(line []byte) bool {
	_, rest, ok := bytes.Cut(line, []byte(`","at":"`))
	_, rest, cut := bytes.Cut(rest, []byte(`","`))
	return ok && cut && bytes.HasPrefix(rest, []byte(`run":`))
}
