package desired

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Writer writes the lines of a CSV in a dialect, so that ReadRows finds the same
// cells in them.
type Writer struct {
	dialect Dialect
	text    *bufio.Writer     // remembers the first error; nil for a Writer that only looks
	encoder *transform.Writer // nil for UTF-8, which is written as it is, valid or not
	marked  bool              // what was seen needs a byte order mark
}

// WriteFile writes a CSV for people, who open it in a spreadsheet: what write passes
// to its Writer, with the delimiter and the line ends of the dialect, and in UTF-16 if
// that is its encoding. UTF-8 begins with a byte order mark if a cell is not ASCII, and
// only then: without the mark, Excel would show other characters. What is not valid
// UTF-8 gets none, since the mark would say that it is. Without a dialect, the file is
// plain.
//
// It calls write twice if it has to, the first time only to look at the cells.
func (d Dialect) WriteFile(w io.Writer, write func(*Writer) error) error {
	if d == (Dialect{}) {
		d = PlainDialect()
	}
	if d.Encoding != utf16LE && d.Encoding != utf16BE {
		var look Writer
		if err := write(&look); err != nil && err != errWide {
			return err
		}
		d.Encoding = utf8Plain
		if look.marked {
			d.Encoding = utf8BOM
		}
	}
	return d.WriteExactly(w, write)
}

// Write is WriteFile of records.
func (d Dialect) Write(w io.Writer, records [][]string) error {
	return d.WriteFile(w, func(out *Writer) error {
		for _, cells := range records {
			if err := out.Write(cells); err != nil {
				return err
			}
		}
		return nil
	})
}

// WriteExactly writes what write passes to its Writer in exactly this dialect, for
// programs and streams. UTF-16 has a byte order mark all the same.
func (d Dialect) WriteExactly(w io.Writer, write func(*Writer) error) error {
	t := &Writer{dialect: d}
	switch d.Encoding {
	case utf16LE:
		t.encoder = transform.NewWriter(w, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder())
	case utf16BE:
		t.encoder = transform.NewWriter(w, unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder())
	}
	if t.encoder != nil {
		w = t.encoder
	}
	t.text = bufio.NewWriter(w)
	if d.Encoding == utf8BOM {
		t.text.WriteString("\uFEFF")
	}
	if err := write(t); err != nil {
		return err
	}
	return t.text.Flush() // it ends with a line, of which an encoder holds nothing back
}

// Write writes cells as a line, quoted where they would otherwise be trimmed, split or
// taken for a comment.
func (t *Writer) Write(cells []string) error {
	if t.text == nil {
		return t.look(cells...)
	}
	for i, cell := range cells {
		if i > 0 {
			t.text.WriteString(t.dialect.Delimiter)
		}
		t.text.WriteString(t.dialect.quote(t.encodable(cell)))
	}
	_, err := t.text.WriteString(t.dialect.Newline)
	return err
}

// encodable is a cell as UTF-16 can have it: there, a sign for a character that could
// not be read would be taken for a broken file.
func (t *Writer) encodable(cell string) string {
	if t.encoder == nil {
		return cell
	}
	return strings.ReplaceAll(strings.ToValidUTF8(cell, "?"), string(utf8.RuneError), "?")
}

// line writes a text that is a line already.
func (t *Writer) line(text string) error {
	if t.text == nil {
		return t.look(text)
	}
	t.text.WriteString(text)
	_, err := t.text.WriteString(t.dialect.Newline)
	return err
}

// errWide ends a look: nothing that follows would change what was seen.
var errWide = errors.New("a cell is not ASCII")

// look notes whether texts need a byte order mark. The first one that is not ASCII
// decides.
func (t *Writer) look(texts ...string) error {
	for _, text := range texts {
		if !isASCII(text) {
			t.marked = utf8.ValidString(text)
			return errWide
		}
	}
	return nil
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func (d Dialect) quote(cell string) string {
	plain := trimCell(cell) == cell && !strings.HasPrefix(cell, "#") && !strings.HasPrefix(cell, "sep=") &&
		!strings.Contains(cell, d.Delimiter) && !strings.ContainsAny(cell, "\"\r\n")
	if plain {
		return cell
	}
	cell = strings.ReplaceAll(cell, `"`, `""`)
	return `"` + strings.ReplaceAll(cell, "\n", d.Newline) + `"`
}
