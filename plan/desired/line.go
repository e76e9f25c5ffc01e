package desired

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// maxRecord is the longest row, in bytes of UTF-8. A longer one means that a
// quote was not closed or that the file is no CSV.
const maxRecord = 1 << 20

// maxReplays limits how often a row with many broken lines is read again.
const maxReplays = 100

// lineReader feeds csv.Reader one physical line per Read. Because csv.Reader asks
// for a line only when it needs one, the two move in step: the lineReader knows
// which lines belong to the row being read, keeps their text for messages and
// repairs, and drops blank lines and comments between rows without touching those
// inside a quoted cell.
type lineReader struct {
	src   *bufio.Reader
	utf16 bool // decoded text shows problems of the encoding as U+FFFD
	comma byte // 0 until the header was seen

	line     int      // physical lines read
	comments comments // the comment lines among them

	first   int      // physical line at which the row starts
	raw     []byte   // text of the row so far
	starts  []int    // where in raw each physical line starts
	sent    int      // bytes of raw handed over
	replays int      // how often it was handed over again
	wide    bool     // raw is not all ASCII
	bad     *problem // first position in the row that is not valid text
	fatal   *problem // why nothing more can be read
}

// problem is what is wrong at a position.
type problem struct {
	position
	err error
}

func (f *problem) Error() string { return f.err.Error() }

// begin starts a row with the next line.
func (l *lineReader) begin() {
	l.raw, l.starts, l.sent, l.replays, l.wide, l.bad = l.raw[:0], l.starts[:0], 0, 0, false, nil
}

// Read implements io.Reader.
func (l *lineReader) Read(p []byte) (int, error) {
	if l.sent == len(l.raw) {
		if err := l.fetch(); err != nil {
			return 0, err
		}
	}
	n := copy(p, l.raw[l.sent:])
	l.sent += n
	return n, nil
}

// fetch appends the next line that belongs to the row.
func (l *lineReader) fetch() error {
	for {
		start := len(l.raw)
		if err := l.readLine(); err != nil {
			return err
		}
		plain := isPlainASCII(l.raw[start:])
		if !plain && bytes.IndexByte(l.raw[start:], 0) >= 0 {
			return l.stop(l.line, errors.New("this is not text: the line holds a zero byte; save the file as CSV UTF-8"))
		}
		if start > 0 || !l.between(l.raw) {
			l.accept(start, plain)
			return nil
		}
		l.raw = l.raw[:0]
	}
}

// readLine appends one physical line to raw.
func (l *lineReader) readLine() error {
	start := len(l.raw)
	l.line++
	for {
		chunk, err := l.src.ReadSlice('\n')
		l.raw = append(l.raw, chunk...)
		switch {
		case len(l.raw) > maxRecord:
			line := l.line
			if start > 0 {
				line = l.first
			}
			return l.stop(line, fmt.Errorf("the row that starts here is longer than %d KiB: is a quote left open?", maxRecord>>10))
		case err == bufio.ErrBufferFull:
		case err == io.EOF && len(l.raw) > start:
			return nil
		default:
			return err
		}
	}
}

func (l *lineReader) stop(line int, err error) error {
	l.fatal = &problem{position: position{line, 1}, err: err}
	return l.fatal
}

// between reports whether a line belongs to no row, and counts comments.
func (l *lineReader) between(line []byte) bool {
	rest := line[strayPrefix(line, l.comma):]
	switch {
	case len(rest) == 0 || rest[0] == '\n' || rest[0] == '\r' && len(rest) <= 2:
		return true
	case l.comma == 0 && holdsNothing(rest, 0): // the ",,," that a spreadsheet writes for an empty row
		return true
	case isComment(rest, l.comma):
		l.comments.add(l.line, rest)
		return true
	}
	return false
}

// accept adds the line at raw[start:] to the row and checks its text.
func (l *lineReader) accept(start int, plain bool) {
	if start == 0 {
		l.first = l.line
	}
	l.starts = append(l.starts, start)
	if plain {
		return
	}
	line := l.raw[start:]
	l.wide = true
	if l.bad != nil {
		return
	}
	switch i := invalidUTF8(line); {
	case i >= 0:
		l.bad = &problem{position: l.at(start + i), err: badText.errorf("byte 0x%02X is not valid UTF-8: save the file as CSV UTF-8", line[i])}
	case l.utf16:
		if i := bytes.IndexRune(line, utf8.RuneError); i >= 0 {
			l.bad = &problem{position: l.at(start + i), err: badText.errorf("this is not valid UTF-16: save the file as CSV UTF-8")}
		}
	}
}

// text is the k-th line of the row.
func (l *lineReader) text(k int) []byte {
	if k+1 < len(l.starts) {
		return l.raw[l.starts[k]:l.starts[k+1]]
	}
	return l.raw[l.starts[k]:]
}

// at is the position of an offset in raw.
func (l *lineReader) at(offset int) position {
	k := len(l.starts) - 1
	for k > 0 && l.starts[k] > offset {
		k--
	}
	return l.cell(k, offset-l.starts[k]+1)
}

// cell is the position of a byte column, from 1, in the k-th line of the row.
func (l *lineReader) cell(k, column int) position {
	if l.wide {
		start := l.starts[k]
		column = utf8.RuneCount(l.raw[start:start+column-1]) + 1
	}
	return position{l.first + k, column}
}

// replay hands over the row again, as raw is now.
func (l *lineReader) replay() {
	l.sent = 0
	l.replays++
}

// cut shortens the row to its first n bytes and replays it.
func (l *lineReader) cut(n int) {
	l.raw = append(l.raw[:n], '\n')
	l.replay()
}

// pad appends n empty cells to the row and replays it.
func (l *lineReader) pad(n int) {
	l.raw = bytes.TrimRight(l.raw, "\r\n")
	for range n {
		l.raw = append(l.raw, l.comma)
	}
	l.raw = append(l.raw, '\n')
	l.replay()
}

// isPlainASCII reports whether all of b is ASCII without zero bytes.
func isPlainASCII(b []byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for len(b) >= 8 {
		word := binary.LittleEndian.Uint64(b)
		if (word|(word-ones))&highs != 0 { // subtracting borrows from a zero byte
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c == 0 || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// invalidUTF8 is the offset of the first byte that is not valid UTF-8, or -1.
func invalidUTF8(b []byte) int {
	if utf8.Valid(b) {
		return -1
	}
	for i := 0; ; {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
}

// mendQuotes moves the stray spaces between a delimiter and a quote to the inside
// of the quotes, where they are trimmed like any others: ` "a" ,b` becomes `" a
// ",b`. No byte is added, so positions stay true. It reports whether it moved
// any, and the start of the cell at which the row could not be followed further.
func mendQuotes(raw []byte, comma byte) (moved bool, cell int) {
	for {
		open := cell + strayPrefix(raw[cell:], comma)
		if open == len(raw) || raw[open] != '"' {
			end := bytes.IndexByte(raw[cell:], comma)
			if end < 0 || bytes.IndexByte(raw[cell:cell+end], '"') >= 0 {
				return moved, cell
			}
			cell += end + 1
			continue
		}
		if open > cell {
			copy(raw[cell+1:], raw[cell:open])
			raw[cell], moved = '"', true
		}
		shut := closingQuote(raw, open+1)
		if shut < 0 {
			return moved, cell
		}
		end := shut + 1 + strayPrefix(raw[shut+1:], comma)
		if end < len(raw) && raw[end] != comma && raw[end] != '\n' && raw[end] != '\r' {
			return moved, cell
		}
		if end > shut+1 {
			copy(raw[shut:], raw[shut+1:end])
			raw[end-1], moved = '"', true
		}
		if end == len(raw) || raw[end] != comma {
			return moved, cell
		}
		cell = end + 1
	}
}

// closingQuote finds the quote that ends a quoted cell, or -1.
func closingQuote(raw []byte, from int) int {
	for {
		i := bytes.IndexByte(raw[from:], '"')
		if i < 0 {
			return -1
		}
		from += i
		if from+1 == len(raw) || raw[from+1] != '"' {
			return from
		}
		from += 2
	}
}

// strayPrefix is the length of the stray characters that b starts with. The
// delimiter and line ends are never stray.
func strayPrefix(b []byte, comma byte) int {
	n := 0
	for n < len(b) {
		if c := b[n]; c == comma || c == '\n' || c == '\r' || c > ' ' && c < utf8.RuneSelf {
			break
		}
		r, size := utf8.DecodeRune(b[n:])
		if !isStray(r) {
			break
		}
		n += size
	}
	return n
}
