package plan

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"github.com/gowebpki/jcs"
)

// canonical appends the canonical form (RFC 8785) of a valid JSON text to dst.
// Nearly all that a plan holds needs its members sorted and nothing else, which
// sorter does in one pass. What needs more, as an escape that RFC 8785 spells
// otherwise, goes to the library, and so does what it refuses.
func canonical(dst, text []byte) ([]byte, error) {
	s := sorter{text: text}
	if out, plain := s.value(dst); plain {
		return out, nil
	}
	whole, err := jcs.Transform(text)
	return append(dst, whole...), err
}

// sorter copies a JSON text without spaces and with sorted members. Each method
// reports false when it meets something that is not canonical as it stands.
type sorter struct {
	text  []byte
	at    int
	spare []byte // what reorder copies from
}

// next skips spaces and returns the byte there without taking it.
func (s *sorter) next() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

func (s *sorter) value(dst []byte) ([]byte, bool) {
	switch c := s.next(); {
	case c == '{':
		return s.object(dst)
	case c == '[':
		return s.array(dst)
	case c == '"':
		return s.str(dst)
	case c == '-' || c >= '0' && c <= '9':
		return s.number(dst)
	default:
		return s.word(dst)
	}
}

func (s *sorter) array(dst []byte) (_ []byte, plain bool) {
	s.at++
	dst = append(dst, '[')
	for n := 0; s.next() != ']'; n++ {
		if n > 0 {
			s.at++ // the comma
			dst = append(dst, ',')
		}
		if dst, plain = s.value(dst); !plain {
			return dst, false
		}
	}
	s.at++
	return append(dst, ']'), true
}

// entry is a member of an object that was copied: its name and its place in the
// copy, the comma before it included.
type entry struct {
	name       []byte
	start, end int
}

func (s *sorter) object(dst []byte) (_ []byte, plain bool) {
	s.at++
	start, sorted := len(dst), true
	entries := make([]entry, 0, 12)
	for s.next() != '}' {
		if len(entries) > 0 {
			s.at++ // the comma
			s.next()
		}
		e := entry{start: len(dst)}
		from := s.at
		if dst, plain = s.str(append(dst, ',')); !plain {
			return dst, false
		}
		if e.name = s.text[from+1 : s.at-1]; !plainName(e.name) {
			return dst, false
		}
		s.next()
		s.at++ // the colon
		if dst, plain = s.value(append(dst, ':')); !plain {
			return dst, false
		}
		e.end = len(dst)
		sorted = sorted && (len(entries) == 0 || bytes.Compare(entries[len(entries)-1].name, e.name) < 0)
		entries = append(entries, e)
	}
	s.at++
	if len(entries) == 0 {
		return append(dst, "{}"...), true
	}
	if !sorted && !s.reorder(dst[start:], start, entries) {
		return dst, false
	}
	dst[start] = '{' // in place of the first comma
	return append(dst, '}'), true
}

// reorder sorts the members in copied, which begins at offset start. It reports
// false where a name stands twice.
func (s *sorter) reorder(copied []byte, start int, entries []entry) bool {
	slices.SortFunc(entries, func(a, b entry) int { return bytes.Compare(a.name, b.name) })
	s.spare = append(s.spare[:0], copied...)
	at := 0
	for i, e := range entries {
		if i > 0 && bytes.Equal(e.name, entries[i-1].name) {
			return false
		}
		at += copy(copied[at:], s.spare[e.start-start:e.end-start])
	}
	return true
}

// plainName reports whether the order of a name's bytes is that of RFC 8785,
// which sorts what the name says by UTF-16.
func plainName(name []byte) bool {
	return !slices.ContainsFunc(name, func(c byte) bool { return c >= utf8.RuneSelf || c == '\\' })
}

// str copies a string whose escapes are those of RFC 8785.
func (s *sorter) str(dst []byte) ([]byte, bool) {
	from, wide := s.at, false
	for s.at++; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			whole := s.text[from:s.at]
			return append(dst, whole...), !wide || utf8.Valid(whole)
		case c == '\\':
			if s.at++; s.at == len(s.text) || bytes.IndexByte([]byte(`"\bfnrt`), s.text[s.at]) < 0 {
				return dst, false
			}
		case c < ' ':
			return dst, false
		case c >= utf8.RuneSelf:
			wide = true
		}
	}
	return dst, false
}

// number copies a whole number that a double holds exactly.
func (s *sorter) number(dst []byte) ([]byte, bool) {
	from := s.at
	for s.at < len(s.text) && bytes.IndexByte([]byte("+-.0123456789eE"), s.text[s.at]) >= 0 {
		s.at++
	}
	whole := s.text[from:s.at]
	exact := len(whole) <= 15 && !bytes.ContainsAny(whole, "+.eE") && string(whole) != "-0"
	return append(dst, whole...), exact
}

// word copies true, false or null.
func (s *sorter) word(dst []byte) ([]byte, bool) {
	from := s.at
	for s.at < len(s.text) && s.text[s.at] >= 'a' && s.text[s.at] <= 'z' {
		s.at++
	}
	return append(dst, s.text[from:s.at]...), s.at > from
}
