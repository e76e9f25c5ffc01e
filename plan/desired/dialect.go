package desired

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Dialect is how a CSV is written.
type Dialect struct {
	Delimiter string `json:"delimiter"` // ",", ";" or "\t"
	Encoding  string `json:"encoding"`  // "utf-8", "utf-8-bom", "utf-16le" or "utf-16be"
	Newline   string `json:"newline"`   // "\n" or "\r\n"
}

const (
	utf8Plain = "utf-8"
	utf8BOM   = "utf-8-bom"
	utf16LE   = "utf-16le"
	utf16BE   = "utf-16be"
)

// PlainDialect is UTF-8 with commas and line feeds.
func PlainDialect() Dialect { return Dialect{Delimiter: ",", Encoding: utf8Plain, Newline: "\n"} }

// sniffDelimiter picks the delimiter that occurs most often outside quotes in the
// header line; a comma if there is none.
func sniffDelimiter(line []byte) byte {
	best, most := byte(','), 0
	for _, d := range []byte{',', ';', '\t'} {
		if n := countUnquoted(line, d); n > most {
			best, most = d, n
		}
	}
	return best
}

func countUnquoted(line []byte, d byte) int {
	n, quoted := 0, false
	for _, b := range line {
		switch {
		case b == '"':
			quoted = !quoted
		case b == d && !quoted:
			n++
		}
	}
	return n
}

// separatorLine reads the "sep=;" that Excel writes and obeys as a first line.
func separatorLine(line []byte) (delimiter byte, found bool, err error) {
	s := strings.Trim(strings.TrimRight(string(line), "\r\n"), `"`)
	if len(s) < 4 || !strings.EqualFold(s[:4], "sep=") {
		return 0, false, nil
	}
	switch s[4:] {
	case ",", ";", "\t":
		return s[4], true, nil
	}
	return 0, true, fmt.Errorf("delimiter %s is not supported: use a comma, a semicolon or a tab", Quote(s[4:]))
}

// DecodeText returns r as UTF-8 without a byte order mark, and the name of its
// original encoding. A ForeignError says that the bytes are not text.
func DecodeText(r io.Reader) (text *bufio.Reader, encoding string, err error) {
	br := bufio.NewReaderSize(r, 64<<10)
	head, err := br.Peek(8)
	if err != nil && err != io.EOF {
		return nil, "", err
	}
	if err := foreignFormat(head); err != nil {
		return nil, "", err
	}
	encoding, mark := sniffEncoding(head)
	if _, err := br.Discard(mark); err != nil {
		return nil, "", err
	}
	switch encoding {
	case utf16LE:
		return recode(br, unicode.LittleEndian), encoding, nil
	case utf16BE:
		return recode(br, unicode.BigEndian), encoding, nil
	default:
		return br, encoding, nil
	}
}

func recode(r io.Reader, order unicode.Endianness) *bufio.Reader {
	return bufio.NewReader(transform.NewReader(r, unicode.UTF16(order, unicode.IgnoreBOM).NewDecoder()))
}

// sniffEncoding detects the encoding from the first bytes, and how many of them
// are a byte order mark. UTF-16 without one shows in the zero bytes of the ASCII
// characters that every header starts with.
func sniffEncoding(head []byte) (encoding string, mark int) {
	switch {
	case bytes.HasPrefix(head, []byte("\xEF\xBB\xBF")):
		return utf8BOM, 3
	case bytes.HasPrefix(head, []byte("\xFF\xFE")):
		return utf16LE, 2
	case bytes.HasPrefix(head, []byte("\xFE\xFF")):
		return utf16BE, 2
	case len(head) >= 4 && head[0] != 0 && head[1] == 0 && head[2] != 0 && head[3] == 0:
		return utf16LE, 0
	case len(head) >= 4 && head[0] == 0 && head[1] != 0 && head[2] == 0 && head[3] != 0:
		return utf16BE, 0
	default:
		return utf8Plain, 0
	}
}

// ForeignError says what a file is instead of text, and how to get a CSV from it.
type ForeignError struct{ what, way string }

func (e ForeignError) Error() string { return e.what + ": " + e.way }

// foreignFormat recognises files that are often picked by mistake.
func foreignFormat(head []byte) error {
	const save, export = "save the sheet as CSV UTF-8", "export the table as CSV UTF-8"
	for _, f := range []struct{ magic, what, way string }{
		{"PK\x03\x04", "this looks like an .xlsx workbook or a zip archive", save},
		{"\xD0\xCF\x11\xE0", "this looks like an .xls workbook", save},
		{"%PDF", "this looks like a PDF", export},
		{"\x1F\x8B", "this looks like a gzip archive", "unpack it first"},
		{"<", "this looks like a web page or XML", export},
	} {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return ForeignError{f.what, f.way}
		}
	}
	return nil
}
