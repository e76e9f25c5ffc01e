package plan

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gocarina/gocsv"
)

// rowReader reads one CSV: lineReader cuts the text into lines, csv.Reader
// into cells, gocsv decodes the cells, and rowReader lays them out in a sheet.
type rowReader struct {
	file    string
	lines   *lineReader
	csv     *csv.Reader
	decoder *gocsv.Unmarshaller

	dialect Dialect
	head    header
	sheet   sheet
	errs    RowErrors
}

// readAll reads to the end and gathers rows and faults. Its error is never the
// content's.
func (rd *rowReader) readAll(r io.Reader) error {
	text, encoding, err := decodeText(r)
	var foreign foreignError
	if errors.As(err, &foreign) {
		rd.refuse(place{1, 1}, "", foreign)
		return nil
	}
	if err != nil {
		return err
	}
	rd.dialect.Encoding = encoding
	rd.lines = &lineReader{src: text, utf16: encoding == utf16LE || encoding == utf16BE}
	if err := rd.readHeader(); err != nil {
		return ignore(err, io.EOF, errSkipRow)
	}
	if err := rd.readRows(); err != nil {
		return err
	}
	if rd.sheet.rows == 0 && len(rd.errs) == 0 {
		rd.refuse(place{1, 1}, "", errors.New("no rows below the header: the file needs one for each partner"))
	}
	return nil
}

func ignore(err error, expected ...error) error {
	for _, e := range expected {
		if errors.Is(err, e) {
			return nil
		}
	}
	return err
}

// readHeader finds the dialect and the columns. It returns io.EOF when there
// is nothing worth reading below.
func (rd *rowReader) readHeader() error {
	if err := rd.firstLine(); err != nil {
		return rd.noHeader(err)
	}
	if err := rd.openDecoder(); err != nil {
		return err
	}
	if rd.lines.bad != nil {
		rd.refuse(rd.lines.bad.place, "", rd.lines.bad.err)
	}
	cells := rd.decoder.Headers
	if holdsTenantID(cells) {
		rd.refuse(rd.cellPlace(0), "", errors.New("no header: the first row is data already; put a line above it that names the columns, such as tenantId,displayName"))
		return io.EOF
	}
	head, faults := parseHeader(cells)
	for _, f := range faults {
		rd.refuse(rd.cellPlace(f.position), trimCell(cells[f.position]), f.err)
	}
	rd.head, rd.sheet.width = head, len(cells)
	return rd.decoder.RenormalizeHeaders(func([]string) []string { return head.names })
}

// firstLine brings the header line into the lineReader and tells its dialect.
func (rd *rowReader) firstLine() error {
	rd.lines.begin()
	if err := rd.lines.fetch(); err != nil {
		return err
	}
	comma, found, err := separatorLine(rd.lines.raw)
	if err != nil {
		return rd.lines.stop(rd.lines.line, err)
	}
	if found {
		rd.lines.begin()
		if err := rd.lines.fetch(); err != nil {
			return err
		}
	} else {
		comma = sniffDelimiter(rd.lines.raw)
	}
	line := bytes.TrimSuffix(rd.lines.raw, []byte("\n"))
	rd.dialect.Newline = "\n"
	if bytes.HasSuffix(line, []byte("\r")) {
		rd.dialect.Newline = "\r\n"
	}
	if i := bytes.IndexByte(bytes.TrimSuffix(line, []byte("\r")), '\r'); i >= 0 {
		return rd.lines.stop(rd.lines.line, errors.New("lines end in carriage returns alone, as on an old Macintosh: save the file as CSV UTF-8"))
	}
	rd.lines.comma = comma
	rd.dialect.Delimiter = string(comma)
	return nil
}

// noHeader turns the end of the text before a header into a fault.
func (rd *rowReader) noHeader(err error) error {
	var stopped *fault
	switch {
	case errors.As(err, &stopped):
		rd.refuse(stopped.place, "", stopped.err)
		return io.EOF
	case err != io.EOF:
		return err
	}
	what := "the file is empty"
	if rd.lines.line > 1 {
		what = "the file holds nothing but blank lines and comments"
	}
	rd.refuse(place{1, 1}, "", fmt.Errorf("%s: it needs a header with a tenantId column and a row for each partner", what))
	return io.EOF
}

// openDecoder lets gocsv read the header.
func (rd *rowReader) openDecoder() error {
	for {
		rd.csv = csv.NewReader(rd.lines)
		rd.csv.Comma = rune(rd.lines.comma)
		rd.csv.ReuseRecord = true // gocsv copies the cells out
		decoder, err := gocsv.NewUnmarshaller(rd.csv, &record{})
		if err == nil {
			rd.decoder = decoder
			return nil
		}
		if err := rd.repair(err); err != nil {
			return err
		}
	}
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
	var syntax *csv.ParseError
	l := rd.lines
	switch {
	case l.fatal != nil:
		rd.refuse(l.fatal.place, "", l.fatal.err)
		return io.EOF
	case l.bad != nil:
		rd.refuse(l.bad.place, "", l.bad.err)
		return errSkipRow
	case !errors.As(err, &syntax):
		return err
	case errors.Is(syntax, csv.ErrFieldCount):
		return rd.fitCells()
	}
	moved, cell := mendQuotes(l.raw, l.comma)
	if moved {
		l.replay()
		return nil
	}
	return rd.misquoted(cell, errors.Is(syntax, csv.ErrBareQuote))
}

// misquoted refuses a cell that breaks the quoting rules. A quote inside an
// unquoted cell harms that row alone. After a quoted cell that does not end as
// it should nobody can say where the next row starts.
func (rd *rowReader) misquoted(cell int, bare bool) error {
	l := rd.lines
	value := string(l.raw[cell:])
	if bare {
		value, _, _ = strings.Cut(value, string(l.comma))
		value = trimCell(value)
		rd.refuse(l.at(cell), value, errors.New("a quote inside an unquoted cell: quote the whole cell and double the quotes inside it"))
		return errSkipRow
	}
	rd.refuse(l.at(cell), trimCell(value), errors.New("the quoted cell that starts here does not end in a quote and a delimiter: double the quotes inside it; the rows below were not read"))
	return io.EOF
}
