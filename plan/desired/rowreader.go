package desired

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gocarina/gocsv"

	"bulksync/internal/words"
)

// rowReader reads one CSV: lineReader cuts the text into lines, csv.Reader
// into cells, gocsv decodes the cells, and rowReader lays them out in a sheet.
type rowReader struct {
	file    string
	lines   *lineReader
	csv     *csv.Reader
	decoder *gocsv.Unmarshaller

	dialect   Dialect
	head      header
	sheet     sheet
	errs      RowErrors
	swallowed notices
}

// errSkipRow says that a row is of no further use: it is blank, or its problem
// has been noted.
var errSkipRow = errors.New("row skipped")

// readAll reads to the end and gathers rows and problems. Its error is never the
// content's.
func (rd *rowReader) readAll(r io.Reader) error {
	text, encoding, err := DecodeText(r)
	var foreign ForeignError
	if errors.As(err, &foreign) {
		rd.refuse(position{1, 1}, "", foreign)
		return nil
	}
	if err != nil {
		return err
	}
	rd.dialect.Encoding = encoding
	rd.lines = &lineReader{src: text, utf16: encoding == utf16LE || encoding == utf16BE}
	switch err := rd.readHeader(); err {
	case nil:
	case io.EOF: // the problem is noted
		return nil
	default:
		return err
	}
	above := rd.lines.comments.n
	if err := rd.readRows(); err != nil {
		return err
	}
	if rd.sheet.rows == 0 && len(rd.errs) == 0 {
		rd.refuse(position{1, 1}, "", rd.noRows(above))
	}
	return nil
}

// noRows says that a file holds no rows. So many comments are above its header.
func (rd *rowReader) noRows(above int) error {
	only := ""
	if below := rd.lines.comments.n - above; below > 0 {
		only = ", only " + words.Count(below, "comment")
	}
	return fmt.Errorf("no rows below the header%s: the file needs one for each partner", only)
}

func (rd *rowReader) readRows() error {
	for {
		rec, extra, err := rd.next()
		switch {
		case err == io.EOF:
			return nil
		case err == errSkipRow:
			continue
		case err != nil:
			return err
		}
		rd.keep(rec, extra)
	}
}

// next decodes one row. Cells of unnamed columns come in extra.
func (rd *rowReader) next() (rec *record, extra map[string]string, err error) {
	rd.lines.begin()
	for {
		var row any
		if rd.head.unnamed {
			row, extra, err = rd.decoder.ReadUnmatched()
		} else {
			row, err = rd.decoder.Read()
		}
		if err == nil && rd.lines.bad == nil {
			return row.(*record), extra, nil
		}
		if err = rd.repair(err); err != nil {
			return nil, nil, err
		}
	}
}

// repair decides what becomes of a row that could not be decoded. Nil means
// that it was mended and is to be read again; io.EOF that nothing below it can
// be trusted.
func (rd *rowReader) repair(err error) error {
	l := rd.lines
	if l.fatal != nil {
		rd.refuse(l.fatal.position, "", l.fatal.err)
		return io.EOF
	}
	var syntax *csv.ParseError
	misfit := errors.Is(err, csv.ErrFieldCount)
	if errors.As(err, &syntax) && !misfit {
		moved, cell := mendQuotes(l.raw, l.comma)
		if moved && l.replays < maxReplays {
			l.replay()
			return nil
		}
		return rd.misquoted(cell, errors.Is(err, csv.ErrBareQuote))
	}
	switch {
	case l.bad != nil:
		rd.refuse(l.bad.position, "", l.bad.err)
		return errSkipRow
	case misfit:
		return rd.fitCells()
	default:
		return err
	}
}

// misquoted refuses a cell that breaks the quoting rules. A quote inside an
// unquoted cell harms that row alone. After a quoted cell that does not end as
// it should nobody can say where the next row starts.
func (rd *rowReader) misquoted(cell int, bare bool) error {
	l := rd.lines
	if l.bad != nil {
		rd.refuse(l.bad.position, "", l.bad.err)
	}
	value := string(l.raw[cell:])
	if bare {
		value, _, _ = strings.Cut(value, string(l.comma))
		value = trimCell(value)
		rd.refuse(l.at(cell), value, rd.bareQuote(cell, value))
		return errSkipRow
	}
	rd.refuse(l.at(cell), trimCell(value), strayQuote.errorf("the quoted cell that starts here does not end in a quote and a delimiter: double the quotes inside it; the rows below were not read"))
	return io.EOF
}

// bareQuote says what a cell without quotes is that holds one all the same. It
// starts at an offset in the row.
func (rd *rowReader) bareQuote(cell int, value string) error {
	index := countUnquoted(rd.lines.raw[:cell], rd.lines.comma)
	managed := index < len(rd.head.columns) && rd.head.columns[index].isManaged()
	switch {
	case managed && isFormula(value):
		return checkComputed(rd.head.columns[index], value)
	case managed && index == 0 && strings.HasPrefix(value, "#"):
		return hashed(value)
	}
	return strayQuote.errorf("a quote inside an unquoted cell: quote the whole cell and double the quotes inside it")
}
