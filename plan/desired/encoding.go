package desired

import (
	"bufio"
	"bytes"
	"io"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// decodeText returns r as UTF-8 without a byte order mark, and the name of the
// encoding that it was in. A foreignError says that the bytes are no text.
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

// sniffEncoding tells the encoding from the first bytes, and how many of them
// are a byte order mark. UTF-16 without one shows in the zero bytes of the
// ASCII characters that every header starts with.
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

// foreignError says what a file is instead of text, and how a CSV is made of
// it.
type ForeignError struct{ what, way string }

func (e ForeignError) Error() string { return e.what + ": " + e.way }

// foreignFormat recognises the files that people pick by mistake.
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
