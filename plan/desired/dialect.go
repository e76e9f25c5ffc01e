package desired

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Dialect is how a CSV is written down.
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

// Write writes records so that ReadRows finds the same cells in them: in the
// dialect's encoding (UTF-16 with a byte order mark), quoted where a cell
// would otherwise be trimmed, split or taken for a comment.
func (d Dialect) Write(w io.Writer, records [][]string) error {
	out := w
	var encoder *transform.Writer
	switch d.Encoding {
	case utf16LE:
		encoder = transform.NewWriter(w, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder())
	case utf16BE:
		encoder = transform.NewWriter(w, unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder())
	case utf8BOM:
		encoder = transform.NewWriter(w, unicode.UTF8BOM.NewEncoder())
	}
	if encoder != nil {
		out = encoder
	}
	text := bufio.NewWriter(out)
	for _, cells := range records {
		for i, cell := range cells {
			if i > 0 {
				text.WriteString(d.Delimiter)
			}
			text.WriteString(d.quote(cell))
		}
		text.WriteString(d.Newline)
	}
	err := text.Flush() // a bufio.Writer remembers its first error
	if encoder != nil {
		err = errors.Join(err, encoder.Close())
	}
	return err
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

// sniffDelimiter picks the delimiter that stands most often outside quotes in
// the header line; a comma where there is none.
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
