package desired

import (
	"bytes"
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
	needs   string // what a file must hold, for messages
	lines   *lineReader
	csv     *csv.Reader
	decoder *gocsv.Unmarshaller

	dialect   Dialect
	head      header
	sheet     sheet
	errs      RowErrors
	swallowed notices
	// broken are the rows that were refused before their cells could be checked.
	broken []brokenRow
	// lost means that from some row on it is not known where a row starts.
	lost bool
}

// brokenRow is a row that could not be taken apart, as it was.
type brokenRow struct {
	line int // physical line at which it starts
	text string
}

// neededRows is what a CSV of partners must hold.
const neededRows = "a header with a tenantId column and a row for each partner"

// errSkipRow says that a row needs no more work: it is blank, or its problem is noted.
var errSkipRow = errors.New("row skipped")

// readAll reads to the end and collects rows and problems. Its error is that of
// reading, never of the content.
func (rd *rowReader) readAll(r io.Reader) error {
	rd.needs = neededRows
	err := rd.open(r)
	if err == nil {
		err = rd.readHeader()
	}
	switch err {
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

// open begins to read the text. It returns io.EOF if the bytes are no text.
func (rd *rowReader) open(r io.Reader) error {
	text, encoding, err := DecodeText(r)
	var foreign ForeignError
	if errors.As(err, &foreign) {
		rd.refuse(position{1, 1}, "", foreign)
		return io.EOF
	}
	if err != nil {
		return err
	}
	rd.dialect.Encoding = encoding
	rd.lines = &lineReader{src: text, utf16: encoding == utf16LE || encoding == utf16BE}
	return nil
}

// noRows says that a file holds no rows; above is its number of comments above the header.
func (rd *rowReader) noRows(above int) error {
	only := ""
	if below := rd.lines.comments.n - above; below > 0 {
		only = ", only " + words.Count(below, "comment")
	}
	return fmt.Errorf("no rows below the header%s: the file needs one for each partner", only)
}

func (rd *rowReader) readRows() error {
	for {
		known := len(rd.errs)
		rec, extra, err := rd.next()
		switch {
		case err == io.EOF:
			rd.lost = len(rd.errs) > known
			return nil
		case err != nil && err != errSkipRow:
			return err
		case err == nil:
			rd.keep(rec, extra)
		}
		if len(rd.errs) > known {
			rd.broken = append(rd.broken, brokenRow{rd.lines.first, string(rd.lines.raw)})
		}
	}
}

// next decodes one row. Cells of unnamed columns are returned in extra.
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

// repair handles a row that could not be decoded. It returns nil if the row was
// mended and must be read again, and io.EOF if nothing below it can be trusted.
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
// unquoted cell harms that row alone. After a quoted cell that does not end
// properly it is unknown where the next row starts.
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

// bareQuote says what is wrong with an unquoted cell that holds a quote. The cell
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

// refuse notes a problem.
func (rd *rowReader) refuse(at position, value string, err error) {
	rd.errs = append(rd.errs, &RowError{File: rd.file, Line: at.line, Column: at.column, Value: value, Err: err})
}

// cellPosition is where the cell at an index of the row just decoded starts.
func (rd *rowReader) cellPosition(index int) position {
	first, _ := rd.csv.FieldPos(0)
	line, column := rd.csv.FieldPos(index)
	return rd.lines.cell(line-first, column)
}

// fitCells handles a row whose number of cells differs from the header's.
// Spreadsheets append empty cells to some rows and not to others: surplus ones
// are cut off, and those that only unnamed columns lack are added.
func (rd *rowReader) fitCells() error {
	l, want := rd.lines, len(rd.head.cells)
	again := csv.NewReader(bytes.NewReader(l.raw))
	again.Comma, again.FieldsPerRecord = rune(l.comma), -1
	cells, err := again.Read()
	if err != nil {
		return err
	}
	if strings.TrimFunc(strings.Join(cells, ""), isStray) == "" {
		return errSkipRow
	}
	if len(cells) >= rd.head.named && len(cells) < want {
		l.pad(want - len(cells))
		return nil
	}
	if len(cells) < want {
		rd.misfit(position{l.first, 1}, "", cells, "a delimiter is missing or the row was cut short")
		return errSkipRow
	}
	offset := func(i int) int {
		line, column := again.FieldPos(i)
		return l.starts[line-1] + column - 1
	}
	for i := want; i < len(cells); i++ {
		if value := trimCell(cells[i]); value != "" {
			rd.misfit(l.at(offset(i)), value, cells, "quote a cell that holds the delimiter")
			return errSkipRow
		}
	}
	l.cut(offset(want) - 1)
	return nil
}

// misfit refuses a row with too few or too many cells. One that begins with # was
// meant as a comment, or is what a failed look-up left.
func (rd *rowReader) misfit(at position, value string, cells []string, why string) {
	first, column := trimCell(cells[0]), rd.head.columns[0]
	switch {
	case !column.isManaged() || !strings.HasPrefix(first, "#"):
		rd.refuse(at, value, cellCount.errorf("the row has %s and the header %d: %s", words.Count(len(cells), "cell"), len(rd.head.cells), why))
	case isErrorValue(first):
		rd.refuse(position{rd.lines.first, 1}, first, checkComputed(column, first))
	default:
		rd.refuse(position{rd.lines.first, 1}, first, hashed(first))
	}
}

// keep adds a decoded row to the sheet, unless it is blank.
func (rd *rowReader) keep(rec *record, extra map[string]string) {
	cells := &rec.Cells
	if blank(cells, extra) {
		return
	}
	b := rd.sheet.next()
	first, _ := rd.csv.FieldPos(0)
	for i, c := range rd.head.columns {
		var cell string // the cell of an unknown column stays empty: the file is refused
		switch {
		case c >= 0:
			cell = cells[c]
		case c == colUnnamed:
			cell = extra[rd.head.names[i]]
		}
		line, column := rd.csv.FieldPos(i)
		at := rd.lines.cell(line-first, column)
		if strings.IndexByte(cell, '\r') >= 0 {
			cell = rd.lineBreaks(cell, line-first, column, i, at)
		}
		b.add(cell, at)
	}
	if len(rd.lines.starts) > 1 {
		rd.noticeSwallowed(first)
	}
}

// noticeSwallowed looks for rows inside a row of several lines. A quote that is
// left open swallows the rows up to the next quote. Lines in which a cell of the
// row starts are its own. The row starts at line first of the decoder's count.
func (rd *rowReader) noticeSwallowed(first int) {
	l := rd.lines
	own := make([]bool, len(l.starts))
	for i := range rd.head.columns {
		line, _ := rd.csv.FieldPos(i)
		own[line-first] = true
	}
	for k := range l.starts {
		if !own[k] && rd.looksLikeRow(l.text(k)) {
			rd.swallowed.add(swallowedRows, l.cell(k, 1), fmt.Sprintf("this line looks like a row and stands inside a quoted cell of line %d: is a quote left open?", l.first))
		}
	}
}

// looksLikeRow reports whether a line has several cells, and a tenant ID in one
// of them, or as many cells as the header, and a domain where tenants are named.
func (rd *rowReader) looksLikeRow(line []byte) bool {
	cells := strings.Split(string(line), string(rd.lines.comma))
	if len(cells) < 2 {
		return false
	}
	for i := range cells {
		cells[i] = strings.Trim(trimCell(cells[i]), `"`)
	}
	if holdsTenantID(cells) {
		return true
	}
	at := rd.head.indexes[colTenantID]
	if at < 0 || len(cells) < rd.head.named {
		return false
	}
	_, domain, _ := parseTenant(trimCell(cells[at]))
	return domain != ""
}

// blank reports whether all cells of a row are empty.
func blank(cells *[columnCount]string, extra map[string]string) bool {
	for _, cell := range cells {
		if trimCell(cell) != "" {
			return false
		}
	}
	for _, cell := range extra {
		if trimCell(cell) != "" {
			return false
		}
	}
	return true
}

// lineBreaks writes every line break inside a cell as "\n". A carriage return
// inside or before an unquoted cell may be the end of a line, and the rest a row
// of its own, so it is refused. Before the first cell there is nothing that it
// could end.
func (rd *rowReader) lineBreaks(cell string, k, column, index int, at position) string {
	text := strings.TrimRightFunc(cell, isStray)
	if index == 0 {
		text = trimCell(text)
	}
	quoted := rd.lines.raw[rd.lines.starts[k]+column-1] == '"'
	if !quoted && strings.IndexByte(text, '\r') >= 0 {
		rd.refuse(at, trimCell(text), strayReturn.errorf("the cell %s holds a carriage return alone: end every line alike, or quote the cell", Quote(text)))
	}
	return strings.ReplaceAll(strings.ReplaceAll(cell, "\r\n", "\n"), "\r", "\n")
}
